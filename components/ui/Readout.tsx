import type { ComponentChildren } from "preact";
import type { Reading } from "../format.ts";

/** What a readout shows. */
export interface ReadoutProps {
  /** The engraved label. */
  label: string;
  /** The main figure. */
  reading: Reading;
  /** The line below: a rate or a remark. */
  children?: ComponentChildren;
  /** The exact figure, where the reading is rounded. */
  exact?: string;
  /** The channel that the figure belongs to. */
  channel?: "ch1" | "ch2" | "ch3" | "ch4";
}

/** A figure in its window, with label and unit. */
export function Readout({ label, reading, children, exact, channel }: ReadoutProps) {
  return (
    <div class={`readout ${channel ?? ""}`}>
      <dt class="engraved">
        {channel && <span class="channel-tag">{channel.toUpperCase()}</span>}
        {label}
      </dt>
      <dd>
        <span class="readout-value" title={exact}>{reading.value}</span>
        {reading.unit !== "" && <span class="unit">{reading.unit}</span>}
        <span class="readout-sub">{children}</span>
      </dd>
    </div>
  );
}
