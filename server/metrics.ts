import type { Bucket, Histograms, Totals } from "../protocol/mod.ts";
import { Histogram } from "./histogram.ts";

/** How many one-second buckets are kept: ten minutes. */
export const HISTORY_SECONDS = 600;

/** How many codes errors are told apart by; they come from tables, the rest counts as `other`. */
const MAX_ERROR_CODES = 256;

/** Bounds of the exported buckets of round trips, in milliseconds. */
export const ROUND_TRIP_MS: readonly number[] = [
  1,
  2.5,
  5,
  10,
  25,
  50,
  100,
  250,
  500,
  1_000,
  2_500,
  5_000,
  10_000,
];
/** Bounds of the exported buckets of fan-outs, in milliseconds. */
export const FAN_OUT_MS: readonly number[] = [
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  25,
  50,
  100,
  250,
  1_000,
];
/** Bounds of the exported buckets of messages, in bytes. */
export const MESSAGE_BYTES: readonly number[] = [
  64,
  256,
  1_024,
  4_096,
  16_384,
  65_536,
  262_144,
  1_048_576,
];

/** Who is told of single samples as well. */
export interface SampleListener {
  /** A ping was answered. */
  roundTrip(milliseconds: number): void;
  /** A publish has been handed to its members. */
  fannedOut(milliseconds: number): void;
  /** A message came. */
  received(bytes: number): void;
}

/** What exporters read: totals that never go down, except those of what there is now. */
export interface Readings {
  /** The totals. */
  totals: Totals;
  /** In milliseconds. */
  roundTrip: Histogram;
  /** In milliseconds. */
  fanOut: Histogram;
  /** In bytes. */
  messageBytes: Histogram;
}

/** What {@linkcode Metrics.withdraw} takes back. */
const COUNTERS = [
  "totalConnections",
  "messagesSent",
  "messagesReceived",
  "bytesSent",
  "bytesReceived",
] as const;

type Counter = typeof COUNTERS[number];

/** What one connection has added to the totals. */
export interface Traffic {
  /** Messages received from it. */
  messagesIn: number;
  /** Messages sent to it. */
  messagesOut: number;
  /** Payload bytes received from it. */
  bytesIn: number;
  /** Payload bytes sent to it. */
  bytesOut: number;
}

/**
 * The server's counters, one bucket a second for the last ten minutes, and three histograms.
 * Counting is adding numbers; buckets are made when a second begins that somebody counts or reads
 * in, so that no timer runs.
 */
