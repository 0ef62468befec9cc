import type { Bucket } from "../../protocol/monitor_records.ts";
import type { ServerView } from "../live/monitor_store.ts";
import { formatBytes, formatCompact, formatCount, joinReading, type Reading } from "../format.ts";
import { Readout } from "../ui/Readout.tsx";

/** One counter of the strip. */
interface Counter {
  label: string;
  channel?: "ch1" | "ch2";
  /** The total; `undefined` before anything is known. */
  total: number | undefined;
  read: (total: number) => Reading;
  /** What the last second added, and what else there is to say. */
  details: string[];
}

/** The totals since the start, and what the last second added. */
export function Counters({ server, last }: { server: ServerView | null; last: Bucket | null }) {
  return (
    <section id="counters" class="panel counters" aria-labelledby="counters-title">
      <h2 id="counters-title" class="hidden-text">Counters</h2>
      <dl class={`readouts ${server?.policy.source === undefined ? "" : "readouts-six"}`}>
        {countersOf(server, last).map(({ label, channel, total, read, details }) => (
          <Readout
            key={label}
            label={label}
            channel={channel}
            reading={total === undefined ? { value: "–", unit: "" } : read(total)}
            exact={total === undefined ? undefined : formatCount(total)}
          >
            {details.map((detail, index) => <span key={index}>{detail}</span>)}
          </Readout>
        ))}
      </dl>
    </section>
  );
}

/** Rooms and those who came back are our own server's. */
function countersOf(server: ServerView | null, last: Bucket | null): Counter[] {
  const own = server?.policy.source === undefined;
  const totals = server?.totals;
  // A dash, not a zero, as long as no second has been measured on this link.
  const perSecond = (count?: number) => `${count === undefined ? "–" : formatCount(count)} /s`;
  const bytesPerSecond = (bytes?: number) =>
    bytes === undefined ? "– /s" : `${joinReading(formatBytes(bytes))}/s`;
  const counter = (label: string, total: number | undefined, ...details: string[]): Counter => ({
    label,
    total,
    read: formatCompact,
    details,
  });
  return [
    counter(
      "Open connections",
      totals?.activeConnections,
      `of ${formatCount(totals?.totalConnections ?? 0)} ever`,
      last === null ? "– /s" : `+${last.opened} −${last.closed} /s`,
    ),
    {
      ...counter("Messages in", totals?.messagesReceived, perSecond(last?.messagesIn)),
      channel: "ch1",
    },
    {
      ...counter("Messages out", totals?.messagesSent, perSecond(last?.messagesOut)),
      channel: "ch2",
    },
    {
      ...counter("Bytes in", totals?.bytesReceived, bytesPerSecond(last?.bytesIn)),
      read: formatBytes,
    },
    {
      ...counter("Bytes out", totals?.bytesSent, bytesPerSecond(last?.bytesOut)),
      read: formatBytes,
    },
    ...(own
      ? [
        counter("Rooms", totals?.rooms, "with members"),
        counter("Came back", totals?.reconnections, "reconnections"),
      ]
      : []),
    counter(
      "Errors",
      totals && Object.values(totals.errors).reduce((sum, count) => sum + count, 0),
      perSecond(last?.errors),
      own ? `${formatCount(totals?.slowConsumersClosed ?? 0)} too slow` : "findings included",
    ),
  ];
}
