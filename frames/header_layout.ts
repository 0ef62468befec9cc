/** Bits and limits of a frame header (RFC 6455 §5.2), shared by encoder, decoder and explanation. */

/** Bits of the first header byte. */
export const FIN_BIT = 0x80;
export const RSV1_BIT = 0x40;
export const RSV2_BIT = 0x20;
export const RSV3_BIT = 0x10;
export const OPCODE_MASK = 0x0f;

/** Bits of the second header byte. */
export const MASK_BIT = 0x80;
export const LENGTH_MASK = 0x7f;

/** Values of the 7-bit length that say "the length follows in 16 (or 64) bits". */
export const LENGTH_IS_16_BIT = 126;
export const LENGTH_IS_64_BIT = 127;

/** The largest payload each form of the length may carry. */
export const LARGEST_7_BIT_LENGTH = 125;
export const LARGEST_16_BIT_LENGTH = 0xffff;

/** The largest payload of a control frame in bytes (§5.5). */
export const LARGEST_CONTROL_PAYLOAD = 125;

/** Sizes of the header's parts in bytes. */
export const FIXED_HEADER_BYTES = 2;
export const MASKING_KEY_BYTES = 4;
export const LARGEST_HEADER_BYTES = 14;

/** How many bytes of extended length the 7-bit length announces: 0, 2 or 8. */
export function extendedLengthBytes(length7: number): 0 | 2 | 8 {
  if (length7 === LENGTH_IS_16_BIT) return 2;
  return length7 === LENGTH_IS_64_BIT ? 8 : 0;
}
