import type { CaptureStats, Histograms, ServerPolicy, Totals } from "../protocol/mod.ts";

/** What a server has to say about itself. */
export interface ServerStats {
  /** When it started, in milliseconds since the Unix epoch. */
  startedAt: number;
  /** When this was made, in milliseconds since the Unix epoch. */
  now: number;
  /** What is in force. */
  policy: ServerPolicy;
  /** What has been counted since the start; watchers are left out. */
  totals: Totals;
  /** The three histograms. */
  histograms: Histograms;
  /** How many connections watch. */
  viewers: number;
  /** How full the capture is; `null` without a tap. */
  capture: CaptureStats | null;
}
