/** A mark on a logarithmic ruler. */
export interface RulerTick {
  /** Its value. */
  value: number;
  /** Whether it stands for a power of ten. */
  major: boolean;
}

/** Where a value stands on a logarithmic ruler: 0 at its beginning, 1 at its end. */
export function logShare(value: number, from: number, to: number): number {
  if (value <= from) return 0;
  return Math.min(1, Math.log(value / from) / Math.log(to / from));
}

/** The ticks of a logarithmic ruler: each power of ten, and 2 and 5 between them. */
export function decades(from: number, to: number): RulerTick[] {
  const ticks: RulerTick[] = [];
  const count = Math.round(Math.log10(to / from));
  for (let decade = 0; decade <= count; decade++) {
    const base = from * 10 ** decade;
    ticks.push({ value: base, major: true });
    if (decade < count) {
      ticks.push({ value: base * 2, major: false }, { value: base * 5, major: false });
    }
  }
  return ticks;
}
