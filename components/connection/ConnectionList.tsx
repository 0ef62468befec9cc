import { useMemo, useState } from "preact/hooks";
import type { ConnectionRecord } from "../../protocol/monitor_records.ts";
import { READY_STATE_NAMES } from "../../protocol/ready_state.ts";
import { formatClock, formatCompact, formatCount, joinReading } from "../format.ts";
import { EmptyRow } from "../list/EmptyRow.tsx";
import { Spacer } from "../list/Spacer.tsx";
import { useWindow } from "../list/use_window.ts";
import { ROW_HEIGHT } from "../list/window_range.ts";
import { countStates, selectConnections } from "../live/connection_table.ts";
import type { MonitorStore } from "../live/monitor_store.ts";
import { StateLamp } from "../ui/Lamp.tsx";
import { Panel } from "../ui/Panel.tsx";
import { SearchField } from "../ui/SearchField.tsx";
import { FirstClient } from "./FirstClient.tsx";

/** Every connection, searchable; only what is in sight is in the document. */
export function ConnectionList({ store, tall = false }: { store: MonitorStore; tall?: boolean }) {
  const [text, setText] = useState("");
  const [state, setState] = useState<number | null>(null);
  const version = store.tableVersion.value;
  const all = store.table.connections;
  const own = store.server.value?.policy.source === undefined;
  const rows = useMemo(
    () => selectConnections(all.values(), { text, state }),
    [version, text, state],
  );
  const counts = useMemo(() => countStates(all.values()), [version]);

  return (
    <Panel
      id="connections"
      title="Connections"
      class={`connections ${tall ? "panel-tall" : ""}`}
      note={<StateFilter counts={counts} state={state} onState={setState} />}
      tools={
        <SearchField
          id="connection-search"
          label="Search connections"
          placeholder={own ? "id, address, agent, room, code" : "id, address, agent, code"}
          value={text}
          onInput={setText}
        />
      }
    >
      {all.size === 0 ? <NoConnections store={store} /> : (
        <>
          <Rows
            rows={rows}
            of={all.size}
            base={store.base}
            own={own}
          />
          <p class="sheet-foot" role="status">
            {formatCount(rows.length)} of {formatCount(all.size)} known
          </p>
        </>
      )}
    </Panel>
  );
}

function StateFilter(
  { counts, state, onState }: {
    counts: readonly number[];
    state: number | null;
    onState: (state: number | null) => void;
  },
) {
  return (
    <span class="state-filter" role="group" aria-label="Only one state">
      {READY_STATE_NAMES.map((name, index) => (
        <button
          key={name}
          type="button"
          class="state-key"
          aria-pressed={state === index}
          onClick={() => onState(state === index ? null : index)}
        >
          {name} <span class="state-count">{formatCount(counts[index])}</span>
        </button>
      ))}
    </span>
  );
}

function NoConnections({ store }: { store: MonitorStore }) {
  if (!store.connectionsKnown.value) {
    return <p class="empty empty-waiting">Waiting for the server’s list of connections.</p>;
  }
  return <FirstClient source={store.server.value?.policy.source} />;
}

const COLUMNS = ["State", "No.", "Address", "User agent", "", "In", "Out", "RTT", "Since"];
const CLASSES = ["state", "id", "address", "agent", "rooms", "in", "out", "rtt", "since"];

function Rows({ rows, of, base, own }: {
  rows: readonly ConnectionRecord[];
  of: number;
  base: string;
  /** Whether they are our own server's: no others have rooms. */
  own: boolean;
}) {
  const { scroller, onScroll, range } = useWindow({ count: rows.length, rowHeight: ROW_HEIGHT });
  return (
    <div class="sheet" role="table" aria-label="Connections" aria-rowcount={rows.length + 1}>
      <div class="sheet-head connection-row" role="row" aria-rowindex={1}>
        {COLUMNS.map((name, index) => (
          <span key={name} role="columnheader" class={`col-${CLASSES[index]}`}>
            {name === "" ? own ? "Rooms" : "Closed with" : name}
          </span>
        ))}
      </div>
      <div class="sheet-scroll" ref={scroller} onScroll={onScroll} role="rowgroup" tabIndex={0}>
        <Spacer height={range.before} />
        {rows.slice(range.first, range.end).map((record, index) => (
          <ConnectionRow
            key={record.id}
            record={record}
            index={range.first + index + 2}
            base={base}
          />
        ))}
        <Spacer height={range.after} />
        {rows.length === 0 && <EmptyRow>None of {formatCount(of)} connections fits.</EmptyRow>}
      </div>
    </div>
  );
}

function ConnectionRow({ record, index, base }: {
  record: ConnectionRecord;
  index: number;
  base: string;
}) {
  const { counters, close } = record;
  const agent = record.userAgent ?? "";
  return (
    <div class="sheet-row connection-row" role="row" aria-rowindex={index}>
      <span role="cell" class="col-state">
        <StateLamp record={record} />
      </span>
      <span role="cell" class="col-id">
        <a class="row-link" href={`${base}/connections/${encodeURIComponent(record.id)}`}>
          {record.id}
        </a>
      </span>
      <span role="cell" class="col-address">{record.address}</span>
      <span role="cell" class="col-agent" title={agent}>{agent === "" ? "–" : agent}</span>
      <span role="cell" class="col-rooms" title={record.rooms.join(", ")}>
        {close === null
          ? roomsText(record.rooms)
          : <span class="closed-with">{close.code} {close.reason}</span>}
      </span>
      <span role="cell" class="col-in">{joinReading(formatCompact(counters.messagesIn))}</span>
      <span role="cell" class="col-out">{joinReading(formatCompact(counters.messagesOut))}</span>
      <span role="cell" class="col-rtt">
        {counters.roundTripMs === null ? "–" : `${counters.roundTripMs.toFixed(1)} ms`}
      </span>
      <span role="cell" class="col-since">{formatClock(record.connectedAt)}</span>
    </div>
  );
}

function roomsText(rooms: readonly string[]): string {
  if (rooms.length === 0) return "–";
  return rooms.length === 1 ? rooms[0] : `${rooms[0]} +${rooms.length - 1}`;
}
