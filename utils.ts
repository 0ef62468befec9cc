import { createDefine } from "fresh";
import type { ServerStats } from "./protocol/mod.ts";
import type { ReceivedReport } from "./server/mod.ts";
import type { CaptureFormat } from "./tap/mod.ts";

/** What a dashboard is opened on: our own server, somebody else's behind the tap, or files. */
export type DashboardKind = "server" | "target" | "files";

/** What a request carries from the middlewares to the pages. */
export interface State {
  /** The page's title. */
  title: string;
  /** What the server has to say about itself; `null` for one who may not see it. */
  stats: ServerStats | null;
  /** Whether the request may see the dashboard. */
  monitor: boolean;
  /** What the dashboard is opened on. */
  kind: DashboardKind;
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

/** A capture file that the dashboard shows. */
export interface CaptureSummary {
  /** Its number, as addresses name it. */
  id: string;
  /** The file's name. */
  name: string;
  /** The file's bytes. */
  bytes: number;
  /** Connections in it. */
  connections: number;
  /** Frames in it. */
  frames: number;
  /** Frames of it that were kept. */
  kept: number;
  /** Findings in it. */
  findings: number;
  /** When its first event was, in milliseconds since the Unix epoch. */
  first: number;
  /** When its last event was. */
  last: number;
  /** What couldn't be read of it. */
  notices: string[];
  /** How many more notices there were. */
  moreNotices: number;
}

/** How much the dashboard takes of capture files. */
export interface CaptureLimits {
  /** Bytes of one file. */
  maxFileBytes: number;
  /** Bytes of all files together. */
  maxAllBytes: number;
  /** How many captures there are at most. */
  maxCaptures: number;
}

/** The list of captures, as the page and `/api/captures` have it. */
export interface CaptureList {
  /** The captures, the oldest first. */
  captures: CaptureSummary[];
  /** What more can be taken. */
  limits: CaptureLimits;
  /** Whether what happens now is captured, and can be downloaded as `live`. */
  live: boolean;
}

/** What came of an upload. */
export type UploadResult = { summary: CaptureSummary } | { status: number; error: string };

/** The captures of the process that serves the pages. */
export interface CapturesHost {
  /** How much it takes. */
  limits: CaptureLimits;
  /** Whether there is a live capture. */
  isLive: boolean;
  /** What there is. */
  list(): CaptureSummary[];
  /** One of them. */
  get(id: string): CaptureSummary | null;
  /** Forgets one; says whether it was there. */
  remove(id: string): boolean;
  /** Reads a file. */
  upload(name: string, body: AsyncIterable<Uint8Array>): Promise<UploadResult>;
  /** A capture as a file, `live` for what happens now; `null` if there is none. */
  download(
    id: string,
    options: { format: CaptureFormat; connection?: string },
  ): ReadableStream<Uint8Array> | null;
}

/** What the pages need of the process that serves them. */
export interface DashboardHost {
  /** What the dashboard is opened on. */
  kind: DashboardKind;
  /** Figures for the first paint and for `/api/stats`, of a capture where one is named. */
  stats(capture?: string): ServerStats | null;
  /** The ways for programs, where there are any. */
  exporter?: ExporterHost;
  /** Whether a request may see the dashboard. */
  mayMonitor(request: Request): boolean;
  /** Whether a request may change something: it brings our cookie or the token, from our own page. */
  mayChange(request: Request): boolean;
  /**
   * The cookie that gives a browser the dashboard, as a `Set-Cookie` value, or `null` where it
   * must sign in first or has it already.
   */
  cookieFor(request: Request): string | null;
  /** The cookie for one who brought the admin token, or `null` if it is wrong. */
  signIn(token: string): string | null;
  /** The capture files. */
  captures: CapturesHost;
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

/** The list of captures; an empty one while pages are built. */
export function captureList(): CaptureList {
  const captures = host?.captures;
  return {
    captures: captures?.list() ?? [],
    limits: captures?.limits ?? { maxFileBytes: 0, maxAllBytes: 0, maxCaptures: 0 },
    live: captures?.isLive ?? false,
  };
}
