import { FrameBrowser } from "../components/frame/FrameBrowser.tsx";
import type { FirstPaint } from "../components/live/first_paint.ts";
import { useMonitor } from "../components/live/use_monitor.ts";

/** Every frame that the tap sees. */
export function Frames({ first }: { first: FirstPaint | null }) {
  const monitor = useMonitor(first, { topics: ["metrics", "frames"] });
  return <FrameBrowser monitor={monitor} />;
}
