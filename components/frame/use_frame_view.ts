import { useMemo, useState } from "preact/hooks";
import type { FrameEntry } from "../live/frame_ring.ts";
import type { MonitorStore } from "../live/monitor_store.ts";
import { type FilteredFrames, filterFrames, type FrameFilter, NO_FILTER } from "./frame_filter.ts";

/** What the list shows, and how that is changed. */
export interface FrameView extends FilteredFrames {
  /** The frames before the filter. */
  entries: readonly FrameEntry[];
  /** The filter in force. */
  filter: FrameFilter;
  /** Puts another filter in force. */
  setFilter: (filter: FrameFilter) => void;
  /** Whether the view stands still; the capture goes on. */
  paused: boolean;
  /** Frames that came since it was paused. */
  fresh: number;
  /** Pauses or resumes. */
  togglePause: () => void;
}

/** What the view shows while it is paused. */
interface Pause {
  entries: readonly FrameEntry[];
  seen: number;
}

/** The frames that pass the filter, live or as they were when the view was paused. */
export function useFrameView(store: MonitorStore, connection: string | undefined): FrameView {
  const version = store.framesVersion.value;
  const [filter, setFilter] = useState<FrameFilter>(NO_FILTER);
  const [pause, setPause] = useState<Pause | null>(null);
  const { entries: live, seen } = store.frames;
  const entries = pause?.entries ?? live;
  const filtered = useMemo(
    () => filterFrames(entries, connection === undefined ? filter : { ...filter, connection }),
    [entries, version, filter, connection],
  );
  return {
    ...filtered,
    entries,
    filter,
    setFilter,
    paused: pause !== null,
    fresh: pause === null ? 0 : seen - pause.seen,
    togglePause: () => setPause(pause === null ? { entries: live, seen } : null),
  };
}
