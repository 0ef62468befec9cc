import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type BinaryDelivery,
  type BinaryPublish,
  encodeBinaryDelivery,
  encodeBinaryPublish,
  ENVELOPE_HEADER,
  MAX_MESSAGE_ID_LENGTH,
  MAX_ROOM_NAME_LENGTH,
  parseClientBinary,
  type ParseResult,
  parseServerBinary,
} from "@/protocol/mod.ts";
import { seeded } from "../server/seeded.ts";

const PUBLISH: BinaryPublish = {
  type: "room_message",
  room: "lobby",
  id: "m1",
  content: new Uint8Array([0, 255, 7]),
};
const DELIVERY: BinaryDelivery = {
  type: "room_message",
  room: "lobby",
  from: "ann",
  clientId: "c1",
  content: new Uint8Array([0, 255, 7]),
  timestamp: 1_700_000_000_000,
  seq: 258,
};
const hex = (bytes: Uint8Array) => bytes.toHex();

Deno.test("a publish, byte by byte", () => {
  assertEquals(
    hex(encodeBinaryPublish(PUBLISH)),
    ["01", "00", "0005", "02", "00", "0000", "6c6f626279", "6d31", "00ff07"].join(""),
  );
});

Deno.test("a delivery, byte by byte", () => {
  assertEquals(
    hex(encodeBinaryDelivery(DELIVERY)),
    [
      ...["01", "01", "0005", "00", "02", "0003", "0000018bcfe56800", "0000000000000102"],
      ...["6c6f626279", "6331", "616e6e", "00ff07"],
    ].join(""),
  );
});

Deno.test("the table's fields stand one after the other", () => {
  let offset = 0;
  for (const field of Object.values(ENVELOPE_HEADER)) {
    assertEquals(field.offset, offset);
    offset += field.bytes;
  }
  assertEquals(offset, 24);
});

const NAMES = ["r", "𝕽oom ☃", "x".repeat(MAX_ROOM_NAME_LENGTH), "☃".repeat(MAX_ROOM_NAME_LENGTH)];
const SIZES = [0, 1, 125, 126, 65_535, 65_536];

Deno.test("what is written is read again: boundary lengths, and 2,000 random ones", () => {
  const random = seeded(20_261_123);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
  for (let round = 0; round < 2_000; round++) {
    const size = round < SIZES.length ? SIZES[round] : Math.floor(random() * 300);
    const content = Uint8Array.from({ length: size }, () => Math.floor(random() * 256));
    const room = pick(NAMES);
    const id = pick([undefined, "1", "ä".repeat(MAX_MESSAGE_ID_LENGTH), "☃".repeat(64)]);
    const publish: BinaryPublish = {
      type: "room_message",
      room,
      content,
      ...(id === undefined ? {} : { id }),
    };
    assertEquals<unknown>(parseClientBinary(encodeBinaryPublish(publish)), {
      ok: true,
      message: publish,
    });
    const delivery: BinaryDelivery = {
      ...publish,
      from: pick(["", "ann", "☃".repeat(20_000)]),
      clientId: pick(["", crypto.randomUUID()]),
      timestamp: Math.floor(random() * Number.MAX_SAFE_INTEGER),
      seq: pick([0, 1, Number.MAX_SAFE_INTEGER]),
    };
    assertEquals<unknown>(parseServerBinary(encodeBinaryDelivery(delivery)), {
      ok: true,
      message: delivery,
    });
  }
});

Deno.test("bytes that begin within a buffer are read from their beginning", () => {
  const bytes = encodeBinaryPublish(PUBLISH);
  const shifted = new Uint8Array(bytes.length + 9);
  shifted.set(bytes, 5);
  assertEquals<unknown>(parseClientBinary(shifted.subarray(5, 5 + bytes.length)), {
    ok: true,
    message: PUBLISH,
  });
});

function errorOf(result: ParseResult<unknown>): string {
  assert(!result.ok, "it was taken");
  assertEquals(result.code, "invalid_message");
  return result.error.replace("Cannot read the binary message: ", "");
}

