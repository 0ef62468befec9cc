import { findHeadEnd, FrameDecoder, Opcode } from "../frames/mod.ts";
import type { CaptureEvent, FrameEvent } from "../protocol/mod.ts";
import { concat } from "./byte_window.ts";
import { fieldOf, headBytes, looseHead, madeRequest } from "./captures/head_text.ts";
import { frameEvent } from "./captures/pcap_reader.ts";
import { FrameView } from "./frame_view.ts";
import { AdaptiveReader, closeQuietly, type NetConn, SerialWriter } from "./relay.ts";
import { dialTarget, type TapTarget } from "./target.ts";

const DEFAULT_PATIENCE_MS = 2_000;
const LARGEST_HEAD_BYTES = 64 * 1024;
const LARGEST_ANSWER_BYTES = 64 * 1024 * 1024;

/** How a capture is sent again. */
export interface ReplayOptions {
  /** Where to. */
  target: TapTarget;
  /** The `Host` header. @default host and port of the target */
  host?: string;
  /** The request target. @default the capture's */
  path?: string;
  /**
   * How many times faster than it was captured; 0 as fast as the server answers.
   *
   * @default 1
   */
  speed?: number;
  /**
   * Milliseconds that are waited for an answer that the capture has.
   *
   * @default 2000
   */
  patienceMs?: number;
  /** Header fields that take the place of the capture's, for secrets that were hidden in it. */
  headers?: readonly { name: string; value: string }[];
}

/** What came back differently. */
export interface ReplayDifference {
  /** Number of the frame in the capture; `null` for one more than the capture has. */
  frame: number | null;
  /** What is different, for people. */
  message: string;
}

/** What came of sending one connection again. */
export interface ReplayResult {
  /** Number of the connection in the capture. */
  connection: string;
  /** Frames that were sent. */
  sent: number;
  /** Frames that the server sent in the capture. */
  expected: number;
  /** Frames that the server sent now. */
  received: number;
  /** What is different. */
  differences: ReplayDifference[];
}

/**
 * Sends the client's side of one connection again, and compares what comes back: data and Close
 * frames in their order, pings and pongs in theirs, since those two lanes don't wait for each other.
 *
 * @param events The connection's events, of a capture.
 * @param options Where to and how fast.
 * @returns What was sent, and what came back differently.
 * @throws {TypeError} If there is no frame or head of a client to send.
 */
export async function replay(
  events: readonly CaptureEvent[],
  options: ReplayOptions,
): Promise<ReplayResult> {
  const script = scriptOf(events);
  const run = new ReplayRun(script, options);
  return await run.run();
}

/** One connection of a capture, as a replay needs it. */
interface Script {
  connection: string;
  request: Uint8Array | null;
  status: string;
  frames: FrameEvent[];
  startAt: number;
}

function scriptOf(events: readonly CaptureEvent[]): Script {
  const frames = events.filter((event): event is FrameEvent => event.type === "frame");
  const head = (direction: "in" | "out") => {
    const found = events.find((event) => event.type === "head" && event.direction === direction);
    return found?.type === "head" ? found : null;
  };
  const request = head("in");
  const [first] = frames;
  if (!request && !first) throw new TypeError("Cannot replay: there is nothing of a client");
  const response = head("out");
  return {
    connection: (request ?? first).connection,
    request: request?.bytes ?? null,
    status: response ? statusOf(response.bytes) : "101",
    frames,
    startAt: (response ?? request ?? first).at,
  };
}

function statusOf(head: Uint8Array): string {
  return looseHead(head).first[1] ?? "";
}

class ReplayRun {
  readonly #script: Script;
  readonly #options: ReplayOptions;
  readonly #patience: number;
  readonly #received: FrameEvent[] = [];
  readonly #differences: ReplayDifference[] = [];
  #sent = 0;
  #ended = false;
  #news: (() => void)[] = [];

  constructor(script: Script, options: ReplayOptions) {
    this.#script = script;
    this.#options = options;
    this.#patience = options.patienceMs ?? DEFAULT_PATIENCE_MS;
  }

