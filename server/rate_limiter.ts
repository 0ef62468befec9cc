/**
 * At most so many events in any window of time: a sliding window over the times of the last
 * accepted events, kept in a ring.
 *
 * @example
 * ```ts
 * import { RateLimiter } from "@roomscope/roomscope/server";
 * import { assertEquals } from "@std/assert";
 *
 * const limiter = new RateLimiter(2, 1_000);
 * assertEquals([0, 100, 200, 1_000].map((now) => limiter.take(now)), [0, 0, 800, 0]);
 * ```
 */
export class RateLimiter {
  readonly #limit: number;
  readonly #windowMs: number;
  #times: number[] = [];
  #next = 0;

  /**
   * Starts with an empty window.
   *
   * @param limit Events in a window; 0 means any number.
   * @param windowMs Length of the window, in milliseconds.
   */
  constructor(limit: number, windowMs: number) {
    this.#limit = limit;
    this.#windowMs = windowMs;
  }

  /**
   * Takes an event if there is room for it.
   *
   * @param now The time, in milliseconds; never goes back.
   * @returns 0 if it was taken, otherwise after how many milliseconds one can be.
   */
  take(now: number): number {
    if (this.#limit === 0) return 0;
    const oldest = this.#times[this.#next];
    const wait = oldest === undefined ? 0 : oldest + this.#windowMs - now;
    if (wait > 0) return wait;
    this.#times[this.#next] = now;
    this.#next = (this.#next + 1) % this.#limit;
    return 0;
  }
}
