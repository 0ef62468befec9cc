import { ByteBuffer } from "../frames/byte_buffer.ts";
import {
  FIN_BIT,
  MASK_BIT,
  OPCODE_MASK,
  RSV1_BIT,
  RSV2_BIT,
  RSV3_BIT,
} from "../frames/header_layout.ts";
import {
  type Finding,
  type Frame,
  FrameDecoder,
  isControl,
  type PartialFrame,
  ProtocolError,
} from "../frames/mod.ts";
import { concat } from "./byte_window.ts";
import { bound, type TapLimits } from "./limits.ts";
import type { InflatedPart, MessageInflater } from "./message_inflater.ts";
import { maskingKeyIn } from "./wire_header.ts";

const NOTHING = new Uint8Array(0);
/** What is kept of an offending frame for the capture. */
const MOST_OFFENDING_BYTES = 64 * 1024;

/** What a {@linkcode FrameGate} needs to know. */
export interface FrameGateOptions {
  limits: TapLimits;
  /** Whether the handshake agreed on permessage-deflate. */
  allowRsv1: boolean;
  /** The most payload bytes of a frame that `onFrame` gets. */
  maxKeptPayloadBytes: number;
  /** Inflates the compressed messages, where the handshake agreed on that. */
  inflater: MessageInflater | null;
  /** Called for each frame, the offending one included, with what came out of it where it is compressed. */
  onFrame(frame: Frame, part: InflatedPart | null): void;
}

/**
 * Lets a client's frames through whole and valid, or not at all.
 *
 * ```
 *  the stream:   | whole frames, gone on | held: a frame that isn't whole | chunk … |
 *                                        ^ #wholeEnd                      ^ #taken
 * ```
 */
export class FrameGate {
  readonly #decoder: FrameDecoder;
  readonly #inflater: MessageInflater | null;
  readonly #onFrame: FrameGateOptions["onFrame"];
  #held: ByteBuffer | null = null;
  #taken = 0;
  #wholeEnd = 0;
  #violation: Finding | null = null;
  readonly #maxControlFrames: number;
  #controlFrames = 0;
  /** When the second began in which they are counted. */
  #controlSince = -Infinity;

  constructor(options: FrameGateOptions) {
    const { limits, allowRsv1, maxKeptPayloadBytes } = options;
    this.#inflater = options.inflater;
    this.#onFrame = options.onFrame;
    this.#maxControlFrames = bound(limits.maxControlFramesPerSecond);
    this.#decoder = new FrameDecoder({
      sender: "client",
      allowRsv1,
      maxKeptPayloadBytes,
      maxFrameBytes: bound(limits.maxMessageBytes),
      maxMessageBytes: bound(limits.maxMessageBytes),
      maxUnfinishedBytes: bound(limits.maxUnfinishedBytes),
      maxFragments: bound(limits.maxFragments),
    });
  }

  /** The violation that shut the gate. */
  get violation(): Finding | null {
    return this.#violation;
  }

  /** Whether a Close frame went through; what follows it is dropped. */
  get closed(): boolean {
    return this.#decoder.closed;
  }

  /**
   * Takes the next bytes of the client.
   *
   * @param chunk The bytes; copied where they have to wait.
   * @returns What may go on: whole frames only. It may lie in the chunk's buffer.
   */
  take(chunk: Uint8Array): Uint8Array {
    if (this.#violation) return NOTHING;
    const chunkStart = this.#taken;
    this.#taken += chunk.length;
    let part: InflatedPart | null = null;
    try {
      for (const frame of this.#decoder.decode(chunk)) {
        part = this.#inflater?.push(frame) ?? null;
        this.#violation = this.#flood(frame) ?? part?.finding ?? null;
        if (this.#violation) break;
        this.#wholeEnd = frame.offset + frame.header.length + frame.payloadLength;
        this.#onFrame(frame, part);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#violation = error;
      part = null;
    }
    return this.#release(chunk, Math.max(0, this.#wholeEnd - chunkStart), part);
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

  /**
   * Lets go of the chunk's first `whole` bytes and what was held before them; holds the rest. `part`
   * is what came out of an offending frame.
   */
  #release(chunk: Uint8Array, whole: number, part: InflatedPart | null): Uint8Array {
    let released: Uint8Array = NOTHING;
    if (whole > 0) {
      const ready = chunk.subarray(0, whole);
      released = this.#held ? concat([this.#held.view(), ready]) : ready;
      this.#held = null;
    }
    const rest = chunk.subarray(whole);
    if (this.#violation) this.#showOffender(rest, this.#violation, part);
    else if (rest.length > 0 && !this.closed) {
      this.#held ??= new ByteBuffer(Infinity);
      this.#held.append(rest);
    }
    return released;
  }

  #showOffender(rest: Uint8Array, violation: Finding, part: InflatedPart | null): void {
    const bytes = concat([this.#held?.view() ?? NOTHING, rest.subarray(0, MOST_OFFENDING_BYTES)]);
    this.#held = null;
    this.#onFrame(offendingFrame(bytes, violation, this.#wholeEnd), part);
  }
}

/** The frame that broke a rule, as far as it came. */
function offendingFrame(bytes: Uint8Array, violation: Finding, start: number): Frame {
  const decoder = new FrameDecoder({
    sender: "client",
    mode: "lenient",
    maxFrameBytes: Infinity,
    maxMessageBytes: Infinity,
    maxFragments: Infinity,
  });
  const { rule, section, closeCode, message } = violation;
  const finding = { rule, section, closeCode, message, offset: violation.offset - start };
  const [whole] = decoder.decode(bytes);
  return frameOf(whole ?? decoder.partial() as PartialFrame, finding);
}

/** A frame made of what came of it, with the finding that ended it. */
function frameOf(
  { header, payloadLength, payload }: Frame | PartialFrame,
  finding: Finding,
): Frame {
  const [first, second = 0] = header;
  const masked = (second & MASK_BIT) !== 0;
  const length = payloadLength ?? 0;
  return {
    fin: (first & FIN_BIT) !== 0,
    rsv1: (first & RSV1_BIT) !== 0,
    rsv2: (first & RSV2_BIT) !== 0,
    rsv3: (first & RSV3_BIT) !== 0,
    opcode: first & OPCODE_MASK,
    masked,
    maskingKey: maskingKeyIn(header),
    payloadLength: length,
    payload,
    truncated: payload.length < length,
    header,
    offset: 0,
    findings: [finding],
  };
}
