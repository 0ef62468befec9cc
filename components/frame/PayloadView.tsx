import { useMemo, useState } from "preact/hooks";
import { formatCount } from "../format.ts";
import { CopyButton } from "../ui/CopyButton.tsx";
import { Segments } from "../ui/Segments.tsx";
import { visibleLines } from "./frame_text.ts";
import { jsonView, textView } from "./payload_views.ts";

type View = "text" | "json";

const VIEWS = [{ value: "text", label: "Text" }, { value: "json", label: "JSON" }] as const;

/** What the shown bytes are. */
export interface PayloadOrigin {
  /** The name: a frame's payload, or a message. */
  name: "Payload" | "Message";
  /** What is to be said of them; empty ones are passed over. */
  notes: readonly string[];
  /** Whether they can end inside a character only by mistake: they aren't a part of something. */
  isWhole: boolean;
}

/** What the payload's views need. */
export interface PayloadViewProps {
  /** The unmasked payload or the inflated message, as far as it came. */
  payload: Uint8Array;
  /** Bytes of the whole of it. */
  length: number;
  /** Fetches what isn't here yet; absent when nothing is missing. */
  onFetch?: () => void;
  /** What it is. */
  origin: PayloadOrigin;
}

/** The payload as text or as JSON. */
export function PayloadView(props: PayloadViewProps) {
  const { payload, length, origin } = props;
  const [view, setView] = useState<View>("text");
  const { text, valid } = useMemo(
    () => textView(payload, payload.length === length && origin.isWhole),
    [payload, length, origin.isWhole],
  );
  const json = useMemo(() => view === "json" ? jsonView(text) : null, [view, text]);
  const shown = json === null ? text : "json" in json ? json.json : "";
  return (
    <div class="payload">
      <div class="payload-head">
        <h3 class="engraved">{origin.name}</h3>
        <Segments
          name="payload-view"
          legend="Payload as"
          options={VIEWS}
          value={view}
          onChange={setView}
        />
        {props.onFetch !== undefined && (
          <button type="button" class="key" onClick={props.onFetch}>Fetch the rest</button>
        )}
        <CopyButton text={shown} label={view === "text" ? "Copy text" : "Copy JSON"} />
      </div>
      <p class="payload-note">{note(props, valid)}</p>
      {json !== null && "problem" in json
        ? <p class="empty">Not JSON: {json.problem}</p>
        : <pre class="payload-text" tabIndex={0}>{shown === "" ? " " : visibleLines(shown)}</pre>}
    </div>
  );
}

function note({ payload, length, origin }: PayloadViewProps, valid: boolean): string {
  if (length === 0) return `The ${origin.name.toLowerCase()} is empty.`;
  const parts = origin.notes.filter((part) => part !== "");
  if (!valid) parts.push("not valid UTF-8 by itself: � stands for what isn’t");
  if (payload.length < length) {
    parts.push(`${formatCount(payload.length)} of ${formatCount(length)} bytes are here`);
  }
  return parts.length === 0 ? "valid UTF-8" : parts.join("; ");
}
