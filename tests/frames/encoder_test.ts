import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  encodeFrame,
  encodeHeader,
  type EncodeOptions,
  FrameDecoder,
  Opcode,
} from "@/frames/mod.ts";
import { hex, plain, Random, toHex } from "./helpers.ts";

const KEY = hex("37 fa 21 3d");

Deno.test("encodeFrame makes the examples of §5.7", () => {
  const cases: [string | Uint8Array, EncodeOptions, string][] = [
    ["Hello", { opcode: Opcode.TEXT }, "810548656c6c6f"],
    ["Hello", { opcode: Opcode.TEXT, maskingKey: KEY }, "818537fa213d7f9f4d5158"],
    ["Hel", { opcode: Opcode.TEXT, fin: false }, "010348656c"],
    ["lo", { opcode: Opcode.CONTINUATION }, "80026c6f"],
    ["Hello", { opcode: Opcode.PING }, "890548656c6c6f"],
    ["Hello", { opcode: Opcode.PONG, maskingKey: KEY }, "8a8537fa213d7f9f4d5158"],
  ];
  for (const [payload, options, expected] of cases) {
    assertStrictEquals(toHex(encodeFrame(payload, options)), expected);
  }
  const header = (length: number) =>
    toHex(encodeFrame(new Uint8Array(length), { opcode: Opcode.BINARY }).subarray(0, 10));
  assertStrictEquals(header(256).slice(0, 8), "827e0100");
  assertStrictEquals(header(65536), "827f0000000000010000");
});

for (
  const [length, header] of [
    [0, "8200"],
    [125, "827d"],
    [126, "827e007e"],
    [65535, "827effff"],
    [65536, "827f0000000000010000"],
  ] as const
) {
  Deno.test(`encodeFrame writes ${length} bytes of payload with the shortest header`, () => {
    const frame = encodeFrame(new Uint8Array(length), { opcode: Opcode.BINARY });
    assertStrictEquals(toHex(frame.subarray(0, frame.length - length)), header);
  });
}

Deno.test("encodeFrame leaves payload and key as they are", () => {
  const payload = hex("01 02 03 04 05");
  const key = KEY.slice();
  encodeFrame(payload, { opcode: Opcode.BINARY, maskingKey: key });
  assertEquals(payload, hex("01 02 03 04 05"));
  assertEquals(key, KEY);
});

Deno.test("encodeFrame sets each reserved bit by itself", () => {
  const first = (options: Partial<EncodeOptions>) =>
    encodeFrame("", { opcode: Opcode.TEXT, ...options })[0];
  assertEquals(
    [first({}), first({ rsv1: true }), first({ rsv2: true }), first({ rsv3: true })],
    [0x81, 0xc1, 0xa1, 0x91],
  );
});

Deno.test("encodeFrame refuses the caller's mistakes", () => {
  const wrong: [number, EncodeOptions][] = [
    [0, { opcode: 16 }],
    [0, { opcode: -1 }],
    [0, { opcode: 1.5 }],
    [0, { opcode: 3 }],
    [0, { opcode: Opcode.PING, fin: false }],
    [126, { opcode: Opcode.PONG }],
    [126, { opcode: Opcode.BINARY, extendedLength: 0 }],
    [65536, { opcode: Opcode.BINARY, extendedLength: 2 }],
    [1, { opcode: Opcode.BINARY, extendedLength: 2 }],
    [126, { opcode: Opcode.BINARY, extendedLength: 8 }],
    [0, { opcode: 16, unchecked: true }],
  ];
  for (const [length, options] of wrong) {
    assertThrows(
      () => encodeFrame(new Uint8Array(length), options),
      RangeError,
      "Cannot encode frame",
    );
  }
  assertThrows(() => encodeFrame("", { opcode: 1, maskingKey: hex("010203") }), TypeError);
});

