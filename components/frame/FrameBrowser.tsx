import { useMemo, useRef, useState } from "preact/hooks";
import { formatCount } from "../format.ts";
import type { FrameEntry } from "../live/frame_ring.ts";
import type { PageMonitor } from "../live/page_monitor.ts";
import { Lamp } from "../ui/Lamp.tsx";
import { Panel } from "../ui/Panel.tsx";
import { filterFrames, type FrameFilter, isFiltering, NO_FILTER } from "./frame_filter.ts";
import { FrameFilterBar } from "./FrameFilterBar.tsx";
import { FrameInspector } from "./FrameInspector.tsx";
import { FrameList } from "./FrameList.tsx";
import { FrameMeters } from "./FrameMeters.tsx";
import { useFrameAddress } from "./use_frame_address.ts";
import { useFrameKeys } from "./use_frame_keys.ts";

/** What the browser of frames needs. */
export interface FrameBrowserProps {
  /** Where the frames come from. */
  monitor: PageMonitor;
  /** Only this connection's; all where it is absent. */
  connection?: string;
}

/** What the view shows while it is paused. */
interface Pause {
  entries: readonly FrameEntry[];
  seen: number;
}

/** The live list of frames and the one that was chosen. */
export function FrameBrowser({ monitor, connection }: FrameBrowserProps) {
  const { store } = monitor;
  const version = store.framesVersion.value;
  const [filter, setFilter] = useState<FrameFilter>(NO_FILTER);
  const [pause, setPause] = useState<Pause | null>(null);
  const [follow, setFollow] = useState(true);
  const [address, setAddress] = useFrameAddress();
  const textField = useRef<HTMLInputElement>(null);
  const detail = useRef<HTMLDivElement>(null);

  const entries = pause?.entries ?? store.frames.entries;
  const { rows, hiddenPingPong } = useMemo(
    () => filterFrames(entries, connection === undefined ? filter : { ...filter, connection }),
    [entries, version, filter, connection],
  );
  const chosen = address === null ? "" : `${address.connection}.${address.frame}`;
  const record = useMemo(
    () =>
      store.frames.entries.find((entry) => entry.key === chosen)?.record ??
        rows.find((entry) => entry.key === chosen)?.record ?? null,
    [chosen],
  );
  const togglePause = () =>
    setPause(pause === null ? { entries: store.frames.entries, seen: store.frames.seen } : null);
  const choose = (entry: FrameEntry) =>
    setAddress({ connection: entry.record.connection, frame: entry.record.frame, offset: 0 });
  const fresh = pause === null ? 0 : store.frames.seen - pause.seen;

  useFrameKeys({ p: togglePause, "/": () => textField.current?.focus() });
  return (
    <div class="frame-browser">
      <Panel
        id="frames"
        title="Frames"
        class="frames-panel"
        note={<Flow paused={pause !== null} fresh={fresh} follow={follow} />}
        tools={
          <>
            <button
              type="button"
              class="key key-pause"
              aria-pressed={pause !== null}
              aria-keyshortcuts="p"
              onClick={togglePause}
            >
              {pause === null ? "Pause" : "Resume"} <kbd>p</kbd>
            </button>
            <button type="button" class="key" disabled={follow} onClick={() => setFollow(true)}>
              Newest <kbd>End</kbd>
            </button>
          </>
        }
      >
        <FrameFilterBar
          filter={filter}
          onFilter={setFilter}
          hiddenPingPong={hiddenPingPong}
          withConnection={connection === undefined}
          textRef={textField}
        />
        <FrameList
          rows={rows}
          chosen={chosen}
          follow={follow && pause === null}
          onFollow={setFollow}
          onChoose={choose}
          onOpen={() => detail.current?.querySelector<HTMLElement>("[role=tree]")?.focus()}
          showConnection={connection === undefined}
          empty={emptyText(monitor, entries.length, { filter, connection })}
        />
        <FrameMeters
          capture={store.capture.value}
          shown={rows.length}
          held={entries.length}
          skipped={store.framesSkipped.value}
        />
      </Panel>
      <div ref={detail}>
        {address === null ? <Keys /> : (
          <FrameInspector
            monitor={monitor}
            address={address}
            record={record}
            onOffset={(offset) => setAddress({ ...address, offset })}
            onClose={() => setAddress(null)}
          />
        )}
      </div>
    </div>
  );
}

function Flow({ paused, fresh, follow }: { paused: boolean; fresh: number; follow: boolean }) {
  if (paused) {
    return (
      <Lamp shape="bars" tone="wait">
        Paused · <span class="slot-number">{formatCount(fresh)}</span> new
      </Lamp>
    );
  }
  return follow
    ? <Lamp shape="full" tone="ok">Following</Lamp>
    : <Lamp shape="half" tone="wait">Holding still</Lamp>;
}

function emptyText(
  { store }: PageMonitor,
  held: number,
  { filter, connection }: { filter: FrameFilter; connection?: string },
): string {
  if (held > 0 && isFiltering(filter)) {
    return `None of ${formatCount(held)} frames fits the filter.`;
  }
  if (!store.ready.value) return "Waiting for the server.";
  if (store.server.value?.policy.tap === false) {
    return "The tap is off: this server can’t see its frames. Start it without --no-tap.";
  }
  if (connection !== undefined) return "The ring has no frame of this connection.";
  return "No frame yet. Connect a client, or join a room on the Rooms page.";
}

function Keys() {
  return (
    <p class="keys-hint">
      Choose a frame to take it apart. <kbd>j</kbd> <kbd>k</kbd> or <kbd>↑</kbd> <kbd>↓</kbd>{" "}
      choose, <kbd>Enter</kbd> opens, <kbd>p</kbd> pauses, <kbd>/</kbd> filters, <kbd>End</kbd>{" "}
      follows.
    </p>
  );
}
