import { useEffect, useState } from "preact/hooks";
import { formatCount } from "../format.ts";
import { CopyButton } from "../ui/CopyButton.tsx";
import { type Segment, Segments } from "../ui/Segments.tsx";
import type { FrameBytes } from "./frame_bytes.ts";
import { toHex } from "./frame_text.ts";
import { describeByte, HexGrid } from "./HexGrid.tsx";
import { messageRows } from "./payload_views.ts";
import type { Selection, TreeRow } from "./selection.ts";
import type { FrameLoad } from "./use_frame_bytes.ts";

/** What the grid of bytes can show. */
export type ShownBytes = "wire" | "unmasked" | "inflated";

const WIRE = { value: "wire", label: "On the wire" } as const;
const UNMASKED = { value: "unmasked", label: "Unmasked" } as const;
const INFLATED = { value: "inflated", label: "Inflated" } as const;

/** What the bytes' pane shows. */
export interface BytesPaneProps {
  /** The frame's bytes, as far as they came. */
  bytes: FrameBytes;
  /** The same with the payload unmasked; the same array where it isn't masked. */
  plain: Uint8Array;
  /** Asks for bytes of the frame that come into sight. */
  want: (from: number, to: number) => void;
  /** The frame's fields. */
  rows: readonly TreeRow[];
  /** What is chosen of the frame. */
  selection: Selection;
  /** Called with the byte of the frame that is chosen. */
  onByte: (offset: number) => void;
  /** What came out of the compressed message that it belongs to; `null` for any other frame. */
  inflated: FrameLoad | null;
  /** Which bytes are wished for; a frame that hasn't got those shows what was on the wire. */
  wish: ShownBytes;
  /** Called with other bytes that are wished for. */
  onWish: (wish: ShownBytes) => void;
}

/** The grid of bytes: as they were on the wire, with the payload unmasked, or inflated. */
export function BytesPane(props: BytesPaneProps) {
  const { bytes, plain, inflated, wish } = props;
  const sources: Segment<ShownBytes>[] = [
    WIRE,
    ...(plain === bytes.bytes ? [] : [UNMASKED]),
    ...(inflated === null ? [] : [INFLATED]),
  ];
  const source = sources.some(({ value }) => value === wish) ? wish : "wire";
  const shown = source === "wire" ? bytes.bytes : plain;
  const copied = source === "inflated" ? inflated?.bytes : bytes;
  return (
    <div class="anatomy-bytes">
      <div class="payload-head">
        <h3 class="engraved">Bytes</h3>
        {plain === bytes.bytes && <span class="payload-note">not masked</span>}
        {sources.length > 1 && (
          <Segments
            name="byte-source"
            legend="Which bytes"
            options={sources}
            value={source}
            onChange={props.onWish}
          />
        )}
        <CopyButton
          text={() =>
            toHex((source === "inflated" ? copied?.bytes ?? plain.subarray(0, 0) : shown)
              .subarray(0, copied?.contiguous ?? 0))}
          label="Copy hex"
        />
      </div>
      {source === "inflated" && inflated !== null
        ? <InflatedBytes load={inflated} />
        : <FrameGrid {...props} shown={shown} />}
    </div>
  );
}

function FrameGrid({ bytes, shown, want, rows, selection, onByte }: BytesPaneProps & {
  shown: Uint8Array;
}) {
  const { offset } = selection;
  return (
    <>
      <HexGrid
        bytes={shown}
        has={(at) => bytes.has(at)}
        want={want}
        rows={rows}
        selection={selection}
        onByte={onByte}
      />
      <p class="byte-status">
        {bytes.kept === 0 ? "no bytes" : describeByte(shown[offset], offset, rows)}
      </p>
    </>
  );
}

/** The inflated message: bytes of its own, so it has a cursor of its own. */
function InflatedBytes({ load: { bytes, phase, want } }: { load: FrameLoad }) {
  const [chosen, setChosen] = useState(0);
  useEffect(() => setChosen(0), [bytes]);
  if (bytes === null) return <p class="empty">{inflatedMissing(phase)}</p>;
  const rows = messageRows(bytes.kept);
  const offset = Math.min(chosen, Math.max(0, bytes.kept - 1));
  return (
    <>
      <HexGrid
        bytes={bytes.bytes}
        has={(at) => bytes.has(at)}
        want={want}
        rows={rows}
        selection={{ offset, field: -1 }}
        onByte={setChosen}
      />
      <p class="byte-status">
        {bytes.kept === 0 ? "no bytes" : describeByte(bytes.bytes[offset], offset, rows)}
        {bytes.kept < bytes.total &&
          ` · the first ${formatCount(bytes.kept)} of ${formatCount(bytes.total)} bytes were kept`}
      </p>
    </>
  );
}

/** Why there are no inflated bytes. */
export function inflatedMissing(phase: FrameLoad["phase"]): string {
  return phase === "loading"
    ? "Waiting for the bytes."
    : "Nothing is inflated of this message: its last frame hasn’t come, has left the ring, or " +
      "couldn’t be inflated.";
}
