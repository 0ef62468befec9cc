import { MASKING_KEY_BYTES } from "./header_layout.ts";
import { BYTES_PER_WORD } from "./words.ts";

/** Below this many bytes the plain loop is quicker than making a view of 32-bit words. */
const WORDWISE_FROM_BYTES = 128;
const LAST_KEY_BYTE = MASKING_KEY_BYTES - 1;

/** The key as bytes and as one word in this machine's byte order. */
const turnedKey = new Uint8Array(MASKING_KEY_BYTES);
const turnedWord = new Int32Array(turnedKey.buffer);

/**
 * Masks bytes in place, or unmasks them (it is the same operation): octet *i* is XORed with octet
 * *i* modulo 4 of the key. Works word by word whatever the alignment. Source: RFC 6455 §5.3.
 *
 * @param bytes The bytes to change; any length, any alignment.
 * @param key The masking key, exactly 4 bytes.
 * @param phase How many bytes of the same payload came before, so that a payload can be masked piece
 * by piece. A whole number from 0, 0 by default.
 * @throws {TypeError} If the key isn't 4 bytes long.
 *
 * @example A payload in two pieces
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { applyMask } from "@roomscope/roomscope/frames";
 *
 * const key = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);
 * const payload = Uint8Array.of(0x7f, 0x9f, 0x4d, 0x51, 0x58);
 * applyMask(payload.subarray(0, 3), key);
 * applyMask(payload.subarray(3), key, 3);
 * assertEquals(new TextDecoder().decode(payload), "Hello");
 * ```
 */
export function applyMask(bytes: Uint8Array, key: Uint8Array, phase: number = 0): void {
  if (key.length !== MASKING_KEY_BYTES) {
    throw new TypeError(`Cannot mask: the key must have 4 bytes, it has ${key.length}`);
  }
  // The loops below count in 32 bits; only the phase modulo 4 matters.
  const turn = phase % MASKING_KEY_BYTES;
  if (bytes.length < WORDWISE_FROM_BYTES) {
    maskBytes(bytes, { key, turn, from: 0, to: bytes.length });
    return;
  }
  // bytes:   | head, up to a word border | whole words … | tail |
  const head = -bytes.byteOffset & (BYTES_PER_WORD - 1);
  const words = Math.floor((bytes.length - head) / BYTES_PER_WORD);
  const tail = head + words * BYTES_PER_WORD;
  maskBytes(bytes, { key, turn, from: 0, to: head });
  maskWords(
    new Int32Array(bytes.buffer, bytes.byteOffset + head, words),
    keyWord(key, turn + head),
    { from: 0, to: words },
  );
  maskBytes(bytes, { key, turn, from: tail, to: bytes.length });
}

interface MaskRange {
  readonly key: Uint8Array;
  readonly turn: number;
  readonly from: number;
  readonly to: number;
}

function maskBytes(bytes: Uint8Array, { key, turn, from, to }: MaskRange): void {
  for (let i = from; i < to; i++) bytes[i] ^= key[(turn + i) & LAST_KEY_BYTE];
}

/** The key as one word, turned so that it starts with its byte `turn` modulo 4. */
export function keyWord(key: Uint8Array, turn: number = 0): number {
  for (let i = 0; i < MASKING_KEY_BYTES; i++) turnedKey[i] = key[(turn + i) & LAST_KEY_BYTE];
  return turnedWord[0];
}

/** Masks the words of a range with a key that {@linkcode keyWord} made. */
export function maskWords(
  words: Int32Array,
  key: number,
  { from, to }: { from: number; to: number },
): void {
  const unrolled = to - (to - from) % 8;
  let i = from;
  for (; i < unrolled; i += 8) {
    words[i] ^= key;
    words[i + 1] ^= key;
    words[i + 2] ^= key;
    words[i + 3] ^= key;
    words[i + 4] ^= key;
    words[i + 5] ^= key;
    words[i + 6] ^= key;
    words[i + 7] ^= key;
  }
  for (; i < to; i++) words[i] ^= key;
}
