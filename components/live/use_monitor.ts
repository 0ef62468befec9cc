import { useEffect, useState } from "preact/hooks";
import type { ServerStats } from "../../protocol/monitor_records.ts";
import { type MonitorWish, type PageMonitor, pageMonitor } from "./page_monitor.ts";

/**
 * The page's monitor, seeded with the server's figures and set to watch.
 *
 * @param first What the server rendered the page with.
 * @param wish What to watch from now on.
 */
export function useMonitor(first: ServerStats | null, wish: MonitorWish): PageMonitor {
  const [monitor] = useState(() => {
    const page = pageMonitor();
    page.store.seed(first);
    if (wish.capture !== undefined) page.store.showCapture(wish.capture);
    return page;
  });
  const { topics, connection, capture } = wish;
  useEffect(() => monitor.watch(wish), [topics.join(), connection, capture]);
  return monitor;
}
