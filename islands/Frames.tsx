import { FrameBrowser } from "../components/frame/FrameBrowser.tsx";
import type { ServerStats } from "../protocol/monitor_records.ts";
import { useMonitor } from "../components/live/use_monitor.ts";

/** Every frame that the tap sees. */
export function Frames({ first }: { first: ServerStats | null }) {
  const monitor = useMonitor(first, { topics: ["metrics", "frames"] });
  return <FrameBrowser monitor={monitor} />;
}
