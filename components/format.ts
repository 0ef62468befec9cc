/** A number as an instrument shows it: the digits and the unit apart. */
export interface Reading {
  /** The digits, with a fixed look for a fixed slot. */
  value: string;
  /** The unit; empty for a plain count. */
  unit: string;
}

const DASH = "–";
const KIBI = 1024;
const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `1234567` as `1,234,567`. The same on server and browser, whatever their locale. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A count that has to fit a slot of seven characters: exact below a million, then rounded. */
export function formatCompact(count: number): Reading {
  if (count < 1e6) return { value: formatCount(count), unit: "" };
  if (count < 1e9) return { value: threeDigits(count / 1e6), unit: "M" };
  return { value: threeDigits(count / 1e9), unit: "G" };
}

/** A number of bytes in steps of 1,024. */
export function formatBytes(bytes: number): Reading {
  let power = 0;
  let value = bytes;
  while (value >= 999.5 && power < BYTE_UNITS.length - 1) {
    value /= KIBI;
    power++;
  }
  return {
    value: power === 0 ? String(Math.round(value)) : threeDigits(value),
    unit: BYTE_UNITS[power],
  };
}

/** A short time in the unit that suits it: µs, ms or s; a dash where there is none. */
export function formatLatency(milliseconds: number | null): Reading {
  if (milliseconds === null) return { value: DASH, unit: "ms" };
  if (milliseconds < 1) return { value: String(Math.round(milliseconds * 1000)), unit: "µs" };
  if (milliseconds < SECOND) return { value: threeDigits(milliseconds), unit: "ms" };
  return { value: threeDigits(milliseconds / SECOND), unit: "s" };
}

/** How long something took or lasts: `380 ms`, `4.2 s`, `3 min 07 s`, `2 h 05 min`, `3 d 04 h`. */
export function formatDuration(milliseconds: number): string {
  const ms = Math.max(0, milliseconds);
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < MINUTE) return `${Number((ms / SECOND).toFixed(2))} s`;
  if (ms < HOUR) return twoParts(ms, MINUTE, "min", SECOND, "s");
  if (ms < DAY) return twoParts(ms, HOUR, "h", MINUTE, "min");
  return twoParts(ms, DAY, "d", HOUR, "h");
}

/** Like {@linkcode formatDuration} in whole seconds: it changes once a second at most. */
export function formatAge(milliseconds: number): string {
  if (milliseconds < MINUTE) return `${Math.max(0, Math.floor(milliseconds / SECOND))} s`;
  return formatDuration(milliseconds);
}

/** Local time of day, `14:03:09`; with `.042` where milliseconds are wanted. */
export function formatClock(at: number, milliseconds = false): string {
  const date = new Date(at);
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(":");
  return milliseconds ? `${clock}.${String(date.getMilliseconds()).padStart(3, "0")}` : clock;
}

/** A reading as one text: `3.2 ms`. */
export function joinReading(reading: Reading): string {
  return reading.unit === "" ? reading.value : `${reading.value} ${reading.unit}`;
}

/** `0x` and at least so many hexadecimal digits. */
export function formatHex(value: number, digits = 2): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}

function twoParts(ms: number, big: number, bigName: string, small: number, smallName: string) {
  const whole = Math.floor(ms / big);
  const rest = Math.floor((ms - whole * big) / small);
  return `${whole} ${bigName} ${twoDigits(rest)} ${smallName}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

function threeDigits(value: number): string {
  if (value >= 99.95) return formatCount(value);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}
