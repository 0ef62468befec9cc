import {
  extendedLengthBytes,
  FIXED_HEADER_BYTES,
  LENGTH_MASK,
  MASK_BIT,
  MASKING_KEY_BYTES,
  OPCODE_MASK,
} from "./header_layout.ts";

/** Where the parts of the frame lie, as far as the bytes tell; ends are offsets in bytes. */
export interface Layout {
  readonly opcode: number;
  readonly masked: boolean;
  readonly lengthEnd: number;
  readonly headerEnd: number;
  /** `null` while the header doesn't tell. */
  readonly payloadLength: number | null;
  /** The frame's end; while its length isn't known, the least it can be. */
  readonly frameEnd: number;
}

export function measure(bytes: Uint8Array): Layout {
  const second = bytes.length > 1 ? bytes[1] : 0;
  const masked = (second & MASK_BIT) !== 0;
  const length7 = second & LENGTH_MASK;
  const lengthEnd = FIXED_HEADER_BYTES + extendedLengthBytes(length7);
  const headerEnd = lengthEnd + (masked ? MASKING_KEY_BYTES : 0);
  const payloadLength = bytes.length < lengthEnd ? null : readLength(bytes, lengthEnd, length7);
  const frameEnd = headerEnd + (payloadLength ?? 0);
  return { opcode: bytes[0] & OPCODE_MASK, masked, lengthEnd, headerEnd, payloadLength, frameEnd };
}

function readLength(bytes: Uint8Array, lengthEnd: number, length7: number): number {
  if (lengthEnd === FIXED_HEADER_BYTES) return length7;
  return readUint(bytes.subarray(FIXED_HEADER_BYTES, lengthEnd));
}

/** A big-endian whole number; over 2^53 the nearest that a number can hold. */
export function readUint(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}
