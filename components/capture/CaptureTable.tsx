import type { CaptureLimits, CaptureSummary } from "../../utils.ts";
import { formatBytes, formatCount, formatDuration, joinReading } from "../format.ts";
import { Lamp } from "../ui/Lamp.tsx";
import { Panel } from "../ui/Panel.tsx";
import { SaveLinks } from "./SaveLinks.tsx";

/** What the list of captures shows and does. */
export interface CaptureTableProps {
  /** The captures, the oldest first. */
  captures: readonly CaptureSummary[];
  /** How many there may be. */
  limits: CaptureLimits;
  /** The capture that was loaded last on this page. */
  newest: string;
  /** Called with the capture to remove. */
  onRemove: (capture: CaptureSummary) => void;
}

/** The files that are loaded: what is in each, and where to look at it. */
export function CaptureTable({ captures, limits, newest, onRemove }: CaptureTableProps) {
  return (
    <Panel
      id="captures"
      title="Loaded files"
      note={`${captures.length} of ${limits.maxCaptures}, kept until the server stops`}
    >
      {captures.length === 0
        ? (
          <div class="empty empty-tall">
            <p class="empty-title">No file is loaded.</p>
            <p>
              A loaded file shows its connections and frames on the same pages as live ones: states,
              close codes, every bit and finding. It stays in this server’s memory and goes nowhere.
            </p>
          </div>
        )
        : (
          <ul class="capture-list">
            {captures.toReversed().map((capture) => (
              <CaptureRow
                key={capture.id}
                capture={capture}
                isNew={capture.id === newest}
                onRemove={onRemove}
              />
            ))}
          </ul>
        )}
    </Panel>
  );
}

function CaptureRow({ capture, isNew, onRemove }: {
  capture: CaptureSummary;
  isNew: boolean;
  onRemove: (capture: CaptureSummary) => void;
}) {
  const { id, name, bytes, connections, frames, findings, first, last } = capture;
  const base = `/captures/${id}`;
  return (
    <li class={`capture-row ${isNew ? "chosen" : ""}`} data-capture={id}>
      <div class="capture-title">
        <a class="row-link" href={base}>{name}</a>
        <span class="payload-size">
          {joinReading(formatBytes(bytes))} · {new Date(first).toISOString().slice(0, 10)}
        </span>
      </div>
      <dl class="capture-figures">
        <Figure label="Connections" href={base}>{formatCount(connections)}</Figure>
        <Figure label="Frames" href={`${base}/frames`}>{formatCount(frames)}</Figure>
        <Figure label="Span">{formatDuration(last - first)}</Figure>
        <Figure label="Findings">
          {findings === 0
            ? <Lamp shape="full" tone="ok">none</Lamp>
            : <Lamp shape="cross" tone="bad">{formatCount(findings)}</Lamp>}
        </Figure>
      </dl>
      <div class="capture-tools">
        <SaveLinks capture={id} of={name} />
        <button type="button" class="key" onClick={() => onRemove(capture)}>
          Remove<span class="hidden-text">{name}</span>
        </button>
      </div>
    </li>
  );
}

function Figure({ label, href, children }: {
  label: string;
  href?: string;
  children: preact.ComponentChildren;
}) {
  return (
    <div>
      <dt class="engraved">{label}</dt>
      <dd>{href === undefined ? children : <a href={href}>{children}</a>}</dd>
    </div>
  );
}
