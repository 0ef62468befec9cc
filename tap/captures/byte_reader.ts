import { ByteWindow } from "../byte_window.ts";
import type { ByteSource } from "./capture_file.ts";

/** Takes exactly as many bytes as are wanted from pieces of any size. */
export class ByteReader {
  readonly #pieces: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  readonly #window = new ByteWindow();
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;

  constructor(source: ByteSource) {
    this.#pieces = Symbol.asyncIterator in source
      ? source[Symbol.asyncIterator]()
      : source[Symbol.iterator]();
  }

  /** The next bytes without taking them, fewer where the source ends. */
  async peek(count: number): Promise<Uint8Array> {
    while (this.#window.bytes.length + this.#gatheredBytes < count && await this.#more());
    this.#join();
    return this.#window.bytes.subarray(0, count);
  }

  /** The next bytes; `null` if the source ends before or among them. */
  async take(count: number): Promise<Uint8Array | null> {
    if ((await this.peek(count)).length < count) return null;
    return this.#window.take(count);
  }

  /** Everything up to a byte, or to the end; `null` at the end. Not more than `limit` bytes. */
  async takeThrough(byte: number, limit: number): Promise<Uint8Array | null> {
    let searched = 0;
    for (;;) {
      const { bytes } = this.#window;
      const end = bytes.indexOf(byte, searched);
      if (end >= 0 || bytes.length > limit) return this.#window.take(end < 0 ? limit + 1 : end + 1);
      searched = bytes.length;
      if (await this.#moreFor(byte, limit)) continue;
      return bytes.length === 0 ? null : this.#window.take(this.#window.bytes.length);
    }
  }

  /** Everything that is left, in pieces. */
  async *rest(): AsyncGenerator<Uint8Array> {
    const { bytes } = this.#window;
    if (bytes.length > 0) yield this.#window.take(bytes.length);
    while (await this.#more()) {
      yield* this.#gathered.splice(0);
      this.#gatheredBytes = 0;
    }
  }

  /** Gathers pieces until one holds the byte, so that a long line isn't copied again and again. */
  async #moreFor(byte: number, limit: number): Promise<boolean> {
    let any = false;
    while (await this.#more()) {
      any = true;
      const total = this.#window.bytes.length + this.#gatheredBytes;
      if (this.#gathered.at(-1)?.includes(byte) || total > limit) break;
    }
    this.#join();
    return any;
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#pieces.next();
    if (done) return false;
    this.#gathered.push(value);
    this.#gatheredBytes += value.length;
    return true;
  }

  #join(): void {
    if (this.#gathered.length === 0) return;
    const pieces = this.#gathered;
    this.#gathered = [];
    const joined = new Uint8Array(this.#gatheredBytes);
    let at = 0;
    for (const piece of pieces) {
      joined.set(piece, at);
      at += piece.length;
    }
    this.#gatheredBytes = 0;
    this.#window.push(joined);
  }
}
