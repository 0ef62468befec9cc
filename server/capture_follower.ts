import { OPCODE_MASK } from "../frames/header_layout.ts";
import {
  HandshakeError,
  type HeaderField,
  headerValues,
  Opcode,
  parseRequestHead,
  parseResponseHead,
} from "../frames/mod.ts";
import {
  type Bucket,
  type CaptureEvent,
  type CaptureSource,
  closeReason,
  type ConnectionRecord,
  type EndEvent,
  type FrameEvent,
  type HeadEvent,
  type Histograms,
  type OpenEvent,
  type RoomRecord,
  type ServerPolicy,
  type Totals,
} from "../protocol/mod.ts";
import { FollowedConnection } from "./followed_connection.ts";
import { Metrics } from "./metrics.ts";
import type { MonitorSource } from "./monitor_source.ts";

const SWITCHING_PROTOCOLS = 101;
/** How much of a header is kept for show. */
const MAX_SHOWN_HEADER = 256;

/** The addresses of a connection whose beginning wasn't captured. */
const UNKNOWN = "unknown";

/** What a {@linkcode CaptureFollower} is made of. */
export interface CaptureFollowerOptions {
  /** Where the frames are. */
  capture: CaptureSource;
  /** What is in force; its `source` names what is followed. */
  policy: ServerPolicy;
  /**
   * How many connections that have ended stay visible.
   *
   * @default {500}
   */
  maxEnded?: number;
  /**
   * The clock of what is followed, in milliseconds since the Unix epoch.
   *
   * @default {Date.now}
   */
  now?: () => number;
}

/**
 * Makes connections and figures of a capture's events, so that watchers see a server that isn't
 * ours, or a capture file, as they see the rooms' own connections.
 *
 * @example
 * ```ts
 * import { CaptureFollower } from "@roomscope/roomscope/server";
 * import { Tap } from "@roomscope/roomscope/tap";
 * import { assertEquals } from "@std/assert";
 *
 * const { capture } = new Tap({ target: { hostname: "127.0.0.1", port: 8080 } });
 * const follower = new CaptureFollower({
 *   capture,
 *   policy: { version: "", transport: "deno", tap: true, guard: false, redact: false, limits: {} },
 * });
 * follower.take({ type: "open", connection: "1", at: 0, client: "[::1]:5000", server: "[::1]:80" });
 * assertEquals(follower.record("1")?.address, "[::1]:5000");
 * ```
 */
export class CaptureFollower implements MonitorSource {
  /** When it began, in milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** What is in force. */
  readonly policy: ServerPolicy;
  /** Where the frames are. */
  readonly capture: CaptureSource;
  readonly #maxEnded: number;
  readonly #metrics: Metrics;
  readonly #live = new Map<string, FollowedConnection>();
  readonly #ended = new Map<string, ConnectionRecord>();
  readonly #listeners = new Set<(id: string) => void>();

  /**
   * Makes a follower that has heard nothing yet.
   *
   * @param options What it is made of.
   */
  constructor({ capture, policy, maxEnded = 500, now = Date.now }: CaptureFollowerOptions) {
    this.startedAt = now();
    this.policy = policy;
    this.capture = capture;
    this.#maxEnded = maxEnded;
    this.#metrics = new Metrics(now);
  }

  /**
   * Takes the next event in. A connection whose beginning wasn't told begins with what is.
   *
   * @param event What happened.
   */
  take(event: CaptureEvent): void {
    if (event.type === "gap") return;
    if (event.type === "open") return void this.#open(event);
    if (event.type === "end") return this.#end(event);
    const connection = this.#live.get(event.connection) ?? this.#beginLate(event);
    if (event.type === "head") this.#head(connection, event);
    else this.#frame(connection, event);
  }

  /**
   * A ping of the server was answered.
   *
   * @param id Number of the connection.
   * @param milliseconds How long it took.
   */
  roundTrip(id: string, milliseconds: number): void {
    this.#metrics.roundTrip(milliseconds);
    const connection = this.#live.get(id);
    if (connection !== undefined) connection.counters.roundTripMs = milliseconds;
  }

