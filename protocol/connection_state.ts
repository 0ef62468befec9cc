import { READY_STATE_NAMES, ReadyState } from "./ready_state.ts";

/** Who or what made a connection change its state. */
export type TransitionParty = "client" | "server" | "guard" | "network";

/** Why a connection changed its state. */
export interface TransitionCause {
  /** Who moved first. */
  by: TransitionParty;
  /** What happened, in a few words: `handshake done`, `Close received`. */
  what: string;
  /** The close code that goes with it (RFC 6455 §7.4), 1005 and 1006 included. */
  code?: number;
  /** The close reason that goes with it, at most 123 bytes of UTF-8. */
  reason?: string;
}

/** One passed edge of the state diagram. */
export interface Transition {
  /** The state that was left. */
  from: ReadyState;
  /** The state that was entered. */
  to: ReadyState;
  /** When, in milliseconds since the Unix epoch. */
  at: number;
  /** Why. */
  cause: TransitionCause;
}

/** An edge that the state diagram has. */
export interface ConnectionEdge {
  /** Where it starts. */
  from: ReadyState;
  /** Where it ends. */
  to: ReadyState;
  /** Its stable name. */
  name: "opened" | "close_called_early" | "handshake_failed" | "closing" | "lost" | "closed";
  /** What passing it means. */
  meaning: string;
}

/** Every edge of the state diagram; there are no others. */
export const CONNECTION_EDGES: readonly ConnectionEdge[] = [
  { from: 0, to: 1, name: "opened", meaning: "The opening handshake is done" },
  { from: 0, to: 2, name: "close_called_early", meaning: "close() before the handshake was done" },
  { from: 0, to: 3, name: "handshake_failed", meaning: "The opening handshake failed" },
  { from: 1, to: 2, name: "closing", meaning: "The closing handshake has begun" },
  { from: 1, to: 3, name: "lost", meaning: "The link was lost without a closing handshake" },
  { from: 2, to: 3, name: "closed", meaning: "The connection has ended" },
];

/**
 * Finds the edge between two states.
 *
 * @param from The state to leave.
 * @param to The state to enter.
 * @returns The edge, or `undefined` where the diagram has none.
 */
export function connectionEdge(from: ReadyState, to: ReadyState): ConnectionEdge | undefined {
  return CONNECTION_EDGES.find((edge) => edge.from === from && edge.to === to);
}

/**
 * The life of one connection: CONNECTING, OPEN, CLOSING, CLOSED, and how it got from one to the
 * next. Server, client and dashboard use the same one.
 *
 * @example A connection that was lost
 * ```ts
 * import { ConnectionState, ReadyState } from "@roomscope/roomscope/protocol";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const state = new ConnectionState();
 * state.advance(ReadyState.OPEN, { by: "server", what: "handshake done" }, 1_000);
 * state.advance(ReadyState.CLOSED, { by: "network", what: "link lost", code: 1006 }, 2_000);
 * assertEquals(state.transitions.map((passed) => passed.to), [1, 3]);
 * assertThrows(() => state.advance(ReadyState.OPEN, { by: "client", what: "again" }, 3_000));
 * ```
 */
export class ConnectionState {
  #current: ReadyState = ReadyState.CONNECTING;
  #transitions: Transition[] = [];

  /** The current ready state. */
  get current(): ReadyState {
    return this.#current;
  }

  /** The edges passed so far, oldest first; at most three. */
  get transitions(): readonly Transition[] {
    return this.#transitions;
  }

  /**
   * Passes an edge.
   *
   * @param to The state to enter.
   * @param cause Why.
   * @param at When, in milliseconds since the Unix epoch.
   * @throws {RangeError} If the diagram has no such edge; the state stays as it was.
   */
  advance(to: ReadyState, cause: TransitionCause, at: number): void {
    if (connectionEdge(this.#current, to) === undefined) {
      throw new RangeError(
        `Cannot enter ${READY_STATE_NAMES[to]}: the state is ${READY_STATE_NAMES[this.#current]}`,
      );
    }
    this.#transitions.push({ from: this.#current, to, at, cause });
    this.#current = to;
  }
}
