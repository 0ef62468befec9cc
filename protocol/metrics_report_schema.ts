import * as v from "valibot";
import { Histograms, Totals } from "./monitor_schemas.ts";

/** How many codes of errors a report may tell apart. */
const MAX_ERROR_CODES = 512;

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(64));
const count = v.pipe(v.number(), v.finite(), v.minValue(0));
const time = count;

export const MetricsReport = v.object({
  version: name,
  instance: name,
  startedAt: time,
  sentAt: time,
  totals: v.object({
    ...Totals.entries,
    errors: v.pipe(
      v.record(name, count),
      v.check((errors) => Object.keys(errors).length <= MAX_ERROR_CODES, "Too many codes"),
    ),
  }),
  histograms: Histograms,
  viewers: count,
});
