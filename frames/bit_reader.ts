/** Bytes behind the input that may be looked at: what a code begins with may lie beyond the end. */
const PADDING_BYTES = 16;
/** A block's header is the longest that has to be there whole: less than 600 bytes. */
const LARGEST_REST_BYTES = 1024;
const BITS_PER_BYTE = 8;

/** The most bytes that {@linkcode BitReader.feed} takes at once. */
export const SLICE_BYTES = 4096;

/**
 * Reads bits, the least significant of each byte first (RFC 1951 §3.1.1). Beyond the end are zeros:
 * who reads looks afterwards whether it was `starved`, and then goes back to where it began.
 *
 * ```
 * bytes:   | rest of the last slice | slice | zeros |
 *                 ^ at (in bits)            ^ end (in bits)
 * ```
 */
export class BitReader {
  readonly bytes: Uint8Array = new Uint8Array(LARGEST_REST_BYTES + SLICE_BYTES + PADDING_BYTES);
  at = 0;
  #end = 0;
  #restBytes = 0;

  /** Whether more was read than is there. */
  get starved(): boolean {
    return this.at > this.#end;
  }

  /** How many whole bytes are left. */
  get bytesLeft(): number {
    return (this.#end - this.at) >>> 3;
  }

  /** Whether every bit was read. */
  get empty(): boolean {
    return this.at === this.#end;
  }

  /** Index in the last slice of the byte that holds the last bit read; that of an earlier one is 0. */
  get lastIndex(): number {
    return Math.max(((this.at + BITS_PER_BYTE - 1) >>> 3) - 1 - this.#restBytes, 0);
  }

  /** Appends a slice to what is left. */
  feed(slice: Uint8Array): void {
    const from = this.at >>> 3;
    const endByte = this.#end >>> 3;
    this.#restBytes = endByte - from;
    this.bytes.copyWithin(0, from, endByte);
    this.bytes.set(slice, this.#restBytes);
    const end = this.#restBytes + slice.length;
    this.bytes.fill(0, end, end + PADDING_BYTES);
    this.at &= BITS_PER_BYTE - 1;
    this.#end = end * BITS_PER_BYTE;
  }

  /** The next `count` bits, at most 16, as a number; they stay. */
  peek(count: number): number {
    const { bytes, at } = this;
    const byte = at >>> 3;
    const bits = bytes[byte] | bytes[byte + 1] << 8 | bytes[byte + 2] << 16;
    return bits >>> (at & 7) & ((1 << count) - 1);
  }

  /** Reads `count` bits, at most 16. */
  read(count: number): number {
    const value = this.peek(count);
    this.at += count;
    return value;
  }

  /** Steps to the next byte. */
  align(): void {
    this.at = (this.at + BITS_PER_BYTE - 1) & -BITS_PER_BYTE;
  }

  /** Reads whole bytes; a view that the next slice overwrites. */
  readBytes(count: number): Uint8Array {
    const from = this.at >>> 3;
    this.at += count * BITS_PER_BYTE;
    return this.bytes.subarray(from, from + count);
  }

  /** Forgets all input. */
  reset(): void {
    this.at = 0;
    this.#end = 0;
    this.#restBytes = 0;
  }
}
