import type { Quantiles } from "../protocol/mod.ts";

/** Each bucket is 7 % above the one before: half of that and the rounding make less than 4 %. */
const GROWTH = Math.log(1.07);
/** What lies below the smallest value told apart counts as this. */
const SMALLEST = 0.001;

/**
 * A histogram with buckets that grow by 7 %, so that it stays small whatever comes.
 *
 * @example
 * ```ts
 * import { Histogram } from "@roomscope/roomscope/server";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const histogram = new Histogram();
 * for (let value = 1; value <= 100; value++) histogram.add(value);
 * assertAlmostEquals(histogram.quantiles().p50!, 50, 50 * 0.04);
 * ```
 */
export class Histogram {
  #counts = new Map<number, number>();
  #count = 0;

  /**
   * Adds a sample.
   *
   * @param value Not negative; anything else is left out.
   */
  add(value: number): void {
    if (!(value >= 0 && value < Infinity)) return;
    const bucket = Math.round(Math.log(Math.max(value, SMALLEST)) / GROWTH);
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    this.#count += 1;
  }

  /**
   * Tells the median and the two high percentiles.
   *
   * @returns Good to 4 %; `null` without samples.
   */
  quantiles(): Quantiles {
    const buckets = [...this.#counts].sort(([a], [b]) => a - b);
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => this.#quantile(buckets, share));
    return { count: this.#count, p50, p95, p99 };
  }

  #quantile(buckets: [number, number][], share: number): number | null {
    let left = Math.ceil(this.#count * share);
    for (const [bucket, count] of buckets) {
      left -= count;
      if (left <= 0) return Number(Math.exp(bucket * GROWTH).toPrecision(3));
    }
    return null;
  }
}
