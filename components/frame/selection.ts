import type { Field, FieldId } from "../../frames/explanation.ts";

/** A field of the tree, with its depth. */
export interface TreeRow {
  /** The field. */
  field: Field;
  /** 1 for a field of the frame, 2 for a part of one. */
  level: number;
}

/** What is chosen: a byte, and the field that is marked with it. */
export interface Selection {
  /** The byte. */
  offset: number;
  /** Index of the field among the tree's rows; -1 for none. */
  field: number;
}

/** The tree's rows in the order in which they are shown. */
export function treeRows(fields: readonly Field[], level = 1): TreeRow[] {
  return fields.flatMap((field) => [
    { field, level },
    ...treeRows(field.children ?? [], level + 1),
  ]);
}

/** All the deepest fields that hold bits of a byte. */
export function fieldsAt(rows: readonly TreeRow[], offset: number): number[] {
  const holders: number[] = [];
  for (const [index, { field }] of rows.entries()) {
    const isLeaf = (field.children?.length ?? 0) === 0;
    if (isLeaf && offset >= field.byteOffset && offset < field.byteOffset + field.byteLength) {
      holders.push(index);
    }
  }
  return holders;
}

/** Chooses a byte: of the fields that share it, the one with most of its bits. */
export function selectByte(rows: readonly TreeRow[], offset: number): Selection {
  const bits = (index: number) => Math.min(8, rows[index].field.bitLength);
  const [field = -1] = fieldsAt(rows, offset).toSorted((a, b) => bits(b) - bits(a));
  return { offset, field };
}

/** Chooses a field: its first byte goes with it. */
export function selectField(rows: readonly TreeRow[], field: number): Selection {
  return { offset: rows[field]?.field.byteOffset ?? 0, field };
}

/** The bytes of the chosen field: from the first one, up to but without the last one. */
export function selectedRange(rows: readonly TreeRow[], selection: Selection): [number, number] {
  const field = rows[selection.field]?.field;
  if (field === undefined) return [selection.offset, selection.offset + 1];
  return [field.byteOffset, field.byteOffset + field.byteLength];
}

/**
 * The classes that draw a line around a stretch of bytes: on each byte the sides where its
 * neighbour isn't one of them.
 *
 * @param offset The byte.
 * @param range First byte of the stretch, and one past its last.
 * @param perRow Bytes in a row.
 */
export function outlineOf(
  offset: number,
  [start, end]: readonly [number, number],
  perRow: number,
): string {
  if (offset < start || offset >= end) return "";
  const sides = ["in-field"];
  if (offset - perRow < start) sides.push("edge-top");
  if (offset + perRow >= end) sides.push("edge-bottom");
  if (offset === start || offset % perRow === 0) sides.push("edge-left");
  if (offset === end - 1 || offset % perRow === perRow - 1) sides.push("edge-right");
  return sides.join(" ");
}

/** The parts of a frame that are tinted. */
export type FramePart = "bits" | "length" | "key" | "payload" | "close";

const PARTS: Readonly<Record<FieldId, FramePart>> = {
  "fin": "bits",
  "rsv1": "bits",
  "rsv2": "bits",
  "rsv3": "bits",
  "opcode": "bits",
  "mask": "length",
  "payload-length": "length",
  "extended-length": "length",
  "masking-key": "key",
  "payload": "payload",
  "close-code": "close",
  "close-reason": "close",
};

/** The part that a field belongs to. */
export function partOf(id: FieldId): FramePart {
  return PARTS[id];
}

/** Moves along the tree as the ARIA tree pattern says; `null` if the key means nothing here. */
export function moveRow(row: number, key: string, count: number): number | null {
  const targets: Record<string, number> = {
    ArrowDown: row + 1,
    ArrowUp: row - 1,
    Home: 0,
    End: count - 1,
  };
  if (!(key in targets) || count === 0) return null;
  return Math.min(count - 1, Math.max(0, targets[key]));
}