  async run(): Promise<ReplayResult> {
    const conn = await this.#dial();
    if (conn) {
      const talking = this.#talk(conn).catch((error) => this.#note(null, String(error)));
      await talking;
      closeQuietly(conn);
    }
    this.#compare();
    const { connection, frames } = this.#script;
    return {
      ...{ connection, sent: this.#sent, received: this.#received.length },
      expected: frames.filter(isAnswer).length,
      differences: this.#differences,
    };
  }

  async #dial(): Promise<NetConn | null> {
    try {
      return await dialTarget(this.#options.target);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#note(null, `the server can't be reached: ${reason}`);
      return null;
    }
  }

  async #talk(conn: NetConn): Promise<void> {
    const writer = new SerialWriter(conn);
    const reader = new AdaptiveReader(conn);
    await writer.write(this.#request());
    const rest = await this.#readResponse(reader);
    if (!rest) return;
    const reading = this.#readFrames(reader, rest);
    await this.#sendFrames(writer);
    await this.#await(this.#script.frames.filter(isAnswer).length);
    closeQuietly(conn);
    await reading;
  }

  #request(): Uint8Array {
    const { target, host, path, headers = [] } = this.#options;
    const own = host ?? `${target.hostname}:${target.port}`;
    const head = looseHead(this.#script.request ?? madeRequest(own));
    const replaced = [{ name: "Host", value: own }, ...headers];
    const names = new Set(replaced.map(({ name }) => name.toLowerCase()));
    const kept = head.headers.filter(({ name }) => !names.has(name.toLowerCase()));
    const [method, target0, version] = head.first;
    return headBytes(`${method} ${path ?? target0} ${version}`, [...replaced, ...kept]);
  }

  /** Reads the response's head; returns what follows it, or `null` where that isn't frames. */
  async #readResponse(reader: AdaptiveReader): Promise<Uint8Array | null> {
    let bytes: Uint8Array = new Uint8Array(0);
    const deadline = performance.now() + this.#patience;
    while (findHeadEnd(bytes) < 0) {
      const more = await withDeadline(reader.read(), deadline);
      if (!more || bytes.length > LARGEST_HEAD_BYTES) {
        this.#note(null, "the server didn't answer the handshake");
        return null;
      }
      bytes = concat([bytes, more]);
    }
    const end = findHeadEnd(bytes);
    const head = bytes.subarray(0, end);
    const status = statusOf(head);
    if (status !== this.#script.status) {
      this.#note(
        null,
        `the handshake was answered ${status}, in the capture ${this.#script.status}`,
      );
    }
    this.#compareExtensions(head);
    return status === "101" ? bytes.subarray(end) : null;
  }

  /** Frames were made for what was agreed then. */
  #compareExtensions(head: Uint8Array): void {
    const now = fieldOf(looseHead(head), "sec-websocket-extensions") ?? "none";
    const compressed = this.#script.frames.some((event) => new FrameView(event).rsv1);
    if (compressed && now === "none") {
      this.#note(null, "the capture has compressed frames, and the server doesn't compress now");
    }
  }

  async #readFrames(reader: AdaptiveReader, rest: Uint8Array): Promise<void> {
    const decoder = new FrameDecoder({
      ...{ sender: "server", mode: "lenient", allowRsv1: true },
      ...{ maxFrameBytes: Infinity, maxMessageBytes: Infinity, maxFragments: Infinity },
      maxKeptPayloadBytes: LARGEST_ANSWER_BYTES,
    });
    const { connection } = this.#script;
    for (let bytes: Uint8Array | null = rest; bytes;) {
      for (const frame of decoder.decode(bytes)) {
        const place = { connection, frame: this.#received.length, at: Date.now() };
        this.#received.push(frameEvent(frame, { ...place, direction: "out" }));
      }
      this.#tell();
      bytes = await reader.read().catch(() => null);
    }
    this.#ended = true;
    this.#tell();
  }

  async #sendFrames(writer: SerialWriter): Promise<void> {
    const { frames, startAt } = this.#script;
    const { speed = 1 } = this.#options;
    const began = performance.now();
    let answers = 0;
    for (const event of frames) {
      if (isAnswer(event)) {
        answers++;
        continue;
      }
      if (speed === 0) await this.#await(answers);
      else await pause(began + (event.at - startAt) / speed - performance.now());
      if (this.#ended) {
        return this.#note(event.frame, "the server had ended the connection before it was sent");
      }
      await writer.write(wholeWire(event));
      this.#sent++;
    }
  }

  /** Waits until the server has sent so many frames, or patience ends. */
  async #await(count: number): Promise<void> {
    const deadline = performance.now() + this.#patience;
    while (this.#received.length < count && !this.#ended && performance.now() < deadline) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#news.push(resolve);
      await withDeadline(promise, deadline);
    }
  }

  #tell(): void {
    for (const tell of this.#news.splice(0)) tell();
  }

  #compare(): void {
    const expected = this.#script.frames.filter(isAnswer);
    for (const lane of [isInOrder, isPingOrPong]) {
      const then = expected.filter(lane);
      const now = this.#received.filter(lane);
      for (const [i, event] of then.entries()) {
        const difference = now[i] ? differenceOf(event, now[i]) : `missing: ${shown(event)}`;
        if (difference !== null) this.#note(event.frame, difference);
      }
      for (const more of now.slice(then.length)) this.#note(null, `one more: ${shown(more)}`);
    }
  }

  #note(frame: number | null, message: string): void {
    this.#differences.push({ frame, message });
  }
}

function isAnswer({ direction }: FrameEvent): boolean {
  return direction === "out";
}

function isPingOrPong(event: FrameEvent): boolean {
  const { opcode } = new FrameView(event);
  return opcode === Opcode.PING || opcode === Opcode.PONG;
}

function isInOrder(event: FrameEvent): boolean {
  return !isPingOrPong(event);
}

/** What wasn't kept of a payload is sent as zeros, so that the frames behind it are understood. */
function wholeWire(event: FrameEvent): Uint8Array {
  const missing = event.headerLength + event.length - event.wire.length;
  return missing > 0 ? concat([event.wire, new Uint8Array(missing)]) : event.wire;
}

/** How two frames differ, masks aside; `null` if they don't. */
function differenceOf(then: FrameEvent, now: FrameEvent): string | null {
  const [a, b] = [new FrameView(then), new FrameView(now)];
  if (then.wire[0] !== now.wire[0]) return `${shown(now)} in place of ${shown(then)}`;
  if (then.length !== now.length) return `${now.length} bytes in place of ${then.length}`;
  const place = a.payload.findIndex((byte, i) => byte !== b.payload[i]);
  if (place < 0) return null;
  const hex = (byte: number | undefined) => byte?.toString(16).padStart(2, "0") ?? "nothing";
  return `payload byte ${place} is ${hex(b.payload[place])} in place of ${hex(a.payload[place])}`;
}

function shown(event: FrameEvent): string {
  const { opcode, fin } = new FrameView(event);
  return `a frame of opcode 0x${opcode.toString(16)}${
    fin ? "" : " without FIN"
  }, ${event.length} bytes`;
}

async function pause(milliseconds: number): Promise<void> {
  if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A promise's value, or `null` once the time is over. */
async function withDeadline<T>(promise: Promise<T>, deadline: number): Promise<T | null> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), Math.max(0, deadline - performance.now()));
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
