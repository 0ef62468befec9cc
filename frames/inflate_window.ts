const SMALLEST_CAPACITY = 1024;
const GROWTH = 2;
/** So many windows of past output may lie there before the older ones are dropped. */
const MOST_WINDOWS = 4;
/** From this length on a call copies quicker than a loop. */
const COPY_FROM_BYTES = 32;

/**
 * The output of an inflater, and what came before it, to which it may refer.
 *
 * ```
 * | past output, at least a window of it | output of this piece | free up to the limit |
 *                                        ^ start                ^ end                  ^ limit
 * ```
 */
export class InflateWindow {
  readonly #windowBytes: number;
  #bytes = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #limit = 0;

  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes;
  }

  /** How far back a reference may point. */
  get reach(): number {
    return Math.min(this.#end, this.#windowBytes);
  }

  /** How many bytes may still be written. */
  get room(): number {
    return this.#limit - this.#end;
  }

  /** Begins a piece of output of at most `room` bytes. */
  begin(room: number): void {
    if (this.#end > MOST_WINDOWS * this.#windowBytes) this.#forget();
    this.#start = this.#end;
    this.#limit = this.#end + room;
  }

  /** What was written since {@linkcode InflateWindow.begin}, as a copy. */
  output(): Uint8Array {
    return this.#bytes.slice(this.#start, this.#end);
  }

  /** Writes a byte; `false` if there is no room. */
  put(byte: number): boolean {
    if (this.#end === this.#bytes.length && !this.#grow(1)) return false;
    if (this.#end === this.#limit) return false;
    this.#bytes[this.#end++] = byte;
    return true;
  }

  /** Writes bytes; there must be room. */
  append(bytes: Uint8Array): void {
    this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Repeats `length` bytes from `distance` back, as far as there is room; `false` if it isn't. */
  repeat(distance: number, length: number): boolean {
    const count = Math.min(length, this.room);
    if (this.#end + count > this.#bytes.length) this.#grow(count);
    const bytes = this.#bytes;
    const from = this.#end - distance;
    if (distance >= count && count >= COPY_FROM_BYTES) {
      bytes.copyWithin(this.#end, from, from + count);
    } else {
      // Byte by byte: where the distance is the shorter one, what is written is read again.
      for (let i = 0, to = this.#end; i < count; i++) bytes[to + i] = bytes[from + i];
    }
    this.#end += count;
    return count === length;
  }

  /** Forgets all that was written. */
  reset(): void {
    this.#start = 0;
    this.#end = 0;
    this.#limit = 0;
  }

  /** Makes room in memory, never beyond the limit; `false` if there isn't any more. */
  #grow(more: number): boolean {
    const needed = this.#end + more;
    if (needed <= this.#bytes.length) return true;
    if (needed > this.#limit) return false;
    const roomy = Math.max(needed, this.#bytes.length * GROWTH, SMALLEST_CAPACITY);
    const grown = new Uint8Array(Math.min(roomy, this.#limit));
    grown.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = grown;
    return true;
  }

  /** Keeps one window. A buffer that one large message has blown up is given back. */
  #forget(): void {
    const from = this.#end - this.#windowBytes;
    const large = this.#bytes.length > 2 * MOST_WINDOWS * this.#windowBytes;
    if (large) this.#bytes = this.#bytes.slice(from, this.#end);
    else this.#bytes.copyWithin(0, from, this.#end);
    this.#end = this.#windowBytes;
  }
}
