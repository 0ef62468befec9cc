/** What the page's own link to the server is doing. */
export type LinkPhase =
  | "idle"
  | "connecting"
  | "live"
  | "waiting"
  | "stopped"
  | "forbidden";

/** The link as the header shows it. */
export interface LinkView {
  /** What it is doing. */
  phase: LinkPhase;
  /** How many attempts failed in a row. */
  attempt: number;
  /** When the next attempt begins, by the browser's clock; `null` unless it waits. */
  retryAt: number | null;
  /** Why the link ended, for people; empty while it lives. */
  reason: string;
}

/** Before the page's script runs. */
export const IDLE_LINK: LinkView = { phase: "idle", attempt: 0, retryAt: null, reason: "" };

/** The short word on the front panel. */
export const PHASE_WORDS: Readonly<Record<LinkPhase, string>> = {
  idle: "Static",
  connecting: "Connecting",
  live: "Live",
  waiting: "Reconnecting",
  stopped: "Stopped",
  forbidden: "No permission",
};

/** The line beside it: which attempt, and in how many seconds. */
export function linkDetail(link: LinkView, now: number): string {
  switch (link.phase) {
    case "waiting": {
      const seconds = Math.max(0, ((link.retryAt ?? now) - now) / 1000);
      return `attempt ${link.attempt} in ${seconds.toFixed(1)} s`;
    }
    case "connecting":
      return link.attempt > 0 ? `attempt ${link.attempt}` : "";
    case "idle":
      return "as loaded";
    case "stopped":
    case "forbidden":
      return link.reason;
    default:
      return "";
  }
}

/** What a screen reader hears when the phase changes: without the countdown. */
export function linkAnnouncement(link: LinkView): string {
  switch (link.phase) {
    case "live":
      return "Live data";
    case "waiting":
      return "Connection to the server lost, reconnecting";
    case "stopped":
      return `Stopped: ${link.reason}`;
    case "forbidden":
      return "No permission to watch";
    default:
      return "";
  }
}
