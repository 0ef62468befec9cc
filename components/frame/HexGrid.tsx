import { useEffect, useRef } from "preact/hooks";
import { formatHex } from "../format.ts";
import { Spacer } from "../list/Spacer.tsx";
import { useWindow } from "../list/use_window.ts";
import { HEX_ROW_HEIGHT } from "../list/window_range.ts";
import { useWidth } from "../ui/use_width.ts";
import { asciiOf, byteClass, moveByte } from "./byte_cursor.ts";
import {
  fieldsAt,
  outlineOf,
  partOf,
  selectedRange,
  type Selection,
  type TreeRow,
} from "./selection.ts";

/** What the grid of bytes shows. */
export interface HexGridProps {
  /** The bytes. */
  bytes: Uint8Array;
  /** Whether a byte has come already. */
  has: (offset: number) => boolean;
  /** Asks for bytes that come into sight. */
  want: (from: number, to: number) => void;
  /** The fields. */
  rows: readonly TreeRow[];
  /** What is chosen. */
  selection: Selection;
  /** Called with the byte that is chosen. */
  onByte: (offset: number) => void;
}

const WIDE_ROW = 16;
const NARROW_ROW = 8;
const NARROW = 560;

/**
 * Bytes as offset, hex and ASCII. One tab stop; arrows move the byte; only the rows in sight are in
 * the document.
 */
export function HexGrid(props: HexGridProps) {
  const { bytes, rows, selection, onByte } = props;
  const [frame, width] = useWidth<HTMLDivElement>(640);
  const perRow = width < NARROW ? NARROW_ROW : WIDE_ROW;
  const count = Math.ceil(bytes.length / perRow);
  const { scroller, onScroll, range, show } = useWindow({ count, rowHeight: HEX_ROW_HEIGHT });
  const chosen = selectedRange(rows, selection);
  const shown = useRef(show);
  shown.current = show;

  useEffect(() => shown.current(Math.floor(selection.offset / perRow)), [selection.offset, perRow]);
  useEffect(() => props.want(range.first * perRow, range.end * perRow), [
    range.first,
    range.end,
    perRow,
  ]);

  const lines = [];
  for (let row = range.first; row < range.end; row++) {
    lines.push(<HexRow key={row} {...props} row={row} perRow={perRow} chosen={chosen} />);
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const key = event.ctrlKey || event.metaKey ? `Ctrl+${event.key}` : event.key;
    const inView = Math.floor((scroller.current?.clientHeight ?? 0) / HEX_ROW_HEIGHT);
    const pageRows = Math.max(1, inView - 1);
    const target = moveByte(selection.offset, key, { total: bytes.length, perRow, pageRows });
    if (target === null) return;
    event.preventDefault();
    onByte(target);
  };
  return (
    <div ref={frame} class={`hex hex-${perRow}`}>
      <HexHead perRow={perRow} />
      <div
        ref={scroller}
        class="hex-scroll"
        role="grid"
        tabIndex={0}
        aria-label="Bytes of the frame"
        aria-rowcount={count}
        aria-activedescendant={`byte-${selection.offset}`}
        onScroll={onScroll}
        onKeyDown={onKeyDown}
        onClick={(event) => {
          const offset = (event.target as HTMLElement).dataset?.offset;
          if (offset !== undefined) onByte(Number(offset));
        }}
      >
        <Spacer height={range.before} />
        {lines}
        <Spacer height={range.after} />
      </div>
    </div>
  );
}

function HexHead({ perRow }: { perRow: number }) {
  const columns = Array.from(
    { length: perRow },
    (_, column) => (
      <span key={column} class="hex-column">{column.toString(16).padStart(2, "0")}</span>
    ),
  );
  return (
    <div class="hex-head" aria-hidden="true">
      <span class="hex-offset">offset</span>
      <span class="hex-bytes">{columns}</span>
      <span class="hex-ascii">text</span>
    </div>
  );
}

function HexRow({ bytes, has, rows, selection, row, perRow, chosen }: HexGridProps & {
  row: number;
  perRow: number;
  chosen: readonly [number, number];
}) {
  const first = row * perRow;
  const end = Math.min(bytes.length, first + perRow);
  const hex = [];
  const ascii = [];
  for (let offset = first; offset < end; offset++) {
    const here = has(offset);
    const look = lookOf(offset, { rows, selection, chosen, perRow });
    hex.push(
      <span
        key={offset}
        id={`byte-${offset}`}
        role="gridcell"
        class={`byte ${look}`}
        data-offset={offset}
        aria-label={here
          ? describeByte(bytes[offset], offset, rows)
          : `··, offset ${formatHex(offset, 4)}, not here yet`}
        aria-selected={offset === selection.offset}
      >
        {here ? bytes[offset].toString(16).padStart(2, "0") : "··"}
      </span>,
    );
    ascii.push(
      <span
        key={offset}
        class={`char ${look} class-${byteClass(bytes[offset])}`}
        data-offset={offset}
      >
        {here ? asciiOf(bytes[offset]) : " "}
      </span>,
    );
  }
  return (
    <div class="hex-row" role="row" aria-rowindex={row + 1}>
      <span class="hex-offset" role="rowheader">{first.toString(16).padStart(6, "0")}</span>
      <span class="hex-bytes" role="presentation">{hex}</span>
      <span class="hex-ascii" aria-hidden="true">{ascii}</span>
    </div>
  );
}

/** The classes of a byte: the part it belongs to, the outline of the chosen field, the cursor. */
function lookOf(
  offset: number,
  { rows, selection, chosen, perRow }: {
    rows: readonly TreeRow[];
    selection: Selection;
    chosen: readonly [number, number];
    perRow: number;
  },
): string {
  const cursor = offset === selection.offset ? "at-cursor" : "";
  return `${partClass(rows, offset)} ${outlineOf(offset, chosen, perRow)} ${cursor}`;
}

function partClass(rows: readonly TreeRow[], offset: number): string {
  const [holder] = fieldsAt(rows, offset);
  return holder === undefined ? "" : `part-${partOf(rows[holder].field.id)}`;
}

/** What a byte says of itself: `85, offset 0x0001, decimal 133, high; MASK, payload length`. */
export function describeByte(byte: number, offset: number, rows: readonly TreeRow[]): string {
  const names = fieldsAt(rows, offset).map((index) => rows[index].field.name);
  const where = names.length === 0 ? "outside the frame" : names.join(", ");
  const hex = byte.toString(16).padStart(2, "0");
  return `${hex}, offset ${formatHex(offset, 4)}, decimal ${byte}, ${byteClass(byte)}; ${where}`;
}
