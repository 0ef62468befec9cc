import { ConnectionList } from "../components/connection/ConnectionList.tsx";
import type { FirstPaint } from "../components/live/first_paint.ts";
import { useMonitor } from "../components/live/use_monitor.ts";

/** Every connection, on a page of its own. */
export function Connections({ first }: { first: FirstPaint | null }) {
  const { store } = useMonitor(first, { topics: ["metrics", "connections"] });
  return <ConnectionList store={store} tall />;
}
