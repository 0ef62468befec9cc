import type { Finding } from "./errors.ts";
import {
  FIN_BIT,
  MASKING_KEY_BYTES,
  OPCODE_MASK,
  RSV1_BIT,
  RSV2_BIT,
  RSV3_BIT,
} from "./header_layout.ts";
import { applyMask } from "./mask.ts";

/**
 * One frame as it stood in the stream. Its byte arrays are copies of the chunk; those of small frames
 * share a buffer of 32 KiB with their neighbours, so don't transfer it, and copy what is kept of few
 * frames for long. Source: RFC 6455 §5.2.
 */
export interface Frame {
  /** Whether it is the last frame of its message. */
  readonly fin: boolean;
  /** First reserved bit; permessage-deflate's mark of a compressed message. */
  readonly rsv1: boolean;
  /** Second reserved bit. */
  readonly rsv2: boolean;
  /** Third reserved bit. */
  readonly rsv3: boolean;
  /** The opcode, 0 to 15; see {@linkcode Opcode}. */
  readonly opcode: number;
  /** Whether the payload is masked on the wire. */
  readonly masked: boolean;
  /** The masking key, 4 bytes; `null` when not masked. */
  readonly maskingKey: Uint8Array | null;
  /** Size of the payload on the wire in bytes. */
  readonly payloadLength: number;
  /** The unmasked payload; shorter than `payloadLength` when `truncated`. */
  readonly payload: Uint8Array;
  /** Whether only the payload's beginning was kept (`maxKeptPayloadBytes`). */
  readonly truncated: boolean;
  /** The header's bytes as they stood on the wire, masking key included: 2 to 14. */
  readonly header: Uint8Array;
  /** Offset in the stream, in bytes, of the frame's first byte. */
  readonly offset: number;
  /** The rules this frame breaks; empty for a good one, and always in strict mode. */
  readonly findings: readonly Finding[];
}

/** What {@linkcode FrameDecoder.scan} tells of the frames it finds. */
export interface FrameSink {
  /**
   * Plain frames behind one another: each is a message in one frame, uncompressed, whole in the chunk,
   * breaks no rule, and its payload has at most 65535 bytes.
   *
   * @param count How many, at least 1.
   * @param span Offsets in the stream, in bytes, of the first one's first byte and behind the last one.
   */
  plain(count: number, span: { start: number; end: number }): void;
  /**
   * Any other frame; now and then a plain one, such as one of 3 bytes at a chunk's end.
   *
   * @param frame The frame, as `decode` gives it.
   */
  frame(frame: Frame): void;
}

/** What is known of a frame whose end hasn't come. */
export interface PartialFrame {
  /** Offset in the stream, in bytes, of the frame's first byte. */
  readonly offset: number;
  /** The header's bytes so far. */
  readonly header: Uint8Array;
  /** Whether the header is whole. */
  readonly headerComplete: boolean;
  /** The declared size of the payload in bytes; `null` while the header doesn't tell. */
  readonly payloadLength: number | null;
  /** How many bytes of the payload came. */
  readonly payloadReceived: number;
  /** The unmasked payload so far; shorter than `payloadReceived` where only a beginning is kept. */
  readonly payload: Uint8Array;
  /** The frame's bytes on the wire so far (less payload bytes that weren't kept). */
  readonly bytes: Uint8Array;
  /** The rules it breaks already. */
  readonly findings: readonly Finding[];
}

/** What a {@linkcode DecodedFrame} is made of. */
export interface FrameParts {
  /** The header's first byte. */
  readonly first: number;
  readonly masked: boolean;
  readonly headerLength: number;
  readonly payloadLength: number;
  /** The payload that was kept; the header lies right before it in the same buffer. */
  readonly payload: Uint8Array;
  readonly offset: number;
  readonly findings: readonly Finding[];
}

/** The decoder's frames: the bits are read, and header and key made, when somebody asks. */
export class DecodedFrame implements Frame {
  readonly masked: boolean;
  readonly payloadLength: number;
  readonly payload: Uint8Array;
  readonly offset: number;
  readonly findings: readonly Finding[];
  readonly #first: number;
  readonly #headerLength: number;

  constructor(parts: FrameParts) {
    this.masked = parts.masked;
    this.payloadLength = parts.payloadLength;
    this.payload = parts.payload;
    this.offset = parts.offset;
    this.findings = parts.findings;
    this.#first = parts.first;
    this.#headerLength = parts.headerLength;
  }

  get fin(): boolean {
    return (this.#first & FIN_BIT) !== 0;
  }

  get rsv1(): boolean {
    return (this.#first & RSV1_BIT) !== 0;
  }

  get rsv2(): boolean {
    return (this.#first & RSV2_BIT) !== 0;
  }

  get rsv3(): boolean {
    return (this.#first & RSV3_BIT) !== 0;
  }

  get opcode(): number {
    return this.#first & OPCODE_MASK;
  }

  get truncated(): boolean {
    return this.payload.length < this.payloadLength;
  }

  get header(): Uint8Array {
    const { buffer, byteOffset } = this.payload;
    return new Uint8Array(buffer, byteOffset - this.#headerLength, this.#headerLength);
  }

  get maskingKey(): Uint8Array | null {
    return this.masked ? this.header.subarray(-MASKING_KEY_BYTES) : null;
  }
}

/**
 * The exact bytes of a frame on the wire: its header, and its payload masked again. Of a truncated
 * frame the payload bytes that were kept.
 *
 * @param frame A frame of {@linkcode FrameDecoder}.
 * @returns A new array.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { frameBytes, FrameDecoder } from "@roomscope/roomscope/frames";
 *
 * const wire = Uint8Array.of(0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58);
 * const [frame] = new FrameDecoder({ sender: "client" }).decode(wire);
 * assertEquals(frameBytes(frame), wire);
 * ```
 */
export function frameBytes(frame: Frame): Uint8Array {
  return wireBytes(frame.header, frame.payload, frame.maskingKey);
}

/** Header and payload behind one another, the payload masked where there is a key. */
export function wireBytes(
  header: Uint8Array,
  payload: Uint8Array,
  maskingKey: Uint8Array | null,
): Uint8Array {
  const bytes = new Uint8Array(header.length + payload.length);
  bytes.set(header);
  bytes.set(payload, header.length);
  if (maskingKey) applyMask(bytes.subarray(header.length), maskingKey);
  return bytes;
}
