import type { Frame } from "../frames/mod.ts";
import { concat } from "./byte_window.ts";
import { FaultDecider, type FaultRule, type FrameFault, seededRandom } from "./faults.ts";

const NOTHING = new Uint8Array(0);
/** The most bytes that wait; then the sender isn't read, as with any slow link. */
const MOST_QUEUED_BYTES = 1024 * 1024;
/** A frame that is larger passes as it comes, whatever was to be done to it. */
const MOST_HELD_BYTES = 64 * 1024 * 1024;
/** How long a link that is to be reset isn't read, so that something unread causes the reset. */
const RESET_MS = 100;
const SECOND = 1_000;

/** What a {@linkcode FaultLine} works with. */
export interface FaultLineOptions {
  /** The rules of this direction of this connection. */
  rules: readonly FaultRule[];
  seed: number;
  /** Writes to the receiver. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends the connection. */
  cut(): void;
}

/** A frame in the stream, and what is done to it. */
interface Span {
  readonly start: number;
  readonly end: number;
  readonly fault: FrameFault | null;
}

interface Queued {
  readonly bytes: Uint8Array;
  readonly dueAt: number;
}

/**
 * One direction of a connection with faults. Frames that something may be done to are put together
 * first; then bytes wait for their time, in their order.
 *
 * ```
 *  send → | held: a frame that isn't whole | → spans: what is done → | queue, each with its time | → write
 * ```
 */
export class FaultLine {
  readonly #decider: FaultDecider;
  readonly #options: FaultLineOptions;
  readonly #jitter: () => number;
  readonly #latency: { ms: number; jitter: number };
  readonly #bandwidth: number;
  readonly #slice: number;

  #spans: Span[] = [];
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  /** Place in the frames' stream of the first held byte; `null` before the first byte. */
  #position: number | null = null;

  #queue: Queued[] = [];
  #queuedBytes = 0;
  #heldFrames = 0;
  #notBefore = 0;
  #freeAt = 0;
  #lastDue = 0;
  #running = false;
  #error: unknown = null;
  #stopped = false;
  readonly #timers = new Map<ReturnType<typeof setTimeout>, () => void>();
  #changed: (() => void)[] = [];

  constructor(options: FaultLineOptions) {
    const { rules, seed } = options;
    this.#options = options;
    this.#decider = new FaultDecider(rules, { seed, now: performance.now() });
    // A second generator: how often jitter is drawn depends on how the network cuts the stream.
    this.#jitter = seededRandom(~seed);
    const first = <K extends keyof FaultRule>(name: K) =>
      rules.find((rule) => rule[name] !== undefined)?.[name];
    this.#latency = first("latency") ?? { ms: 0, jitter: 0 };
    this.#bandwidth = first("bandwidth") ?? Infinity;
    this.#slice = first("slice") ?? Infinity;
  }

