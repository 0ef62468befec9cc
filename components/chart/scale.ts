/** Divisions of a lane's scale: like an oscilloscope's graticule, always the same number. */
export const DIVISIONS = 4;

const STEPS = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/**
 * The full scale for a greatest value: the next round number, so that every division is round too.
 *
 * @param greatest The greatest value to show.
 * @param least The smallest full scale.
 */
export function fullScale(greatest: number, least: number): number {
  if (!(greatest > least)) return least;
  const decade = 10 ** Math.floor(Math.log10(greatest));
  const step = STEPS.find((candidate) => candidate * decade >= greatest) ?? 10;
  return step * decade;
}

/** The position of a value on a lane, 0 at the bottom and 1 at full scale. */
export function fraction(value: number, scale: number): number {
  return Math.min(1, Math.max(0, value / scale));
}

/** A label for a scale's end: at most five characters. */
export function scaleLabel(value: number): string {
  if (value >= 1e9) return `${trim(value / 1e9)}G`;
  if (value >= 1e6) return `${trim(value / 1e6)}M`;
  if (value >= 1e4) return `${trim(value / 1e3)}k`;
  return trim(value);
}

function trim(value: number): string {
  return String(Number(value.toPrecision(3)));
}
