import type { Ref } from "preact";
import { formatCount } from "../format.ts";
import { SearchField } from "../ui/SearchField.tsx";
import { Segments } from "../ui/Segments.tsx";
import { type FrameFilter, isFiltering, NO_FILTER } from "./frame_filter.ts";

/** What the row of filters shows. */
export interface FrameFilterBarProps {
  /** The filter in force. */
  filter: FrameFilter;
  /** Called with another filter. */
  onFilter: (filter: FrameFilter) => void;
  /** How many pings and pongs the filter hides. */
  hiddenPingPong: number;
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
export function FrameFilterBar(props: FrameFilterBarProps) {
  const { filter, onFilter, hiddenPingPong } = props;
  const set = (change: Partial<FrameFilter>) => onFilter({ ...filter, ...change });
  return (
    <div class="filter-bar" role="search" aria-label="Filter frames">
      <SearchField
        id="frame-text"
        label="Preview contains"
        placeholder="preview contains  ( / )"
        value={filter.text}
        inputRef={props.textRef}
        onInput={(text) => set({ text })}
      />
      {props.withConnection && (
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
      <label class="check">
        <input
          type="checkbox"
          checked={filter.hidePingPong}
          onChange={(event) => set({ hidePingPong: event.currentTarget.checked })}
        />
        <span>
          Hide ping/pong
          <span class="slot-count">
            {filter.hidePingPong ? ` (${formatCount(hiddenPingPong)} hidden)` : ""}
          </span>
        </span>
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={filter.findingsOnly}
          onChange={(event) => set({ findingsOnly: event.currentTarget.checked })}
        />
        <span>Findings only</span>
      </label>
      <button
        type="button"
        class="key"
        disabled={!isFiltering(filter)}
        onClick={() => onFilter(NO_FILTER)}
      >
        Clear
      </button>
    </div>
  );
}
