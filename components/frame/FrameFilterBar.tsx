import type { ComponentChildren, Ref } from "preact";
import { formatCount } from "../format.ts";
import { SearchField } from "../ui/SearchField.tsx";
import { Segments } from "../ui/Segments.tsx";
import { type FrameFilter, isFiltering, NO_FILTER } from "./frame_filter.ts";
import type { FrameView } from "./use_frame_view.ts";

/** What the row of filters shows. */
export interface FrameFilterBarProps {
  /** The filter in force, and what it hides. */
  view: FrameView;
  /** Whether the connection can be chosen here. */
  withConnection: boolean;
  /** The text field, for the `/` key. */
  textRef: Ref<HTMLInputElement>;
}

const DIRECTIONS = [
  { value: "both", label: "Both" },
  { value: "in", label: "→ in" },
  { value: "out", label: "← out" },
] as const;

const CLASSES = [
  { value: "all", label: "All" },
  { value: "data", label: "Data" },
  { value: "control", label: "Control" },
  { value: "close", label: "Close" },
] as const;

/** The row of filters over the list of frames. */
export function FrameFilterBar({ view, withConnection, textRef }: FrameFilterBarProps) {
  const { filter, setFilter } = view;
  const set = (change: Partial<FrameFilter>) => setFilter({ ...filter, ...change });
  return (
    <div class="filter-bar" role="search" aria-label="Filter frames">
      <SearchField
        id="frame-text"
        label="Preview contains"
        placeholder="preview contains  ( / )"
        value={filter.text}
        inputRef={textRef}
        onInput={(text) => set({ text })}
      />
      {withConnection && (
        <SearchField
          id="frame-connection"
          class="field-short"
          label="Only connection"
          placeholder="connection"
          value={filter.connection}
          onInput={(connection) => set({ connection: connection.trim() })}
        />
      )}
      <Segments
        name="frame-direction"
        legend="Direction"
        options={DIRECTIONS}
        value={filter.direction}
        onChange={(direction) => set({ direction })}
      />
      <Segments
        name="frame-opcodes"
        legend="Opcodes"
        options={CLASSES}
        value={filter.opcodes}
        onChange={(opcodes) => set({ opcodes })}
      />
      <Checks view={view} />
    </div>
  );
}

function Checks({ view: { filter, setFilter, hiddenPingPong } }: { view: FrameView }) {
  const hidden = filter.hidePingPong ? ` (${formatCount(hiddenPingPong)} hidden)` : "";
  return (
    <>
      <Check
        checked={filter.hidePingPong}
        onChange={(hidePingPong) => setFilter({ ...filter, hidePingPong })}
      >
        Hide ping/pong<span class="slot-count">{hidden}</span>
      </Check>
      <Check
        checked={filter.findingsOnly}
        onChange={(findingsOnly) => setFilter({ ...filter, findingsOnly })}
      >
        Findings only
      </Check>
      <button
        type="button"
        class="key"
        disabled={!isFiltering(filter)}
        onClick={() => setFilter(NO_FILTER)}
      >
        Clear
      </button>
    </>
  );
}

function Check({ checked, onChange, children }: {
  checked: boolean;
  onChange: (checked: boolean) => void;
  children: ComponentChildren;
}) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span>{children}</span>
    </label>
  );
}
