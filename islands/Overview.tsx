import { useSignal } from "@preact/signals";
import { useState } from "preact/hooks";
import { type ChartRange, OverviewCharts } from "../components/overview/OverviewCharts.tsx";
import { ConnectionList } from "../components/connection/ConnectionList.tsx";
import type { ServerStats } from "../protocol/monitor_records.ts";
import { useMonitor } from "../components/live/use_monitor.ts";
import { Counters } from "../components/overview/Counters.tsx";
import { ErrorCounts } from "../components/overview/ErrorCounts.tsx";
import { InForce } from "../components/overview/InForce.tsx";
import { Percentiles } from "../components/overview/Percentiles.tsx";
import { ServerStrip } from "../components/overview/ServerStrip.tsx";
import { RoomList } from "../components/room/RoomList.tsx";
import { useClock } from "../components/ui/use_clock.ts";

const YOUNG_MS = 120_000;

/** The server at a glance: counters, charts, connections, rooms, what is in force. */
export function Overview({ first }: { first: ServerStats | null }) {
  const { store } = useMonitor(first, { topics: ["metrics", "connections"] });
  const now = useClock(1_000);
  const [range, setRange] = useState<ChartRange>(() => firstRange(first));
  const cursor = useSignal<number | null>(null);
  const server = store.server.value;
  const own = server?.policy.source === undefined;
  // The first rendering must be the server's, so it goes by the server's clock, not by this one.
  const serverNow = store.ready.value || first === null ? store.serverNow(now) : first.now;
  const last = store.ready.value ? store.history.value.at(-1) ?? null : null;
  return (
    <div class="overview">
      <Counters server={server} last={last} />
      <ServerStrip server={server} now={serverNow} skipped={store.metricsSkipped.value} />
      <OverviewCharts
        history={store.history.value}
        serverNow={serverNow}
        range={range}
        onRange={setRange}
        cursor={cursor}
        own={own}
      />
      <div class={`overview-lists ${own ? "" : "no-rooms"}`}>
        <ConnectionList store={store} />
        {own && <RoomList store={store} />}
      </div>
      <div class="overview-details">
        <Percentiles histograms={server?.histograms} own={own} />
        <ErrorCounts errors={server?.totals.errors} />
        <InForce policy={server?.policy} />
      </div>
    </div>
  );
}

/** A server that has just started has nothing to show for ten minutes yet. */
function firstRange(first: ServerStats | null): ChartRange {
  return first !== null && first.now - first.startedAt < YOUNG_MS ? "60" : "600";
}
