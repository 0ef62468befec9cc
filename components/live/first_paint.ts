import type {
  CaptureStats,
  Histograms,
  ServerPolicy,
  Totals,
} from "../../protocol/monitor_records.ts";

/** What a page shows before its socket has said anything: the server's figures while it rendered. */
export interface FirstPaint {
  /** When the server started, in milliseconds since the Unix epoch. */
  startedAt: number;
  /** When the page was rendered, in milliseconds since the Unix epoch. */
  now: number;
  /** What is in force. */
  policy: ServerPolicy;
  /** What has been counted since the start. */
  totals: Totals;
  /** The three histograms. */
  histograms: Histograms;
  /** How many watchers there are. */
  viewers: number;
  /** How full the capture's ring is; `null` without a tap. */
  capture: CaptureStats | null;
}