  /** Decides about a frame that has just been read; returns what the record says of it. */
  frame(frame: Frame): string | undefined {
    if (!this.#decider.active) return undefined;
    const fault = this.#decider.decide(frame, performance.now());
    const end = frame.offset + frame.header.length + frame.payloadLength;
    this.#spans.push({ start: frame.offset, end, fault });
    return fault?.text;
  }

  /**
   * Takes the next bytes of the frames' stream; resolves when more may come.
   *
   * @param bytes The bytes; copied.
   * @param at Their place in the stream of frames.
   * @param readable Whether what follows can still be cut into frames.
   */
  async send(bytes: Uint8Array, at: number, readable: boolean): Promise<void> {
    this.#throwError();
    this.#position ??= at;
    if (bytes.length > 0) {
      this.#held.push(bytes.slice());
      this.#heldBytes += bytes.length;
    }
    await this.#applySpans();
    if (!readable || !this.#decider.active || this.#heldBytes > MOST_HELD_BYTES) {
      this.#enqueue(this.#takeHeld(this.#heldBytes));
    }
    while (this.#queuedBytes > MOST_QUEUED_BYTES && !this.#stopped) await this.#change();
    this.#throwError();
  }

  /** Resolves when everything was written. */
  async drained(): Promise<void> {
    this.#enqueue(this.#takeHeld(this.#heldBytes));
    const busy = () => this.#queue.length > 0 || this.#running || this.#heldFrames > 0;
    while (busy() && !this.#stopped && !this.#error) await this.#change();
  }

  /** Gives up what waits. */
  stop(): void {
    this.#stopped = true;
    for (const [timer, resolve] of this.#timers) {
      clearTimeout(timer);
      resolve();
    }
    this.#timers.clear();
    this.#tellChange();
  }

  // ── frames ──

  async #applySpans(): Promise<void> {
    for (const span of this.#spans.splice(0)) {
      const { start, end, fault } = span;
      const position = this.#position as number;
      // What began before faults did has gone on already.
      if (start < position) continue;
      this.#enqueue(this.#takeHeld(start - position));
      const frame = this.#takeHeld(end - start);
      if (fault) await this.#apply(fault, frame);
      else this.#enqueue(frame);
      if (this.#stopped) return;
    }
  }

  async #apply({ rule, corrupt }: FrameFault, frame: Uint8Array): Promise<void> {
    if (rule.cut === "half") this.#enqueue(frame.subarray(0, Math.ceil(frame.length / 2)));
    if (rule.cut) return await this.#cut(rule.cut);
    if (rule.drop) return;
    if (corrupt) frame[corrupt.offset] ^= corrupt.xor;
    if (rule.stall !== undefined) this.#notBefore = performance.now() + rule.stall;
    if (rule.hold !== undefined) return this.#holdFrame(frame, rule.hold);
    this.#enqueue(frame);
    if (rule.duplicate) this.#enqueue(frame);
  }

  /** What came before goes on first, nothing of what came after; then the link ends, and this line. */
  async #cut(how: NonNullable<FaultRule["cut"]>): Promise<void> {
    this.#takeHeld(this.#heldBytes);
    await this.drained();
    // SO_LINGER can't be set in Deno. A kernel resets a closed link that has unread bytes: here the
    // sender isn't read for a moment, and what it sends later is answered by a reset in any case.
    if (how === "rst") await this.#pause(RESET_MS);
    this.stop();
    this.#options.cut();
  }

  #holdFrame(frame: Uint8Array, ms: number): void {
    this.#heldFrames++;
    void this.#pause(ms).then(() => {
      this.#heldFrames--;
      if (!this.#stopped) this.#enqueue(frame);
    });
  }

  #takeHeld(count: number): Uint8Array {
    if (count <= 0) return NOTHING;
    const all = this.#held.length === 1 ? this.#held[0] : concat(this.#held);
    this.#held = count < all.length ? [all.subarray(count)] : [];
    this.#heldBytes = all.length - count;
    this.#position = (this.#position as number) + count;
    return all.subarray(0, count);
  }

  // ── time ──

  #enqueue(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#stopped) return;
    const { ms, jitter } = this.#latency;
    const now = performance.now();
    const delay = Math.max(0, ms + (jitter === 0 ? 0 : (this.#jitter() * 2 - 1) * jitter));
    // Bytes keep their order, whatever the jitter.
    const dueAt = Math.max(this.#lastDue, this.#notBefore, now + delay);
    this.#lastDue = dueAt;
    this.#queue.push({ bytes, dueAt });
    this.#queuedBytes += bytes.length;
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
        await this.#deliver(next);
        this.#queuedBytes -= next.bytes.length;
        this.#tellChange();
      }
    } catch (error) {
      this.#error = error;
      this.#queue = [];
      this.#queuedBytes = 0;
    }
    this.#running = false;
    this.#tellChange();
  }

  async #deliver({ bytes, dueAt }: Queued): Promise<void> {
    await this.#until(Math.max(dueAt, this.#freeAt));
    const perWrite = Math.min(this.#slice, Math.max(1, Math.ceil(this.#bandwidth / 20)));
    for (let at = 0; at < bytes.length && !this.#stopped; at += perWrite) {
      const piece = bytes.subarray(at, at + perWrite);
      await this.#until(this.#freeAt);
      if (this.#stopped) return;
      await this.#options.write(piece);
      this.#freeAt = Math.max(this.#freeAt, performance.now()) +
        piece.length / this.#bandwidth * SECOND;
      // The kernel sends a slice by itself when the next one isn't there yet.
      if (perWrite === this.#slice) await this.#pause(0);
    }
  }

  async #until(time: number): Promise<void> {
    const wait = time - performance.now();
    if (wait > 0) await this.#pause(wait);
  }

  async #pause(ms: number): Promise<void> {
    if (this.#stopped) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#timers.set(timer, resolve);
    await promise;
    this.#timers.delete(timer);
  }

  async #change(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#changed.push(resolve);
    await promise;
  }

  #tellChange(): void {
    for (const tell of this.#changed.splice(0)) tell();
  }

  #throwError(): void {
    if (this.#error) throw this.#error;
  }
}
