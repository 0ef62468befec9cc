import * as v from "valibot";
import { MetricsReport as schema } from "./metrics_report_schema.ts";
import type { Histograms, Totals } from "./monitor_records.ts";

/**
 * What a server's `MetricsReporter` sends: figures since the start, so that a lost report loses
 * nothing that the next one doesn't say.
 */
export interface MetricsReport {
  /** Version of the sender's package, at most 64 characters. */
  version: string;
  /** Name of the sender, new with each of its starts, at most 64 characters. */
  instance: string;
  /** When the sender started, in milliseconds since the Unix epoch. */
  startedAt: number;
  /** When the report was made, in milliseconds since the Unix epoch. */
  sentAt: number;
  /** What has been counted since the start; at most 512 codes of errors. */
  totals: Totals;
  /** The three histograms. */
  histograms: Histograms;
  /** How many connections watch. */
  viewers: number;
}

/** A report, or why it is none. */
export type MetricsReportResult =
  | { ok: true; report: MetricsReport }
  | { ok: false; error: string };

/**
 * Reads a report. Keys that it doesn't know are left out.
 *
 * @param text The JSON.
 * @returns The report, or what is wrong and where; the text itself isn't in it. Never throws.
 *
 * @example
 * ```ts
 * import { parseMetricsReport } from "@roomscope/roomscope/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseMetricsReport("{"), { ok: false, error: "The report is not JSON" });
 * ```
 */
export function parseMetricsReport(text: string): MetricsReportResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, error: "The report is not JSON" };
  }
  const result = v.safeParse(schema, value);
  if (result.success) return { ok: true, report: result.output };
  const [{ path, kind, type, expected, input }] = result.issues;
  const where = path?.map(({ key }) => String(key).slice(0, 64)).join(".") || "report";
  const what = input === undefined
    ? "is missing"
    : kind === "schema"
    ? `is not ${expected}`
    : `breaks the rule ${type}`;
  return { ok: false, error: `The report's fields are wrong: ${where} ${what}` };
}
