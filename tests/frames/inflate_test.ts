import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { createDeflater, createInflater, type Inflater } from "@/frames/mod.ts";
import { concat, everyCut, hex, Random, toHex, utf8 } from "./helpers.ts";

const PLENTY = 10_000_000;

/** All that comes out of a message in pieces, and what stopped it. */
function inflate(inflater: Inflater, pieces: Uint8Array[], room = PLENTY) {
  const parts: Uint8Array[] = [];
  const left = () => room - parts.reduce((sum, part) => sum + part.length, 0);
  for (const piece of pieces) {
    const { output, stop } = inflater.push(piece, left());
    parts.push(output);
    if (stop) return { output: concat(...parts), stop };
  }
  const { output, stop } = inflater.end(left());
  return { output: concat(...parts, output), stop };
}

function text(result: { output: Uint8Array }): string {
  return new TextDecoder().decode(result.output);
}

for (
  const [section, message, digits] of [
    ["7.2.3.1", "Hello", "f2 48 cd c9 c9 07 00"],
    ["7.2.3.3, no compression", "Hello", "00 05 00 fa ff 48 65 6c 6c 6f 00"],
    ["7.2.3.4, BFINAL", "Hello", "f3 48 cd c9 c9 07 00 00"],
    ["7.2.3.5, two blocks", "Hello", "f2 48 05 00 00 00 ff ff ca c9 c9 07 00"],
    ["7.2.3.6, empty", "", "00"],
  ] as const
) {
  Deno.test(`the example of RFC 7692 §${section}, at every cut`, () => {
    for (const pieces of everyCut(hex(digits))) {
      const result = inflate(createInflater(), pieces);
      assertEquals([text(result), result.stop], [message, null]);
    }
  });
}

Deno.test("§7.2.3.2: the second message refers to the first, unless the context is given up", () => {
  const again = hex("f2 00 11 00 00");
  const keeping = createInflater();
  inflate(keeping, [hex("f2 48 cd c9 c9 07 00")]);
  assertStrictEquals(text(inflate(keeping, [again])), "Hello");
  const giving = createInflater({ contextTakeover: false });
  inflate(giving, [hex("f2 48 cd c9 c9 07 00")]);
  assertEquals(inflate(giving, [again]).stop, {
    reason: "broken",
    index: 2,
    what: "distance is 5, and only 1 bytes came before",
  });
});

Deno.test("the context outlives a block that says it is the final one", () => {
  const inflater = createInflater();
  inflate(inflater, [hex("f3 48 cd c9 c9 07 00 00")]);
  assertStrictEquals(text(inflate(inflater, [hex("f2 00 11 00 00")])), "Hello");
});

for (
  const [name, digits, what, index] of [
    ["block type 3", "07", "block type is 3", 0],
    ["LEN and NLEN", "00 05 00 fa fe", "LEN and NLEN of a block don't agree", 4],
    ["an end inside a block", "f2 48", "the data ends inside a block", 1],
    ["no byte at all", "", "the data ends inside a block", 0],
    ["bytes missing from a stored block", "00 09 00 f6 ff 48", "the data ends inside a block", 3],
    ["a reference to nothing", "62 00 11 00 00", "distance is 5, and only 1 bytes came before", 2],
    ["287 literals", "f4 3f", "a code is too large", 9],
    ["a code length code that isn't full", "04 00 00 00 00 00 00", "the code lengths can't be", 9],
  ] as const
) {
  Deno.test(`broken data: ${name}`, () => {
    for (const pieces of everyCut(hex(digits + (name.startsWith("287") ? "00".repeat(80) : "")))) {
      const { stop } = inflate(createInflater(), pieces);
      assert(stop && stop.what.startsWith(what), `${what}: ${JSON.stringify(stop)}`);
      assertStrictEquals(stop.reason, "broken");
      if (pieces.length === 1 && index < 9) assertStrictEquals(stop.index, index);
    }
  });
}

Deno.test("after a stop nothing is taken until reset", () => {
  const inflater = createInflater();
  const hello = hex("f2 48 cd c9 c9 07 00");
  const { stop } = inflater.push(hex("07"), PLENTY);
  assertEquals(inflater.push(hello, PLENTY), { output: new Uint8Array(), stop });
  inflater.reset();
  assertStrictEquals(text(inflate(inflater, [hello])), "Hello");
});

Deno.test("a sender is held to its window", () => {
  const far = concat(
    utf8("abcdefgh"),
    new Random(3).bytes(600).map((byte) => byte & 0x3f),
    utf8("abcdefgh"),
  );
  const payload = createDeflater({ windowBits: 10 }).deflate(far);
  assertEquals(inflate(createInflater({ windowBits: 10 }), [payload]).output, far);
  const { stop } = inflate(createInflater({ windowBits: 9 }), [payload]);
  assertStrictEquals(stop?.what, "distance is 608, the window agreed on is 512");
  for (const windowBits of [7, 16, 8.5, NaN]) {
    assertThrows(() => createInflater({ windowBits }), RangeError);
    assertThrows(() => createDeflater({ windowBits }), RangeError);
  }
});

