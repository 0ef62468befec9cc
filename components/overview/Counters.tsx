import type { Bucket } from "../../protocol/monitor_records.ts";
import type { ServerView } from "../live/monitor_store.ts";
import { formatBytes, formatCompact, formatCount, joinReading } from "../format.ts";
import { Readout } from "../ui/Readout.tsx";

/** The totals since the start, and what the last second added. */
export function Counters({ server, last }: { server: ServerView | null; last: Bucket | null }) {
  const totals = server?.totals;
  const count = (value: number | undefined) =>
    value === undefined ? { value: "–", unit: "" } : formatCompact(value);
  const bytes = (value: number | undefined) =>
    value === undefined ? { value: "–", unit: "B" } : formatBytes(value);
  const exact = (value: number | undefined) => value === undefined ? undefined : formatCount(value);
  const errors = Object.values(totals?.errors ?? {}).reduce((sum, value) => sum + value, 0);
  return (
    <section id="counters" class="panel counters" aria-labelledby="counters-title">
      <h2 id="counters-title" class="hidden-text">Counters</h2>
      <dl class="readouts">
        <Readout
          label="Open connections"
          reading={count(totals?.activeConnections)}
          exact={exact(totals?.activeConnections)}
        >
          <span>of {formatCount(totals?.totalConnections ?? 0)} ever</span>
          <span>+{last?.opened ?? 0} −{last?.closed ?? 0} /s</span>
        </Readout>
        <Readout
          label="Messages in"
          channel="ch1"
          reading={count(totals?.messagesReceived)}
          exact={exact(totals?.messagesReceived)}
        >
          <span>{formatCount(last?.messagesIn ?? 0)} /s</span>
        </Readout>
        <Readout
          label="Messages out"
          channel="ch2"
          reading={count(totals?.messagesSent)}
          exact={exact(totals?.messagesSent)}
        >
          <span>{formatCount(last?.messagesOut ?? 0)} /s</span>
        </Readout>
        <Readout
          label="Bytes in"
          reading={bytes(totals?.bytesReceived)}
          exact={exact(totals?.bytesReceived)}
        >
          <span>{joinReading(formatBytes(last?.bytesIn ?? 0))}/s</span>
        </Readout>
        <Readout
          label="Bytes out"
          reading={bytes(totals?.bytesSent)}
          exact={exact(totals?.bytesSent)}
        >
          <span>{joinReading(formatBytes(last?.bytesOut ?? 0))}/s</span>
        </Readout>
        <Readout label="Rooms" reading={count(totals?.rooms)}>
          <span>with members</span>
        </Readout>
        <Readout label="Came back" reading={count(totals?.reconnections)}>
          <span>reconnections</span>
        </Readout>
        <Readout label="Errors" reading={totals === undefined ? count(undefined) : count(errors)}>
          <span>{formatCount(last?.errors ?? 0)} /s</span>
          <span>{formatCount(totals?.slowConsumersClosed ?? 0)} too slow</span>
        </Readout>
      </dl>
    </section>
  );
}
