/**
 * Time as a `RoomClient` sees it; a test can put its own in its place.
 *
 * @example A clock that is an hour ahead
 * ```ts
 * import { type Clock, systemClock } from "@roomscope/roomscope/client";
 * import { assert } from "@std/assert";
 *
 * const ahead: Clock = { ...systemClock, now: () => systemClock.now() + 3_600_000 };
 * assert(ahead.now() > Date.now());
 * ```
 */
export interface Clock {
  /** Milliseconds since the Unix epoch, for show. */
  now(): number;
  /** Milliseconds since any fixed moment; never goes back. */
  elapsed(): number;
  /**
   * Calls a function once, later.
   *
   * @param callback What to call.
   * @param delayMs After how many milliseconds.
   * @returns What {@linkcode Clock.clearTimeout} takes.
   */
  setTimeout(callback: () => void, delayMs: number): unknown;
  /**
   * Forgets a call that {@linkcode Clock.setTimeout} promised.
   *
   * @param timer What `setTimeout` returned.
   */
  clearTimeout(timer: unknown): void;
}

/** Longer delays overflow in every platform's `setTimeout`, which then fires at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * The platform's own clock.
 *
 * @example
 * ```ts
 * import { systemClock } from "@roomscope/roomscope/client";
 *
 * await new Promise<void>((resolve) => systemClock.setTimeout(resolve, 1));
 * ```
 */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, Math.min(delayMs, MAX_TIMEOUT_MS)),
  clearTimeout: (timer) => clearTimeout(timer as number),
};

/** One appointment at most: making a new one forgets the old one. */
export class Timer {
  readonly #clock: Clock;
  #pending: { timer: unknown } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  start(delayMs: number, callback: () => void): void {
    this.stop();
    const timer = this.#clock.setTimeout(() => {
      this.#pending = null;
      callback();
    }, delayMs);
    this.#pending = { timer };
  }

  stop(): void {
    if (this.#pending !== null) this.#clock.clearTimeout(this.#pending.timer);
    this.#pending = null;
  }
}
