import { BYTES_PER_WORD } from "./words.ts";

/**
 * A typed array of its own costs half a microsecond, a view on one a tenth of that. Small frames
 * therefore share slabs: each is written once, into a place of its own, and is a view of it.
 */
const SLAB_BYTES = 32 * 1024;

/** A slab, and how much of it is taken. */
export class Slab {
  #buffer = new ArrayBuffer(0);
  #words = new Int32Array(this.#buffer);
  #used = 0;

  /** The slab that the last place is in. */
  get buffer(): ArrayBuffer {
    return this.#buffer;
  }

  /** The same bytes as words. */
  get words(): Int32Array {
    return this.#words;
  }

  /**
   * A place that nobody else holds: `headerLength` bytes up to a word border, then whole words for
   * `payloadLength` bytes. Returns where it begins.
   */
  reserve(headerLength: number, payloadLength: number): number {
    const payloadAt = toWord(this.#used + headerLength);
    const end = toWord(payloadAt + payloadLength);
    // A slab whose buffer somebody transferred away has length 0: it is replaced as well.
    if (end > this.#buffer.byteLength) {
      this.#buffer = new ArrayBuffer(SLAB_BYTES);
      this.#words = new Int32Array(this.#buffer);
      this.#used = 0;
      return this.reserve(headerLength, payloadLength);
    }
    this.#used = end;
    return payloadAt - headerLength;
  }
}

function toWord(at: number): number {
  return (at + BYTES_PER_WORD - 1) & -BYTES_PER_WORD;
}
