import {
  extendedLengthBytes,
  FIN_BIT,
  FIXED_HEADER_BYTES,
  LENGTH_MASK,
  MASK_BIT,
  MASKING_KEY_BYTES,
  OPCODE_MASK,
  RSV1_BIT,
  RSV2_BIT,
  RSV3_BIT,
} from "../frames/header_layout.ts";
import { applyMask, type Finding, type Frame } from "../frames/mod.ts";
import { maskingKeyIn } from "./wire_header.ts";

const NO_FINDINGS: readonly Finding[] = Object.freeze([]);

/** What a {@linkcode WireFrame} is made of. */
export interface WireFrameParts {
  /** The frame's bytes as they came, less payload that wasn't kept. Not changed. */
  readonly wire: Uint8Array;
  readonly headerLength: number;
  readonly payloadLength: number;
  /** Offset of its first byte in the stream. */
  readonly offset: number;
  readonly findings: readonly Finding[];
}

/** A frame made of its bytes on the wire; its payload is unmasked when somebody asks for it. */
export class WireFrame implements Frame {
  readonly wire: Uint8Array;
  readonly payloadLength: number;
  readonly offset: number;
  readonly findings: readonly Finding[];
  readonly #headerLength: number;
  #payload: Uint8Array | null = null;

  constructor({ wire, headerLength, payloadLength, offset, findings }: WireFrameParts) {
    this.wire = wire;
    this.payloadLength = payloadLength;
    this.offset = offset;
    this.findings = findings;
    this.#headerLength = headerLength;
  }

  get fin(): boolean {
    return (this.wire[0] & FIN_BIT) !== 0;
  }

  get rsv1(): boolean {
    return (this.wire[0] & RSV1_BIT) !== 0;
  }

  get rsv2(): boolean {
    return (this.wire[0] & RSV2_BIT) !== 0;
  }

  get rsv3(): boolean {
    return (this.wire[0] & RSV3_BIT) !== 0;
  }

  get opcode(): number {
    return this.wire[0] & OPCODE_MASK;
  }

  get masked(): boolean {
    return (this.wire[1] & MASK_BIT) !== 0;
  }

  get maskingKey(): Uint8Array | null {
    return maskingKeyIn(this.header);
  }

  get header(): Uint8Array {
    return this.wire.subarray(0, this.#headerLength);
  }

  get truncated(): boolean {
    return this.wire.length < this.#headerLength + this.payloadLength;
  }

  /** The unmasked payload, as far as it was kept: a copy. */
  get payload(): Uint8Array {
    return this.#payload ??= this.#unmasked();
  }

  #unmasked(): Uint8Array {
    const payload = this.wire.slice(this.#headerLength);
    const key = this.maskingKey;
    if (key) applyMask(payload, key);
    return payload;
  }
}

/** Size of the header that begins at `start`, in bytes. */
function headerLengthAt(bytes: Uint8Array, start: number): number {
  const second = bytes[start + 1];
  const keyBytes = (second & MASK_BIT) === 0 ? 0 : MASKING_KEY_BYTES;
  return FIXED_HEADER_BYTES + extendedLengthBytes(second & LENGTH_MASK) + keyBytes;
}

/** Size of the plain frame that begins at `start`, in bytes. */
export function plainFrameLength(bytes: Uint8Array, start: number): number {
  return headerLengthAt(bytes, start) + plainPayloadLength(bytes, start);
}

/** A plain frame's length has 7 or 16 bits. */
function plainPayloadLength(bytes: Uint8Array, start: number): number {
  const length7 = bytes[start + 1] & LENGTH_MASK;
  return extendedLengthBytes(length7) === 0 ? length7 : bytes[start + 2] << 8 | bytes[start + 3];
}

/** The plain frame that begins at `start`, `offset` in the stream. */
export function plainFrameAt(bytes: Uint8Array, start: number, offset: number): WireFrame {
  const headerLength = headerLengthAt(bytes, start);
  const payloadLength = plainPayloadLength(bytes, start);
  const wire = bytes.subarray(start, start + headerLength + payloadLength);
  return new WireFrame({ wire, headerLength, payloadLength, offset, findings: NO_FINDINGS });
}
