import type { Bucket } from "../../protocol/monitor_records.ts";

/** How many seconds of buckets the page keeps: the ten minutes that the server sends. */
export const HISTORY_SECONDS = 600;

/**
 * Adds one bucket; one of the same second replaces it, what is too old falls off. The input stays
 * as it was.
 */
export function appendBucket(history: readonly Bucket[], bucket: Bucket): Bucket[] {
  const oldest = bucket.second - HISTORY_SECONDS;
  const kept = history.filter((old) => old.second > oldest && old.second !== bucket.second);
  const newest = kept.at(-1);
  kept.push(bucket);
  if (newest !== undefined && newest.second > bucket.second) {
    kept.sort((a, b) => a.second - b.second);
  }
  return kept;
}

/**
 * One slot for each second up to `end`; `null` where nothing was measured, so that a gap stays
 * a gap.
 */
export function secondsUpTo(
  history: readonly Bucket[],
  end: number,
  seconds: number,
): (Bucket | null)[] {
  const slots: (Bucket | null)[] = new Array(seconds).fill(null);
  const first = end - seconds + 1;
  for (const bucket of history) {
    const index = bucket.second - first;
    if (index >= 0 && index < seconds) slots[index] = bucket;
  }
  return slots;
}

/** The values of one channel; `null` where there is a gap. */
export function valuesOf(
  slots: readonly (Bucket | null)[],
  read: (bucket: Bucket) => number | null,
): (number | null)[] {
  return slots.map((bucket) => bucket === null ? null : read(bucket));
}

/** The greatest value; 0 where there is none. */
export function greatest(values: readonly (number | null)[]): number {
  let most = 0;
  for (const value of values) if (value !== null && value > most) most = value;
  return most;
}

/** Several seconds as one row of the data table. */
export interface TableRow {
  /** First second of the row, in seconds since the Unix epoch. */
  second: number;
  /** One value per channel: the mean of what was measured, or `null`. */
  values: (number | null)[];
}

/** The same data as rows for the table, newest first, `step` seconds in each. */
export function tableRows(
  channels: readonly (readonly (number | null)[])[],
  end: number,
  step: number,
): TableRow[] {
  const seconds = channels[0]?.length ?? 0;
  const rows: TableRow[] = [];
  for (let start = seconds - step; start >= 0; start -= step) {
    rows.push({
      second: end - seconds + 1 + start,
      values: channels.map((values) => mean(values.slice(start, start + step))),
    });
  }
  return rows;
}

function mean(values: readonly (number | null)[]): number | null {
  const measured = values.filter((value) => value !== null);
  if (measured.length === 0) return null;
  return measured.reduce((sum, value) => sum + value, 0) / measured.length;
}