Deno.test("what comes out stops at the room's last byte, and may fill it", () => {
  const zeros = createDeflater().deflate(new Uint8Array(100_000));
  for (const room of [0, 1, 257, 258, 99_999]) {
    const { output, stop } = inflate(createInflater(), [zeros], room);
    assertEquals([output.length, stop?.reason], [room, "full"]);
  }
  const exact = inflate(createInflater(), [zeros], 100_000);
  assertEquals([exact.output.length, exact.stop], [100_000, null]);
  const stored = hex("00 05 00 fa ff 48 65 6c 6c 6f 00");
  assertEquals(text(inflate(createInflater(), [stored], 3)), "Hel");
});

/** Bytes of every kind that a compressor treats differently. */
function sample(random: Random): Uint8Array {
  const size = random.pick([0, 1, 5, 100, 1000, 5000, 40_000]);
  const kind = random.below(3);
  const phrase = random.bytes(64);
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size;) {
    if (kind === 0) bytes[at++] = random.below(256);
    else if (kind === 1) bytes[at++] = 97 + random.below(4);
    else {
      const piece = phrase.subarray(random.below(20), 21 + random.below(40)).subarray(0, size - at);
      bytes.set(piece, at);
      at += piece.length;
    }
  }
  return bytes;
}

Deno.test("150 connections of random messages come back, in any window and context", () => {
  const random = new Random(5);
  for (let round = 0; round < 150; round++) {
    const direction = { windowBits: 8 + random.below(8), contextTakeover: random.next() < 0.5 };
    const level = random.pick([1, 3, 6, 9] as const);
    const deflater = createDeflater({ ...direction, level });
    const inflater = createInflater(direction);
    for (let count = 0; count < 4; count++) {
      const message = sample(random);
      const pieces = random.chunks(deflater.deflate(message), 1 + random.below(3000));
      const { output, stop } = inflate(inflater, pieces);
      assertStrictEquals(stop, null);
      assertStrictEquals(toHex(output), toHex(message));
    }
  }
});

Deno.test("3,000 payloads of zlib, most of them mutated: it and we come to the same", () => {
  const random = new Random(7);
  let broken = 0;
  for (let round = 0; round < 3000; round++) {
    const payload = mutatedDeflate(random);
    const ours = inflate(createInflater(), [payload], 200_000);
    const theirs = zlibInflate(payload, 200_000);
    if (ours.stop) broken++;
    // zlib doesn't mind data without an end, nor what comes behind a final block.
    if (ours.stop?.what === "the data ends inside a block" || theirs === "final") continue;
    assertStrictEquals(ours.stop ? null : toHex(ours.output), theirs);
  }
  assert(broken > 500, `only ${broken} of the payloads are broken`);
});

function mutatedDeflate(random: Random): Uint8Array {
  const options = {
    level: random.below(10),
    strategy: random.below(5),
    finishFlush: random.pick([constants.Z_SYNC_FLUSH, constants.Z_FULL_FLUSH]),
  };
  const bytes = deflateRawSync(sample(random).subarray(0, random.below(3000)), options);
  const payload = Uint8Array.from(bytes.subarray(0, -4));
  if (random.next() < 0.25 || payload.length === 0) return payload;
  const reach = random.next() < 0.5 ? Math.min(payload.length, 20) : payload.length;
  payload[random.below(reach)] ^= 1 << random.below(8);
  return payload;
}

/** What zlib makes of a payload: hex, `null` if it refuses it, `"final"` if it ends before the end. */
function zlibInflate(payload: Uint8Array, maxOutputLength: number): string | null {
  const whole = concat(payload, hex("00 00 ff ff"));
  const finishFlush = constants.Z_SYNC_FLUSH;
  try {
    const { buffer, engine } = inflateRawSync(whole, {
      finishFlush,
      maxOutputLength,
      info: true,
    }) as unknown as { buffer: Uint8Array; engine: { bytesWritten: number } };
    return engine.bytesWritten < whole.length ? "final" : toHex(buffer);
  } catch {
    return null;
  }
}

Deno.test("a compressor writes less for what it has seen, where it keeps its context", () => {
  const message = new Random(11).bytes(200);
  const keeping = createDeflater();
  const giving = createDeflater({ contextTakeover: false });
  for (const deflater of [keeping, giving]) deflater.deflate(message);
  assert(keeping.deflate(message).length < 20);
  assert(giving.deflate(message).length > 200);
});

Deno.test("an empty message is one byte, or an empty block", () => {
  const deflater = createDeflater();
  for (const message of ["", "a", "", ""]) {
    const payload = deflater.deflate(utf8(message));
    assertStrictEquals(text(inflate(createInflater(), [payload])), message);
  }
});
