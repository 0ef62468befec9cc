import { useMemo, useRef, useState } from "preact/hooks";
import type { FrameRecord } from "../../protocol/monitor_records.ts";
import { formatCount } from "../format.ts";
import { type FrameEntry, frameKey } from "../live/frame_ring.ts";
import type { MonitorStore } from "../live/monitor_store.ts";
import type { PageMonitor } from "../live/page_monitor.ts";
import { Lamp } from "../ui/Lamp.tsx";
import { Panel } from "../ui/Panel.tsx";
import { isFiltering } from "./frame_filter.ts";
import type { FrameAddress } from "./frame_hash.ts";
import { FrameFilterBar } from "./FrameFilterBar.tsx";
import { FrameInspector } from "./FrameInspector.tsx";
import { FrameList } from "./FrameList.tsx";
import { FrameMeters } from "./FrameMeters.tsx";
import { useFrameAddress } from "./use_frame_address.ts";
import { useFrameKeys } from "./use_frame_keys.ts";
import { type FrameView, useFrameView } from "./use_frame_view.ts";

/** What the browser of frames needs. */
export interface FrameBrowserProps {
  /** Where the frames come from. */
  monitor: PageMonitor;
  /** Only this connection's; all where it is absent. */
  connection?: string;
}

/** The live list of frames and the one that was chosen. */
export function FrameBrowser({ monitor, connection }: FrameBrowserProps) {
  const { store } = monitor;
  const view = useFrameView(store, connection);
  const [follow, setFollow] = useState(true);
  const [address, setAddress] = useFrameAddress();
  const textField = useRef<HTMLInputElement>(null);
  const detail = useRef<HTMLDivElement>(null);
  const { rows, entries } = view;
  const chosen = address === null ? "" : frameKey(address);

  useFrameKeys({ p: view.togglePause, "/": () => textField.current?.focus() });
  return (
    <div class="frame-browser">
      <Panel
        id="frames"
        title="Frames"
        class="frames-panel"
        note={<Flow view={view} follow={follow} />}
        tools={<FlowKeys view={view} follow={follow} onFollow={setFollow} />}
      >
        <FrameFilterBar view={view} withConnection={connection === undefined} textRef={textField} />
        <FrameList
          rows={rows}
          chosen={chosen}
          follow={follow && !view.paused}
          onFollow={setFollow}
          onChoose={({ record }) =>
            setAddress({ connection: record.connection, frame: record.frame, offset: 0 })}
          onOpen={() => detail.current?.querySelector<HTMLElement>("[role=tree]")?.focus()}
          showConnection={connection === undefined}
          empty={emptyText(store, view, connection)}
        />
        <FrameMeters
          capture={store.capture.value}
          shown={rows.length}
          held={entries.length}
          skipped={store.framesSkipped.value}
        />
      </Panel>
      <div ref={detail}>
        <Chosen monitor={monitor} view={view} address={address} onAddress={setAddress} />
      </div>
    </div>
  );
}

/** The chosen frame; without one, how to choose it. */
function Chosen({ monitor, view, address, onAddress }: {
  monitor: PageMonitor;
  view: FrameView;
  address: FrameAddress | null;
  onAddress: (address: FrameAddress | null) => void;
}) {
  const key = address === null ? "" : frameKey(address);
  const held = monitor.store.frames.entries;
  // Looked up once: the record stays although its row leaves the list.
  const record = useMemo(() => findRecord(held, key) ?? findRecord(view.entries, key), [key]);
  if (address === null) return <KeysHint />;
  return (
    <FrameInspector
      monitor={monitor}
      address={address}
      record={record}
      onOffset={(offset) => onAddress({ ...address, offset })}
      onClose={() => onAddress(null)}
    />
  );
}

function findRecord(entries: readonly FrameEntry[], key: string): FrameRecord | null {
  return entries.find((entry) => entry.key === key)?.record ?? null;
}

function FlowKeys({ view, follow, onFollow }: {
  view: FrameView;
  follow: boolean;
  onFollow: (follow: boolean) => void;
}) {
  return (
    <>
      <button
        type="button"
        class="key key-pause"
        aria-pressed={view.paused}
        aria-keyshortcuts="p"
        onClick={view.togglePause}
      >
        {view.paused ? "Resume" : "Pause"} <kbd>p</kbd>
      </button>
      <button type="button" class="key" disabled={follow} onClick={() => onFollow(true)}>
        Newest <kbd>End</kbd>
      </button>
    </>
  );
}

function Flow({ view, follow }: { view: FrameView; follow: boolean }) {
  if (view.paused) {
    return (
      <Lamp shape="bars" tone="wait">
        Paused · <span class="slot-number">{formatCount(view.fresh)}</span> new
      </Lamp>
    );
  }
  return follow
    ? <Lamp shape="full" tone="ok">Following</Lamp>
    : <Lamp shape="half" tone="wait">Holding still</Lamp>;
}

function emptyText(store: MonitorStore, view: FrameView, connection: string | undefined): string {
  const held = view.entries.length;
  if (held > 0 && isFiltering(view.filter)) {
    return `None of ${formatCount(held)} frames fits the filter.`;
  }
  if (!store.ready.value) return "Waiting for the server.";
  if (store.server.value?.policy.tap === false) {
    return "The tap is off: this server can’t see its frames. Start it without --no-tap.";
  }
  if (connection !== undefined) return "The ring has no frame of this connection.";
  const source = store.server.value?.policy.source;
  if (source?.kind === "file") return "There is no frame in this file.";
  if (source !== undefined) return `No frame yet. Connect a client to ${source.address}.`;
  return "No frame yet. Connect a client, or join a room on the Rooms page.";
}

function KeysHint() {
  return (
    <p class="keys-hint">
      Choose a frame to take it apart. <kbd>j</kbd> <kbd>k</kbd> or <kbd>↑</kbd> <kbd>↓</kbd>{" "}
      choose, <kbd>Enter</kbd> opens, <kbd>p</kbd> pauses, <kbd>/</kbd> filters, <kbd>End</kbd>{" "}
      follows.
    </p>
  );
}
