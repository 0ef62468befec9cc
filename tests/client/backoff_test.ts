import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { backoffDelay } from "../../client/backoff.ts";

/** Mulberry32: the same numbers on each run. */
function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const BOUNDS = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000];

Deno.test("a wait is 100 ms and up to min(30 s, 1 s · 2ⁿ)", () => {
  for (const [attempt, bound] of BOUNDS.entries()) {
    assertEquals(backoffDelay(attempt, { random: () => 0 }), 100);
    assertEquals(backoffDelay(attempt, { random: () => 1 }), 100 + bound);
  }
  assertEquals(backoffDelay(5_000, { random: () => 1 }), 30_100);
});

Deno.test("the jitter is full: waits are spread evenly between the bounds", () => {
  const random = seeded(1);
  const bins = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) {
    const delay = backoffDelay(3, { random });
    assert(delay >= 100 && delay < 8_100);
    bins[Math.floor((delay - 100) / 800)]++;
  }
  for (const count of bins) assertAlmostEquals(count, 1_000, 150);
});

Deno.test("by default the platform's randomness is used", () => {
  const delays = new Set(Array.from({ length: 20 }, () => backoffDelay(4)));
  assert(delays.size > 10);
});

Deno.test("later waits longer than any first attempt, and within its own bounds", () => {
  const laterBounds = [5_000, 10_000, 20_000, 30_000, 30_000];
  for (const [attempt, bound] of laterBounds.entries()) {
    assertEquals(backoffDelay(attempt, { random: () => 0, later: true }), 5_000);
    assertEquals(backoffDelay(attempt, { random: () => 1, later: true }), 5_000 + bound);
  }
});

Deno.test("every bound can be set", () => {
  const options = { minDelayMs: 1, baseDelayMs: 10, maxDelayMs: 50, laterDelayMs: 7 };
  assertEquals([0, 1, 2, 3].map((n) => backoffDelay(n, { ...options, random: () => 1 })), [
    11,
    21,
    41,
    51,
  ]);
  assertEquals(backoffDelay(9, { ...options, random: () => 1, later: true }), 57);
});
