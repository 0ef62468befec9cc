import type { Backplane, Draft, PlacedMessage, Position } from "./backplane.ts";

/** What an {@linkcode InProcessBackplane} can be told. */
export interface InProcessBackplaneOptions {
  /**
   * How long an abandoned room's epoch and sequence are kept, in milliseconds.
   *
   * @default {300000}
   */
  keepMs?: number;
  /**
   * How many abandoned rooms are kept; the longest abandoned goes first.
   *
   * @default {10000}
   */
  maxAbandoned?: number;
  /** The clock, in milliseconds. @default {Date.now} */
  now?: () => number;
}

/**
 * The backplane of a server that is alone: a counter per room, in memory.
 *
 * @example
 * ```ts
 * import { InProcessBackplane } from "@roomscope/roomscope/server";
 * import { assertEquals } from "@std/assert";
 *
 * const backplane = new InProcessBackplane();
 * const draft = { from: "ann", clientId: "1", content: "hi", timestamp: 0 };
 * const first = await backplane.publish("lobby", draft);
 * assertEquals(first, { epoch: backplane.position("lobby").epoch, seq: 1 });
 * await backplane.close();
 * ```
 */
export class InProcessBackplane implements Backplane {
  #positions = new Map<string, Position>();
  /** Room to the time it was abandoned, in the order of that time. */
  #abandoned = new Map<string, number>();
  #listener: (message: PlacedMessage) => void = () => {};
  #closed = false;
  #keepMs: number;
  #maxAbandoned: number;
  #now: () => number;

  /**
   * Starts without any room.
   *
   * @param options How long abandoned rooms are kept.
   */
  constructor(options: InProcessBackplaneOptions = {}) {
    this.#keepMs = options.keepMs ?? 300_000;
    this.#maxAbandoned = options.maxAbandoned ?? 10_000;
    this.#now = options.now ?? Date.now;
  }

  /** {@inheritDoc Backplane.publish} */
  publish(room: string, draft: Draft): Promise<Position> {
    if (this.#closed) return Promise.reject(new Error("Cannot publish: the backplane is closed"));
    const position = this.#hold(room);
    position.seq += 1;
    this.#listener({ ...draft, ...position, room });
    return Promise.resolve({ ...position });
  }

  /** {@inheritDoc Backplane.position} */
  position(room: string): Position {
    return { ...this.#hold(room) };
  }

  /** {@inheritDoc Backplane.release} */
  release(room: string): void {
    if (!this.#positions.has(room)) return;
    this.#abandoned.delete(room);
    this.#abandoned.set(room, this.#now());
    this.#forgetOld();
  }

  /** {@inheritDoc Backplane.onMessage} */
  onMessage(listener: (message: PlacedMessage) => void): void {
    this.#listener = listener;
  }

  /** {@inheritDoc Backplane.close} */
  close(): Promise<void> {
    this.#closed = true;
    this.#positions.clear();
    this.#abandoned.clear();
    return Promise.resolve();
  }

  #hold(room: string): Position {
    this.#forgetOld();
    this.#abandoned.delete(room);
    let position = this.#positions.get(room);
    if (position === undefined) {
      position = { epoch: crypto.randomUUID(), seq: 0 };
      this.#positions.set(room, position);
    }
    return position;
  }

  /** The map's order is the order of abandonment, so this stops at the first that may stay. */
  #forgetOld(): void {
    const oldest = this.#now() - this.#keepMs;
    for (const [room, since] of this.#abandoned) {
      if (since > oldest && this.#abandoned.size <= this.#maxAbandoned) return;
      this.#abandoned.delete(room);
      this.#positions.delete(room);
    }
  }
}
