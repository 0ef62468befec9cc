import { type Clock, Timer } from "./clock.ts";

/** What a heartbeat needs of its link. */
export interface HeartbeatLink {
  /** Sends a ping with a timestamp. */
  ping(timestamp: number): void;
  /** The link gave no answer in time. */
  dead(): void;
}

interface Outstanding {
  timestamp: number;
  sentAt: number;
}

/** Pings at an interval; a pong that doesn't come in time means that the link is dead. */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #pongTimeoutMs: number;
  readonly #link: HeartbeatLink;
  readonly #timer: Timer;
  #intervalMs = 0;
  #outstanding: Outstanding | null = null;
  #roundTripMs: number | null = null;

  constructor(clock: Clock, pongTimeoutMs: number, link: HeartbeatLink) {
    this.#clock = clock;
    this.#pongTimeoutMs = pongTimeoutMs;
    this.#link = link;
    this.#timer = new Timer(clock);
  }

  /** How long the last pong took, in milliseconds. */
  get roundTripMs(): number | null {
    return this.#roundTripMs;
  }

  start(intervalMs: number): void {
    this.#intervalMs = intervalMs;
    this.#outstanding = null;
    this.#timer.start(intervalMs, () => this.#ping());
  }

  stop(): void {
    this.#timer.stop();
    this.#intervalMs = 0;
    this.#outstanding = null;
    this.#roundTripMs = null;
  }

  /** Asks for a sign of life now. */
  check(): void {
    if (this.#intervalMs > 0 && this.#outstanding === null) this.#ping();
  }

  pong(timestamp: number): void {
    if (this.#outstanding === null || this.#outstanding.timestamp !== timestamp) return;
    this.#roundTripMs = this.#clock.elapsed() - this.#outstanding.sentAt;
    this.#outstanding = null;
    // From ping to ping, not from pong to ping: the server expects them in step.
    const rest = Math.max(0, this.#intervalMs - this.#roundTripMs);
    this.#timer.start(rest, () => this.#ping());
  }

  /** The server refused something that may have been the ping: an answer all the same. */
  refused(): void {
    if (this.#outstanding === null) return;
    this.#outstanding = null;
    this.#timer.start(this.#intervalMs, () => this.#ping());
  }

  #ping(): void {
    this.#outstanding = { timestamp: this.#clock.now(), sentAt: this.#clock.elapsed() };
    this.#timer.start(this.#pongTimeoutMs, () => this.#timeUp());
    this.#link.ping(this.#outstanding.timestamp);
  }

  /**
   * Where this comes far too late, the page or the machine was asleep, and the pong may be waiting
   * behind this very timer: only a second silence counts.
   */
  #timeUp(): void {
    const silentMs = this.#clock.elapsed() - this.#outstanding!.sentAt;
    if (silentMs > 2 * this.#pongTimeoutMs) this.#ping();
    else this.#link.dead();
  }
}
