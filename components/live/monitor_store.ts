import { batch, type Signal, signal } from "@preact/signals";
import type {
  Bucket,
  CaptureStats,
  Histograms,
  ServerPolicy,
  Totals,
} from "../../protocol/monitor_records.ts";
import type {
  ConnectionHeads,
  Connections,
  FrameBytes,
  FrameGone,
  Frames,
  Metrics,
  MonitorSnapshot,
  ServerMessage,
} from "../../protocol/server_messages.ts";
import { appendBucket } from "../chart/series.ts";
import {
  applyConnections,
  clearTable,
  type ConnectionTable,
  emptyTable,
} from "./connection_table.ts";
import type { ServerStats } from "../../protocol/monitor_records.ts";
import { FrameRing } from "./frame_ring.ts";

/** The server as a whole. */
export interface ServerView {
  /** When it started, in milliseconds since the Unix epoch. */
  startedAt: number;
  /** What is in force. */
  policy: ServerPolicy;
  /** What has been counted since the start. */
  totals: Totals;
  /** The three histograms. */
  histograms: Histograms;
  /** How many watchers there are. */
  viewers: number;
}

/** So many frames of a file are kept at most by the server, and so by the page. */
const MAX_CAPTURE_FRAMES = 50_000;

/** Hears about a frame's bytes. */
export type FrameListener = (message: FrameBytes | FrameGone) => void;

/**
 * Everything that a page knows of the server. Messages go in by {@linkcode MonitorStore.hear},
 * components read the signals. What has thousands of rows is changed in place; its version signal
 * says that it changed.
 */
export class MonitorStore {
  /** The server's figures; `null` until the first paint or the first snapshot. */
  readonly server: Signal<ServerView | null> = signal<ServerView | null>(null);
  /** The last ten minutes, one bucket a second, oldest first. */
  readonly history: Signal<readonly Bucket[]> = signal<readonly Bucket[]>([]);
  /** Whether a snapshot has come on this link. */
  readonly ready: Signal<boolean> = signal(false);
  /** Whether the records of the connections have come on this link. */
  readonly connectionsKnown: Signal<boolean> = signal(false);
  /** `metrics` that were skipped because the page read too slowly. */
  readonly metricsSkipped: Signal<number> = signal(0);
  /** How full the capture's ring is. */
  readonly capture: Signal<CaptureStats | null> = signal<CaptureStats | null>(null);
  /** Frames that were skipped because they came too fast for the page. */
  readonly framesSkipped: Signal<number> = signal(0);
  /** When the last message came, by the browser's clock. */
  readonly heardAt: Signal<number> = signal(0);
  /** Counts the changes of {@linkcode table}. */
  readonly tableVersion: Signal<number> = signal(0);
  /** Counts the changes of {@linkcode frames}. */
  readonly framesVersion: Signal<number> = signal(0);
  /** The connections and rooms. */
  readonly table: ConnectionTable = emptyTable();
  /** The newest frames. */
  readonly frames: FrameRing = new FrameRing();
  /** What comes before the pages' addresses: those of a capture are its own. */
  base = "";
  /** What to add to the browser's clock to get the server's. */
  clockOffset = 0;
  #frameListeners = new Set<FrameListener>();
  #headListeners = new Set<(message: ConnectionHeads) => void>();

  /** Takes what the server rendered the page with, until the socket knows better. */
  seed(first: ServerStats | null, now: number = Date.now()): void {
    if (first === null || this.server.peek() !== null) return;
    this.clockOffset = first.now - now;
    this.server.value = first;
    this.capture.value = first.capture;
  }

  /** The page shows a loaded capture; all its frames are there to be read. */
  showCapture(id: string): void {
    this.base = `/captures/${id}`;
    this.frames.max = MAX_CAPTURE_FRAMES;
  }

  /** The server's clock, in milliseconds since the Unix epoch, as far as the page knows it. */
  serverNow(now: number = Date.now()): number {
    return now + this.clockOffset;
  }

  /** Tells a listener about `frame_bytes` and `frame_gone`. */
  onFrame(listener: FrameListener): () => void {
    this.#frameListeners.add(listener);
    return () => this.#frameListeners.delete(listener);
  }

  /** Tells a listener about `connection_heads`. */
  onHeads(listener: (message: ConnectionHeads) => void): () => void {
    this.#headListeners.add(listener);
    return () => this.#headListeners.delete(listener);
  }

  /** Takes a server's message in; what isn't the monitor's is passed over. */
  hear(message: ServerMessage, now: number = Date.now()): void {
    batch(() => {
      this.heardAt.value = now;
      switch (message.type) {
        case "monitor_snapshot":
          return this.#snapshot(message, now);
        case "metrics":
          return this.#metrics(message);
        case "connections":
          return this.#connections(message);
        case "frames":
          return this.#frames(message);
        case "frame_bytes":
        case "frame_gone":
          for (const listener of this.#frameListeners) listener(message);
          return;
        case "connection_heads":
          for (const listener of this.#headListeners) listener(message);
      }
    });
  }

  #snapshot(message: MonitorSnapshot, now: number): void {
    const { startedAt, policy, totals, histograms, viewers } = message;
    // Frame numbers begin anew with a new server: its frames must not be taken for the old ones.
    if (this.server.value !== null && this.server.value.startedAt !== startedAt) {
      this.frames.clear();
      this.framesVersion.value++;
    }
    clearTable(this.table);
    this.tableVersion.value++;
    this.clockOffset = message.serverTime - now;
    this.server.value = { startedAt, policy, totals, histograms, viewers };
    this.history.value = message.history;
    this.metricsSkipped.value = 0;
    this.framesSkipped.value = 0;
    this.connectionsKnown.value = false;
    this.ready.value = true;
  }

  #metrics(message: Metrics): void {
    const old = this.server.value;
    if (old === null) return;
    const { totals, histograms, viewers } = message;
    this.server.value = { ...old, totals, histograms, viewers };
    this.history.value = appendBucket(this.history.value, message.bucket);
    this.metricsSkipped.value = message.skipped;
  }

  #connections(message: Connections): void {
    applyConnections(this.table, message);
    this.connectionsKnown.value = true;
    this.tableVersion.value++;
  }

  #frames(message: Frames): void {
    this.frames.push(message.frames);
    this.capture.value = message.capture;
    this.framesSkipped.value = message.skipped;
    this.framesVersion.value++;
  }
}
