/** Whether a client should come back after a close code: at once, after a longer wait, or never. */
export type Reconnect = "reconnect" | "later" | "never";

/** What a close code means and what a client does after it. */
export interface CloseReason {
  /** The close code, 1000 to 4999 (RFC 6455 §7.4). */
  code: number;
  /** Its stable name in snake case. */
  name: string;
  /** The reason text that this server sends with it. */
  reason: string;
  /** What a `RoomClient` does after it. */
  reconnect: Reconnect;
}

/**
 * The close codes that this server sends or a client can see, as data (RFC 6455 §7.4.1 and the
 * IANA WebSocket Close Code Number Registry; 4000 and above are this project's own).
 */
export const CLOSE_REASONS = {
  normal: { code: 1000, name: "normal", reason: "Bye", reconnect: "never" },
  goingAway: { code: 1001, name: "going_away", reason: "Going away", reconnect: "reconnect" },
  protocolError: {
    code: 1002,
    name: "protocol_error",
    reason: "Protocol error",
    reconnect: "never",
  },
  unsupportedData: {
    code: 1003,
    name: "unsupported_data",
    reason: "Unsupported data",
    reconnect: "never",
  },
  noStatus: { code: 1005, name: "no_status", reason: "", reconnect: "reconnect" },
  abnormal: { code: 1006, name: "abnormal", reason: "", reconnect: "reconnect" },
  invalidPayload: {
    code: 1007,
    name: "invalid_payload",
    reason: "Invalid payload",
    reconnect: "never",
  },
  policyViolation: {
    code: 1008,
    name: "policy_violation",
    reason: "Policy violation",
    reconnect: "never",
  },
  messageTooBig: {
    code: 1009,
    name: "message_too_big",
    reason: "Message too big",
    reconnect: "never",
  },
  internalError: {
    code: 1011,
    name: "internal_error",
    reason: "Internal error",
    reconnect: "later",
  },
  serviceRestart: {
    code: 1012,
    name: "service_restart",
    reason: "Server is restarting",
    reconnect: "reconnect",
  },
  tryAgainLater: {
    code: 1013,
    name: "try_again_later",
    reason: "Try again later",
    reconnect: "later",
  },
  badGateway: { code: 1014, name: "bad_gateway", reason: "Bad gateway", reconnect: "later" },
  replaced: {
    code: 4001,
    name: "replaced",
    reason: "Replaced by a newer connection",
    reconnect: "never",
  },
} as const satisfies Record<string, CloseReason>;

const BY_CODE: ReadonlyMap<number, CloseReason> = new Map(
  Object.values(CLOSE_REASONS).map((reason) => [reason.code, reason]),
);

/**
 * Looks a close code up.
 *
 * @param code The close code; a code that the table lacks means `reconnect`.
 * @returns Its row.
 *
 * @example What to do after 1008
 * ```ts
 * import { closeReason } from "@roomscope/roomscope/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(closeReason(1008).reconnect, "never");
 * assertEquals(closeReason(4321), { code: 4321, name: "code_4321", reason: "", reconnect: "reconnect" });
 * ```
 */
export function closeReason(code: number): CloseReason {
  return BY_CODE.get(code) ?? { code, name: `code_${code}`, reason: "", reconnect: "reconnect" };
}
