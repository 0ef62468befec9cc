import {
  CONNECTION_EDGES,
  type ConnectionEdge,
  type Transition,
} from "../../protocol/connection_state.ts";
import type { ConnectionRecord } from "../../protocol/monitor_records.ts";

/** One edge of the diagram and what is known of it. */
export interface EdgeFact {
  /** The edge. */
  edge: ConnectionEdge;
  /** How this connection passed it; `null` if it didn't. */
  passed: Transition | null;
  /** How long the connection was in the state before it, in milliseconds; `null` if it didn't. */
  after: number | null;
  /** How many of all known connections passed it. */
  count: number;
}

/** Every edge of the diagram with what one connection did on it. */
export function edgeFacts(
  record: ConnectionRecord,
  counts: ReadonlyMap<string, number>,
): EdgeFact[] {
  return CONNECTION_EDGES.map((edge) => {
    const index = record.transitions.findIndex((passed) => isEdge(edge, passed));
    const passed = record.transitions[index] ?? null;
    return {
      edge,
      passed,
      after: passed === null ? null : passed.at - enteredAt(record, index),
      count: counts.get(edge.name) ?? 0,
    };
  });
}

/** Transitions that the diagram doesn't have: there should be none, and if there are, they are shown. */
export function illegalTransitions(record: ConnectionRecord): Transition[] {
  return record.transitions.filter((passed) =>
    !CONNECTION_EDGES.some((edge) => isEdge(edge, passed))
  );
}

/** How often each edge was passed, by its name, over many connections. */
export function edgeCounts(connections: Iterable<ConnectionRecord>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { transitions } of connections) {
    for (const passed of transitions) {
      const edge = CONNECTION_EDGES.find((candidate) => isEdge(candidate, passed));
      if (edge !== undefined) counts.set(edge.name, (counts.get(edge.name) ?? 0) + 1);
    }
  }
  return counts;
}

/** When the connection entered the state that it left by a transition. */
function enteredAt(record: ConnectionRecord, index: number): number {
  return index === 0 ? record.connectedAt : record.transitions[index - 1].at;
}

/** When the connection entered the state that it is in. */
export function stateSince(record: ConnectionRecord): number {
  return record.transitions.at(-1)?.at ?? record.connectedAt;
}

/** A cause as one line: `by client · 4001 “bye” · Close received`. */
export function describeCause(passed: Transition): string {
  const { by, what, code, reason } = passed.cause;
  const parts = [`by ${by}`];
  if (code !== undefined) parts.push(reason ? `${code} “${reason}”` : String(code));
  parts.push(what);
  return parts.join(" · ");
}

function isEdge(edge: ConnectionEdge, passed: Transition): boolean {
  return edge.from === passed.from && edge.to === passed.to;
}

/** The edges' names on the diagram. */
export const EDGE_LABELS: Readonly<Record<ConnectionEdge["name"], string>> = {
  opened: "handshake done",
  close_called_early: "close() called early",
  handshake_failed: "handshake failed",
  closing: "closing handshake",
  lost: "lost",
  closed: "ended",
};
