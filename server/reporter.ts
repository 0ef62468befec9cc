import { type MetricsReport, type ServerStats, VERSION } from "../protocol/mod.ts";
import { errorFields, Log, type LogSink, logSink, type LogValue } from "./log.ts";

/** The first wait after a failure; it doubles up to the interval. */
const FIRST_RETRY_MS = 1_000;
/** The longest time that a timer can wait. */
const LONGEST_MS = 2 ** 31 - 1;

/** How a {@linkcode MetricsReporter} reports. */
export interface MetricsReporterOptions {
  /** Where reports go: `http:` or `https:`. */
  url: string | URL;
  /** Sent as `Authorization: Bearer`; never logged. */
  token?: string;
  /**
   * From one report to the next, in milliseconds, 1 to 2³¹ − 1.
   *
   * @default {60000}
   */
  intervalMs?: number;
  /**
   * How long the receiver may take, in milliseconds, 1 to 2³¹ − 1.
   *
   * @default {10000}
   */
  timeoutMs?: number;
  /**
   * Takes log entries: failures, and the first success after them.
   *
   * @default {logSink({ level: "warn" })}
   */
  log?: LogSink;
  /** Random numbers from 0 to 1. @default {Math.random} */
  random?: () => number;
}

/** What a reporter reports about: a {@linkcode RoomServer}, or anything with its figures. */
export interface StatsSource {
  /** Its figures now. */
  getStats(): ServerStats;
}

/**
 * Sends a server's figures as JSON by `POST`, once a minute until it is closed. A report that
 * fails is made anew and tried again after a random time that grows up to the interval; figures
 * count from the start, so nothing is queued while the receiver is down and nothing is lost. What
 * the receiver finds wrong (4xx, a redirect) isn't tried again before the next interval.
 *
 * A report holds counters and quantiles (`MetricsReport`): no client, room, token or content.
 *
 * @example
 * ```ts
 * import { MetricsReporter, RoomServer } from "@roomscope/roomscope/server";
 * import { assertEquals } from "@std/assert";
 *
 * const report = Promise.withResolvers<{ viewers: number }>();
 * const receiver = Deno.serve({ port: 0, onListen() {} }, async (request) => {
 *   report.resolve(await request.json());
 *   return new Response(null, { status: 204 });
 * });
 * const rooms = new RoomServer();
 * const url = `http://localhost:${receiver.addr.port}/reports`;
 * const reporter = new MetricsReporter(rooms, { url, intervalMs: 10 });
 * assertEquals((await report.promise).viewers, 0);
 * await reporter.close();
 * await rooms.close();
 * await receiver.shutdown();
 * ```
 */
export class MetricsReporter {
  readonly #source: StatsSource;
  readonly #url: URL;
  readonly #token: string | undefined;
  readonly #intervalMs: number;
  readonly #timeoutMs: number;
  readonly #random: () => number;
  readonly #log: Log;
  readonly #instance = crypto.randomUUID();
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #failures = 0;

  /**
   * Begins to report, for the first time after one interval.
   *
   * @param source Whose figures.
   * @param options Where to, and how often.
   * @throws {TypeError} If the URL is none or not of HTTP, or holds a name and password: those
   * would be sent, but belong into `token`.
   * @throws {RangeError} If a time is out of its range.
   */
  constructor(source: StatsSource, options: MetricsReporterOptions) {
    const { intervalMs = 60_000, timeoutMs = 10_000, token, random = Math.random } = options;
    this.#source = source;
    this.#url = reportUrl(options.url);
    this.#token = token;
    this.#intervalMs = checkedTime("intervalMs", intervalMs);
    this.#timeoutMs = checkedTime("timeoutMs", timeoutMs);
    this.#random = random;
    this.#log = new Log(options.log ?? logSink({ level: "warn" }));
    this.#running = this.#run();
  }

  /** Ends it, a report under way as well; resolves when nothing is left. */
  close(): Promise<void> {
    this.#closing.abort();
    return this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let waitMs = this.#intervalMs;
    while (await waits(waitMs, signal)) {
      const isWorthRetrying = await this.#report();
      waitMs = isWorthRetrying ? this.#backoffMs() : this.#intervalMs;
    }
  }

  /** Full jitter: the servers of a receiver that was down don't come back all at once. */
  #backoffMs(): number {
    const most = Math.min(this.#intervalMs, FIRST_RETRY_MS * 2 ** Math.min(this.#failures - 1, 30));
    return Math.min(this.#intervalMs, 100) + this.#random() * most;
  }

  /** Sends one report; returns whether to try again soon. Never throws. */
  async #report(): Promise<boolean> {
    try {
      const status = await this.#post(JSON.stringify(this.#figures()));
      if (status >= 200 && status < 300) return this.#succeeded();
      return this.#failed({ status }, status >= 500 || status === 408 || status === 429);
    } catch (error) {
      return this.#failed(reasonOf(error), true);
    }
  }

  async #post(body: string): Promise<number> {
    const headers = new Headers({ "content-type": "application/json" });
    if (this.#token !== undefined) headers.set("authorization", `Bearer ${this.#token}`);
    const late = AbortSignal.timeout(this.#timeoutMs);
    const response = await fetch(this.#url, {
      method: "POST",
      headers,
      body,
      // A redirect would take the token to somebody else.
      redirect: "manual",
      signal: AbortSignal.any([late, this.#closing.signal]),
    });
    await response.body?.cancel();
    return response.status;
  }

  #figures(): MetricsReport {
    const { startedAt, now, totals, histograms, viewers } = this.#source.getStats();
    const instance = this.#instance;
    return { version: VERSION, instance, startedAt, sentAt: now, totals, histograms, viewers };
  }

  #succeeded(): false {
    if (this.#failures > 0) this.#log.write("warn", "report_recovered", this.#fields());
    this.#failures = 0;
    return false;
  }

  #failed(reason: Record<string, LogValue>, isWorthRetrying: boolean): boolean {
    if (this.#closing.signal.aborted) return false;
    this.#failures += 1;
    this.#log.write("warn", "report_failed", { ...this.#fields(), ...reason });
    return isWorthRetrying;
  }

  /** Without the query, which may hold a secret. */
  #fields(): Record<string, LogValue> {
    const { origin, pathname } = this.#url;
    return { url: origin + pathname, failures: this.#failures };
  }
}

function reportUrl(given: string | URL): URL {
  const url = URL.parse(given);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new TypeError("Cannot report: the URL is not an http or https address");
  }
  if (url.username !== "" || url.password !== "") {
    throw new TypeError("Cannot report: the URL holds a name and password");
  }
  return url;
}

function checkedTime(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= LONGEST_MS) return value;
  throw new RangeError(
    `Cannot set ${name}: it must be a whole number from 1 to ${LONGEST_MS}, it is ${value}`,
  );
}

/** Error texts of fetch hold the whole URL, so only the kind of error is told. */
function reasonOf(error: unknown): Record<string, LogValue> {
  if (!(error instanceof Error)) return errorFields(error);
  if (error.name === "TimeoutError") return { error: "no answer in time" };
  return { error: error.name };
}

/** Waits; `false` as soon as the signal says so. */
function waits(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const stop = () => {
    clearTimeout(timer);
    resolve(false);
  };
  const timer = setTimeout(() => {
    signal.removeEventListener("abort", stop);
    resolve(true);
  }, milliseconds);
  signal.addEventListener("abort", stop, { once: true });
  return promise;
}
