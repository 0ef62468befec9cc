import { READY_STATE_NAMES } from "../../protocol/ready_state.ts";
import type { Transition } from "../../protocol/connection_state.ts";
import { formatClock, formatCount, formatDuration } from "../format.ts";
import { describeCause, EDGE_LABELS, type EdgeFact } from "./lifecycle.ts";

/** What the diagram shows, as a table. */
export function TransitionTable(
  { facts, illegal }: { facts: readonly EdgeFact[]; illegal: readonly Transition[] },
) {
  return (
    <div class="scroll-x" tabIndex={0} role="region" aria-label="Table of transitions">
      <table class="plain">
        <thead>
          <tr>
            <th scope="col">Edge</th>
            <th scope="col">From, to</th>
            <th scope="col">At</th>
            <th scope="col">After</th>
            <th scope="col">Cause</th>
            <th scope="col" class="number">All</th>
          </tr>
        </thead>
        <tbody>
          {facts.map(({ edge, passed, after, count }) => (
            <tr key={edge.name} class={passed === null ? "not-passed" : ""}>
              <th scope="row" title={edge.meaning}>{EDGE_LABELS[edge.name]}</th>
              <td>{READY_STATE_NAMES[edge.from]} → {READY_STATE_NAMES[edge.to]}</td>
              <td>{passed === null ? "–" : formatClock(passed.at, true)}</td>
              <td>{after === null ? "–" : formatDuration(after)}</td>
              <td>{passed === null ? "not passed" : describeCause(passed)}</td>
              <td class="number">{formatCount(count)}</td>
            </tr>
          ))}
          {illegal.map((passed) => (
            <tr key={`${passed.from}${passed.to}${passed.at}`} class="illegal">
              <th scope="row">✕ not in the diagram</th>
              <td>{READY_STATE_NAMES[passed.from]} → {READY_STATE_NAMES[passed.to]}</td>
              <td>{formatClock(passed.at, true)}</td>
              <td>–</td>
              <td>{describeCause(passed)}</td>
              <td class="number">–</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
