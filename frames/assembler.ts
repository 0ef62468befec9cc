import { ByteBuffer } from "./byte_buffer.ts";
import type { Finding } from "./errors.ts";
import type { Frame } from "./frame.ts";
import { startsMessage } from "./header_rules.ts";
import { Opcode } from "./opcodes.ts";
import { decodeText } from "./utf8.ts";

const DEFAULT_MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** A whole message: one data frame, or several fragments. */
export interface Message {
  /** {@linkcode Opcode}.TEXT or .BINARY. */
  readonly opcode: typeof Opcode.TEXT | typeof Opcode.BINARY;
  /** The unmasked payload; shorter than `payloadLength` when `truncated`. */
  readonly payload: Uint8Array;
  /** Size of the payload on the wire in bytes, all fragments together. */
  readonly payloadLength: number;
  /** Whether only a part of the payload was kept. */
  readonly truncated: boolean;
  /** The text of a text message, `null` for others. Bytes that aren't UTF-8 become U+FFFD. */
  readonly text: string | null;
  /** How many frames it came in, from 1. */
  readonly fragments: number;
  /** Whether its first frame has RSV1: the payload is compressed (RFC 7692). */
  readonly compressed: boolean;
  /** Offset in the stream, in bytes, of its first frame. */
  readonly offset: number;
  /** The findings of all its frames. */
  readonly findings: readonly Finding[];
}

/** Limits of a {@linkcode MessageAssembler}. */
export interface MessageAssemblerOptions {
  /**
   * The most bytes of a message that are kept; the rest is counted and the message is `truncated`.
   *
   * @default 16777216 (16 MiB)
   */
  readonly maxMessageBytes?: number;
}

/** The message that has begun and not ended. */
interface Unfinished {
  readonly first: Frame;
  readonly kept: ByteBuffer;
  readonly findings: Finding[];
  payloadLength: number;
  fragments: number;
}

/**
 * Puts fragments together to messages. It takes the frames of one {@linkcode FrameDecoder}, which has
 * checked them; control frames between fragments pass by. It never throws: where a lenient decoder
 * let a broken order through, a new first frame gives up the unfinished message, and a continuation
 * without a start is dropped. Source: RFC 6455 §5.4, §5.6.
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
  #unfinished: Unfinished | null = null;

  /**
   * Starts at the first frame after the handshake.
   *
   * @param options The limit.
   */
  constructor(options: MessageAssemblerOptions = {}) {
    this.#maxMessageBytes = options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES;
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
    this.#unfinished = null;
    const { payload, payloadLength, findings } = frame;
    if (frame.fin && payload.length <= this.#maxMessageBytes) {
      return new AssembledMessage(frame, { payload, payloadLength, findings, fragments: 1 });
    }
    const kept = new ByteBuffer(this.#maxMessageBytes);
    this.#unfinished = { first: frame, kept, findings: [], payloadLength: 0, fragments: 0 };
    return this.#continue(frame);
  }

  #continue(frame: Frame): Message | null {
    const message = this.#unfinished!;
    // After a gap nothing more is kept: what is kept is always the message's beginning.
    if (message.kept.length === message.payloadLength) message.kept.append(frame.payload);
    message.payloadLength += frame.payloadLength;
    message.fragments++;
    message.findings.push(...frame.findings);
    if (!frame.fin) return null;
    this.#unfinished = null;
    const { payloadLength, findings, fragments } = message;
    const payload = message.kept.view();
    return new AssembledMessage(message.first, { payload, payloadLength, findings, fragments });
  }
}

type Assembled = Pick<Message, "payload" | "payloadLength" | "findings" | "fragments">;

class AssembledMessage implements Message {
  readonly opcode: typeof Opcode.TEXT | typeof Opcode.BINARY;
  readonly payload: Uint8Array;
  readonly payloadLength: number;
  readonly truncated: boolean;
  readonly fragments: number;
  readonly compressed: boolean;
  readonly offset: number;
  readonly findings: readonly Finding[];
  #text: string | null = null;

  constructor(first: Frame, { payload, payloadLength, findings, fragments }: Assembled) {
    this.opcode = first.opcode === Opcode.TEXT ? Opcode.TEXT : Opcode.BINARY;
    this.payload = payload;
    this.payloadLength = payloadLength;
    this.truncated = payload.length < payloadLength;
    this.fragments = fragments;
    this.compressed = first.rsv1;
    this.offset = first.offset;
    this.findings = findings;
  }

  /** Decoded when it is asked for: who only counts or relays never pays for it. */
  get text(): string | null {
    if (this.opcode !== Opcode.TEXT) return null;
    return this.#text ??= decodeText(this.payload);
  }
}
