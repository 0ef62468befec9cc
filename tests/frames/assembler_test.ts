import { assertEquals, assertStrictEquals } from "@std/assert";
import { FrameDecoder, type Message, MessageAssembler, Opcode } from "@/frames/mod.ts";
import { everyCut, hex, toHex } from "./helpers.ts";

function assemble(
  chunks: Uint8Array[],
  { decoder = {}, assembler = {} }: { decoder?: object; assembler?: object } = {},
): Message[] {
  const frames = new FrameDecoder({ sender: "server", mode: "lenient", ...decoder });
  const messages = new MessageAssembler(assembler);
  return chunks.flatMap((chunk) => [...frames.decode(chunk)])
    .flatMap((frame) => messages.push(frame) ?? []);
}

function plain({ opcode, payload, text, fragments, offset, truncated, payloadLength }: Message) {
  return { opcode, payload: toHex(payload), text, fragments, offset, truncated, payloadLength };
}

Deno.test("push joins fragments to messages, control frames between, at every cut", () => {
  const bytes = hex("01 02 61 e2 89 01 70 00 01 82 80 01 ac 82 02 ff fe 81 00");
  const expected = [
    { opcode: Opcode.TEXT, payload: "61e282ac", text: "a€", fragments: 3, offset: 0 },
    { opcode: Opcode.BINARY, payload: "fffe", text: null, fragments: 1, offset: 13 },
    { opcode: Opcode.TEXT, payload: "", text: "", fragments: 1, offset: 17 },
  ];
  for (const chunks of everyCut(bytes)) {
    const messages = assemble(chunks).map(plain);
    assertEquals(
      messages,
      expected.map((message) => ({
        ...message,
        truncated: false,
        payloadLength: message.payload.length / 2,
      })),
    );
  }
});

Deno.test("push keeps a byte order mark", () => {
  assertStrictEquals(assemble([hex("81 04 ef bb bf 61")])[0].text, "\ufeffa");
});

Deno.test("push keeps no more than the limit, and counts the rest", () => {
  const assembler = { maxMessageBytes: 3 };
  const bytes = hex("02 02 01 02 00 02 03 04 80 02 05 06 82 04 01 02 03 04");
  assertEquals(
    assemble([bytes], { assembler }).map((message) => [
      toHex(message.payload),
      message.payloadLength,
      message.truncated,
    ]),
    [["010203", 6, true], ["010203", 4, true]],
  );
});

Deno.test("push of truncated frames keeps the beginning and leaves no gap", () => {
  const bytes = hex("02 03 01 02 03 80 03 04 05 06");
  const [message] = assemble([bytes], { decoder: { maxKeptPayloadBytes: 2 } });
  assertEquals([toHex(message.payload), message.payloadLength, message.truncated], [
    "0102",
    6,
    true,
  ]);
});

Deno.test("push takes a broken order as it comes", () => {
  const assembler = new MessageAssembler();
  const frames = new FrameDecoder({ sender: "server", mode: "lenient" });
  const seen: unknown[] = [];
  for (const frame of frames.decode(hex("80 01 61 01 01 61 81 01 62 80 01 63 83 00"))) {
    seen.push([assembler.push(frame)?.text, assembler.fragments]);
  }
  assertEquals(seen, [[undefined, 0], [undefined, 1], ["b", 0], [undefined, 0], [undefined, 0]]);
});

Deno.test("a message has the findings of all its frames, and says that it is compressed", () => {
  const [message] = assemble([hex("41 01 ff a0 01 61")], { decoder: { allowRsv1: true } });
  assertEquals(message.findings.map(({ rule }) => rule), ["reserved-rsv2"]);
  assertStrictEquals(message.compressed, true);
});

Deno.test("text that isn't UTF-8 is shown with replacement characters", () => {
  assertStrictEquals(assemble([hex("81 02 61 ff")])[0].text, "a\ufffd");
});
