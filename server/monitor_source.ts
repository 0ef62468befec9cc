import type {
  Bucket,
  CaptureSource,
  ConnectionRecord,
  Histograms,
  RoomRecord,
  ServerPolicy,
  ServerStats,
  Totals,
} from "../protocol/mod.ts";
import type { Metrics } from "./metrics.ts";
import type { ConnectionRegistry } from "./registry.ts";
import type { RoomHub } from "./room_hub.ts";

/**
 * What watchers see: connections, figures and frames. The room server's own are one, what a tap sees
 * in front of somebody else's server is another, a capture file is a third.
 */
export interface MonitorSource {
  /** When it started, in milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** What is in force. */
  readonly policy: ServerPolicy;
  /** Captured frames; `null` where there are none. */
  readonly capture: CaptureSource | null;
  /** Numbers of all connections that have a record, the oldest first. */
  ids(): string[];
  /** The record of a connection; `null` for one that isn't shown or has been forgotten. */
  record(id: string): ConnectionRecord | null;
  /** Connections that haven't ended, with their counters as they are now. */
  live(): Iterable<Pick<ConnectionRecord, "id" | "counters">>;
  /** Listens to changes of records but counters; returns what ends it. */
  onChange(listener: (id: string) => void): () => void;
  /** Every room with members. */
  rooms(): RoomRecord[];
  /** What has been counted since the start. */
  totals(): Totals;
  /** The three histograms. */
  histograms(): Histograms;
  /** The seconds that are over, oldest first, 600 at most. */
  history(): Bucket[];
  /** The last second that is over. */
  lastBucket(): Bucket;
}

/** What {@linkcode RoomServerSource} is made of. */
export interface RoomServerSourceOptions {
  metrics: Metrics;
  registry: ConnectionRegistry;
  hub: RoomHub;
  policy: ServerPolicy;
  startedAt: number;
  capture?: CaptureSource;
}

/** The room server's own connections, without those that watch. */
export class RoomServerSource implements MonitorSource {
  readonly startedAt: number;
  readonly policy: ServerPolicy;
  readonly capture: CaptureSource | null;
  readonly #metrics: Metrics;
  readonly #registry: ConnectionRegistry;
  readonly #hub: RoomHub;

  constructor(options: RoomServerSourceOptions) {
    this.startedAt = options.startedAt;
    this.policy = options.policy;
    this.capture = options.capture ?? null;
    this.#metrics = options.metrics;
    this.#registry = options.registry;
    this.#hub = options.hub;
  }

  ids(): string[] {
    return this.#registry.ids();
  }

  record(id: string): ConnectionRecord | null {
    return this.#registry.record(id);
  }

  *live(): Iterable<Pick<ConnectionRecord, "id" | "counters">> {
    for (const connection of this.#registry.live()) if (!connection.watching) yield connection;
  }

  onChange(listener: (id: string) => void): () => void {
    return this.#registry.onChange(listener);
  }

  rooms(): RoomRecord[] {
    return [...this.#hub.records()];
  }

  totals(): Totals {
    return this.#metrics.totals(this.#hub.size);
  }

  histograms(): Histograms {
    return this.#metrics.histograms();
  }

  history(): Bucket[] {
    return this.#metrics.history();
  }

  lastBucket(): Bucket {
    return this.#metrics.lastBucket();
  }
}

/**
 * What a source has to say about itself, for a page's first paint and for `/api/stats`.
 *
 * @param source The source.
 * @param viewers How many connections watch.
 */
export function statsOf(source: MonitorSource, viewers: number): ServerStats {
  return {
    startedAt: source.startedAt,
    now: Date.now(),
    policy: source.policy,
    totals: source.totals(),
    histograms: source.histograms(),
    viewers,
    capture: source.capture?.stats ?? null,
  };
}
