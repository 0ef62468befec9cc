import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { Histogram } from "@/server/mod.ts";
import { seeded } from "./seeded.ts";

const SHARES = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;
const TOLERANCE = 0.04;

/** The exact quantile: the smallest value with that share of all at or below it. */
function exact(sorted: number[], share: number): number {
  return sorted[Math.ceil(sorted.length * share) - 1];
}

Deno.test("without samples there are no quantiles", () => {
  assertEquals(new Histogram().quantiles(), { count: 0, p50: null, p95: null, p99: null });
});

Deno.test("random data of every shape: within 4 % of the exact quantiles", () => {
  const random = seeded(1);
  const shapes: Record<string, () => number> = {
    "even": () => 1 + random() * 1_000,
    "exponential": () => 0.01 - Math.log(1 - random()) * 20,
    "long-tailed": () => 0.05 * (1 - random()) ** -1.5,
    "sizes in bytes": () => Math.ceil(random() ** 4 * 1_000_000) + 1,
    "microseconds as milliseconds": () => 0.001 + random() * 0.01,
    "two humps": () => random() < 0.6 ? 2 + random() : 900 + random() * 50,
  };
  for (const [name, draw] of Object.entries(shapes)) {
    for (const count of [1, 2, 3, 20, 100, 999, 20_000]) {
      const histogram = new Histogram();
      const samples = Array.from({ length: count }, draw);
      for (const sample of samples) histogram.add(sample);
      const sorted = samples.toSorted((a, b) => a - b);
      const quantiles = histogram.quantiles();
      assertEquals(quantiles.count, count);
      for (const [key, share] of Object.entries(SHARES)) {
        const want = exact(sorted, share);
        const got = quantiles[key as keyof typeof SHARES]!;
        assertLessOrEqual(
          Math.abs(got - want) / want,
          TOLERANCE,
          `${name}, ${count} samples, ${key}: ${got} for ${want}`,
        );
      }
    }
  }
});

Deno.test("a value is shown within 4 % wherever it lies", () => {
  for (let value = 0.001; value < 1e7; value *= 1.0037) {
    const histogram = new Histogram();
    histogram.add(value);
    const { p50 } = histogram.quantiles();
    assertLessOrEqual(Math.abs(p50! - value) / value, TOLERANCE, `${p50} for ${value}`);
  }
});

Deno.test("zero counts as the smallest value; what is no duration is left out", () => {
  const histogram = new Histogram();
  for (const value of [-1, NaN, Infinity, -Infinity]) histogram.add(value);
  assertEquals(histogram.quantiles().count, 0);
  histogram.add(0);
  const { count, p50 } = histogram.quantiles();
  assertEquals(count, 1);
  assert(p50! > 0 && p50! < 0.0011);
});

Deno.test("quantiles rise", () => {
  const random = seeded(3);
  const histogram = new Histogram();
  for (let i = 0; i < 1_000; i++) {
    histogram.add(random() * 100);
    const { p50, p95, p99 } = histogram.quantiles();
    assert(p50! <= p95! && p95! <= p99!);
  }
});
