import { ConnectionList } from "../components/connection/ConnectionList.tsx";
import type { ServerStats } from "../protocol/monitor_records.ts";
import { useMonitor } from "../components/live/use_monitor.ts";

/** Every connection, or every one of a capture, on a page of its own. */
export function Connections({ first, capture }: { first: ServerStats | null; capture?: string }) {
  const { store } = useMonitor(first, {
    topics: ["metrics", "connections"],
    ...(capture === undefined ? {} : { capture }),
  });
  return <ConnectionList store={store} tall />;
}
