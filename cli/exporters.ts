import { Log, type LogSink, logSink, MetricsReporter, ReportInbox } from "../server/mod.ts";
import type { RoomServer } from "../server/mod.ts";
import type { ExporterHost } from "../utils.ts";
import { readAdminToken } from "./admin_token.ts";
import { bearerToken, type DashboardAccess, isSame } from "./dashboard_access.ts";
import type { ExporterOptions } from "./exporter_options.ts";

/** The start command's log, to standard error. */
export class CommandLog {
  /** Where the parts of the server write. */
  readonly sink: LogSink;
  readonly #log: Log;

  constructor({ log: { format, level } }: ExporterOptions) {
    this.sink = logSink({ format, level });
    this.#log = new Log(this.sink);
  }

  /** Something failed that answers or listens. */
  failed(what: string, error: unknown): void {
    const { name, message, stack = null } = error instanceof Error ? error : new Error(`${error}`);
    this.#log.write("error", "command_error", { what, error: `${name}: ${message}`, stack });
  }
}

/** The ways in and out for figures that the start command has. */
export interface Exporters {
  /** What the routes need. */
  host: ExporterHost;
  /** Ends the reporter. */
  close(): Promise<void>;
}

/** What {@linkcode makeExporters} works with. */
export interface ExporterParts {
  options: ExporterOptions;
  rooms: RoomServer;
  access: DashboardAccess;
  log: CommandLog;
}

/**
 * Makes the receiving end, and the reporter where there is an address for reports.
 *
 * @throws {FlagError} If the file with the token can't be read or holds none.
 */
export function makeExporters({ options, rooms, access, log }: ExporterParts): Exporters {
  const { url, seconds, tokenFile } = options.report;
  const token = tokenFile === undefined
    ? undefined
    : readAdminToken(tokenFile, "report-token-file");
  const inbox = new ReportInbox((request) =>
    access.mayMonitor(request) || (token !== undefined && isSame(bearerToken(request), token))
  );
  const reporter = url === undefined ? null : new MetricsReporter(rooms, {
    url,
    intervalMs: seconds * 1_000,
    log: log.sink,
    ...(token === undefined ? {} : { token }),
  });
  return {
    host: {
      metrics: (request) => rooms.metricsResponse(request),
      receiveReport: (request) => inbox.receive(request),
      reports: () => inbox.reports(),
      failed: (what, error) => log.failed(what, error),
    },
    close: () => reporter?.close() ?? Promise.resolve(),
  };
}
