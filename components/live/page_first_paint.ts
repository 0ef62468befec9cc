import type { FirstPaint } from "./first_paint.ts";

/**
 * What a page hands to its island of the server's figures: plain data of this shape and nothing
 * else, because all of it is written into the page.
 */
export function firstPaintOf(stats: FirstPaint | null): FirstPaint | null {
  if (stats === null) return null;
  const { startedAt, now, policy, totals, histograms, viewers, capture } = stats;
  return { startedAt, now, policy, totals, histograms, viewers, capture };
}
