import { assertEquals } from "@std/assert";
import { encodeFrame, Opcode } from "@/frames/mod.ts";
import type { FrameEvent } from "@/protocol/mod.ts";
import { LoadedCapture } from "@/tap/mod.ts";
import { bytes, MASK } from "./support.ts";

function frame(number: number, payload: Uint8Array, more: Partial<FrameEvent> = {}): FrameEvent {
  const wire = encodeFrame(payload, { opcode: Opcode.TEXT, maskingKey: MASK });
  return {
    ...{ type: "frame", connection: "1", frame: number, at: number, direction: "in" },
    ...{ headerLength: wire.length - payload.length, length: payload.length, wire, findings: [] },
    ...more,
  };
}

Deno.test("a loaded capture is read from its beginning, in pieces, one connection or all", () => {
  const capture = new LoadedCapture();
  for (let i = 0; i < 10; i++) capture.add(frame(i, bytes("x"), { connection: i % 2 ? "b" : "a" }));
  const first = capture.read(0, { limit: 4 });
  assertEquals(first.frames.map(({ frame }) => frame), [0, 1, 2, 3]);
  const rest = capture.read(first.cursor, { limit: 100 });
  assertEquals([rest.frames.length, rest.skipped], [6, 0]);
  assertEquals(capture.read(rest.cursor).frames, []);
  const odd = capture.read(0, { connection: "b", limit: 2 });
  assertEquals(odd.frames.map(({ frame }) => frame), [1, 3]);
  assertEquals(
    capture.read(odd.cursor, { connection: "b" }).frames.map(({ frame }) => frame),
    [5, 7, 9],
  );
});

Deno.test("a record has the header's fields and 64 bytes of the payload, unmasked", () => {
  const capture = new LoadedCapture();
  const payload = bytes("0123456789".repeat(20));
  const finding = { rule: "r", section: "5.2", closeCode: 1002, offset: 0, message: "m" };
  capture.add(frame(0, payload, { fault: "dropped", findings: [finding] }));
  const [record] = capture.read(0).frames;
  assertEquals(record, {
    ...{ connection: "1", frame: 0, at: 0, direction: "in", fin: true, rsv: 0, opcode: 1 },
    ...{ maskingKey: MASK.toHex(), headerLength: 8, length: 200 },
    preview: payload.slice(0, 64).toBase64(),
    findings: [finding],
    fault: "dropped",
  });
});

Deno.test("bytes are those on the wire; what isn't there is null", () => {
  const capture = new LoadedCapture();
  const event = frame(0, bytes("hello"));
  capture.add(event);
  const { wire } = event;
  assertEquals(capture.bytes("1", 0, 0, 100), { total: 11, kept: 11, bytes: wire });
  assertEquals(capture.bytes("1", 0, 4, 3)?.bytes, wire.slice(4, 7));
  assertEquals([capture.bytes("1", 1, 0, 1), capture.bytes("2", 0, 0, 1)], [null, null]);
});

Deno.test("beyond its bounds frames are counted and left out, the beginning stays", () => {
  const few = new LoadedCapture({ maxFrames: 2 });
  const small = new LoadedCapture({ maxBytes: 20 });
  for (let i = 0; i < 5; i++) {
    few.add(frame(i, bytes("x")));
    small.add(frame(i, bytes("x")));
  }
  for (const capture of [few, small]) {
    const { seen, kept, discarded, keptBytes } = capture.stats;
    assertEquals([seen, kept, discarded, keptBytes], [5, 2, 3, 14]);
    assertEquals(capture.read(0).frames.map(({ frame }) => frame), [0, 1]);
    assertEquals(capture.events.length, 2);
  }
});

Deno.test("heads are kept within the same bound, and bytes don't hold their file's chunk", () => {
  const capture = new LoadedCapture({ maxBytes: 8 });
  const chunk = new Uint8Array(1_000);
  const head = { type: "head", connection: "1", at: 0, direction: "in" } as const;
  capture.add({ ...head, bytes: chunk.subarray(10, 15) });
  capture.add({ ...head, bytes: chunk.subarray(10, 15) });
  const heads = capture.heads("1");
  assertEquals(heads.map((one) => one.bytes.buffer.byteLength), [5]);
  assertEquals(capture.heads("2"), []);
});
