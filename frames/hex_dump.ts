import type { Field } from "./explanation.ts";

const BYTES_PER_ROW = 16;
const FIRST_PRINTABLE = 0x20;
const LAST_PRINTABLE = 0x7e;
const BITS_PER_BYTE = 8;

/** One byte of a {@linkcode HexRow}. */
export interface HexByte {
  /** Offset in the given bytes. */
  readonly offset: number;
  /** The byte, 0 to 255. */
  readonly value: number;
  /** Two hex digits, small letters. */
  readonly hex: string;
  /** The character if it is printable ASCII, otherwise `"."`. */
  readonly ascii: string;
  /**
   * Index, in {@linkcode flattenFields}, of the deepest field that holds the byte; where several
   * share it, of the one with the most bits in it. -1 if none does.
   */
  readonly field: number;
  /** Indexes of all the deepest fields that hold bits of the byte, in the order of the bits. */
  readonly fields: readonly number[];
}

/** A row of up to 16 bytes. */
export interface HexRow {
  /** Offset of the row's first byte. */
  readonly offset: number;
  /** The bytes. */
  readonly bytes: readonly HexByte[];
}

/** Which rows {@linkcode hexDump} makes. */
export interface HexDumpOptions {
  /**
   * Offset of the first byte shown; rounded down to a row.
   *
   * @default 0
   */
  readonly from?: number;
  /**
   * Offset behind the last byte shown.
   *
   * @default the number of bytes
   */
  readonly to?: number;
}

/**
 * All fields in the order in which they are shown: a field, then its children. The position in this
 * list is what {@linkcode HexByte.field} means.
 *
 * @param fields The fields of {@linkcode explainFrame}.
 * @returns A new list.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { explainFrame, flattenFields } from "@roomscope/roomscope/frames";
 *
 * const { fields } = explainFrame(Uint8Array.of(0x88, 0x02, 0x03, 0xe8));
 * assertEquals(flattenFields(fields).slice(-2).map((field) => field.id), ["payload", "close-code"]);
 * ```
 */
export function flattenFields(fields: readonly Field[]): Field[] {
  return fields.flatMap((field) => [field, ...flattenFields(field.children ?? [])]);
}

/**
 * Bytes as rows of 16: offset, hex, ASCII, and for each byte the field that holds it.
 *
 * @param bytes The bytes to show.
 * @param fields The fields of {@linkcode explainFrame} for the same bytes; none by default.
 * @param options Which rows; all by default. Of a large payload only the visible ones should be made.
 * @returns The rows.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { explainFrame, flattenFields, hexDump } from "@roomscope/roomscope/frames";
 *
 * const bytes = Uint8Array.of(0x81, 0x02, 0x48, 0x69);
 * const { fields } = explainFrame(bytes);
 * const [row] = hexDump(bytes, fields);
 * assertEquals(row.bytes.map((byte) => byte.hex).join(" "), "81 02 48 69");
 * assertEquals(flattenFields(fields)[row.bytes[3].field].name, "payload");
 * ```
 */
export function hexDump(
  bytes: Uint8Array,
  fields: readonly Field[] = [],
  options: HexDumpOptions = {},
): HexRow[] {
  const { from = 0, to = bytes.length } = options;
  const leaves = leavesOf(fields);
  const rows: HexRow[] = [];
  const end = Math.min(to, bytes.length);
  for (let row = from - from % BYTES_PER_ROW; row < end; row += BYTES_PER_ROW) {
    rows.push({ offset: row, bytes: rowBytes(bytes, { from: row, to: end, leaves }) });
  }
  return rows;
}

/** A field without children, and its index among all. */
interface Leaf {
  readonly field: Field;
  readonly index: number;
}

function leavesOf(fields: readonly Field[]): Leaf[] {
  return flattenFields(fields)
    .map((field, index) => ({ field, index }))
    .filter(({ field }) => !field.children?.length);
}

function rowBytes(
  bytes: Uint8Array,
  { from, to, leaves }: { from: number; to: number; leaves: readonly Leaf[] },
): HexByte[] {
  const row = bytes.subarray(from, Math.min(from + BYTES_PER_ROW, to));
  return Array.from(row, (value, i) => hexByte(value, from + i, leaves));
}

function hexByte(value: number, offset: number, leaves: readonly Leaf[]): HexByte {
  const holders = leaves.filter(({ field }) =>
    field.byteOffset <= offset && offset < field.byteOffset + field.byteLength
  );
  const printable = value >= FIRST_PRINTABLE && value <= LAST_PRINTABLE;
  return {
    offset,
    value,
    hex: value.toString(16).padStart(2, "0"),
    ascii: printable ? String.fromCharCode(value) : ".",
    field: largest(holders)?.index ?? -1,
    fields: holders.map(({ index }) => index),
  };
}

function largest(leaves: readonly Leaf[]): Leaf | undefined {
  const bits = ({ field }: Leaf) => Math.min(field.bitLength, BITS_PER_BYTE);
  return leaves.toSorted((a, b) => bits(b) - bits(a))[0];
}
