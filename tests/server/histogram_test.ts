import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { Histogram } from "@/server/mod.ts";
import { seeded } from "./seeded.ts";

/** A normal number (Box and Muller). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

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
    "log-normal": () => Math.exp(3 + 2 * normal(random)),
    "Pareto": () => 5 * (1 - random()) ** (-1 / 1.1),
    "ten decades": () => 10 ** (-3 + 10 * random()),
    "one value": () => 42,
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

Deno.test("fixed bounds: exact, themselves included, to the last sample", () => {
  const random = seeded(7);
  const bounds = [0.5, 1, 10, 1_000];
  const histogram = new Histogram(bounds);
  const samples = [0, 0.5, 1, 1.0000001, 10, 1_000, 1_001, 1e12];
  for (let i = 0; i < 5_000; i++) samples.push(10 ** (random() * 6 - 2));
  for (const sample of [...samples, NaN, -1, Infinity]) histogram.add(sample);
  assertEquals(
    histogram.cumulative(),
    [...bounds, Infinity].map((bound) => ({
      bound,
      count: samples.filter((sample) => sample <= bound).length,
    })),
  );
  assertEquals(histogram.sum, samples.reduce((sum, sample) => sum + sample, 0));
  assertEquals(new Histogram().cumulative(), [{ bound: Infinity, count: 0 }]);
});

Deno.test("memory doesn't grow with the samples, whatever they are", () => {
  const random = seeded(11);
  const histogram = new Histogram();
  for (let i = 0; i < 200_000; i++) histogram.add(10 ** (random() * 600 - 300));
  const { count, p50, p99 } = histogram.quantiles();
  assertEquals(count, 200_000);
  assert(p50! > 0 && p99! > 1e280);
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
