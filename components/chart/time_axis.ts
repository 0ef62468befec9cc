/** A label of the time axis. */
export interface TimeTick {
  /** Where, 0 at the left and 1 at the right. */
  share: number;
  /** How long before now. */
  label: string;
}

const MINUTE = 60;

/** Into how many divisions a range is cut: round times each. */
export function timeDivisions(seconds: number): number {
  return seconds <= MINUTE ? 6 : 10;
}

/** Labels for a range that ends now; they don't change while time passes, so nothing moves. */
export function timeTicks(seconds: number, narrow: boolean): TimeTick[] {
  const divisions = seconds <= MINUTE ? (narrow ? 3 : 6) : (narrow ? 2 : 5);
  const ticks: TimeTick[] = [];
  for (let division = 0; division <= divisions; division++) {
    ticks.push({
      share: division / divisions,
      label: agoLabel(seconds * (1 - division / divisions), seconds),
    });
  }
  return ticks;
}

function agoLabel(ago: number, range: number): string {
  if (ago < 0.5) return "now";
  if (range <= MINUTE) return `−${Math.round(ago)} s`;
  return `−${Number((ago / MINUTE).toFixed(1))} min`;
}

/**
 * Moves the cursor of a chart.
 *
 * @param slot Where it stands; `null` where there is none, that is: at the newest.
 * @param key The key.
 * @param slots Number of slots.
 * @returns Where it goes, `null` for none, `undefined` if the key means nothing here.
 */
export function moveCursor(
  slot: number | null,
  key: string,
  slots: number,
): number | null | undefined {
  const from = slot ?? slots - 1;
  const page = Math.max(1, Math.round(slots / 10));
  const moves: Record<string, number | null> = {
    ArrowLeft: from - 1,
    ArrowDown: from - 1,
    ArrowRight: from + 1,
    ArrowUp: from + 1,
    PageDown: from - page,
    PageUp: from + page,
    Home: 0,
    End: slots - 1,
    Escape: null,
  };
  if (!(key in moves)) return undefined;
  const target = moves[key];
  return target === null ? null : Math.min(slots - 1, Math.max(0, target));
}

/**
 * The last second that a chart draws: the newest bucket while data flows; the clock's second when
 * it stopped flowing, so that the gap can be seen growing.
 */
export function chartEnd(newest: number | undefined, serverNow: number): number {
  const clock = Math.floor(serverNow / 1000) - 1;
  if (newest === undefined) return clock;
  return clock - newest > 2 ? clock : newest;
}
