import type { CaptureStats } from "../../protocol/monitor_records.ts";
import { formatBytes, formatCount, joinReading } from "../format.ts";

/** What the meters show. */
export interface FrameMetersProps {
  /** How full the server's ring is. */
  capture: CaptureStats | null;
  /** Frames that passed the filter. */
  shown: number;
  /** Frames that the page holds. */
  held: number;
  /** Frames that came too fast for this page. */
  skipped: number;
}

/** Counters that add up: seen = kept + discarded. */
export function FrameMeters({ capture, shown, held, skipped }: FrameMetersProps) {
  return (
    <div class="meters">
      {capture !== null && (
        <span class="meter">
          <span class="engraved">Capture</span>
          <span>
            seen <b class="slot-number">{formatCount(capture.seen)}</b>
          </span>
          <span>
            = kept <b class="slot-number">{formatCount(capture.kept)}</b>
          </span>
          <span>
            + discarded <b class="slot-number">{formatCount(capture.discarded)}</b>
          </span>
        </span>
      )}
      {capture !== null && (
        <span class="meter">
          <span class="engraved">Ring</span>
          <progress
            max={Math.max(1, capture.maxBytes)}
            value={capture.keptBytes}
            aria-label="Bytes in the ring"
          />
          <span>
            {joinReading(formatBytes(capture.keptBytes))} of{" "}
            {joinReading(formatBytes(capture.maxBytes))}
          </span>
          <span>{formatCount(capture.kept)} of {formatCount(capture.maxFrames)} frames</span>
        </span>
      )}
      <span class="meter">
        <span class="engraved">This page</span>
        <span>
          shows <b class="slot-number">{formatCount(shown)}</b>
        </span>
        <span>
          of <b class="slot-number">{formatCount(held)}</b>
        </span>
        <span class={skipped > 0 ? "meter-warn" : ""}>
          skipped <b>{formatCount(skipped)}</b>
        </span>
      </span>
    </div>
  );
}
