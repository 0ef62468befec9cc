import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  createDeflater,
  createInflater,
  encodeFrame,
  FrameDecoder,
  type Message,
  MessageAssembler,
  type MessageAssemblerOptions,
  Opcode,
  ProtocolError,
} from "@/frames/mod.ts";
import { concat, everyCut, hex, toHex, utf8 } from "./helpers.ts";

function assemble(
  chunks: Uint8Array[],
  options: MessageAssemblerOptions = {},
  decoderOptions: object = {},
): Message[] {
  const decoder = new FrameDecoder({ sender: "server", allowRsv1: true, ...decoderOptions });
  const assembler = new MessageAssembler({ deflate: {}, ...options });
  return chunks.flatMap((chunk) => [...decoder.decode(chunk)])
    .flatMap((frame) => assembler.push(frame) ?? []);
}

function compressed(payload: Uint8Array, opcode: number = Opcode.TEXT): Uint8Array {
  return encodeFrame(payload, { opcode, rsv1: true });
}

Deno.test("§7.2.3.1: compressed Hello, whole, fragmented and with a ping between, at every cut", () => {
  const once = hex("c1 07 f2 48 cd c9 c9 07 00");
  const twice = hex("41 03 f2 48 cd 89 01 70 80 04 c9 c9 07 00");
  const fromContext = hex("c1 05 f2 00 11 00 00");
  const plain = hex("81 02 48 69");
  for (const chunks of everyCut(concat(once, twice, plain, fromContext))) {
    assertEquals(
      assemble(chunks).map((
        { text, fragments, compressed, inflated, payloadLength, truncated },
      ) => [
        text,
        fragments,
        compressed,
        inflated,
        payloadLength,
        truncated,
      ]),
      [
        ["Hello", 1, true, true, 7, false],
        ["Hello", 2, true, true, 7, false],
        ["Hi", 1, false, false, 2, false],
        ["Hello", 1, true, true, 5, false],
      ],
    );
  }
});

Deno.test("without an agreement a compressed message is handed on as it is, without a text", () => {
  const [message] = assemble([hex("c1 07 f2 48 cd c9 c9 07 00")], { deflate: undefined });
  assertEquals([toHex(message.payload), message.text, message.compressed, message.inflated], [
    "f248cdc9c90700",
    null,
    true,
    false,
  ]);
});

Deno.test("a bomb stops at the cap and says so; its sender's context is lost with it", () => {
  const deflater = createDeflater();
  const bomb = deflater.deflate(new Uint8Array(100_000_000));
  assert(bomb.length < 102_000, `the bomb has ${bomb.length} bytes`);
  const wire = concat(
    compressed(bomb, Opcode.BINARY),
    compressed(deflater.deflate(utf8("after"))),
    encodeFrame("plain", { opcode: Opcode.TEXT }),
  );
  const [message, after, plain] = assemble([wire], { maxInflatedBytes: 65_536 });
  assertEquals([message.payload.length, message.truncated, message.inflated], [65_536, true, true]);
  assertEquals(message.findings.map(({ rule, closeCode }) => [rule, closeCode]), [
    ["inflated-too-big", 1009],
  ]);
  assertEquals([after.inflated, after.text, after.findings], [false, null, []]);
  assertStrictEquals(plain.text, "plain");
});

Deno.test("no byte of a bomb is computed beyond the cap", () => {
  const rooms: number[] = [];
  let produced = 0;
  const bomb = createDeflater().deflate(new Uint8Array(10_000_000));
  const wire = concat(
    encodeFrame(bomb.subarray(0, 100), { opcode: Opcode.BINARY, rsv1: true, fin: false }),
    encodeFrame(bomb.subarray(100), { opcode: Opcode.CONTINUATION }),
  );
  assemble([wire], {
    maxInflatedBytes: 200_000,
    createInflater: (direction) => {
      const inflater = createInflater(direction);
      const count = (room: number, run: () => ReturnType<typeof inflater.end>) => {
        rooms.push(room);
        const result = run();
        produced += result.output.length;
        return result;
      };
      return {
        push: (piece, room) => count(room, () => inflater.push(piece, room)),
        end: (room) => count(room, () => inflater.end(room)),
        reset: () => inflater.reset(),
      };
    },
  });
  assertStrictEquals(produced, 200_000);
  assertStrictEquals(rooms.length, 2);
  assert(rooms[1] < 200_000 - 50_000, `the second fragment had room for ${rooms[1]}`);
});

