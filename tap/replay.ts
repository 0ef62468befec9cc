import { type DeflateAgreement, findHeadEnd, FrameDecoder } from "../frames/mod.ts";
import type { CaptureEvent, FrameEvent } from "../protocol/mod.ts";
import { concat } from "./byte_window.ts";
import { headBytes, looseHead, madeRequest } from "./captures/head_text.ts";
import { frameEvent } from "./captures/pcap_reader.ts";
import { FrameView } from "./frame_view.ts";
import { InflatedMessages } from "./inflated_messages.ts";
import { DEFAULT_TAP_LIMITS } from "./limits.ts";
import { MessageInflater } from "./message_inflater.ts";
import { AdaptiveReader, closeQuietly, type NetConn, SerialWriter } from "./relay.ts";
import { compareAnswers, type ReplayDifference } from "./replay_comparison.ts";
import { agreementOf, FrameResender, type Resent } from "./replay_compression.ts";
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
 * Compressed messages are compared as they were before that. They are sent as they were too, unless
 * the server now agrees on less than it did then: then they are compressed anew, or not at all.
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
  response: Uint8Array | null;
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
    response: response?.bytes ?? null,
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
  #sentRequest: Uint8Array | null = null;
  /** How both sides compress now. */
  #agreement: DeflateAgreement | null = null;
  #sent = 0;
  /** Messages and control frames that came, to their ends. */
  #answered = 0;
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
    this.#sentRequest = this.#request();
    await writer.write(this.#sentRequest);
    const rest = await this.#readResponse(reader);
    if (!rest) return;
    const reading = this.#readFrames(reader, rest);
    await this.#sendFrames(writer);
    await this.#await(this.#script.frames.filter(endsAnswer).length);
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
    this.#agreement = agreementOf(this.#sentRequest, head);
    return status === "101" ? bytes.subarray(end) : null;
  }

  async #readFrames(reader: AdaptiveReader, rest: Uint8Array): Promise<void> {
    const decoder = new FrameDecoder({
      ...{ sender: "server", mode: "lenient", allowRsv1: this.#agreement !== null },
      ...{ maxFrameBytes: Infinity, maxMessageBytes: Infinity, maxFragments: Infinity },
      maxKeptPayloadBytes: LARGEST_ANSWER_BYTES,
    });
    const { connection } = this.#script;
    const { maxInflatedBytes } = DEFAULT_TAP_LIMITS;
    const direction = this.#agreement?.server;
    const inflater = direction ? new MessageInflater(direction, { maxInflatedBytes }) : null;
    const gathered = new InflatedMessages(maxInflatedBytes);
    for (let bytes: Uint8Array | null = rest; bytes;) {
      for (const frame of decoder.decode(bytes)) {
        const number = this.#received.length;
        const place = { connection, frame: number, at: Date.now(), direction: "out" } as const;
        const part = inflater?.push(frame) ?? null;
        const compressed = part && gathered.take(number, part, false);
        this.#received.push({ ...frameEvent(frame, place), ...(compressed ? { compressed } : {}) });
        if (frame.fin) this.#answered++;
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
    const then = agreementOf(this.#script.request, this.#script.response);
    const own = frames.filter((event) => !isAnswer(event));
    const resender = new FrameResender(own, then?.client ?? null, this.#agreement?.client ?? null);
    let answers = 0;
    for (const event of frames) {
      if (isAnswer(event)) {
        if (endsAnswer(event)) answers++;
        continue;
      }
      if (speed === 0) await this.#await(answers);
      else await pause(began + (event.at - startAt) / speed - performance.now());
      if (this.#ended) {
        return this.#note(event.frame, "the server had ended the connection before it was sent");
      }
      await this.#resend(resender.resend(event), event, writer);
    }
  }

  async #resend(resent: Resent, event: FrameEvent, writer: SerialWriter): Promise<void> {
    if ("problem" in resent) return this.#note(event.frame, resent.problem);
    if (resent.wire === null) return;
    await writer.write(resent.wire);
    this.#sent++;
  }

  /** Waits until the server has sent so many answers to their ends, or patience ends. */
  async #await(count: number): Promise<void> {
    const deadline = performance.now() + this.#patience;
    while (this.#answered < count && !this.#ended && performance.now() < deadline) {
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
    this.#differences.push(...compareAnswers(expected, this.#received));
  }

  #note(frame: number | null, message: string): void {
    this.#differences.push({ frame, message });
  }
}

function isAnswer({ direction }: FrameEvent): boolean {
  return direction === "out";
}

/** Whether a frame is a server's, and the last of its message. */
function endsAnswer(event: FrameEvent): boolean {
  return isAnswer(event) && new FrameView(event).fin;
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
