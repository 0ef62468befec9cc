/** How much an entry matters, least first. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/** How much an entry matters. */
export type LogLevel = typeof LOG_LEVELS[number];

/** What an entry's fields hold. */
export type LogValue = string | number | boolean | null;

/** One thing that happened. */
export interface LogEntry {
  /** When, in milliseconds since the Unix epoch. */
  time: number;
  /** How much it matters. */
  level: LogLevel;
  /** Its stable name: `connection_closed`. */
  event: string;
  /** What else is known. No token, session or content. */
  fields: Record<string, LogValue>;
}

/** Takes entries. What it throws is ignored. */
export type LogSink = (entry: LogEntry) => void;

/** How {@linkcode logSink} writes. */
export interface LogSinkOptions {
  /**
   * `text` for people, `json` for programs: one object a line.
   *
   * @default {"text"}
   */
  format?: "text" | "json";
  /**
   * What matters less is left out.
   *
   * @default {"info"}
   */
  level?: LogLevel;
  /**
   * Writes a line.
   *
   * @default {console.error}
   */
  write?: (line: string) => void;
}

/**
 * Makes a sink that writes a line for each entry.
 *
 * @param options Format, level, and where lines go.
 * @returns The sink, for {@linkcode RoomServerOptions.log}.
 *
 * @example A room server that logs JSON
 * ```ts
 * import { logSink, RoomServer } from "@roomscope/roomscope/server";
 *
 * const rooms = new RoomServer({ log: logSink({ format: "json", level: "warn" }) });
 * await rooms.close();
 * ```
 */
export function logSink(options: LogSinkOptions = {}): LogSink {
  const { format = "text", level = "info", write = (line) => console.error(line) } = options;
  const least = LOG_LEVELS.indexOf(level);
  const line = format === "json" ? jsonLine : textLine;
  return (entry) => {
    if (LOG_LEVELS.indexOf(entry.level) >= least) write(line(entry));
  };
}

function jsonLine({ time, level, event, fields }: LogEntry): string {
  return JSON.stringify({ time: new Date(time).toISOString(), level, event, ...fields });
}

function textLine({ time, level, event, fields }: LogEntry): string {
  const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${shown(value)}`);
  return `${new Date(time).toISOString()} ${level.padEnd(5)} ${event}${pairs.join("")}`;
}

/** What isn't one plain word is quoted, so that no value can look like another line or field. */
function shown(value: LogValue): string {
  const text = String(value);
  return /^[\w.:\-[\]/]+$/.test(text) ? text : JSON.stringify(text);
}

/** Entries of one event at once, and in a second of the long run. */
const BURST = 100;
const PER_SECOND = 10;
/** How many events are told apart; their names are ours. */
const MAX_EVENTS = 100;

/** How much of one event may still be written. */
interface Budget {
  left: number;
  at: number;
  suppressed: number;
}

/**
 * Writes entries to a sink, at most 100 of one event at once and 10 a second in the long run, so
 * that a flood can't fill the disk. The next entry says how many weren't written. Never throws.
 */
export class Log {
  readonly #sink: LogSink;
  readonly #now: () => number;
  readonly #budgets = new Map<string, Budget>();

  /**
   * Starts with a full budget for every event.
   *
   * @param sink Where entries go.
   * @param now The clock, in milliseconds.
   */
  constructor(sink: LogSink, now: () => number = Date.now) {
    this.#sink = sink;
    this.#now = now;
  }

  /**
   * Writes an entry, unless its event's budget is used up.
   *
   * @param level How much it matters.
   * @param event Its stable name.
   * @param fields What else is known.
   */
  write(level: LogLevel, event: string, fields: Record<string, LogValue> = {}): void {
    const time = this.#now();
    const budget = this.#budget(event, time);
    if (budget.left < 1) {
      budget.suppressed += 1;
      return;
    }
    budget.left -= 1;
    const { suppressed } = budget;
    budget.suppressed = 0;
    this.#deliver({
      time,
      level,
      event,
      fields: suppressed === 0 ? fields : { ...fields, suppressed },
    });
  }

  #budget(event: string, time: number): Budget {
    const name = this.#budgets.has(event) || this.#budgets.size < MAX_EVENTS ? event : "other";
    const budget = this.#budgets.get(name) ?? { left: BURST, at: time, suppressed: 0 };
    // A clock that goes back gives nothing.
    const gained = Math.max(0, time - budget.at) / 1_000 * PER_SECOND;
    budget.left = Math.min(BURST, budget.left + gained);
    budget.at = time;
    this.#budgets.set(name, budget);
    return budget;
  }

  #deliver(entry: LogEntry): void {
    try {
      this.#sink(entry);
    } catch {
      // A log that can't be written must not take the server down, and there is nowhere to say it.
    }
  }
}

/**
 * An error's name, message and stack as fields.
 *
 * @param error Whatever was thrown.
 * @returns `error` and, where there is one, `stack`.
 */
export function errorFields(error: unknown): Record<string, LogValue> {
  if (!(error instanceof Error)) return { error: String(error) };
  return { error: `${error.name}: ${error.message}`, stack: error.stack ?? null };
}
