const SMALLEST_CAPACITY = 64;
const GROWTH = 4;
/** Up to 1 MiB it grows faster: so a frame of that size in chunks of 64 KiB is allocated once. */
const EARLY_GROWTH = 32;
const EARLY_BYTES = 1024 * 1024;

/**
 * Bytes that grow as they come, so that a declared length alone never costs memory: at most four
 * times of what came is allocated (up to 1 MiB thirty-two times), and never more than the limit.
 *
 * ```
 * | room for a header | bytes … | capacity still free |
 * ```
 */
export class ByteBuffer {
  #memory: Uint8Array;
  #length = 0;
  readonly #lead: number;
  #mostBytes: number;

  /** With a `header`, which lies right before the bytes: {@linkcode ByteBuffer.view} begins behind. */
  constructor(mostBytes: number, header: Uint8Array = new Uint8Array(0)) {
    this.#mostBytes = mostBytes;
    this.#memory = header;
    this.#lead = header.length;
  }

  get length(): number {
    return this.#length;
  }

  /** Says how many bytes there can be, once that is known. */
  expect(mostBytes: number): void {
    this.#mostBytes = mostBytes;
  }

  /** Forgets the bytes; their memory is used again, so what was returned of it changes. */
  clear(): void {
    this.#length = 0;
  }

  /** Appends as much of `piece` as there is room for; returns where it lies now. */
  append(piece: Uint8Array): Uint8Array {
    const start = this.#length;
    const end = Math.min(start + piece.length, this.#mostBytes);
    if (this.#lead + end > this.#memory.length) this.#grow(end);
    this.#memory.set(piece.subarray(0, end - start), this.#lead + start);
    this.#length = end;
    return this.#memory.subarray(this.#lead + start, this.#lead + end);
  }

  /** What was appended, without a copy. */
  view(): Uint8Array {
    return this.#memory.subarray(this.#lead, this.#lead + this.#length);
  }

  #grow(needed: number): void {
    const early = Math.min(needed * EARLY_GROWTH, EARLY_BYTES);
    const roomy = Math.max(needed * GROWTH, early, SMALLEST_CAPACITY);
    const grown = new Uint8Array(this.#lead + Math.min(roomy, this.#mostBytes));
    grown.set(this.#memory.subarray(0, this.#lead + this.#length));
    this.#memory = grown;
  }
}
