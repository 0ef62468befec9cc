/** The part of a long list that is in the document. */
export interface WindowRange {
  /** First row drawn. */
  first: number;
  /** One past the last row drawn. */
  end: number;
  /** Pixels of the rows above the first one drawn. */
  before: number;
  /** Pixels of the rows below the last one drawn. */
  after: number;
}

/** Where a list stands and how big it is. */
export interface WindowOptions {
  /** Pixels scrolled from the top. */
  scrollTop: number;
  /** Height of the visible part in pixels. */
  viewport: number;
  /** Height of every row in pixels. */
  rowHeight: number;
  /** Number of rows. */
  count: number;
  /** Rows drawn beyond each edge. @default 8 */
  overscan?: number;
}

/** No list ever has more rows than this in the document. */
export const MAX_ROWS_IN_DOM = 100;

/** Says which rows to draw. */
export function windowRange(options: WindowOptions): WindowRange {
  const { scrollTop, viewport, rowHeight, count, overscan = 8 } = options;
  const visible = Math.ceil(viewport / rowHeight) + 1;
  // A list that has just become shorter may still stand far below its new end.
  const top = Math.min(Math.floor(scrollTop / rowHeight), Math.max(0, count - visible));
  const first = Math.max(0, top - overscan);
  const end = Math.min(count, top + visible + overscan, first + MAX_ROWS_IN_DOM);
  return { first, end, before: first * rowHeight, after: (count - end) * rowHeight };
}

/** Whether a list stands at its end, a row's height of slack included. */
export function isAtEnd(scrollTop: number, viewport: number, scrollHeight: number): boolean {
  return scrollTop + viewport >= scrollHeight - 24;
}

/** Where to scroll so that a row can be seen whole; the same place if it can be seen already. */
export function scrollToShow(row: number, options: WindowOptions): number {
  const { scrollTop, viewport, rowHeight } = options;
  const top = row * rowHeight;
  if (top < scrollTop) return top;
  if (top + rowHeight > scrollTop + viewport) return top + rowHeight - viewport;
  return scrollTop;
}

/** Height of a row in the lists; the token `--row` says the same. */
export const ROW_HEIGHT = 30;

/** Height of a row in the list of frames; the token `--frame-row` says the same. */
export const FRAME_ROW_HEIGHT = 26;

/** Height of a row of bytes; the token `--hex-row` says the same. */
export const HEX_ROW_HEIGHT = 22;
