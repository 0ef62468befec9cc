import type { Field, FieldId } from "./explanation.ts";
import { FIN_BIT, RSV3_BIT } from "./header_layout.ts";
import { hexPairs } from "./hex.ts";

const BITS_PER_BYTE = 8;

interface BitPlace {
  readonly id: FieldId;
  readonly name: string;
  /** The byte that holds the bits, and which of them. */
  readonly byte: 0 | 1;
  readonly mask: number;
}

export function bitField(
  bytes: Uint8Array,
  { id, name, byte, mask }: BitPlace,
  { value, meaning, section = "5.2" }: { value?: string; meaning: string; section?: string },
): Field {
  const lowestBit = mask & -mask;
  return {
    id,
    name,
    bitOffset: byte * BITS_PER_BYTE + Math.clz32(mask) - (32 - BITS_PER_BYTE),
    bitLength: Math.clz32(lowestBit) - Math.clz32(mask) + 1,
    byteOffset: byte,
    byteLength: 1,
    pattern: maskedPattern(bytes[byte], mask),
    raw: hexPairs(bytes.subarray(byte, byte + 1)),
    value: value ?? String((bytes[byte] & mask) / lowestBit),
    meaning,
    section,
    complete: true,
  };
}

/** `.000 0101`: the bits under the mask, points for the others. */
function maskedPattern(byte: number, mask: number): string {
  let pattern = "";
  for (let bit = FIN_BIT; bit > 0; bit >>= 1) {
    pattern += mask & bit ? (byte & bit ? "1" : "0") : ".";
    if (bit === RSV3_BIT) pattern += " ";
  }
  return pattern;
}

export function bitPattern(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => maskedPattern(byte, 0xff)).join(" ");
}

type Described =
  & Pick<Field, "id" | "name" | "pattern" | "value" | "meaning" | "section">
  & Partial<Field>;

/** A field of whole bytes from `from` to `to`, as far as they are there; none if there are none. */
export function byteFields(
  bytes: Uint8Array,
  from: number,
  to: number,
  describe: (raw: Uint8Array) => Described,
): Field[] {
  const end = Math.min(to, bytes.length);
  if (from >= end) return [];
  const raw = bytes.subarray(from, end);
  const described = describe(raw);
  return [{
    ...described,
    bitOffset: from * BITS_PER_BYTE,
    bitLength: raw.length * BITS_PER_BYTE,
    byteOffset: from,
    byteLength: raw.length,
    raw: described.raw ?? hexPairs(raw),
    meaning: described.meaning +
      (end < to ? ` (${raw.length} of ${bytesText(to - from)} there)` : ""),
    complete: end === to,
  }];
}

export function preview(bytes: Uint8Array, previewBytes: number): string {
  return hexPairs(bytes.subarray(0, previewBytes)) + (bytes.length > previewBytes ? " …" : "");
}

export function bytesText(count: number): string {
  return count === 1 ? "1 byte" : `${count} bytes`;
}