Deno.test("what is kept may be less than what is inflated", () => {
  const wire = compressed(createDeflater().deflate(utf8("abcdef")));
  const [message, again] = assemble([concat(wire, hex("c1 03 02 0d 00"))], {
    maxMessageBytes: 2,
    maxInflatedBytes: 100,
  });
  assertEquals([message.text, message.truncated, message.findings], ["ab", true, []]);
  assertStrictEquals(again.inflated, true);
});

Deno.test("with no context takeover the next message doesn't suffer from a broken one", () => {
  const hello = compressed(hex("f2 48 cd c9 c9 07 00"));
  const wire = concat(compressed(hex("07")), hello);
  const given = assemble([wire], { deflate: { contextTakeover: false } });
  assertEquals(given.map(({ text }) => text), ["", "Hello"]);
  const kept = assemble([wire]);
  assertEquals(kept.map(({ inflated }) => inflated), [true, false]);
});

for (
  const [name, digits, rule, closeCode, offset] of [
    ["block type 3 in the first frame", "c1 01 07", "deflate-invalid", 1007, 2],
    ["in the second fragment", "42 03 f2 48 cd 80 02 ff ff", "deflate-invalid", 1007, 8],
    ["an end inside a block", "c2 02 f2 48", "deflate-invalid", 1007, 3],
    ["no payload at all", "c1 00", "deflate-invalid", 1007, 1],
    ["text that isn't UTF-8 after inflating", "c1 04 fa 0f 00 00", "text-not-utf8", 1007, 5],
    ["text that ends inside a character", "c1 07 00 01 00 fe ff e2 00", "text-not-utf8", 1007, 8],
    ["over the cap", "c1 07 f2 48 cd c9 c9 07 00", "inflated-too-big", 1009, 7],
  ] as const
) {
  Deno.test(`a compressed message that breaks a rule: ${name}`, () => {
    const maxInflatedBytes = rule === "inflated-too-big" ? 4 : 1000;
    const [message] = assemble([hex(digits)], { maxInflatedBytes });
    assertEquals(
      message.findings.map(({ rule, closeCode, offset }) => [rule, closeCode, offset]),
      [[rule, closeCode, offset]],
    );
    const error = assertThrows(
      () => assemble([hex(digits)], { maxInflatedBytes, mode: "strict" }),
      ProtocolError,
    );
    assertEquals([error.rule, error.closeCode, error.offset], [rule, closeCode, offset]);
  });
}

Deno.test("a character may be cut by fragments; its text is one", () => {
  const payload = createDeflater().deflate(utf8("€".repeat(100)));
  const frames = Array.from(payload, (_, i) =>
    encodeFrame(payload.subarray(i, i + 1), {
      opcode: i === 0 ? Opcode.TEXT : Opcode.CONTINUATION,
      rsv1: i === 0,
      fin: i === payload.length - 1,
    }));
  const [message] = assemble([concat(...frames)], { mode: "strict" });
  assertStrictEquals(message.text, "€".repeat(100));
});

Deno.test("a decoder that keeps only a part of the payload ends the inflating, and says so", () => {
  const payload = createDeflater().deflate(utf8("abcdefghijklmnopqrstuvwxyz"));
  const wire = concat(compressed(payload), compressed(hex("f2 48 cd c9 c9 07 00")));
  const [message, next] = assemble([wire], {}, { maxKeptPayloadBytes: 10 });
  assertEquals([message.truncated, message.inflated, next.inflated], [true, true, false]);
  assert("abcdefghijklmnopqrstuvwxyz".startsWith(message.text!) && message.text !== "");
});

Deno.test("a compressed message that is given up takes the context with it", () => {
  const wire = concat(
    encodeFrame(hex("f2 48"), { opcode: Opcode.TEXT, rsv1: true, fin: false }),
    compressed(hex("f2 48 cd c9 c9 07 00")),
  );
  const [message] = assemble([wire], {}, { mode: "lenient" });
  assertStrictEquals(message.inflated, false);
});
