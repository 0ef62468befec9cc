import type { HeadEvent } from "../protocol/mod.ts";

/** The most bytes of heads that are kept. */
const MOST_BYTES = 4 * 1024 * 1024;

/** The heads of the newest connections, bounded by bytes; the oldest connection's leave first. */
export class HeadStore {
  // A Map keeps the order in which connections came.
  readonly #heads = new Map<string, HeadEvent[]>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number = MOST_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Keeps a head. */
  add(head: HeadEvent): void {
    const heads = this.#heads.get(head.connection);
    if (heads) heads.push(head);
    else this.#heads.set(head.connection, [head]);
    this.#bytes += head.bytes.length;
    while (this.#bytes > this.#maxBytes) this.#forgetOldest();
  }

  /** The heads of a connection, oldest first. */
  of(connection: string): HeadEvent[] {
    return [...this.#heads.get(connection) ?? []];
  }

  /** Forgets a connection's. */
  forget(connection: string): void {
    for (const { bytes } of this.#heads.get(connection) ?? []) this.#bytes -= bytes.length;
    this.#heads.delete(connection);
  }

  #forgetOldest(): void {
    for (const connection of this.#heads.keys()) return this.forget(connection);
  }
}
