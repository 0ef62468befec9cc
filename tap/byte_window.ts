const NOTHING = new Uint8Array(0);

/**
 * Bytes that come in chunks and leave from the front. A chunk isn't copied unless something of it is
 * left at `keep`, or something was left before it.
 */
export class ByteWindow {
  #bytes: Uint8Array = NOTHING;
  /** Whether `#bytes` is this window's own. */
  #own = true;

  /** What is there. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Adds a chunk behind what is there. */
  push(chunk: Uint8Array): void {
    this.#own = this.#bytes.length > 0;
    this.#bytes = this.#own ? concat([this.#bytes, chunk]) : chunk;
  }

  /** Takes bytes from the front; they may lie in the last chunk's buffer. */
  take(count: number): Uint8Array {
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  /** Makes what is left independent of the last chunk's buffer. */
  keep(): void {
    if (this.#bytes.length === 0) this.#bytes = NOTHING;
    else if (!this.#own) this.#bytes = this.#bytes.slice();
    this.#own = true;
  }
}

/** All pieces behind one another, in a new array. */
export function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
