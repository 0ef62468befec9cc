import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { opcodeName } from "../../frames/opcodes.ts";
import { formatClock, formatCount } from "../format.ts";
import { EmptyRow } from "../list/EmptyRow.tsx";
import { Spacer } from "../list/Spacer.tsx";
import { useWindow } from "../list/use_window.ts";
import { FRAME_ROW_HEIGHT, ROW_HEIGHT } from "../list/window_range.ts";
import type { FrameEntry } from "../live/frame_ring.ts";
import { droppedRows, listMove } from "./frame_cursor.ts";
import { compressedMark, flagsOf } from "./frame_text.ts";

/** What the list of frames shows. */
export interface FrameListProps {
  /** The frames, oldest first. */
  rows: readonly FrameEntry[];
  /** Key of the chosen frame; empty for none. */
  chosen: string;
  /** Whether the list stays at its newest end. */
  follow: boolean;
  /** Called when scrolling reaches or leaves the newest end. */
  onFollow: (follow: boolean) => void;
  /** Called with the frame that is chosen. */
  onChoose: (entry: FrameEntry) => void;
  /** Called when the chosen frame is to be opened. */
  onOpen: () => void;
  /** Whether the connection's column is of use. */
  showConnection: boolean;
  /** What stands where no frame does. */
  empty: string;
}

const COLUMNS = [
  ["time", "Time"],
  ["connection", "Conn"],
  ["direction", "Dir"],
  ["opcode", "Opcode"],
  ["flags", "Flags"],
  ["length", "Length"],
  ["preview", "Preview"],
] as const;

/** The live list: newest at the bottom, only the rows in sight in the document. */
export function FrameList(props: FrameListProps) {
  const { rows, chosen, follow, onFollow, onChoose } = props;
  const { scroller, onScroll, range, show } = useWindow({
    count: rows.length,
    rowHeight: FRAME_ROW_HEIGHT,
    headHeight: ROW_HEIGHT,
    follow,
    onFollow,
  });
  const index = rows.findIndex((entry) => entry.key === chosen);
  useHoldPosition(scroller, rows, follow);
  const shown = useRef(show);
  shown.current = show;
  useEffect(() => {
    if (index >= 0 && !follow) shown.current(index);
  }, [chosen]);

  return (
    <div
      ref={scroller}
      onScroll={onScroll}
      class={`sheet frame-sheet ${props.showConnection ? "" : "one-connection"}`}
      role="grid"
      aria-label="Frames"
      aria-rowcount={rows.length + 1}
      aria-activedescendant={index < 0 ? undefined : `frame-${chosen}`}
      tabIndex={0}
      onKeyDown={(event) => {
        if (event.key === "Enter") return props.onOpen();
        const page = Math.floor((scroller.current?.clientHeight ?? 0) / FRAME_ROW_HEIGHT) - 1;
        const target = listMove(index, event.key, { count: rows.length, page });
        if (target === null) return;
        event.preventDefault();
        onFollow(target === rows.length - 1 && event.key === "End");
        onChoose(rows[target]);
      }}
    >
      <div class="sheet-head frame-row" role="row" aria-rowindex={1}>
        {COLUMNS.map(([name, label]) => (
          <span key={name} role="columnheader" class={`col-${name}`}>{label}</span>
        ))}
      </div>
      <div role="rowgroup">
        <Spacer height={range.before} />
        {rows.slice(range.first, range.end).map((entry, offset) => (
          <FrameRow
            key={entry.key}
            entry={entry}
            index={range.first + offset + 2}
            chosen={entry.key === chosen}
            onChoose={onChoose}
          />
        ))}
        <Spacer height={range.after} />
        {rows.length === 0 && <EmptyRow cell="gridcell">{props.empty}</EmptyRow>}
      </div>
    </div>
  );
}

/** Frames that leave at the old end must not move those that are being read. */
function useHoldPosition(
  scroller: { current: HTMLDivElement | null },
  rows: readonly FrameEntry[],
  follow: boolean,
): void {
  const before = useRef(rows);
  useLayoutEffect(() => {
    const dropped = droppedRows(before.current, rows);
    before.current = rows;
    if (!follow && dropped > 0 && scroller.current !== null) {
      scroller.current.scrollTop -= dropped * FRAME_ROW_HEIGHT;
    }
  }, [rows]);
}

function FrameRow({ entry, index, chosen, onChoose }: {
  entry: FrameEntry;
  index: number;
  chosen: boolean;
  onChoose: (entry: FrameEntry) => void;
}) {
  const { record } = entry;
  const findings = record.findings.length;
  return (
    <div
      id={`frame-${entry.key}`}
      class={`sheet-row frame-row opcode-${record.opcode} ${findings > 0 ? "has-finding" : ""}`}
      role="row"
      aria-rowindex={index}
      aria-selected={chosen}
      onClick={() => onChoose(entry)}
    >
      <span role="gridcell" class="col-time">{formatClock(record.at, true)}</span>
      <span role="gridcell" class="col-connection">{record.connection}</span>
      <span role="gridcell" class={`col-direction direction-${record.direction}`}>
        <span aria-hidden="true">{record.direction === "in" ? "→" : "←"}</span> {record.direction}
      </span>
      <span role="gridcell" class="col-opcode">{opcodeName(record.opcode)}</span>
      <span role="gridcell" class="col-flags">{flagsOf(record)}</span>
      <span role="gridcell" class="col-length">{formatCount(record.length)}</span>
      <span role="gridcell" class="col-preview">
        {record.fault !== undefined && <span class="fault-mark">⚡ {record.fault}</span>}
        {findings > 0 && (
          <span
            class="finding-mark"
            title={record.findings.map(({ message }) => message).join("; ")}
          >
            ✕ {record.findings[0].rule}
          </span>
        )}
        {record.compressed && (
          <span class="compressed-mark" title={record.compressed.problem}>
            {compressedMark(record)}
          </span>
        )}
        {entry.text}
      </span>
    </div>
  );
}
