/** Where a byte cursor may go. */
export interface ByteGrid {
  /** Number of bytes. */
  total: number;
  /** Bytes in a row. */
  perRow: number;
  /** Rows in view. */
  pageRows: number;
}

/**
 * Moves a byte cursor as a hex editor does.
 *
 * @param offset Where it stands.
 * @param key The key's name, with `Ctrl+` before it where that is held.
 * @returns Where it goes, or `null` if the key means nothing here.
 */
export function moveByte(offset: number, key: string, grid: ByteGrid): number | null {
  const target = byteTarget(offset, key, grid);
  if (target === null || grid.total === 0) return null;
  return Math.min(grid.total - 1, Math.max(0, target));
}

function byteTarget(offset: number, key: string, grid: ByteGrid): number | null {
  const { perRow, pageRows, total } = grid;
  const rowStart = offset - offset % perRow;
  switch (key) {
    case "ArrowLeft":
      return offset - 1;
    case "ArrowRight":
      return offset + 1;
    case "ArrowUp":
      return offset >= perRow ? offset - perRow : offset;
    case "ArrowDown":
      return offset + perRow < total ? offset + perRow : offset;
    case "Home":
      return rowStart;
    case "End":
      return rowStart + perRow - 1;
    case "PageUp":
      return offset - perRow * Math.min(pageRows, Math.floor(offset / perRow));
    case "PageDown":
      return offset + perRow * Math.min(pageRows, Math.floor((total - 1 - offset) / perRow));
    case "Ctrl+Home":
      return 0;
    case "Ctrl+End":
      return total - 1;
    default:
      return null;
  }
}

/** The classes of bytes that hexyl made familiar; their names go into each byte's label. */
export type ByteClass = "nul" | "printable" | "space" | "control" | "high";

/** The class of a byte. */
export function byteClass(byte: number): ByteClass {
  if (byte === 0) return "nul";
  if (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) return "space";
  if (byte > 0x20 && byte < 0x7f) return "printable";
  return byte < 0x80 ? "control" : "high";
}

/** The character of the ASCII column. */
export function asciiOf(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·";
}
