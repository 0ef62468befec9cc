/** How long a client waits before it connects again. */
export interface BackoffOptions {
  /** What every wait begins with, in milliseconds. @default 100 */
  minDelayMs?: number;
  /** The random part's bound at the first attempt, in milliseconds; it doubles. @default 1000 */
  baseDelayMs?: number;
  /** What the random part's bound never exceeds, in milliseconds. @default 30000 */
  maxDelayMs?: number;
  /**
   * What a wait begins with, and the random part's first bound, after a close code that says
   * *later* (1011, 1013, 1014), in milliseconds. @default 5000
   */
  laterDelayMs?: number;
  /** A source of randomness, from 0 up to but not including 1. @default Math.random */
  random?: () => number;
  /** Whether the close code said *later*. @default false */
  later?: boolean;
}

/**
 * Computes how long to wait before an attempt to connect: exponential backoff with full jitter, so
 * that clients which lost the same server don't come back at the same moment.
 *
 * After most ends of a link that is `minDelayMs` and a random part below
 * `min(maxDelayMs, baseDelayMs · 2ⁿ)`. After a close code that says *later* the server has asked
 * for rest: `laterDelayMs` and a random part below `min(maxDelayMs, laterDelayMs · 2ⁿ)`, by default
 * 5 to 10 s at first and 5 to 35 s in the end.
 *
 * @param attempt The number n of attempts made since the link was last stable, 0 for the first.
 * @param options Bounds and the source of randomness.
 * @returns The delay, in milliseconds.
 *
 * @example The bounds of the first and of a late attempt
 * ```ts
 * import { backoffDelay } from "@roomscope/roomscope/client";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(backoffDelay(0, { random: () => 0 }), 100);
 * assertEquals(backoffDelay(0, { random: () => 0.5 }), 600);
 * assertEquals(backoffDelay(20, { random: () => 0.5 }), 15_100);
 * assertEquals(backoffDelay(0, { random: () => 0.5, later: true }), 7_500);
 * ```
 */
export function backoffDelay(attempt: number, options: BackoffOptions = {}): number {
  const { minDelayMs = 100, baseDelayMs = 1_000, maxDelayMs = 30_000 } = options;
  const { laterDelayMs = 5_000, random = Math.random, later = false } = options;
  const first = later ? laterDelayMs : baseDelayMs;
  const bound = Math.min(maxDelayMs, first * 2 ** attempt);
  return (later ? laterDelayMs : minDelayMs) + random() * bound;
}
