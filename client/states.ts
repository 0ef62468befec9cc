/** Nothing has been done yet. */
export interface IdleState {
  /** Tells the states apart. */
  status: "idle";
}

/** A link is being made: opening handshake, then waiting for `welcome`. */
export interface ConnectingState {
  /** Tells the states apart. */
  status: "connecting";
  /** Which attempt to reconnect it is; 0 for the first connect. */
  attempt: number;
}

/** The server has said `welcome`. */
export interface ConnectedState {
  /** Tells the states apart. */
  status: "connected";
  /** The client's id on this link. */
  clientId: string;
  /** When `welcome` came, in milliseconds since the Unix epoch. */
  since: number;
}

/** The link was lost or couldn't be made; the next attempt has its time. */
export interface WaitingState {
  /** Tells the states apart. */
  status: "waiting";
  /** Which attempt it will be, from 1 on. */
  attempt: number;
  /** How many attempts there are; `Infinity` for any number. */
  maxAttempts: number;
  /** How long the whole wait is, in milliseconds. */
  delayMs: number;
  /** When it ends, in milliseconds since the Unix epoch. */
  until: number;
  /** The close code that the last link ended with. */
  code: number;
  /** The close reason that the last link ended with. */
  closeReason: string;
}

/**
 * Why a client doesn't connect any more:
 *
 * - `closed`: by `close()`, for good
 * - `refused`: by a close code that says *never*
 * - `attempts_exhausted`: by its own limit
 * - `failed`: by the platform, which made no socket at all
 */
export type StopReason = "closed" | "refused" | "attempts_exhausted" | "failed";

/** The client doesn't connect any more. */
export interface StoppedState {
  /** Tells the states apart. */
  status: "stopped";
  /** Why. */
  reason: StopReason;
  /** The close code that the last link ended with, or that `close()` was given. */
  code: number;
  /** The close reason that goes with the code. */
  closeReason: string;
}

/**
 * A client's outer state, by `status`.
 *
 * @example One line for a status bar
 * ```ts
 * import type { ClientState } from "@roomscope/roomscope/client";
 * import { assertEquals } from "@std/assert";
 *
 * function describe(state: ClientState): string {
 *   if (state.status !== "waiting") return state.status;
 *   return `attempt ${state.attempt} of ${state.maxAttempts} in ${state.delayMs} ms`;
 * }
 * assertEquals(describe({ status: "connecting", attempt: 0 }), "connecting");
 * ```
 */
export type ClientState =
  | IdleState
  | ConnectingState
  | ConnectedState
  | WaitingState
  | StoppedState;
