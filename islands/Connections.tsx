import { ConnectionList } from "../components/connection/ConnectionList.tsx";
import type { ServerStats } from "../protocol/monitor_records.ts";
import { useMonitor } from "../components/live/use_monitor.ts";

/** Every connection, on a page of its own. */
export function Connections({ first }: { first: ServerStats | null }) {
  const { store } = useMonitor(first, { topics: ["metrics", "connections"] });
  return <ConnectionList store={store} tall />;
}
