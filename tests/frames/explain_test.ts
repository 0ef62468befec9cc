import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { encodeFrame, explainFrame, type Field, FrameDecoder, Opcode } from "@/frames/mod.ts";
import { concat, hex, Random } from "./helpers.ts";
import { LONG_EXAMPLES, longExample, VALID, VIOLATIONS } from "./vectors.ts";

function leaves(fields: readonly Field[]): Field[] {
  return fields.flatMap((field) => field.children?.length ? leaves(field.children) : [field]);
}

/** Every bit of the explained bytes belongs to exactly one field, in order, with no gap. */
function assertCovers(bytes: Uint8Array): void {
  const { fields, length } = explainFrame(bytes);
  let bit = 0;
  for (const field of leaves(fields)) {
    assertStrictEquals(field.bitOffset, bit, field.name);
    assert(field.bitLength > 0, field.name);
    assertStrictEquals(field.byteOffset, Math.floor(bit / 8), field.name);
    bit += field.bitLength;
    assertStrictEquals(field.byteOffset + field.byteLength, Math.ceil(bit / 8), field.name);
  }
  assertStrictEquals(bit, length * 8);
  for (const field of fields) {
    for (const children of field.children?.length ? [leaves([field])] : []) {
      assertStrictEquals(children[0].bitOffset, field.bitOffset);
      assertStrictEquals(
        children.reduce((sum, child) => sum + child.bitLength, 0),
        field.bitLength,
      );
    }
  }
}

for (const { name, bytes } of [...VALID, ...VIOLATIONS]) {
  Deno.test(`explainFrame covers every bit once, cut anywhere: ${name}`, () => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      const part = bytes.subarray(0, cut);
      assertCovers(part);
      const { complete, missingBytes, missing, length } = explainFrame(part);
      assertStrictEquals(complete, missingBytes === 0);
      assertStrictEquals(complete, missing === "");
      assert(complete || length === cut);
    }
  });
}

Deno.test("explainFrame covers garbage too, and never throws", () => {
  const random = new Random(52);
  for (let round = 0; round < 2000; round++) assertCovers(random.bytes(random.below(40)));
});

function table(bytes: Uint8Array): string[] {
  return explainFrame(bytes).fields.flatMap((field) => [field, ...(field.children ?? [])])
    .map(({ name, pattern, raw, unmasked, value, meaning, section }) =>
      [name, pattern, raw, unmasked ?? "-", value, meaning, `§${section}`].join(" | ")
    );
}

Deno.test("explainFrame of the masked Hello, in full", () => {
  assertEquals(table(hex("81 85 37 fa 21 3d 7f 9f 4d 51 58")), [
    "FIN | 1... .... | 81 | - | 1 | last frame of its message | §5.2",
    "RSV1 | .0.. .... | 81 | - | 0 | no extension uses it here | §5.2",
    "RSV2 | ..0. .... | 81 | - | 0 | reserved | §5.2",
    "RSV3 | ...0 .... | 81 | - | 0 | reserved | §5.2",
    "opcode | .... 0001 | 81 | - | 0x1 | text, a data frame | §5.2",
    "MASK | 1... .... | 85 | - | 1 | the payload is masked, as a client's is | §5.2",
    "payload length | .000 0101 | 85 | - | 5 | 5 bytes | §5.2",
    "masking key | 0011 0111 1111 1010 0010 0001 0011 1101 | 37 fa 21 3d | - | 37 fa 21 3d | " +
    "XORed with the payload, byte by byte | §5.3",
    "payload |  | 7f 9f 4d 51 58 | 48 65 6c 6c 6f | Hello | 5 bytes of text payload | §5.6",
  ]);
});

