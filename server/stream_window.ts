/**
 * How far a stream may be ahead of who takes it: so many chunks as its caller gave credit for, and
 * no chunk more once so many bytes are on their way.
 */
export class StreamWindow {
  readonly #maxBytes: number;
  #credit: number;
  /** Bytes of each chunk that was sent and not given back, oldest first. */
  readonly #sizes: number[] = [];
  #bytes = 0;
  #closed = false;
  #wake: () => void = () => {};

  constructor(credit: number, maxBytes: number) {
    this.#credit = credit;
    this.#maxBytes = maxBytes;
  }

  /** Waits until a chunk may be made; `false` once the window is closed. */
  async opens(): Promise<boolean> {
    while (!this.#closed && !this.#isOpen()) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return !this.#closed;
  }

  /** A chunk was sent. */
  sent(bytes: number): void {
    this.#credit -= 1;
    this.#sizes.push(bytes);
    this.#bytes += bytes;
  }

  /** How many chunks were sent and not given back. */
  get ahead(): number {
    return this.#sizes.length;
  }

  /** The caller has taken chunks, no more than it is ahead. */
  give(chunks: number): void {
    for (const bytes of this.#sizes.splice(0, chunks)) this.#bytes -= bytes;
    this.#credit += chunks;
    this.#wake();
  }

  /** No chunk follows. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** A chunk that is larger than the window alone still goes out, on its own. */
  #isOpen(): boolean {
    if (this.#credit === 0) return false;
    return this.#maxBytes === 0 || this.#bytes < this.#maxBytes;
  }
}
