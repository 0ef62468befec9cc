import { assertEquals, assertThrows } from "@std/assert";
import { encodeFrame, type Frame, FrameDecoder, ProtocolError } from "@/frames/mod.ts";
import { concat, decodeAll, everyCut, hex, scanAll } from "./helpers.ts";
import { VALID, VIOLATIONS } from "./vectors.ts";

Deno.test("scan finds in every vector what decode finds, cut anywhere, in both modes", () => {
  for (const { bytes, sender, ...vector } of [...VIOLATIONS, ...VALID]) {
    const given = "options" in vector ? vector.options : {};
    for (const mode of ["strict", "lenient"] as const) {
      const options = { sender, mode, ...given };
      for (const chunks of everyCut(bytes)) {
        assertEquals(scanAll(chunks, options), decodeAll(chunks, options), vector.name);
      }
    }
  }
});

/** What a scan tells, in order: [count, start, end] of plain frames, the opcode of others. */
function told(decoder: FrameDecoder, ...chunks: Uint8Array[]): unknown[] {
  const seen: unknown[] = [];
  for (const chunk of chunks) {
    decoder.scan(chunk, {
      plain: (count, { start, end }) => seen.push([count, start, end]),
      frame: ({ opcode }: Frame) => seen.push(opcode),
    });
  }
  return seen;
}

Deno.test("plain frames are told together; what is between them by itself", () => {
  const stream = hex("82 01 aa 81 01 61 89 00 81 02 c3 a4 01 01 61 80 01 62 81 01 63 81");
  const decoder = new FrameDecoder({ sender: "server" });
  assertEquals(told(decoder, stream), [[2, 0, 6], 9, [1, 8, 12], 1, 0, [1, 18, 21]]);
  assertEquals(told(decoder, hex("00")), [1]);
});

Deno.test("payloads of up to 65535 bytes are plain, whatever is kept of a frame", () => {
  for (const [length, expected] of [[65_535, [[1, 0, 65_539]]], [65_536, [2]]] as const) {
    const frame = encodeFrame(new Uint8Array(length), { opcode: 2 });
    const decoder = new FrameDecoder({ sender: "server", maxKeptPayloadBytes: 0 });
    assertEquals<unknown>(told(decoder, frame), expected);
  }
});

Deno.test("limits hold for plain frames too", () => {
  const stream = concat(hex("82 01 aa"), hex("82 02 aa aa"));
  for (const limit of ["maxFrameBytes", "maxMessageBytes"]) {
    const decoder = new FrameDecoder({ sender: "server", [limit]: 1 });
    const seen: number[] = [];
    const sink = { plain: (count: number) => seen.push(count), frame: () => {} };
    assertThrows(() => decoder.scan(stream, sink), ProtocolError, "frame");
    assertEquals(seen, [1]);
  }
});

Deno.test("scan goes on behind a decode that was left early", () => {
  const decoder = new FrameDecoder({ sender: "server" });
  for (const frame of decoder.decode(hex("81 01 61 81 01 62"))) {
    assertEquals(frame.offset, 0);
    break;
  }
  assertEquals(told(decoder, hex("81 02 63 64")), [[2, 3, 10]]);
});
