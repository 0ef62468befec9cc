/**
 * The four ready states of a WebSocket, as the WHATWG WebSockets Standard numbers them.
 *
 * @example The state of a fresh socket
 * ```ts
 * import { READY_STATE_NAMES, ReadyState } from "@roomscope/roomscope/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(READY_STATE_NAMES[ReadyState.CONNECTING], "CONNECTING");
 * ```
 */
export const ReadyState = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const;

/** One of the four numbers in {@linkcode ReadyState}, 0 to 3. */
export type ReadyState = (typeof ReadyState)[keyof typeof ReadyState];

/** The names of the ready states, by number. */
export const READY_STATE_NAMES = ["CONNECTING", "OPEN", "CLOSING", "CLOSED"] as const;
