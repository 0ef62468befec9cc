import { useMemo } from "preact/hooks";
import { SaveLinks } from "../components/capture/SaveLinks.tsx";
import { ClosePanel, ConnectionFacts } from "../components/connection/ConnectionFacts.tsx";
import {
  edgeCounts,
  edgeFacts,
  illegalTransitions,
  stateSince,
} from "../components/connection/lifecycle.ts";
import { StateDiagram } from "../components/connection/StateDiagram.tsx";
import { TransitionTable } from "../components/connection/TransitionTable.tsx";
import { formatAge } from "../components/format.ts";
import { FrameBrowser } from "../components/frame/FrameBrowser.tsx";
import type { ServerPolicy, ServerStats } from "../protocol/monitor_records.ts";
import { useMonitor } from "../components/live/use_monitor.ts";
import type { ConnectionRecord } from "../protocol/monitor_records.ts";
import { StateLamp } from "../components/ui/Lamp.tsx";
import { Panel } from "../components/ui/Panel.tsx";
import { useClock } from "../components/ui/use_clock.ts";

/** One connection: its state and how it got there, its facts, its frames. */
export function ConnectionView({ id, first, capture }: {
  id: string;
  first: ServerStats | null;
  capture?: string;
}) {
  const monitor = useMonitor(first, {
    topics: ["metrics", "connections", "frames"],
    connection: id,
    ...(capture === undefined ? {} : { capture }),
  });
  const { store } = monitor;
  const version = store.tableVersion.value;
  const record = store.table.connections.get(id);
  const counts = useMemo(() => edgeCounts(store.table.connections.values()), [version]);
  if (record === undefined) {
    return store.connectionsKnown.value
      ? <Unknown id={id} base={store.base} />
      : <Waiting id={id} />;
  }
  return (
    <div class="connection-page">
      <Life
        record={record}
        counts={counts}
        serverNow={(now) => store.serverNow(now)}
        policy={store.server.value?.policy}
        capture={capture ?? "live"}
      />
      <FrameBrowser monitor={monitor} connection={id} />
    </div>
  );
}

function Life({ record, counts, serverNow, policy, capture }: {
  record: ConnectionRecord;
  counts: ReadonlyMap<string, number>;
  serverNow: (now: number) => number;
  policy: ServerPolicy | undefined;
  capture: string;
}) {
  const source = policy?.source;
  const clock = serverNow(useClock(record.state === 3 || source?.kind === "file" ? 0 : 1_000));
  // In a file time stands still.
  const now = source?.kind === "file" ? stateSince(record) : clock;
  const facts = edgeFacts(record, counts);
  const since = Math.max(0, now - stateSince(record));
  return (
    <>
      <Panel
        id="state"
        title={`Connection ${record.id}`}
        note={
          <span class="state-note">
            <StateLamp record={record} />
            {record.state !== 3 && (
              <span class="slot-age">
                {source?.kind === "file" ? "where the file ends" : `for ${formatAge(since)}`}
              </span>
            )}
          </span>
        }
        tools={policy?.tap
          ? (
            <SaveLinks
              capture={capture}
              connection={record.id}
              of={`connection ${record.id}`}
            />
          )
          : undefined}
      >
        <StateDiagram record={record} facts={facts} />
      </Panel>
      <div class="connection-facts">
        <div class="connection-story">
          <Panel id="transitions" title="Transitions" note="“All” counts every connection known">
            <TransitionTable facts={facts} illegal={illegalTransitions(record)} />
          </Panel>
          <ClosePanel record={record} />
        </div>
        <ConnectionFacts record={record} now={now} source={source} />
      </div>
    </>
  );
}

function Waiting({ id }: { id: string }) {
  return (
    <Panel id="state" title={`Connection ${id}`}>
      <p class="empty empty-waiting">Waiting for what the server knows of it.</p>
    </Panel>
  );
}

function Unknown({ id, base }: { id: string; base: string }) {
  return (
    <Panel id="state" title={`Connection ${id}`}>
      <div class="empty empty-tall">
        <p class="empty-title">The server knows no connection {id}.</p>
        <p>
          It never existed, or it closed so long ago that its record has gone. Numbers begin anew
          when the server starts.
        </p>
        <p>
          <a class="key" href={base === "" ? "/connections" : base}>All connections</a>
        </p>
      </div>
    </Panel>
  );
}
