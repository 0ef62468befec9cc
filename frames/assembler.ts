import type { DeflateDirection, Inflater } from "./deflate.ts";
import { type Finding, ProtocolError } from "./errors.ts";
import type { Frame } from "./frame.ts";
import { startsMessage } from "./header_rules.ts";
import { createInflater } from "./inflate.ts";
import { InflatedBody, type MessageBody, PlainBody } from "./message_body.ts";
import { Opcode } from "./opcodes.ts";
import { decodeText } from "./utf8.ts";

const DEFAULT_MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** A whole message: one data frame, or several fragments. */
export interface Message {
  /** {@linkcode Opcode}.TEXT or .BINARY. */
  readonly opcode: typeof Opcode.TEXT | typeof Opcode.BINARY;
  /** The unmasked payload, inflated where it is `inflated`; only its beginning when `truncated`. */
  readonly payload: Uint8Array;
  /** Size of the payload on the wire in bytes, all fragments together. */
  readonly payloadLength: number;
  /** Whether only the beginning of the payload was kept, or could be inflated. */
  readonly truncated: boolean;
  /**
   * The text of a text message, `null` for others and where it is compressed and not inflated. Bytes
   * that aren't UTF-8 become U+FFFD.
   */
  readonly text: string | null;
  /** How many frames it came in, from 1. */
  readonly fragments: number;
  /** Whether its first frame has RSV1: the payload is compressed (RFC 7692). */
  readonly compressed: boolean;
  /**
   * Whether the payload is what came out of the inflater. `false` for a compressed message where no
   * compression was agreed on, or where an earlier message that couldn't be inflated to its end took
   * the context with it.
   */
  readonly inflated: boolean;
  /** Offset in the stream, in bytes, of its first frame. */
  readonly offset: number;
  /** The findings of all its frames, and of inflating them. */
  readonly findings: readonly Finding[];
}

/** Compression and limits of a {@linkcode MessageAssembler}. */
export interface MessageAssemblerOptions {
  /**
   * The most bytes of a message that are kept; the rest is counted and the message is `truncated`.
   *
   * @default 16777216 (16 MiB)
   */
  readonly maxMessageBytes?: number;
  /**
   * How the sender compresses, as the handshake agreed on: {@linkcode DeflateAgreement}'s `server` or
   * `client`.
   *
   * @default not at all: messages with RSV1 are handed on as they are
   */
  readonly deflate?: DeflateDirection;
  /**
   * The most bytes that a message may inflate to. At the limit inflating stops, so that a bomb costs
   * no more: the message is `truncated` and has the finding `inflated-too-big`.
   *
   * @default the same as maxMessageBytes
   */
  readonly maxInflatedBytes?: number;
  /**
   * Makes the inflater, for one that runs elsewhere than in a browser.
   *
   * @default createInflater
   */
  readonly createInflater?: (direction: DeflateDirection) => Inflater;
  /**
   * `"strict"` throws a {@linkcode ProtocolError} where a compressed message breaks a rule, as the
   * decoder does for frames. `"lenient"` attaches the finding to the message.
   *
   * @default "lenient"
   */
  readonly mode?: "strict" | "lenient";
}

/** The message that has begun and not ended. */
interface Unfinished {
  readonly first: Frame;
  readonly body: MessageBody;
  readonly findings: Finding[];
  payloadLength: number;
  fragments: number;
}

/**
 * Puts fragments together to messages. It takes the frames of one {@linkcode FrameDecoder}, which has
 * checked them; control frames between fragments pass by. Where a lenient decoder let a broken order
 * through, a new first frame gives up the unfinished message, and a continuation without a start is
 * dropped. Source: RFC 6455 §5.4, §5.6, RFC 7692 §6.2, §7.2.2.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { FrameDecoder, MessageAssembler } from "@roomscope/roomscope/frames";
 *
 * const decoder = new FrameDecoder({ sender: "server" });
 * const assembler = new MessageAssembler();
 * const wire = Uint8Array.of(0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f);
 * for (const frame of decoder.decode(wire)) {
 *   const message = assembler.push(frame);
 *   if (message) assertEquals([message.text, message.fragments], ["Hello", 2]);
 * }
 * ```
 */
export class MessageAssembler {
  readonly #maxMessageBytes: number;
  readonly #maxInflatedBytes: number;
  readonly #strict: boolean;
  readonly #inflater: Inflater | null;
  readonly #contextTakeover: boolean;
  #inflating: InflatedBody | null = null;
  #unfinished: Unfinished | null = null;

