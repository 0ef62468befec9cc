import type {
  Bucket,
  CaptureSource,
  ClientMessageOf,
  ConnectionControl,
  Metrics,
  MonitorSnapshot,
  ServerMessage,
  ServerPolicy,
} from "../protocol/mod.ts";
import type { Connection } from "./connection.ts";
import type { Metrics as Counters } from "./metrics.ts";
import { type Outbound, outgoing } from "./outbound.ts";
import type { ConnectionRegistry } from "./registry.ts";
import type { RoomHub } from "./room_hub.ts";
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
  /** Where the figures come from. */
  metrics: Counters;
  /** Where the connections' records come from. */
  registry: ConnectionRegistry;
  /** Where the rooms' records come from. */
  hub: RoomHub;
  /** Where messages go out. */
  outbound: Outbound;
  /** What is in force. */
  policy: ServerPolicy;
  /** When the server started, in milliseconds since the Unix epoch. */
  startedAt: number;
  /** Captured frames, where there is a tap. */
  capture?: CaptureSource;
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
  #stopListening: (() => void) | undefined;
  /** The second that watchers were last told of. */
  #toldSecond = 0;

  constructor(options: MonitorOptions) {
    this.#options = options;
  }

  /** How many connections watch. */
  get viewers(): number {
    return this.#watchers.size;
  }

  /** Begins to watch, or changes what is watched. */
  start(connection: Connection, request: ClientMessageOf<"monitor_start">): void {
    if (!connection.watching) this.#exclude(connection);
    this.#watchers.set(connection, new Watcher(connection, request, this.#options));
    this.#send(connection, this.#snapshot());
    this.#startTimer();
  }

  /** Ends watching; harmless for one that doesn't. */
  stop(connection: Connection): void {
    if (!this.#watchers.delete(connection)) return;
    connection.watching = false;
    connection.uncounted = { ...connection.counters };
    connection.countedSince = this.#options.now();
    this.#options.metrics.opened();
    this.#options.control?.setExcluded(connection.id, false);
    this.#options.registry.touch(connection.id);
    if (this.#watchers.size === 0) this.close();
  }

  /** Forgets a connection that is gone. */
  forget(connection: Connection): void {
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
    const found = this.#options.capture?.bytes(id, frame, offset, length, source) ?? null;
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
    const heads = this.#options.capture?.heads(id) ?? [];
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
    this.#stopListening?.();
    this.#stopListening = undefined;
  }

  #exclude(connection: Connection): void {
    const { metrics, control, registry } = this.#options;
    metrics.withdraw(connection.countedTraffic(), connection.countedSince);
    connection.watching = true;
    control?.setExcluded(connection.id, true);
    registry.touch(connection.id);
  }

  #startTimer(): void {
    if (this.#timer !== undefined) return;
    this.#toldSecond = this.#options.metrics.lastBucket().second;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#stopListening = this.#options.registry.onChange((id) => {
      for (const watcher of this.#watchers.values()) watcher.connectionChanged(id);
    });
  }

  /** Figures go out when a second is over: ticks drift, so counting them would leave seconds out. */
  #tick(): void {
    const bucket = this.#options.metrics.lastBucket();
    const second = bucket.second === this.#toldSecond ? null : this.#report(bucket);
    this.#toldSecond = bucket.second;
    for (const watcher of this.#watchers.values()) watcher.tick(second);
  }

  #report(bucket: Bucket): SecondReport {
    return { rooms: [...this.#options.hub.records()], metrics: this.#metrics(bucket) };
  }

  #metrics(bucket: Bucket): Omit<Metrics, "skipped"> {
    const { metrics, hub } = this.#options;
    return {
      type: "metrics",
      bucket,
      totals: metrics.totals(hub.size),
      histograms: metrics.histograms(),
      viewers: this.viewers,
    };
  }

  #snapshot(): MonitorSnapshot {
    const { metrics, hub, policy, startedAt, now } = this.#options;
    return {
      type: "monitor_snapshot",
      serverTime: now(),
      startedAt,
      policy,
      totals: metrics.totals(hub.size),
      histograms: metrics.histograms(),
      history: metrics.history(),
      viewers: this.viewers,
    };
  }

  #send(connection: Connection, message: ServerMessage): void {
    this.#options.outbound.send(connection, outgoing(message));
  }
}
