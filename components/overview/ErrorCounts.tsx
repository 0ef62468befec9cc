import { formatCount } from "../format.ts";
import { Panel } from "../ui/Panel.tsx";

const MOST = 12;

/** Errors by their code, the most frequent first. */
export function ErrorCounts({ errors }: { errors: Record<string, number> | undefined }) {
  const rows = Object.entries(errors ?? {}).filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a);
  return (
    <Panel
      id="errors"
      title="Errors by code"
      note={rows.length > MOST ? `${MOST} of ${rows.length}` : undefined}
    >
      {rows.length === 0 ? <p class="empty">None since the start.</p> : (
        <dl class="facts">
          {rows.slice(0, MOST).map(([code, count]) => (
            <div key={code} class="fact">
              <dt>
                <code>{code}</code>
              </dt>
              <dd>{formatCount(count)}</dd>
            </div>
          ))}
        </dl>
      )}
    </Panel>
  );
}
