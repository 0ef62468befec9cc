import type { ComponentChildren } from "preact";
import { closeReason } from "../../protocol/close_reasons.ts";
import { closeCodeName } from "../../frames/close.ts";
import type {
  CloseRecord,
  ConnectionRecord,
  ForeignSource,
} from "../../protocol/monitor_records.ts";
import { formatBytes, formatClock, formatCount, formatDuration, joinReading } from "../format.ts";
import { connectionHash } from "../handshake/connection_hash.ts";
import { Lamp } from "../ui/Lamp.tsx";
import { Panel } from "../ui/Panel.tsx";

/** What the facts are about. */
export interface ConnectionFactsProps {
  /** The connection. */
  record: ConnectionRecord;
  /** The server's clock, in milliseconds since the Unix epoch. */
  now: number;
  /** Where it comes from, unless it is our own server's: only those have clients and rooms. */
  source: ForeignSource | undefined;
}

/** Who is at the other end, what it may, and what went through. */
export function ConnectionFacts({ record, now, source }: ConnectionFactsProps) {
  const { counters } = record;
  const end = record.transitions.at(-1)?.at ?? now;
  const lasted = (record.state === 3 ? end : now) - record.connectedAt;
  return (
    <Panel
      id="facts"
      title="Facts"
      tools={<a class="link" href={`/handshake${connectionHash(record.id)}`}>Handshake</a>}
    >
      <dl class="facts facts-wide">
        <Fact label="Address">{record.address}</Fact>
        <Fact label="User agent">{record.userAgent}</Fact>
        <Fact label="Origin">{record.origin}</Fact>
        {source === undefined
          ? <ClientFacts record={record} />
          : <Fact label={source.kind === "file" ? "From file" : "Target"}>{source.name}</Fact>}
        <Fact label="Connected">{formatClock(record.connectedAt, true)}</Fact>
        <Fact label={record.state === 3 ? "Lasted" : "For"}>{formatDuration(lasted)}</Fact>
        <Fact label="Messages in, out">
          {formatCount(counters.messagesIn)}, {formatCount(counters.messagesOut)}
        </Fact>
        <Fact label="Bytes in, out">
          {joinReading(formatBytes(counters.bytesIn))},{" "}
          {joinReading(formatBytes(counters.bytesOut))}
        </Fact>
        {source === undefined && <Fact label="Errors sent">{formatCount(counters.errors)}</Fact>}
        <Fact label="Round trip">
          {counters.roundTripMs === null ? null : `${counters.roundTripMs.toFixed(2)} ms`}
        </Fact>
      </dl>
    </Panel>
  );
}

/** What only our own server knows of a client. */
function ClientFacts({ record }: { record: ConnectionRecord }) {
  const { clientId, userId, permissions, rooms } = record;
  return (
    <>
      <Fact label="Client id">{clientId}</Fact>
      <Fact label="User id">
        {userId !== null && userId === clientId ? "anonymous" : userId}
      </Fact>
      <Fact label="Permissions">{permissions.join(", ") || null}</Fact>
      <Fact label="Rooms">
        {rooms.length === 0
          ? null
          : rooms.map((room) => (
            <a key={room} class="tag" href={`/rooms#room=${encodeURIComponent(room)}`}>{room}</a>
          ))}
      </Fact>
    </>
  );
}

/** How it closed: code, name, reason, who was first, clean or not, and the rule where one was broken. */
export function ClosePanel({ record }: { record: ConnectionRecord }) {
  const { close } = record;
  if (close === null) {
    return (
      <Panel id="close" title="How it closed">
        <p class="empty">{record.state === 2 ? "It is closing." : "It hasn’t closed."}</p>
      </Panel>
    );
  }
  return (
    <Panel
      id="close"
      title="How it closed"
      note={close.clean
        ? <Lamp shape="square" tone="off">clean</Lamp>
        : <Lamp shape="cross" tone="bad">not clean</Lamp>}
    >
      <p class="close-code">
        <b>{close.code}</b> {closeName(close)}
      </p>
      <dl class="facts facts-wide">
        <Fact label="Reason">{close.reason === "" ? null : `“${close.reason}”`}</Fact>
        <Fact label="Who was first">{close.by}</Fact>
        <Fact label="Closing handshake">{close.clean ? "done by both sides" : "not done"}</Fact>
        {close.rule !== undefined && (
          <Fact label="Broken rule">
            <code>{close.rule}</code>
          </Fact>
        )}
      </dl>
    </Panel>
  );
}

function Fact({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{label}</dt>
      <dd>{children ?? "–"}</dd>
    </div>
  );
}

/** From 4000 on a code means what its sender means by it: only the server's own are in our table. */
function closeName({ code, by }: CloseRecord): string {
  return code >= 4000 && by === "server" ? closeReason(code).name : closeCodeName(code);
}
