import { useMemo, useState } from "preact/hooks";
import type { ConnectionRecord } from "../../protocol/monitor_records.ts";
import { formatClock } from "../format.ts";
import { selectConnections } from "../live/connection_table.ts";
import type { MonitorStore } from "../live/monitor_store.ts";
import { StateLamp } from "../ui/Lamp.tsx";
import { Panel } from "../ui/Panel.tsx";
import { SearchField } from "../ui/SearchField.tsx";
import { connectionHash } from "./connection_hash.ts";

/** With more rows than this a search is quicker than a list. */
const MOST_ROWS = 100;

/** The connections whose handshakes can be looked at, the newest first. */
export function ConnectionPicker(
  { store, chosen }: { store: MonitorStore; chosen: string | null },
) {
  const [text, setText] = useState("");
  const version = store.tableVersion.value;
  const { connections } = store.table;
  const rows = useMemo(
    () =>
      selectConnections(connections.values(), { text, state: null })
        .toSorted((a, b) => b.connectedAt - a.connectedAt),
    [version, text],
  );
  return (
    <Panel
      id="picker"
      title="Connections"
      tools={
        <SearchField
          id="picker-search"
          label="Search connections"
          placeholder="id, address, agent"
          value={text}
          onInput={setText}
        />
      }
    >
      {rows.length === 0
        ? <p class="empty">{nothing(store, text)}</p>
        : (
          <ul class="picker" aria-label="Connections, the newest first">
            {rows.slice(0, MOST_ROWS).map((record) => (
              <Row key={record.id} record={record} chosen={record.id === chosen} />
            ))}
          </ul>
        )}
      <p class="sheet-foot" role="status">
        {rows.length > MOST_ROWS ? `The newest ${MOST_ROWS} of ${rows.length}` : `${rows.length}`}
        {rows.length === 1 ? " connection" : " connections"}
      </p>
    </Panel>
  );
}

function Row({ record, chosen }: { record: ConnectionRecord; chosen: boolean }) {
  return (
    <li>
      <a
        class="picker-row"
        href={connectionHash(record.id)}
        aria-current={chosen ? "true" : "false"}
      >
        <span class="picker-id">{record.id}</span>
        <StateLamp record={record} />
        <span class="picker-address">{record.address}</span>
        <time class="picker-time">{formatClock(record.connectedAt)}</time>
      </a>
    </li>
  );
}

function nothing(store: MonitorStore, text: string): string {
  if (!store.connectionsKnown.value) return "Waiting for what the server knows.";
  return text === "" ? "Nobody has connected yet." : "No connection fits the search.";
}
