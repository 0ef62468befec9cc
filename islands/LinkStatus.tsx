import {
  linkAnnouncement,
  linkDetail,
  type LinkPhase,
  PHASE_WORDS,
} from "../components/live/link_view.ts";
import { formatClock } from "../components/format.ts";
import { pageMonitor } from "../components/live/page_monitor.ts";
import { Lamp, type LampShape, type LampTone } from "../components/ui/Lamp.tsx";
import { useClock } from "../components/ui/use_clock.ts";

const LAMPS: Readonly<Record<LinkPhase, readonly [LampShape, LampTone]>> = {
  idle: ["ring", "off"],
  connecting: ["ring", "wait"],
  live: ["full", "ok"],
  waiting: ["half", "wait"],
  stopped: ["square", "bad"],
  forbidden: ["cross", "bad"],
};

/** The page's own link, always in sight: live, connecting, reconnecting in t seconds, or stopped. */
export function LinkStatus() {
  const monitor = pageMonitor();
  const link = monitor.link.value;
  const now = useClock(link.phase === "waiting" ? 100 : 0);
  const [shape, tone] = LAMPS[link.phase];
  const heardAt = monitor.store.heardAt.value;
  const stale = link.phase !== "live" && heardAt > 0;
  const canRetry = link.phase === "waiting" || link.phase === "stopped";
  return (
    <div class={`link-status link-${link.phase}`}>
      <Lamp shape={shape} tone={tone}>{PHASE_WORDS[link.phase]}</Lamp>
      <span class="link-detail" aria-hidden="true">{linkDetail(link, now)}</span>
      {canRetry && (
        <button type="button" class="key" onClick={() => monitor.retry()}>Retry now</button>
      )}
      {stale && (
        <span class="stale">
          Figures stand still since <b>{formatClock(heardAt)}</b>
        </span>
      )}
      <span class="hidden-text" role="status">{linkAnnouncement(link)}</span>
    </div>
  );
}
