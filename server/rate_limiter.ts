/**
 * At most so many events in any window of time: a sliding window over the times of the accepted
 * events, which are kept as long as they lie in it.
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
  /** Times of accepted events; those before `#first` have left the window. */
  #times: number[] = [];
  #first = 0;

  /**
   * Starts with an empty window.
   *
   * @param limit Events in a window; 0 means any number.
   * @param windowMs Length of the window, in milliseconds.
   * @throws {RangeError} If the limit isn't a whole number from 0.
   */
  constructor(limit: number, windowMs: number) {
    if (!Number.isSafeInteger(limit) || limit < 0) {
      throw new RangeError(`Cannot limit: the limit must be a whole number from 0, it is ${limit}`);
    }
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
    this.#forget(now);
    if (this.#times.length - this.#first >= this.#limit) {
      return this.#times[this.#first] + this.#windowMs - now;
    }
    this.#times.push(now);
    return 0;
  }

  /** Moves the window on; what has left it is removed when it is half of what is kept. */
  #forget(now: number): void {
    while (this.#times[this.#first] + this.#windowMs <= now) this.#first += 1;
    if (this.#first * 2 < this.#times.length) return;
    this.#times.splice(0, this.#first);
    this.#first = 0;
  }
}
