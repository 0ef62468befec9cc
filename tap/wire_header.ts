import {
  extendedLengthBytes,
  FIXED_HEADER_BYTES,
  LENGTH_MASK,
  MASK_BIT,
  MASKING_KEY_BYTES,
} from "../frames/header_layout.ts";

/** The masking key in a header; `null` where it has none, or breaks off before the key's end. */
export function maskingKeyIn(header: Uint8Array): Uint8Array | null {
  if (header.length < FIXED_HEADER_BYTES || (header[1] & MASK_BIT) === 0) return null;
  const keyAt = FIXED_HEADER_BYTES + extendedLengthBytes(header[1] & LENGTH_MASK);
  const keyEnd = keyAt + MASKING_KEY_BYTES;
  return header.length < keyEnd ? null : header.subarray(keyAt, keyEnd);
}
