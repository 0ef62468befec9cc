import type { ErrorMessage } from "../protocol/mod.ts";
import { type Clock, Timer } from "./clock.ts";
import type { Outbox } from "./outbox.ts";
import { Pacer } from "./pacer.ts";
import type { Requests } from "./requests.ts";
import type { Rooms } from "./rooms.ts";

/** Where a line ends. */
export interface LineOutput {
  readonly canSend: boolean;
  send(data: string | Uint8Array<ArrayBuffer>): void;
}

/** What a line is made of. */
export interface LineParts {
  rooms: Rooms;
  requests: Requests;
  outbox: Outbox;
  clock: Clock;
  output: LineOutput;
}

/** For a refusal that doesn't say when to try again. */
const DEFAULT_RETRY_MS = 1_000;
/** A server that wants a longer silence should close the connection. */
const MAX_RETRY_MS = 60_000;

/**
 * Everything that goes out but heartbeats, one at a time and no faster than the server allows:
 * joins and leaves first, then messages that belong to this link alone, then requests, then the
 * outbox.
 */
export class Line {
  readonly #rooms: Rooms;
  readonly #requests: Requests;
  readonly #outbox: Outbox;
  readonly #clock: Clock;
  readonly #output: LineOutput;
  readonly #pacer = new Pacer();
  readonly #timer: Timer;
  #direct: string[] = [];

  constructor(parts: LineParts) {
    this.#rooms = parts.rooms;
    this.#requests = parts.requests;
    this.#outbox = parts.outbox;
    this.#clock = parts.clock;
    this.#output = parts.output;
    this.#timer = new Timer(parts.clock);
  }

  /** How many messages wait that belong to this link alone. */
  get directSize(): number {
    return this.#direct.length;
  }

  addDirect(text: string): void {
    this.#direct.push(text);
    this.pump();
  }

  /** A link is up. */
  open(messagesPerSecond: number): void {
    this.#pacer.reset(messagesPerSecond);
    this.pump();
  }

  /** The link has ended. */
  shut(): void {
    this.#timer.stop();
    this.#direct = [];
  }

  /** Sends what can be sent and makes an appointment for the rest. */
  pump(): void {
    this.#timer.stop();
    while (this.#output.canSend) {
      const send = this.#next();
      if (send === undefined) return this.#sleep(this.#untilHoldEnds());
      const wait = this.#pacer.wait(this.#clock.elapsed());
      if (wait > 0) return this.#sleep(wait);
      this.#pacer.record(this.#clock.elapsed());
      send();
    }
  }

  /** When a refused message may be sent again, as a monotonic time; slows everything down. */
  refused(message: ErrorMessage): number {
    const now = this.#clock.elapsed();
    const retryAfterMs = Math.min(message.retryAfterMs ?? DEFAULT_RETRY_MS, MAX_RETRY_MS);
    this.#pacer.refused(now, retryAfterMs);
    return now + retryAfterMs;
  }

  #next(): (() => void) | undefined {
    const now = this.#clock.elapsed();
    const step = this.#rooms.nextStep(now);
    if (step !== undefined) {
      return () => {
        this.#rooms.markAsked(step);
        this.#output.send(JSON.stringify(step));
      };
    }
    if (this.#direct.length > 0) return () => this.#output.send(this.#direct.shift()!);
    return this.#nextRequest() ?? this.#nextPublish(now);
  }

  #nextRequest(): (() => void) | undefined {
    const request = this.#requests.next();
    if (request === undefined) return undefined;
    return () => {
      this.#requests.markSent(request);
      this.#output.send(request.text);
    };
  }

  #nextPublish(now: number): (() => void) | undefined {
    const entry = this.#outbox.next((room) => this.#rooms.mayPublish(room, now));
    if (entry === undefined) return undefined;
    return () => {
      this.#outbox.markSent(entry);
      this.#output.send(entry.data);
    };
  }

  #untilHoldEnds(): number {
    const now = this.#clock.elapsed();
    return this.#rooms.nextHoldEnd(now) - now;
  }

  #sleep(delayMs: number): void {
    if (delayMs < Infinity) this.#timer.start(Math.ceil(delayMs), () => this.pump());
  }
}