Deno.test("explainFrame of a masked close has code and reason", () => {
  const bytes = encodeFrame(hex("0f a1 62 79 65"), {
    opcode: Opcode.CLOSE,
    maskingKey: hex("01 02 03 04"),
  });
  assertEquals(table(bytes).slice(-3), [
    "payload |  | 0e a3 61 7d 64 | 0f a1 62 79 65 | 0f a1 62 79 65 | 5 bytes of close payload | §5.5.1",
    "close code | 0000 1110 1010 0011 | 0e a3 | 0f a1 | 4001 | Private Use | §7.4",
    "close reason |  | 61 7d 64 | 62 79 65 | bye | why, for people who debug | §7.1.6",
  ]);
  assertEquals(table(hex("88 01 03")).slice(-1), [
    "close code | 0000 0011 | 03 | - | 03 | half of a close code | §7.4",
  ]);
});

Deno.test("explainFrame shows extended lengths exactly", () => {
  const field = (digits: string) => {
    const found = explainFrame(hex(digits)).fields.find(({ id }) => id === "extended-length")!;
    return [found.value, found.meaning, found.complete];
  };
  assertEquals(field("82 7e 01 00"), ["256", "256 bytes", true]);
  assertEquals(field("82 7f 7f ff ff ff ff ff ff ff")[0], "9223372036854775807");
  assertEquals(field("82 7f 00 00"), [
    "00 00",
    "a length that isn't whole (2 of 8 bytes there)",
    false,
  ]);
});

Deno.test("explainFrame says what is missing", () => {
  const missing = (digits: string) => {
    const { missingBytes, missing } = explainFrame(hex(digits));
    return [missingBytes, missing];
  };
  assertEquals(missing(""), [2, "at least 2 bytes more: the header isn't whole"]);
  assertEquals(missing("81"), [1, "at least 1 byte more: the header isn't whole"]);
  assertEquals(missing("81 fe 01"), [5, "at least 5 bytes more: the header isn't whole"]);
  assertEquals(missing("81 05 61"), [4, "4 bytes more"]);
  assertEquals(missing("81 00"), [0, ""]);
});

Deno.test("explainFrame reads the first frame of several", () => {
  const { length, complete } = explainFrame(hex("81 01 61 89 00"));
  assertEquals([length, complete], [3, true]);
});

for (const example of LONG_EXAMPLES) {
  Deno.test(`explainFrame of ${example.length} bytes writes out a preview only`, () => {
    const bytes = longExample(example);
    const payload = explainFrame(bytes).fields.at(-1)!;
    assertStrictEquals(payload.byteLength, example.length);
    assert(payload.raw.startsWith("00 01 02") && payload.raw.endsWith("3e 3f …"));
    const short = explainFrame(bytes, { previewBytes: 2 }).fields.at(-1)!;
    assertEquals([short.raw, short.value], ["00 01 …", "00 01 …"]);
  });
}

Deno.test("explainFrame leaves a character out that its preview cuts", () => {
  const payload = explainFrame(hex("81 04 61 e2 82 ac"), { previewBytes: 3 }).fields.at(-1)!;
  assertStrictEquals(payload.value, "a…");
});

Deno.test("explainFrame finds what the frame shows by itself, offsets in the stream", () => {
  const rules = (digits: string, options = {}) =>
    explainFrame(hex(digits), options).findings.map(({ rule, offset }) => [rule, offset]);
  assertEquals(rules("83 01 61", { offset: 100 }), [["reserved-opcode", 100]]);
  assertEquals(rules("c1 01 ff"), [["reserved-rsv1", 0]].concat([]));
  assertEquals(rules("c1 01 ff", { allowRsv1: true }), []);
  assertEquals(rules("81 01 61", { sender: "client" }), [["mask-missing", 1]]);
  assertEquals(rules("81 81 00 00 00 00 61"), []);
  assertEquals(rules("80 01 ff"), []);
  assertEquals(rules("81 02 ff"), [["text-not-utf8", 2]]);
  assertEquals(rules("82 ff 80"), [["length-high-bit", 2]]);
  assertEquals(rules("88 02 03 ed"), [["close-code-invalid", 3]]);
  assertEquals(rules(""), []);
});