Deno.test("encodeFrame, unchecked, makes what no peer accepts", () => {
  const make = (payload: string, options: EncodeOptions) =>
    toHex(encodeFrame(payload, { ...options, unchecked: true }));
  assertStrictEquals(make("", { opcode: 0xb, fin: false }), "0b00");
  assertStrictEquals(make("a", { opcode: 2, extendedLength: 2 }), "827e000161");
  assertStrictEquals(make("a", { opcode: 2, extendedLength: 8 }), "827f000000000000000161");
  assertStrictEquals(make("a", { opcode: 2, extendedLength: 0 }), "820161");
  assertStrictEquals(make("a".repeat(126), { opcode: 9 }).slice(0, 8), "897e007e");
});

Deno.test("what is encoded is decoded again: seeded random frames", () => {
  const random = new Random(6455);
  for (let round = 0; round < 500; round++) {
    const payload = random.bytes(random.pick([0, 1, 20, 125, 126, 127, 500, 2048, 3000]));
    const maskingKey = random.pick([undefined, random.bytes(4)]);
    const bytes = encodeFrame(payload, { opcode: Opcode.BINARY, maskingKey });
    const decoder = new FrameDecoder({ sender: maskingKey ? "client" : "server" });
    const frames = random.chunks(bytes, 1 + random.below(bytes.length + 1))
      .flatMap((chunk) => [...decoder.decode(chunk)]);
    assertStrictEquals(frames.length, 1);
    assertStrictEquals(plain(frames[0]).payload, toHex(payload));
  }
});

Deno.test("encodeHeader makes what stands before an unmasked payload", () => {
  for (const length of [0, 1, 125, 126, 65_535, 65_536]) {
    const options = { opcode: Opcode.BINARY, fin: false, rsv1: true };
    const frame = encodeFrame(new Uint8Array(length), options);
    assertEquals(encodeHeader(length, options), frame.subarray(0, frame.length - length));
  }
  const longest = encodeHeader(Number.MAX_SAFE_INTEGER, { opcode: Opcode.BINARY });
  assertStrictEquals(toHex(longest), "827f001fffffffffffff");
});

Deno.test("encodeHeader makes no masked header, whatever it is given", () => {
  const options = { opcode: Opcode.TEXT, maskingKey: KEY };
  assertStrictEquals(toHex(encodeHeader(5, options)), "8105");
});

Deno.test("encodeHeader refuses the caller's mistakes", () => {
  for (const length of [-1, 0.5, NaN, 2 ** 53, Infinity]) {
    assertThrows(
      () => encodeHeader(length, { opcode: Opcode.BINARY }),
      RangeError,
      "Cannot encode header: the payload's length is",
    );
  }
  assertThrows(() => encodeHeader(126, { opcode: Opcode.PING }), RangeError, "at most 125 bytes");
  assertThrows(() => encodeHeader(1, { opcode: 3 }), RangeError, "the opcode is reserved");
});

Deno.test("frames that share a buffer never touch one another", () => {
  const random = new Random(7);
  const made = Array.from({ length: 2_000 }, () => {
    const payload = random.bytes(random.below(2_100));
    const maskingKey = random.pick([undefined, random.bytes(4)]);
    const header = encodeHeader(payload.length, { opcode: Opcode.TEXT });
    const frame = encodeFrame(payload, { opcode: Opcode.BINARY, maskingKey });
    return { payload, frame, header, before: [toHex(frame), toHex(header)] };
  });
  for (const { payload, frame, header, before } of made) {
    assertEquals([toHex(frame), toHex(header)], before);
    const sender = (frame[1] & 0x80) !== 0 ? "client" : "server";
    const [decoded] = new FrameDecoder({ sender }).decode(frame);
    assertEquals(decoded.payload, payload);
  }
});

Deno.test("whoever transfers a frame's buffer away takes nothing from the next frame", () => {
  const frame = encodeFrame("Hello", { opcode: Opcode.TEXT });
  structuredClone(frame.buffer, { transfer: [frame.buffer] });
  assertStrictEquals(frame.length, 0);
  const next = encodeFrame("Hello", { opcode: Opcode.TEXT, maskingKey: KEY });
  assertStrictEquals(toHex(next), "818537fa213d7f9f4d5158");
});
