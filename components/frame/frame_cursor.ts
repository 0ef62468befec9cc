import type { FrameEntry } from "../live/frame_ring.ts";

/** How long a list is. */
export interface ListSize {
  /** Number of rows. */
  count: number;
  /** Rows in view. */
  page: number;
}

/**
 * Moves the choice in a list.
 *
 * @param row The chosen row; -1 for none.
 * @param key The key's name; `j` and `k` mean down and up.
 * @returns The row to choose, or `null` if the key means nothing here.
 */
export function listMove(row: number, key: string, { count, page }: ListSize): number | null {
  if (count === 0) return null;
  const from = row < 0 ? count : row;
  const targets: Record<string, number> = {
    ArrowDown: row < 0 ? count - 1 : row + 1,
    j: row < 0 ? count - 1 : row + 1,
    ArrowUp: from - 1,
    k: from - 1,
    PageDown: from + page,
    PageUp: from - page,
    Home: 0,
    End: count - 1,
  };
  if (!(key in targets)) return null;
  return Math.min(count - 1, Math.max(0, targets[key]));
}

/** How many of the rows shown before have left at the old end; 0 if it is another list. */
export function droppedRows(before: readonly FrameEntry[], after: readonly FrameEntry[]): number {
  if (before.length === 0 || after.length === 0) return 0;
  const first = after[0].serial;
  if (first <= before[0].serial) return 0;
  const index = before.findIndex((entry) => entry.serial === first);
  return Math.max(0, index);
}