Deno.test("explainFrame takes the decoder's findings where it has them", () => {
  const bytes = hex("80 01 61");
  const [frame] = new FrameDecoder({ sender: "server", mode: "lenient" }).decode(bytes);
  const { findings } = explainFrame(bytes, { findings: frame.findings });
  assertEquals(findings.map(({ rule }) => rule), ["continuation-without-start"]);
});

Deno.test("explainFrame tells set reserved bits and unfinished messages", () => {
  const meanings = explainFrame(hex("71 00")).fields.map(({ meaning }) => meaning);
  assertEquals(meanings.slice(0, 4), [
    "more fragments follow",
    "an extension's; permessage-deflate marks compressed messages with it",
    "reserved, and set",
    "reserved, and set",
  ]);
});

Deno.test("explainFrame names the section of each kind of payload", () => {
  const section = (opcode: number) =>
    explainFrame(concat(Uint8Array.of(0x80 | opcode, 1), hex("61"))).fields.at(-1)!.section;
  assertEquals([1, 2, 8, 9, 10, 11].map(section), ["5.6", "5.6", "5.5.1", "5.5.2", "5.5.3", "5.5"]);
});

for (
  const [name, digits, options, rsv1, section, payload] of [
    [
      "first frame",
      "41 02 f2 48",
      { allowRsv1: true },
      "the message is compressed",
      "RFC 7692 §6",
      ["f2 48", "2 bytes of compressed text payload", "RFC 7692 §7.2"],
    ],
    [
      "masked first frame",
      "c1 82 01 02 03 04 f3 4a",
      { allowRsv1: true },
      "the message is compressed",
      "RFC 7692 §6",
      ["f2 48", "2 bytes of compressed text payload", "RFC 7692 §7.2"],
    ],
    [
      "continuation",
      "80 02 cd c9",
      { allowRsv1: true, compressed: true },
      "the message's first frame says that it is compressed",
      "RFC 7692 §6",
      ["cd c9", "2 bytes of compressed continuation payload", "RFC 7692 §7.2"],
    ],
    [
      "continuation of a plain message",
      "80 01 61",
      { allowRsv1: true },
      "the message's first frame says that it is not compressed",
      "RFC 7692 §6",
      ["a", "1 byte of continuation payload", "5.6"],
    ],
    [
      "plain message",
      "81 01 61",
      { allowRsv1: true },
      "the message is not compressed",
      "RFC 7692 §6",
      ["a", "1 byte of text payload", "5.6"],
    ],
    [
      "ping",
      "89 01 61",
      { allowRsv1: true, compressed: true },
      "control frames are never compressed",
      "RFC 7692 §6",
      ["a", "1 byte of ping payload", "5.5.2"],
    ],
    [
      "ping with RSV1",
      "c9 01 61",
      { allowRsv1: true },
      "set where it must not be",
      "RFC 7692 §6",
      ["a", "1 byte of ping payload", "5.5.2"],
    ],
    [
      "continuation with RSV1",
      "c0 01 61",
      { allowRsv1: true, compressed: true },
      "set where it must not be",
      "RFC 7692 §6",
      ["61", "1 byte of compressed continuation payload", "RFC 7692 §7.2"],
    ],
    [
      "RSV1 that nobody agreed on",
      "c1 01 61",
      {},
      "an extension's; permessage-deflate marks compressed messages with it",
      "5.2",
      ["a", "1 byte of text payload", "5.6"],
    ],
  ] as const
) {
  Deno.test(`RSV1 and the payload, explained: ${name}`, () => {
    const { fields } = explainFrame(hex(digits), options);
    const bit = fields.find(({ id }) => id === "rsv1")!;
    assertEquals([bit.meaning, bit.section], [rsv1, section]);
    const last = fields.find(({ id }) => id === "payload")!;
    assertEquals([last.value, last.meaning, last.section], [...payload]);
  });
}
