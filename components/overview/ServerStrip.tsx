import type { ServerView } from "../live/monitor_store.ts";
import { formatAge, formatCount } from "../format.ts";

/** What a strip below the counters says: since when, how, and who watches. */
export function ServerStrip({ server, now, skipped }: {
  server: ServerView | null;
  now: number;
  skipped: number;
}) {
  if (server === null) return <p class="strip">Waiting for the server.</p>;
  const { policy, viewers } = server;
  return (
    <p class="strip">
      <span>
        Running for <b class="slot-age">{formatAge(now - server.startedAt)}</b>
      </span>
      {policy.source === undefined
        ? (
          <span>
            Transport <b>{policy.transport}</b>
          </span>
        )
        : (
          <span>
            Tap before <b>{policy.source.name}</b>, a server that isn’t ours: connect to{" "}
            <code>{policy.source.address}</code>
          </span>
        )}
      <span>
        Tap <b>{policy.tap ? "on" : "off"}</b>
      </span>
      <span>
        Guard <b>{policy.guard ? "on" : "off"}</b>
      </span>
      <span>
        <b>{formatCount(viewers)}</b> {viewers === 1 ? "viewer" : "viewers"} not counted
      </span>
      {skipped > 0 && <span class="strip-warn">{formatCount(skipped)} snapshots skipped</span>}
    </p>
  );
}
