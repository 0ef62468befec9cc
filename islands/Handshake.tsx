import { useEffect, useMemo, useState } from "preact/hooks";
import { AcceptSteps } from "../components/handshake/AcceptSteps.tsx";
import { parseConnectionHash } from "../components/handshake/connection_hash.ts";
import { ConnectionPicker } from "../components/handshake/ConnectionPicker.tsx";
import { HeadPanel } from "../components/handshake/HeadPanel.tsx";
import { type HandshakeView, handshakeView } from "../components/handshake/handshake_view.ts";
import { Negotiated } from "../components/handshake/Negotiated.tsx";
import { useHeads } from "../components/handshake/use_heads.ts";
import { useMonitor } from "../components/live/use_monitor.ts";
import { Lamp } from "../components/ui/Lamp.tsx";
import { Panel } from "../components/ui/Panel.tsx";
import type { ConnectionRecord, ServerStats } from "../protocol/monitor_records.ts";

/** The opening handshake of any captured connection, taken apart. */
export function Handshake({ first }: { first: ServerStats | null }) {
  const monitor = useMonitor(first, { topics: ["metrics", "connections"] });
  const { store } = monitor;
  const [asked, setAsked] = useState<string | null>(null);
  useEffect(() => {
    const read = () => setAsked(parseConnectionHash(location.hash));
    read();
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, []);
  const version = store.tableVersion.value;
  const chosen = useMemo(() => asked ?? newest(store.table.connections.keys()), [asked, version]);
  const record = store.table.connections.get(chosen ?? "");
  const { phase, heads } = useHeads(monitor, chosen, record?.state);
  const view = useMemo(() => handshakeView(heads), [heads]);

  return (
    <div class="handshake-page">
      <ConnectionPicker store={store} chosen={chosen} />
      <div class="handshake">
        {phase === "ready" && chosen !== null
          ? <Heads id={chosen} view={view} end={endOf(record)} />
          : <NoHeads id={chosen} gone={phase === "gone"} />}
      </div>
    </div>
  );
}

function Heads({ id, view, end }: { id: string; view: HandshakeView; end: string | null }) {
  return (
    <>
      <Panel
        id="verdict"
        title={`Handshake of connection ${id}`}
        note={<Outcome view={view} ended={end !== null} />}
        tools={<a class="link" href={`/connections/${encodeURIComponent(id)}`}>Connection {id}</a>}
      >
        {null}
      </Panel>
      <div class="heads">
        <HeadPanel
          id="request"
          title="Request"
          head={view.request}
          missing="No request was seen."
        />
        <HeadPanel
          id="response"
          title="Response"
          head={view.response}
          missing={end ?? "The server hasn’t answered yet."}
        />
      </div>
      <div class="heads">
        <AcceptSteps steps={view.accept} answered={view.answered} />
        <Negotiated view={view} />
      </div>
    </>
  );
}

function Outcome(
  { view: { status, faults }, ended }: { view: HandshakeView; ended: boolean },
) {
  const rules = `${faults} ${faults === 1 ? "rule" : "rules"} broken`;
  if (status === 101) {
    return faults === 0
      ? <Lamp shape="full" tone="ok">switched protocols, every rule kept</Lamp>
      : <Lamp shape="cross" tone="bad">switched protocols, {rules}</Lamp>;
  }
  const why = faults > 0 ? `, ${rules}` : "";
  if (status === null) {
    return ended
      ? <Lamp shape="cross" tone="bad">ended without the server’s answer{why}</Lamp>
      : <Lamp shape="ring" tone="wait">not answered yet{why}</Lamp>;
  }
  return <Lamp shape="cross" tone="bad">refused with {status}{why}</Lamp>;
}

function NoHeads({ id, gone }: { id: string | null; gone: boolean }) {
  if (id === null) {
    return (
      <Panel id="verdict" title="Handshake">
        <div class="empty empty-tall">
          <p class="empty-title">No connection yet.</p>
          <p>
            Each one begins with a request and an answer in HTTP: they show here, header by header,
            once somebody connects.
          </p>
        </div>
      </Panel>
    );
  }
  return (
    <Panel id="verdict" title={`Handshake of connection ${id}`}>
      {gone
        ? (
          <div class="empty empty-tall">
            <p class="empty-title">The heads of connection {id} weren’t kept.</p>
            <p>
              They made room for newer ones, the connection is a viewer’s, or the server runs
              without its tap.
            </p>
          </div>
        )
        : <p class="empty empty-waiting">Waiting for its heads.</p>}
    </Panel>
  );
}

/** How a connection ended: the guard may have answered in the server’s place, or nobody. */
function endOf(record: ConnectionRecord | undefined): string | null {
  return record?.state === 3 ? record.transitions.at(-1)?.cause.what ?? null : null;
}

function newest(ids: Iterable<string>): string | null {
  let last: string | null = null;
  for (const id of ids) last = id;
  return last;
}
