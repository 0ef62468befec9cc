/** Blocks have so many bytes; more than that has a block of its own. */
const BLOCK_BYTES = 1024 * 1024;
const SMALLEST_BLOCK_BYTES = 64 * 1024;
/** The most empty blocks that are kept to be used again. */
const MOST_EMPTY = 2;

/** A piece of memory, and how many places in it are taken. */
export interface Block {
  readonly memory: Uint8Array;
  taken: number;
}

/** Where bytes lie. */
export interface Place {
  readonly block: Block;
  readonly start: number;
}

/**
 * Memory for bytes that come and leave roughly in the same order. They are copied behind one another
 * into blocks, and a block is used again when the last of its bytes has left: so nothing is allocated
 * while as much leaves as comes.
 *
 * ```
 * block:  … | bytes of one run | bytes of the next | free …
 *             ^ start                                ^ #used
 * ```
 */
export class BlockStore {
  readonly #blockBytes: number;
  #current: Block = { memory: new Uint8Array(0), taken: 0 };
  #used = 0;
  readonly #empty: Block[] = [];

  /** Makes a store for about `mostBytes` at a time. */
  constructor(mostBytes: number) {
    this.#blockBytes = Math.min(BLOCK_BYTES, Math.max(mostBytes, SMALLEST_BLOCK_BYTES));
  }

  /** Keeps a copy of bytes. */
  keep(bytes: Uint8Array): Place {
    if (this.#current.memory.length - this.#used < bytes.length) this.#next(bytes.length);
    const start = this.#used;
    this.#current.memory.set(bytes, start);
    this.#current.taken++;
    this.#used += bytes.length;
    return { block: this.#current, start };
  }

  /** Lets go of what was kept at a place. */
  release(block: Block): void {
    if (--block.taken > 0) return;
    if (block === this.#current) this.#used = 0;
    else if (block.memory.length === this.#blockBytes) this.#putAway(block);
  }

  #putAway(block: Block): void {
    if (this.#empty.length < MOST_EMPTY) this.#empty.push(block);
  }

  #next(length: number): void {
    const empty = length <= this.#blockBytes ? this.#empty.pop() : undefined;
    const size = Math.max(this.#blockBytes, length);
    this.#current = empty ?? { memory: new Uint8Array(size), taken: 0 };
    this.#used = 0;
  }
}
