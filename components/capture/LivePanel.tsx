import type { ServerView } from "../live/monitor_store.ts";
import type { CaptureStats } from "../../protocol/monitor_records.ts";
import { formatBytes, formatCount, joinReading } from "../format.ts";
import { Panel } from "../ui/Panel.tsx";
import { SaveLinks } from "./SaveLinks.tsx";

/** What happens now, as files. */
export function LivePanel({ server, capture }: {
  server: ServerView | null;
  capture: CaptureStats | null;
}) {
  const source = server?.policy.source;
  return (
    <Panel id="live-capture" title="Live capture">
      <div class="live-capture">
        <p>
          Everything that the ring holds of{" "}
          {source === undefined ? "this server" : <code>{source.name}</code>}{" "}
          as a file: the newest frames of every connection
          {capture !== null && (
            <>
              , up to {formatCount(capture.maxFrames)} frames or{" "}
              {joinReading(formatBytes(capture.maxBytes))}
            </>
          )}. Secrets stay hidden, as they were captured.
        </p>
        <SaveLinks capture="live" of="the live capture" />
        <p class="payload-size">
          One connection alone is saved on its own page, under{" "}
          <a href="/connections">Connections</a>.
        </p>
      </div>
    </Panel>
  );
}
