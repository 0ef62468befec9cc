/** Median, high percentiles and the largest of some numbers; NaN without any. */
export function quantiles(
  samples: readonly number[],
): Record<"p50" | "p95" | "p99" | "max", number> {
  const sorted = Float64Array.from(samples).sort();
  const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? NaN;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
