/**
 * The room messages: schemas with their types, the connection states, close reasons and error
 * codes as tables, and the interfaces that join server and tap. No I/O.
 *
 * A plain `WebSocket` and `JSON.stringify` are enough to speak the base messages:
 *
 * @example What a client sends and what it means
 * ```ts
 * import { parseClientMessage } from "@roomscope/roomscope/protocol";
 * import { assert } from "@std/assert";
 *
 * const result = parseClientMessage(JSON.stringify({ type: "join_room", room: "lobby" }));
 * assert(result.ok && result.message.type === "join_room");
 * ```
 *
 * @module
 */
export * from "./binary_message.ts";
export * from "./capture.ts";
export * from "./capture_events.ts";
export * from "./client_messages.ts";
export * from "./close_reasons.ts";
export * from "./connection_state.ts";
export * from "./content.ts";
export * from "./contract.ts";
export * from "./error_codes.ts";
export * from "./metrics_report.ts";
export * from "./monitor_records.ts";
export * from "./parse_message.ts";
export * from "./ready_state.ts";
export * from "./request_error.ts";
export * from "./request_messages.ts";
export * from "./server_messages.ts";
export type {
  StandardIssue,
  StandardResult,
  StandardSchema,
  StandardSchemaProps,
} from "./standard_schema.ts";
export * from "./version.ts";
