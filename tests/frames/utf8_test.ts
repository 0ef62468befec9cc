import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { Utf8Validator } from "@/frames/mod.ts";
import { concat, everyCut, hex, Random, utf8 } from "./helpers.ts";

const STRICT = new TextDecoder("utf-8", { fatal: true });

/** Bytes that between them can end every kind of character. */
const ENDINGS = [0x41, 0x80, 0x90, 0xa0, 0xbf].map((byte) => Uint8Array.of(byte));

function isUtf8(bytes: Uint8Array): boolean {
  try {
    STRICT.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Whether some text of exactly `length` bytes begins so: the platform's decoder is asked. */
function canBecomeText(prefix: Uint8Array, length: number): boolean {
  if (prefix.length === length || prefix.length + 4 <= length && isUtf8(prefix)) {
    return isUtf8(prefix);
  }
  return ENDINGS.some((ending) => canBecomeText(concat(prefix, ending), length));
}

/** Index of the first byte after which no text is possible, by trying; -1 if there is none. */
function firstHopeless(bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) {
    // Up to three bytes can be needed to end a character; more are never decisive.
    const length = Math.min(bytes.length, i + 4);
    if (!canBecomeText(bytes.subarray(0, i + 1), length)) return i;
  }
  return -1;
}

function check(chunks: Uint8Array[]): number {
  const validator = new Utf8Validator();
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  let before = 0;
  for (const chunk of chunks) {
    const index = validator.check(chunk, length - before - chunk.length);
    if (index >= 0) return before + index;
    before += chunk.length;
  }
  return -1;
}

Deno.test("check finds the first hopeless byte, for all pairs of bytes", () => {
  for (let first = 0; first < 256; first++) {
    const hopeful = canBecomeText(Uint8Array.of(first), 2);
    for (let second = 0; second < 256; second++) {
      const bytes = Uint8Array.of(first, second);
      const found = check([bytes]);
      // Two bytes can be asked by hand: the first alone, or both.
      const expected = isUtf8(bytes) ? -1 : hopeful ? 1 : 0;
      if (found !== expected) assertEquals([first, second, found], [first, second, expected]);
    }
  }
});

Deno.test("check finds the first hopeless byte, in seeded random bytes, at every cut", () => {
  const random = new Random(3629);
  const telling = [
    0x00,
    0x41,
    0x7f,
    0x80,
    0x8f,
    0x90,
    0x9f,
    0xa0,
    0xbf,
    0xc0,
    0xc2,
    0xdf,
    0xe0,
    0xe1,
  ];
  telling.push(0xec, 0xed, 0xee, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff);
  let valid = 0;
  for (let round = 0; round < 1000; round++) {
    const bytes = Uint8Array.from({ length: 1 + random.below(6) }, () => random.pick(telling));
    const expected = firstHopeless(bytes);
    if (expected < 0) valid++;
    for (const chunks of everyCut(bytes)) assertStrictEquals(check(chunks), expected);
  }
  assert(valid > 20, `only ${valid} of the random texts are valid`);
});

Deno.test("check finds a wrong byte at every place of a long text, of any alignment", () => {
  const text = utf8("x".repeat(150) + "ä€😀" + "y".repeat(150));
  assertStrictEquals(check([text]), -1);
  for (let at = 0; at < text.length; at++) {
    const bad = concat(new Uint8Array(at % 4), text);
    const part = bad.subarray(at % 4);
    part[at] = 0xff;
    assertStrictEquals(check([part]), at);
  }
});

Deno.test("needed counts what the character lacks, reset forgets it", () => {
  const validator = new Utf8Validator();
  const needed = [];
  for (const byte of hex("f0 9f 98 80")) {
    assertStrictEquals(validator.check(Uint8Array.of(byte)), -1);
    needed.push(validator.needed);
  }
  assertEquals(needed, [3, 2, 1, 0]);
  validator.check(hex("e2"));
  validator.reset();
  assertStrictEquals(validator.check(hex("61"), 0), -1);
});