  /**
   * Starts at the first frame after the handshake.
   *
   * @param options Compression and limits.
   * @throws {RangeError} If the window bits of `deflate` aren't 8 to 15.
   */
  constructor(options: MessageAssemblerOptions = {}) {
    const { deflate, maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES } = options;
    this.#maxMessageBytes = maxMessageBytes;
    this.#maxInflatedBytes = options.maxInflatedBytes ?? maxMessageBytes;
    this.#strict = options.mode === "strict";
    this.#inflater = deflate ? (options.createInflater ?? createInflater)(deflate) : null;
    this.#contextTakeover = deflate?.contextTakeover ?? true;
  }

  /** How many fragments of an unfinished message have come; 0 between two messages. */
  get fragments(): number {
    return this.#unfinished?.fragments ?? 0;
  }

  /**
   * Takes the next frame.
   *
   * @param frame A frame of the decoder, in the stream's order.
   * @returns The message that this frame ends, or `null`.
   * @throws {ProtocolError} In strict mode, if a compressed message breaks a rule.
   *
   * @example A message of one frame
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { FrameDecoder, MessageAssembler } from "@roomscope/roomscope/frames";
   *
   * const [frame] = new FrameDecoder({ sender: "server" }).decode(Uint8Array.of(0x81, 0x01, 0x41));
   * assertEquals(new MessageAssembler().push(frame)?.text, "A");
   * ```
   */
  push(frame: Frame): Message | null {
    if (startsMessage(frame.opcode)) return this.#start(frame);
    if (frame.opcode === Opcode.CONTINUATION && this.#unfinished) return this.#continue(frame);
    return null;
  }

  #start(frame: Frame): Message | null {
    const body = this.#inflatedBody(frame);
    const { payload, payloadLength, findings, truncated } = frame;
    if (!body && frame.fin && payload.length <= this.#maxMessageBytes) {
      this.#unfinished = null;
      const inflated = false;
      const rest = { payload, payloadLength, findings, truncated, inflated, fragments: 1 };
      return new AssembledMessage(frame, rest);
    }
    this.#unfinished = {
      first: frame,
      body: body ?? new PlainBody(this.#maxMessageBytes),
      findings: [],
      payloadLength: 0,
      fragments: 0,
    };
    return this.#continue(frame);
  }

  /** RFC 7692 §6.2: RSV1 of the first frame says whether the message is compressed. */
  #inflatedBody(first: Frame): MessageBody | null {
    if (!first.rsv1 || !this.#inflater) return null;
    if (this.#inflating && !this.#inflating.contextKept) {
      if (this.#contextTakeover) return null;
      this.#inflater.reset();
    }
    this.#inflating = new InflatedBody(first, this.#inflater, {
      maxInflatedBytes: this.#maxInflatedBytes,
      maxKeptBytes: Math.min(this.#maxMessageBytes, this.#maxInflatedBytes),
    });
    return this.#inflating;
  }

  #continue(frame: Frame): Message | null {
    const { first, body, findings, ...counts } = this.#unfinished!;
    const finding = body.add(frame);
    if (finding && this.#strict) throw new ProtocolError(finding);
    findings.push(...frame.findings, ...(finding ? [finding] : []));
    const payloadLength = counts.payloadLength + frame.payloadLength;
    const fragments = counts.fragments + 1;
    this.#unfinished = frame.fin ? null : { first, body, findings, payloadLength, fragments };
    if (!frame.fin) return null;
    const { truncated } = body;
    const inflated = body === this.#inflating;
    const rest = { payload: body.view(), payloadLength, findings, truncated, inflated, fragments };
    return new AssembledMessage(first, rest);
  }
}

type Assembled = Pick<
  Message,
  "payload" | "payloadLength" | "findings" | "fragments" | "truncated" | "inflated"
>;

class AssembledMessage implements Message {
  readonly opcode: typeof Opcode.TEXT | typeof Opcode.BINARY;
  readonly payload: Uint8Array;
  readonly payloadLength: number;
  readonly truncated: boolean;
  readonly fragments: number;
  readonly compressed: boolean;
  readonly inflated: boolean;
  readonly offset: number;
  readonly findings: readonly Finding[];
  #text: string | null = null;

  constructor(first: Frame, rest: Assembled) {
    this.opcode = first.opcode === Opcode.TEXT ? Opcode.TEXT : Opcode.BINARY;
    this.payload = rest.payload;
    this.payloadLength = rest.payloadLength;
    this.truncated = rest.truncated;
    this.fragments = rest.fragments;
    this.compressed = first.rsv1;
    this.inflated = rest.inflated;
    this.offset = first.offset;
    this.findings = rest.findings;
  }

  /** Decoded when it is asked for: who only counts or relays never pays for it. */
  get text(): string | null {
    if (this.opcode !== Opcode.TEXT || this.compressed && !this.inflated) return null;
    return this.#text ??= decodeText(this.payload);
  }
}