export class Metrics {
  readonly #now: () => number;
  readonly #roundTrip = new Histogram(ROUND_TRIP_MS);
  readonly #fanOut = new Histogram(FAN_OUT_MS);
  readonly #messageBytes = new Histogram(MESSAGE_BYTES);
  /** Told of single samples, where somebody wants them. */
  listener: SampleListener | null = null;
  #totals: Omit<Totals, "rooms"> = {
    totalConnections: 0,
    activeConnections: 0,
    messagesSent: 0,
    messagesReceived: 0,
    bytesSent: 0,
    bytesReceived: 0,
    // Without a prototype, so that no code is there before it was counted.
    errors: Object.create(null),
    reconnections: 0,
    slowConsumersClosed: 0,
  };
  /** What exporters have been told. */
  #told: Partial<Record<Counter, number>> = {};
  #history: Bucket[] = [];
  #current: Bucket;

  /** Starts counting now. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.#current = emptyBucket(this.#second(), 0);
  }

  /** A connection was opened. */
  opened(): void {
    const bucket = this.#bucket();
    this.#totals.totalConnections += 1;
    this.#totals.activeConnections += 1;
    bucket.opened += 1;
  }

  /** An open connection has ended. */
  closed(): void {
    const bucket = this.#bucket();
    this.#totals.activeConnections -= 1;
    bucket.closed += 1;
    bucket.active = this.#totals.activeConnections;
  }

  /** A message came. */
  received(bytes: number): void {
    const bucket = this.#bucket();
    this.#totals.messagesReceived += 1;
    this.#totals.bytesReceived += bytes;
    bucket.messagesIn += 1;
    bucket.bytesIn += bytes;
    this.#messageBytes.add(bytes);
    this.listener?.received(bytes);
  }

  /** A message was handed to the transport. */
  sent(bytes: number): void {
    const bucket = this.#bucket();
    this.#totals.messagesSent += 1;
    this.#totals.bytesSent += bytes;
    bucket.messagesOut += 1;
    bucket.bytesOut += bytes;
  }

  /** Something went wrong; `code` comes from a table of ours, never from a peer. */
  error(code: string): void {
    const { errors } = this.#totals;
    const isKnown = code in errors || Object.keys(errors).length < MAX_ERROR_CODES;
    const counted = isKnown ? code : "other";
    errors[counted] = (errors[counted] ?? 0) + 1;
    this.#bucket().errors += 1;
  }

  /** A client was disconnected because it read too slowly. */
  slowConsumerClosed(): void {
    this.#totals.slowConsumersClosed += 1;
  }

  /** A publish has been handed to its members. */
  fannedOut(milliseconds: number): void {
    const bucket = this.#bucket();
    bucket.fanOutMs = Math.max(bucket.fanOutMs ?? 0, Number(milliseconds.toFixed(3)));
    this.#fanOut.add(milliseconds);
    this.listener?.fannedOut(milliseconds);
  }

  /** A client said that it is one that was here before. */
  reconnected(): void {
    this.#totals.reconnections += 1;
  }

  /** A ping was answered. */
  roundTrip(milliseconds: number): void {
    this.#roundTrip.add(milliseconds);
    this.listener?.roundTrip(milliseconds);
  }

  /**
   * Takes back what a connection has added that turns out to be a watcher. Seconds that are over
   * stay as they were told.
   *
   * @param traffic What it has added.
   * @param since When it began to, in milliseconds.
   */
  withdraw(traffic: Traffic, since: number): void {
    const totals = this.#totals;
    const bucket = this.#bucket();
    totals.totalConnections -= 1;
    totals.activeConnections -= 1;
    totals.messagesReceived -= traffic.messagesIn;
    totals.messagesSent -= traffic.messagesOut;
    totals.bytesReceived -= traffic.bytesIn;
    totals.bytesSent -= traffic.bytesOut;
    bucket.active = totals.activeConnections;
    if (Math.floor(since / 1_000) < bucket.second) return;
    bucket.opened = Math.max(0, bucket.opened - 1);
    bucket.messagesIn = Math.max(0, bucket.messagesIn - traffic.messagesIn);
    bucket.messagesOut = Math.max(0, bucket.messagesOut - traffic.messagesOut);
    bucket.bytesIn = Math.max(0, bucket.bytesIn - traffic.bytesIn);
    bucket.bytesOut = Math.max(0, bucket.bytesOut - traffic.bytesOut);
  }

  /** The totals, a copy. */
  totals(rooms: number): Totals {
    return { ...this.#totals, errors: { ...this.#totals.errors }, rooms };
  }

  /**
   * What exporters read. A counter that goes down means a restart to them, so what a watcher took
   * back is made up for before its counter rises again.
   */
  readings(rooms: number): Readings {
    const totals = this.totals(rooms);
    for (const name of COUNTERS) {
      totals[name] = this.#told[name] = Math.max(this.#told[name] ?? 0, totals[name]);
    }
    return {
      totals,
      roundTrip: this.#roundTrip,
      fanOut: this.#fanOut,
      messageBytes: this.#messageBytes,
    };
  }

  /** The histograms' quantiles. */
  histograms(): Histograms {
    return {
      roundTripMs: this.#roundTrip.quantiles(),
      fanOutMs: this.#fanOut.quantiles(),
      messageBytes: this.#messageBytes.quantiles(),
    };
  }

  /** The seconds that are over, oldest first, 600 at most. */
  history(): Bucket[] {
    this.#bucket();
    return this.#history.slice();
  }

  /** The last second that is over; an empty one before the first is. */
  lastBucket(): Bucket {
    this.#bucket();
    return this.#history.at(-1) ?? emptyBucket(this.#second() - 1, 0);
  }

  #second(): number {
    return Math.floor(this.#now() / 1_000);
  }

  /** The bucket of this second. Seconds in which nobody counted become empty buckets. */
  #bucket(): Bucket {
    const second = this.#second();
    if (second <= this.#current.second) return this.#current;
    const active = this.#totals.activeConnections;
    const first = Math.max(this.#current.second + 1, second - HISTORY_SECONDS);
    this.#current.active = active;
    this.#history.push(this.#current);
    for (let idle = first; idle < second; idle++) this.#history.push(emptyBucket(idle, active));
    this.#history.splice(0, this.#history.length - HISTORY_SECONDS);
    this.#current = emptyBucket(second, active);
    return this.#current;
  }
}

function emptyBucket(second: number, active: number): Bucket {
  return {
    second,
    messagesIn: 0,
    messagesOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    active,
    opened: 0,
    closed: 0,
    errors: 0,
    fanOutMs: null,
  };
}
