import {
  type ClientMessageOf,
  type ConnectionControl,
  ERROR_CODES,
  type MonitorSnapshot,
  type ServerMessage,
} from "../protocol/mod.ts";
import type { Connection } from "./connection.ts";
import type { Metrics } from "./metrics.ts";
import type { MonitorSource } from "./monitor_source.ts";
import { type Outbound, outgoing } from "./outbound.ts";
import type { ConnectionRegistry } from "./registry.ts";
import { BUSY_BYTES, type SecondReport, Watcher } from "./watcher.ts";

/** How often watchers are told what changed, in milliseconds. */
const TICK_MS = 100;

/** How many bytes of a head a watcher gets. */
const MAX_HEAD_BYTES = 65_536;

/** The answer to a `frame_get` of one who hasn't read the earlier answers. */
const TOO_BUSY = {
  code: "rate_limited",
  message: "Cannot send what was captured: earlier answers wait to be read",
  retryAfterMs: 100,
} as const;

/** What {@linkcode Monitor} works with. */
export interface MonitorOptions {
  /** Where watchers count until they watch. */
  metrics: Metrics;
  /** Where watchers are connections like others until they watch. */
  registry: ConnectionRegistry;
  /** Where messages go out. */
  outbound: Outbound;
  /** What watchers see who name no capture. */
  source: MonitorSource;
  /** Finds the capture that a watcher names; `null` for one that isn't there. */
  captures?: (name: string) => MonitorSource | null;
  /** Leaves watchers out of the captures, where there is a tap. */
  control?: ConnectionControl;
  /** The clock, in milliseconds. */
  now: () => number;
}

/**
 * What watchers see, over the same sockets as everything else. With nobody watching there is no
 * timer, nothing is serialised and nothing is queued.
 */
export class Monitor {
  readonly #options: MonitorOptions;
  readonly #watchers = new Map<Connection, Watcher>();
  #timer: ReturnType<typeof setInterval> | undefined;
  /** The second of each source that its watchers were last told of. */
  readonly #toldSeconds = new WeakMap<MonitorSource, number>();

  constructor(options: MonitorOptions) {
    this.#options = options;
  }

  /** How many connections watch. */
  get viewers(): number {
    return this.#watchers.size;
  }

  /** Begins to watch, or changes what is watched. */
  start(connection: Connection, request: ClientMessageOf<"monitor_start">): void {
    const source = this.#sourceOf(request.capture);
    if (source === null) {
      const { message } = ERROR_CODES.capture_unknown;
      return this.#send(connection, { type: "error", code: "capture_unknown", message });
    }
    if (!connection.watching) this.#exclude(connection);
    this.#watchers.get(connection)?.close();
    if (!this.#isWatched(source)) this.#toldSeconds.set(source, source.lastBucket().second);
    const { outbound } = this.#options;
    this.#watchers.set(connection, new Watcher(connection, request, { source, outbound }));
    this.#send(connection, this.#snapshot(source));
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
  }

  #sourceOf(capture: string | undefined): MonitorSource | null {
    if (capture === undefined) return this.#options.source;
    return this.#options.captures?.(capture) ?? null;
  }

  /** Ends watching; harmless for one that doesn't. */
  stop(connection: Connection): void {
    if (!this.#watchers.has(connection)) return;
    this.forget(connection);
    connection.watching = false;
    connection.uncounted = { ...connection.counters };
    connection.countedSince = this.#options.now();
    this.#options.metrics.opened();
    this.#options.control?.setExcluded(connection.id, false);
    this.#options.registry.touch(connection.id);
  }

  /** Forgets a connection that is gone. */
  forget(connection: Connection): void {
    this.#watchers.get(connection)?.close();
    this.#watchers.delete(connection);
    if (this.#watchers.size === 0) this.close();
  }

  /** Answers `frame_get`. */
  sendBytes(connection: Connection, request: ClientMessageOf<"frame_get">): void {
    const { connection: id, frame, offset, length, source } = request;
    const asked = source === undefined ? {} : { source };
    if ((connection.socket?.bufferedAmount ?? 0) > BUSY_BYTES) {
      return this.#send(connection, { type: "error", ...TOO_BUSY });
    }
    const { capture } = this.#watchers.get(connection)?.source ?? this.#options.source;
    const found = capture?.bytes(id, frame, offset, length, source) ?? null;
    if (found === null) {
      return this.#send(connection, { type: "frame_gone", connection: id, frame, ...asked });
    }
    const { total, kept } = found;
    const bytes = found.bytes.toBase64();
    this.#send(connection, {
      type: "frame_bytes",
      connection: id,
      frame,
      ...asked,
      offset,
      total,
      kept,
      bytes,
    });
  }

  /** Answers `heads_get`. */
  sendHeads(connection: Connection, { connection: id }: ClientMessageOf<"heads_get">): void {
    if ((connection.socket?.bufferedAmount ?? 0) > BUSY_BYTES) {
      return this.#send(connection, { type: "error", ...TOO_BUSY });
    }
    const { capture } = this.#watchers.get(connection)?.source ?? this.#options.source;
    const heads = capture?.heads(id) ?? [];
    this.#send(connection, {
      type: "connection_heads",
      connection: id,
      heads: heads.map(({ direction, at, bytes }) => ({
        direction,
        at,
        bytes: bytes.subarray(0, MAX_HEAD_BYTES).toBase64(),
        total: bytes.length,
      })),
    });
  }

  /** Ends the timer; watching can begin again. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #exclude(connection: Connection): void {
    const { metrics, control, registry } = this.#options;
    metrics.withdraw(connection.countedTraffic(), connection.countedSince);
    connection.watching = true;
    control?.setExcluded(connection.id, true);
    registry.touch(connection.id);
  }

  #isWatched(source: MonitorSource): boolean {
    return this.#watchers.values().some((watcher) => watcher.source === source);
  }

  /** Figures go out when a second is over: ticks drift, so counting them would leave seconds out. */
  #tick(): void {
    const reports = new Map<MonitorSource, SecondReport | null>();
    for (const { source } of this.#watchers.values()) {
      if (!reports.has(source)) reports.set(source, this.#report(source));
    }
    for (const watcher of this.#watchers.values()) {
      watcher.tick(reports.get(watcher.source) ?? null);
    }
  }

  /** What a second has brought that watchers weren't told of; `null` if none is over. */
  #report(source: MonitorSource): SecondReport | null {
    const bucket = source.lastBucket();
    if (bucket.second === this.#toldSeconds.get(source)) return null;
    this.#toldSeconds.set(source, bucket.second);
    return {
      rooms: source.rooms(),
      metrics: {
        type: "metrics",
        bucket,
        totals: source.totals(),
        histograms: source.histograms(),
        viewers: this.viewers,
      },
    };
  }

  #snapshot(source: MonitorSource): MonitorSnapshot {
    return {
      type: "monitor_snapshot",
      serverTime: this.#options.now(),
      startedAt: source.startedAt,
      policy: source.policy,
      totals: source.totals(),
      histograms: source.histograms(),
      history: source.history(),
      viewers: this.viewers,
    };
  }

  #send(connection: Connection, message: ServerMessage): void {
    this.#options.outbound.send(connection, outgoing(message));
  }
}
