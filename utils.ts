import { createDefine } from "fresh";
import type { ServerStats } from "./protocol/mod.ts";
import type { ReceivedReport } from "./server/mod.ts";

/** What a request carries from the middlewares to the pages. */
export interface State {
  /** The page's title. */
  title: string;
  /** What the server has to say about itself; `null` for one who may not see it. */
  stats: ServerStats | null;
  /** Whether the request may see the dashboard. */
  monitor: boolean;
}

/** Fresh's helpers, typed with {@linkcode State}. */
export const define = createDefine<State>();

/** What the routes for programs need of the process that serves them. */
export interface ExporterHost {
  /** Answers a scrape. */
  metrics(request: Request): Response;
  /** Takes another server's report. */
  receiveReport(request: Request): Promise<Response>;
  /** The last report of each server, the latest first. */
  reports(): ReceivedReport[];
  /** Something failed that is no client's fault. */
  failed(what: string, error: unknown): void;
}

/** What the pages need of the process that serves them. */
export interface DashboardHost {
  /** Figures for the first paint and for `/api/stats`. */
  stats(): ServerStats;
  /** The ways for programs, where there are any. */
  exporter?: ExporterHost;
  /** Whether a request may see the dashboard. */
  mayMonitor(request: Request): boolean;
  /**
   * The cookie that gives a browser the dashboard, as a `Set-Cookie` value, or `null` where it
   * must sign in first or has it already.
   */
  cookieFor(request: Request): string | null;
  /** The cookie for one who brought the admin token, or `null` if it is wrong. */
  signIn(token: string): string | null;
}

let host: DashboardHost | null = null;

/** Called once by the start command, before the first request. */
export function setDashboardHost(newHost: DashboardHost | null): void {
  host = newHost;
}

/** The process that serves the pages; `null` while they are built. */
export function dashboardHost(): DashboardHost | null {
  return host;
}