const changed = (bytes: Uint8Array, offset: number, value: number): Uint8Array => {
  const copy = bytes.slice();
  copy[offset] = value;
  return copy;
};

Deno.test("what is wrong with a message is said", () => {
  const bytes = encodeBinaryPublish(PUBLISH);
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(), "it has 0 bytes, its header 8"],
    [bytes.subarray(0, 7), "it has 7 bytes, its header 8"],
    [changed(bytes, 0, 0), "version is 0"],
    [changed(bytes, 0, 2), "version is 2"],
    [changed(bytes, 1, 1), "flags are 0x1"],
    [changed(bytes, 1, 0x80), "flags are 0x80"],
    [changed(bytes, 2, 0xff), "room ends after the message"],
    [changed(bytes, 4, 200), "id ends after the message"],
    [changed(bytes, 5, 200), "clientId ends after the message"],
    [changed(bytes, 6, 200), "from ends after the message"],
    [changed(bytes, 5, 1), "a client names no publisher"],
    [changed(bytes, 7, 1), "a client names no publisher"],
    [changed(bytes, 8, 0xff), "room is not UTF-8"],
    [changed(bytes, 13, 0xc0), "id is not UTF-8"],
    [changed(bytes, 8, 0x0a), "its room's name is empty, too long or has a control character"],
  ];
  for (const [input, error] of cases) assertEquals(errorOf(parseClientBinary(input)), error);
});

Deno.test("names: empty, too long, an id too long", () => {
  const name = "its room's name is empty, too long or has a control character";
  const of = (part: Partial<BinaryPublish>) =>
    errorOf(parseClientBinary(encodeBinaryPublish({ ...PUBLISH, ...part })));
  assertEquals(of({ room: "" }), name);
  assertEquals(of({ room: "x".repeat(MAX_ROOM_NAME_LENGTH + 1) }), name);
  assertEquals(of({ id: "x".repeat(65) }), "its id has 65 UTF-16 units");
});

Deno.test("the two directions aren't mixed up, and numbers stay safe", () => {
  const delivery = encodeBinaryDelivery(DELIVERY);
  assertEquals(errorOf(parseClientBinary(delivery)), "flags are 0x1");
  assertEquals(
    errorOf(parseServerBinary(encodeBinaryPublish(PUBLISH))),
    "it has 18 bytes, its header 24",
  );
  assertEquals(errorOf(parseServerBinary(changed(delivery, 16, 0xff))).startsWith("seq is "), true);
  assertEquals(
    errorOf(parseServerBinary(changed(delivery, 8, 0xff))).startsWith("timestamp is "),
    true,
  );
});

Deno.test("the caller's own mistakes are thrown", () => {
  const long = "x".repeat(65_536);
  assertThrows(() => encodeBinaryPublish({ ...PUBLISH, room: long }), RangeError, "roomBytes");
  assertThrows(
    () => encodeBinaryPublish({ ...PUBLISH, id: "x".repeat(256) }),
    RangeError,
    "idBytes",
  );
  assertThrows(() => encodeBinaryDelivery({ ...DELIVERY, from: long }), RangeError, "fromBytes");
  for (const seq of [-1, 0.5, NaN, 2 ** 53]) {
    assertThrows(() => encodeBinaryDelivery({ ...DELIVERY, seq }), RangeError, "seq");
  }
});

Deno.test("20,000 random and damaged messages: an answer to each, never a throw", () => {
  const random = seeded(4);
  const whole = [encodeBinaryPublish(PUBLISH), encodeBinaryDelivery(DELIVERY)];
  let taken = 0;
  for (let round = 0; round < 20_000; round++) {
    const base = whole[round % 2];
    const length = Math.floor(random() * (base.length + 1));
    const bytes = round % 3 === 0
      ? Uint8Array.from({ length }, () => Math.floor(random() * 256))
      : changed(base, Math.floor(random() * base.length), Math.floor(random() * 256));
    for (const parse of [parseClientBinary, parseServerBinary]) {
      const result = parse(bytes);
      if (result.ok) taken++;
      else assertEquals(result.code, "invalid_message");
    }
  }
  assert(taken > 1_000, `${taken} were taken`);
});
