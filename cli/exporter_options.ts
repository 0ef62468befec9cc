import { LOG_LEVELS, type LogLevel } from "../server/mod.ts";
import { FlagError, type FlagSpec, type FlagValues } from "./flags.ts";

const SECONDS_PER_DAY = 86_400;

/** The flags for logs and reports. */
export const EXPORTER_FLAGS: Readonly<Record<string, FlagSpec>> = {
  "report-url": { kind: "string", value: "URL", help: "Where the figures are sent as JSON" },
  "report-seconds": {
    kind: "integer",
    value: "N",
    help: "From one report to the next",
    fallback: 60,
    range: [1, SECONDS_PER_DAY],
  },
  "report-token-file": {
    kind: "string",
    value: "FILE",
    help: "File with the token of reports: sent with ours, taken from others",
  },
  "log": {
    kind: "string",
    value: "FORMAT",
    help: "Log lines as text or json, to standard error",
    fallback: "text",
    choices: ["text", "json"],
  },
  "log-level": {
    kind: "string",
    value: "LEVEL",
    help: `What matters less is left out: ${LOG_LEVELS.join(", ")}`,
    fallback: "info",
    choices: LOG_LEVELS,
  },
};

/** What the start command logs and reports. */
export interface ExporterOptions {
  /** How log lines look, and which there are. */
  log: { format: "text" | "json"; level: LogLevel };
  /** Where reports go, if anywhere, and how often. */
  report: { url: string | undefined; seconds: number; tokenFile: string | undefined };
}

/**
 * Turns the flags into options.
 *
 * @throws {FlagError} If the address for reports can't be one.
 */
export function exporterOptions(flags: FlagValues): ExporterOptions {
  return {
    log: { format: flags.log as "text" | "json", level: flags["log-level"] as LogLevel },
    report: {
      url: checkedUrl(flags["report-url"] as string | undefined),
      seconds: flags["report-seconds"] as number,
      tokenFile: flags["report-token-file"] as string | undefined,
    },
  };
}

/** The value isn't repeated: it may hold a secret. */
function checkedUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new FlagError("Cannot use --report-url: it is not an http or https address");
  }
  if (url.username !== "" || url.password !== "") {
    throw new FlagError(
      "Cannot use --report-url: it holds a name and password; use --report-token-file",
    );
  }
  return text;
}
