import { BYTES_PER_WORD, NON_ASCII_IN_WORD } from "./words.ts";

/** Bounds of a continuation byte (RFC 3629 §4, `UTF8-tail`). */
const TAIL_LOW = 0x80;
const TAIL_HIGH = 0xbf;
const FIRST_NON_ASCII = 0x80;

/** After this many ASCII bytes in a row the next are read four at a time. */
const WORDWISE_AFTER_BYTES = 32;

/**
 * Checks UTF-8 as it arrives, cut anywhere, and names the first byte after which no continuation can
 * be valid: overlong forms, surrogates, code points over U+10FFFF, stray or missing continuation
 * bytes, each at the byte that proves it. Source: RFC 3629 §4, RFC 6455 §8.1.
 *
 * @example A character cut in two
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Utf8Validator } from "@roomscope/roomscope/frames";
 *
 * const validator = new Utf8Validator();
 * assertEquals(validator.check(Uint8Array.of(0xe2, 0x82)), -1);
 * assertEquals(validator.needed, 1);
 * assertEquals(validator.check(Uint8Array.of(0xac, 0xff)), 1);
 * ```
 */
export class Utf8Validator {
  #needed = 0;
  #low = TAIL_LOW;
  #high = TAIL_HIGH;

  /** How many continuation bytes the character that has begun still needs: 0 to 3. */
  get needed(): number {
    return this.#needed;
  }

  /** Starts a new text. */
  reset(): void {
    this.#needed = 0;
    this.#low = TAIL_LOW;
    this.#high = TAIL_HIGH;
  }

  /**
   * Checks the next bytes of the text.
   *
   * @param bytes The next bytes.
   * @param bytesToCome The most bytes the text can have after these, as far as is known: a character
   * that needs more than that is invalid from its first byte on. Infinity by default.
   * @returns The index in `bytes` of the first byte that proves the text invalid, or -1. After an
   * index the validator has to be {@linkcode Utf8Validator.reset | reset}.
   *
   * @example The text ends inside a character
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { Utf8Validator } from "@roomscope/roomscope/frames";
   *
   * assertEquals(new Utf8Validator().check(Uint8Array.of(0x61, 0xe2, 0x82), 0), 1);
   * ```
   */
  check(bytes: Uint8Array, bytesToCome: number = Infinity): number {
    const most = bytes.length - 1 + bytesToCome;
    let i = 0;
    while (i < bytes.length) {
      if (this.#needed === 0) {
        i = skipAscii(bytes, i);
        if (i === bytes.length) break;
        if (!this.#begin(bytes[i]) || this.#needed > most - i) return i;
      } else if (!this.#continue(bytes[i])) {
        return i;
      }
      i++;
    }
    return -1;
  }

  /** Takes the first byte of a character over U+007F; `false` if none begins so. */
  #begin(byte: number): boolean {
    // UTF8-2 = %xC2-DF UTF8-tail: C0 and C1 could only begin an overlong form.
    if (byte < 0xc2 || byte > 0xf4) return false;
    this.#needed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    // The second byte's bounds shut out overlong forms (E0, F0), surrogates (ED), > U+10FFFF (F4).
    if (byte === 0xe0) this.#low = 0xa0;
    if (byte === 0xed) this.#high = 0x9f;
    if (byte === 0xf0) this.#low = 0x90;
    if (byte === 0xf4) this.#high = 0x8f;
    return true;
  }

  #continue(byte: number): boolean {
    if (byte < this.#low || byte > this.#high) return false;
    this.#low = TAIL_LOW;
    this.#high = TAIL_HIGH;
    this.#needed--;
    return true;
  }
}

/** Index of the first byte from `start` on that isn't ASCII, or the length. */
function skipAscii(bytes: Uint8Array, start: number): number {
  // A view of words costs more than a few bytes: it is made only where a long run seems likely.
  const probe = Math.min(start + WORDWISE_AFTER_BYTES, bytes.length);
  let i = skipAsciiBytes(bytes, start, probe);
  if (i < probe || i === bytes.length) return i;
  const border = Math.min(i + (-(bytes.byteOffset + i) & (BYTES_PER_WORD - 1)), bytes.length);
  i = skipAsciiBytes(bytes, i, border);
  if (i < border) return i;
  const words = (bytes.length - i) >>> 2;
  if (words > 0) i += skipAsciiWords(new Int32Array(bytes.buffer, bytes.byteOffset + i, words));
  return skipAsciiBytes(bytes, i, bytes.length);
}

function skipAsciiBytes(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end && bytes[i] < FIRST_NON_ASCII) i++;
  return i;
}

/** How many bytes lie in the ASCII-only words at the start. */
function skipAsciiWords(words: Int32Array): number {
  let i = 0;
  while (i < words.length && (words[i] & NON_ASCII_IN_WORD) === 0) i++;
  return i * BYTES_PER_WORD;
}

const TEXT_DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/** Text of UTF-8 bytes: a byte order mark is content, and what isn't valid becomes U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  return TEXT_DECODER.decode(bytes);
}
