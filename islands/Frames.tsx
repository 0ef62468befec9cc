import { FrameBrowser } from "../components/frame/FrameBrowser.tsx";
import type { ServerStats } from "../protocol/monitor_records.ts";
import { useMonitor } from "../components/live/use_monitor.ts";

/** Every frame that the tap sees, or that a capture holds. */
export function Frames({ first, capture }: { first: ServerStats | null; capture?: string }) {
  const monitor = useMonitor(first, {
    topics: ["metrics", "frames"],
    ...(capture === undefined ? {} : { capture }),
  });
  return <FrameBrowser monitor={monitor} />;
}
