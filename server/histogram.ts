import type { Quantiles } from "../protocol/mod.ts";

/** Each bucket is 7 % above the one before: half of that and the rounding make less than 4 %. */
const GROWTH = Math.log(1.07);
/** What lies below the smallest value told apart counts as this. */
const SMALLEST = 0.001;

/** How many samples are at most so large. */
export interface CumulativeBucket {
  /** The bound, itself included; `Infinity` for the last. */
  bound: number;
  /** Samples up to it. */
  count: number;
}

/**
 * A histogram with buckets that grow by 7 %, so that it stays small whatever comes. For exporters
 * it counts under fixed bounds as well.
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
  #sum = 0;
  readonly #bounds: readonly number[];
  /** Samples up to each bound and above the one before; the last are above all bounds. */
  readonly #between: number[];

  /**
   * Starts without samples.
   *
   * @param bounds Upper bounds for {@linkcode Histogram.cumulative}, rising.
   */
  constructor(bounds: readonly number[] = []) {
    this.#bounds = bounds;
    this.#between = new Array(bounds.length + 1).fill(0);
  }

  /** The samples' sum. */
  get sum(): number {
    return this.#sum;
  }

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
    this.#sum += value;
    let place = 0;
    while (place < this.#bounds.length && value > this.#bounds[place]) place += 1;
    this.#between[place] += 1;
  }

  /**
   * Counts the samples up to each of the fixed bounds, exactly.
   *
   * @returns A bucket for each bound, and one for `Infinity` that holds all.
   */
  cumulative(): CumulativeBucket[] {
    let count = 0;
    return [...this.#bounds, Infinity].map((bound, i) => ({
      bound,
      count: count += this.#between[i],
    }));
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
