import type {
  CapturedBytes,
  CompressedPart,
  CompressedRecord,
  InflatedContent,
} from "../protocol/mod.ts";

/** The most bytes of a payload, or of an inflated message, that a list shows. */
export const PREVIEW_BYTES = 64;

/** What a list shows of a compressed message. */
export function compressedRecord({ inflated, ...rest }: CompressedPart): CompressedRecord {
  if (!inflated) return rest;
  const { length, bytes } = inflated;
  const preview = bytes.subarray(0, PREVIEW_BYTES).toBase64();
  return { ...rest, inflated: { length, kept: bytes.length, preview } };
}

/** The bytes `from` to `to` of an inflated message; `null` where there is none. */
export function inflatedPiece(
  content: InflatedContent | null,
  from: number,
  to: number,
): CapturedBytes | null {
  if (!content) return null;
  const { length: total, bytes } = content;
  return { total, kept: bytes.length, bytes: bytes.slice(from, to) };
}
