import {
  type Finding,
  type Frame,
  FrameDecoder,
  isControl,
  type PartialFrame,
  ProtocolError,
} from "../frames/mod.ts";
import { concat } from "./byte_window.ts";
import { type FrameRun, runOf, wireLength } from "./frame_run.ts";
import { FrameStream } from "./frame_stream.ts";
import { bound, type TapLimits } from "./limits.ts";
import type { InflatedPart, MessageInflater } from "./message_inflater.ts";
import { WireFrame } from "./wire_frame.ts";

const NOTHING = new Uint8Array(0);
/** What is kept of an offending frame for the capture. */
const MOST_OFFENDING_BYTES = 64 * 1024;

/** What a {@linkcode FrameGate} needs to know. */
export interface FrameGateOptions {
  limits: TapLimits;
  /** Whether the handshake agreed on permessage-deflate. */
  allowRsv1: boolean;
  /** The most payload bytes of a frame that `onRun` gets. */
  maxKeptPayloadBytes: number;
  /** Inflates the compressed messages. @default the handshake agreed on none */
  inflater?: MessageInflater | undefined;
  /** Called with all frames, the offending one included. */
  onRun(run: FrameRun): void;
}

/**
 * Lets a client's frames through whole and valid, or not at all.
 *
 * ```
 *  the stream:   | whole frames, gone on | held: a frame that isn't whole | chunk … |
 *                                        ^ #goneEnd                       ^ #taken
 * ```
 */
export class FrameGate {
  readonly #stream: FrameStream;
  readonly #onRun: (run: FrameRun) => void;
  #taken = 0;
  #goneEnd = 0;
  #violation: Finding | null = null;
  readonly #inflater: MessageInflater | undefined;
  /** What came out of the frame whose content broke a rule. */
  #offendingPart: InflatedPart | null = null;
  readonly #maxControlFrames: number;
  #controlFrames = 0;
  /** When the second began in which they are counted. */
  #controlSince = -Infinity;

  constructor(options: FrameGateOptions) {
    const { limits, allowRsv1, maxKeptPayloadBytes } = options;
    this.#inflater = options.inflater;
    this.#onRun = options.onRun;
    this.#maxControlFrames = bound(limits.maxControlFramesPerSecond);
    this.#stream = new FrameStream({
      sender: "client",
      allowRsv1,
      maxFrameBytes: bound(limits.maxMessageBytes),
      maxMessageBytes: bound(limits.maxMessageBytes),
      maxUnfinishedBytes: bound(limits.maxUnfinishedBytes),
      maxFragments: bound(limits.maxFragments),
      mostShown: maxKeptPayloadBytes,
      mostHeld: Infinity,
      onRun: (run) => this.#take(run),
    });
  }

  /** The violation that shut the gate. */
  get violation(): Finding | null {
    return this.#violation;
  }

  /** Whether a Close frame went through; what follows it is dropped. */
  get closed(): boolean {
    return this.#stream.decoder.closed;
  }

  /**
   * Takes the next bytes of the client.
   *
   * @param chunk The bytes; copied where they have to wait.
   * @returns What may go on, in order: whole frames only. It may lie in the chunk's buffer.
   */
  take(chunk: Uint8Array): Uint8Array[] {
    if (this.#violation) return [];
    const { held } = this.#stream;
    try {
      this.#stream.take(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#violation ??= error;
    }
    const gone = this.#goneEnd - this.#taken;
    this.#taken += chunk.length;
    if (this.#violation) {
      this.#showOffender(gone < 0 ? held : NOTHING, chunk.subarray(Math.max(0, gone)));
    }
    return gone > 0 ? this.#released(held, chunk.subarray(0, gone)) : [];
  }

  /** The frame that was held goes on with its end, in one piece; then the chunk's other frames. */
  #released(held: Uint8Array, ready: Uint8Array): Uint8Array[] {
    if (held.length === 0) return [ready];
    const { joined } = this.#stream;
    const others = ready.subarray(joined.length - held.length);
    return others.length > 0 ? [joined, others] : [joined];
  }

  #take(run: FrameRun): void {
    if (this.#violation) return;
    const shown = this.#inflater?.inflate(run) ?? run;
    this.#violation = (run.frame && this.#flood(run.frame)) ?? shown.part?.finding ?? null;
    this.#offendingPart = this.#violation && shown.part;
    if (this.#violation) return;
    this.#goneEnd = run.offset + wireLength(run);
    this.#onRun(shown);
  }

  /** One control frame more than a second may have; no rule of RFC 6455, so the policy's code. */
  #flood({ opcode, offset }: Frame): Finding | null {
    if (!isControl(opcode)) return null;
    const now = performance.now();
    if (now - this.#controlSince >= 1_000) {
      this.#controlSince = now;
      this.#controlFrames = 0;
    }
    this.#controlFrames++;
    if (this.#controlFrames <= this.#maxControlFrames) return null;
    const message = `Cannot take the frame: ${this.#maxControlFrames} control frames a second`;
    return { rule: "control-flood", section: "5.5", closeCode: 1008, offset, message };
  }

  #showOffender(held: Uint8Array, rest: Uint8Array): void {
    const bytes = concat([held, rest.subarray(0, MOST_OFFENDING_BYTES)]);
    const frame = offendingFrame(bytes, this.#violation as Finding, this.#goneEnd);
    this.#onRun(runOf(frame, this.#offendingPart));
  }
}

/** The frame that broke a rule, as far as it came. */
function offendingFrame(bytes: Uint8Array, violation: Finding, start: number): WireFrame {
  const decoder = new FrameDecoder({
    sender: "client",
    mode: "lenient",
    maxFrameBytes: Infinity,
    maxMessageBytes: Infinity,
    maxFragments: Infinity,
    maxKeptPayloadBytes: 0,
  });
  const { rule, section, closeCode, message } = violation;
  const findings = [{ rule, section, closeCode, message, offset: violation.offset - start }];
  const [whole] = decoder.decode(bytes);
  const { header, payloadLength } = whole ?? decoder.partial() as PartialFrame;
  const headerLength = header.length;
  const length = payloadLength ?? 0;
  const wire = bytes.subarray(0, headerLength + length);
  return new WireFrame({ wire, headerLength, payloadLength: length, offset: 0, findings });
}