  /**
   * A connection was refused before it had a number.
   *
   * @param rule Stable name of the rule.
   */
  refused(rule: string): void {
    this.#metrics.error(rule);
  }

  /** Numbers of all connections that have a record, the ended ones first. */
  ids(): string[] {
    return [...this.#ended.keys(), ...this.#live.keys()];
  }

  /** The record of a connection; `null` for one that is unknown or has been forgotten. */
  record(id: string): ConnectionRecord | null {
    return this.#live.get(id)?.record() ?? this.#ended.get(id) ?? null;
  }

  /** Connections that haven't ended. */
  live(): Iterable<Pick<ConnectionRecord, "id" | "counters">> {
    return this.#live.values();
  }

  /** Listens to changes of records but counters; returns what ends it. */
  onChange(listener: (id: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** None: rooms are our own server's. */
  rooms(): RoomRecord[] {
    return [];
  }

  /** What has been counted. */
  totals(): Totals {
    return this.#metrics.totals(0);
  }

  /** The three histograms; that of the fan-out stays empty. */
  histograms(): Histograms {
    return this.#metrics.histograms();
  }

  /** The seconds that are over, oldest first, 600 at most. */
  history(): Bucket[] {
    return this.#metrics.history();
  }

  /** The last second that is over. */
  lastBucket(): Bucket {
    return this.#metrics.lastBucket();
  }

  #open(event: OpenEvent): FollowedConnection {
    const connection = new FollowedConnection(event);
    this.#live.set(connection.id, connection);
    this.#changed(connection.id);
    return connection;
  }

  #beginLate({ connection, at }: HeadEvent | FrameEvent): FollowedConnection {
    return this.#open({ type: "open", connection, at, client: UNKNOWN, server: UNKNOWN });
  }

  #head(connection: FollowedConnection, { direction, at, bytes }: HeadEvent): void {
    try {
      if (direction === "in") {
        const { headers } = parseRequestHead(bytes);
        connection.userAgent = shown(headers, "User-Agent");
        connection.origin = shown(headers, "Origin");
      } else if (parseResponseHead(bytes).status === SWITCHING_PROTOCOLS) {
        this.#opened(connection, at, "Handshake done");
      }
    } catch (error) {
      // A head that can't be read says nothing of the client; its end says why it failed.
      if (!(error instanceof HandshakeError)) throw error;
    }
    this.#changed(connection.id);
  }

  #opened(connection: FollowedConnection, at: number, what: string): void {
    if (connection.opened(at, what)) this.#metrics.opened();
  }

  #frame(connection: FollowedConnection, event: FrameEvent): void {
    this.#opened(connection, event.at, "First frame: its handshake isn't in the capture");
    const message = connection.count(event);
    if (message?.direction === "in") this.#metrics.received(message.bytes);
    else if (message?.direction === "out") this.#metrics.sent(message.bytes);
    for (const { rule } of event.findings) this.#metrics.error(rule);
    if ((event.wire[0] & OPCODE_MASK) !== Opcode.CLOSE || !connection.closing(event)) return;
    this.#metrics.closed();
    this.#changed(connection.id);
  }

  #end(event: EndEvent): void {
    const connection = this.#live.get(event.connection);
    if (connection === undefined) return;
    const { rule, failure, closedBy } = event;
    if (connection.ended(event)) this.#metrics.closed();
    if (failure !== undefined) this.#metrics.error(failure.rule);
    else if (rule !== undefined) this.#metrics.error(rule);
    else if (closedBy === null) this.#metrics.error(closeReason(1006).name);
    this.#live.delete(connection.id);
    this.#ended.delete(connection.id);
    this.#ended.set(connection.id, connection.record());
    this.#changed(connection.id);
    for (const id of this.#ended.keys()) {
      if (this.#ended.size <= this.#maxEnded) return;
      this.#ended.delete(id);
      this.#changed(id);
    }
  }

  #changed(id: string): void {
    for (const listener of this.#listeners) listener(id);
  }
}

function shown(headers: readonly HeaderField[], name: string): string | null {
  return headerValues(headers, name)[0]?.slice(0, MAX_SHOWN_HEADER) ?? null;
}
