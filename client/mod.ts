/**
 * The room client, for browsers and Deno: it stays connected, rejoins its rooms, keeps what can't
 * be sent yet, and shows its state.
 *
 * @example A client that nobody has started yet
 * ```ts
 * import { RoomClient } from "@roomscope/roomscope/client";
 * import { assertEquals } from "@std/assert";
 *
 * await using client = new RoomClient("wss://example.com/ws", { maxAttempts: Infinity });
 * assertEquals(client.state.value, { status: "idle" });
 * ```
 *
 * @module
 */
export { ERROR_CODES, ReadyState } from "../protocol/mod.ts";
export type {
  ErrorCode,
  ErrorCodeRow,
  Transition,
  TransitionCause,
  TransitionParty,
} from "../protocol/mod.ts";
export type * from "../protocol/client_messages.ts";
export type * from "../protocol/contract.ts";
export { defineContract } from "../protocol/contract.ts";
export { RequestError } from "../protocol/request_error.ts";
export type * from "../protocol/request_messages.ts";
export type {
  StandardIssue,
  StandardResult,
  StandardSchema,
  StandardSchemaProps,
} from "../protocol/standard_schema.ts";
export type * from "../protocol/monitor_records.ts";
export type * from "../protocol/server_messages.ts";
export { backoffDelay, type BackoffOptions } from "./backoff.ts";
export { type Clock, systemClock } from "./clock.ts";
export { type LocalErrorCode, RoomError, type RoomErrorOptions } from "./errors.ts";
export type {
  ClientEventOf,
  ClientEventType,
  CustomEvent,
  InvalidMessage,
  RoomLost,
} from "./handlers.ts";
export type { LinkSnapshot } from "./link.ts";
export type { Observable } from "./observable.ts";
export type { RoomClientOptions } from "./options.ts";
export type { PublishReceipt } from "./outbox.ts";
export type { Presence } from "./presence.ts";
export type { RequestOptions, RequestStream, StreamOptions } from "./request_types.ts";
export { type DirectMessage, type RequestArguments, RoomClient } from "./room_client.ts";
export type {
  WebSocketConstructor,
  WebSocketEvent,
  WebSocketEventName,
  WebSocketLike,
} from "./socket.ts";
export { toSignal } from "./to_signal.ts";
export {
  type PooledSocket,
  PoolFullError,
  WebSocketPool,
  type WebSocketPoolOptions,
} from "./web_socket_pool.ts";
export type {
  ClientState,
  ConnectedState,
  ConnectingState,
  IdleState,
  StoppedState,
  StopReason,
  WaitingState,
} from "./states.ts";
