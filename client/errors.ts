import type { ErrorCode } from "../protocol/mod.ts";

/**
 * Why the client itself refuses something, beside the server's codes:
 *
 * - `outcome_unknown`: the link was lost after the message was sent and before its `ack`. It may
 *   or may not have been published; the client doesn't send it again by itself.
 * - `timeout`: no answer came in the time that the request had.
 * - `superseded`: a newer request with the same key took its place.
 * - `outbox_full`: the outbox holds as much as it may; try again when a publish has settled.
 * - `not_connected`: there is no link that could take the message.
 * - `left`: the client left the room first.
 * - `stopped`: the client gave up connecting; `connect()` starts it again.
 * - `closed`: the client was closed for good.
 */
export type LocalErrorCode =
  | "outcome_unknown"
  | "timeout"
  | "superseded"
  | "outbox_full"
  | "not_connected"
  | "left"
  | "stopped"
  | "closed";

/** What goes with a {@linkcode RoomError}. */
export interface RoomErrorOptions {
  /** The room that it is about. @default none */
  room?: string;
  /** The `id` of the message that it is about. @default none */
  id?: string;
  /** When to try again, in milliseconds from now. @default not known */
  retryAfterMs?: number;
  /** What caused it. @default nothing known */
  cause?: unknown;
}

/**
 * Something that a `RoomClient` was asked for and that didn't happen. Tell them apart by `code`,
 * never by the text.
 *
 * @example Publishing where one isn't a member
 * ```ts
 * import { RoomClient, RoomError } from "@roomscope/roomscope/client";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const client = new RoomClient("ws://localhost:8000/ws");
 * const error = await assertRejects(() => client.publish("lobby", "Hi"), RoomError);
 * assertEquals(error.code, "not_a_member");
 * ```
 */
export class RoomError extends Error {
  /** Always `RoomError`. */
  override readonly name: string = "RoomError";
  /** Stable code: one of the server's or one of the client's own. */
  readonly code: ErrorCode | LocalErrorCode;
  /** The room that it is about. */
  readonly room?: string;
  /** The `id` of the message that it is about. */
  readonly id?: string;
  /** When to try again, in milliseconds from when the error was made. */
  readonly retryAfterMs?: number;

  /**
   * Makes an error.
   *
   * @param code Stable code.
   * @param message What happened, for people.
   * @param options What goes with it.
   */
  constructor(code: ErrorCode | LocalErrorCode, message: string, options: RoomErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    if (options.room !== undefined) this.room = options.room;
    if (options.id !== undefined) this.id = options.id;
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }
}

/** Why something can't be done, before it is known what. */
export interface Hindrance {
  code: ErrorCode | LocalErrorCode;
  /** A clause: `the client is closed`. */
  why: string;
  cause?: unknown;
}

/** Makes the error for something that can't be done. */
export function cannot(
  what: string,
  hindrance: Hindrance,
  about: RoomErrorOptions = {},
): RoomError {
  const { code, why, cause } = hindrance;
  return new RoomError(code, `Cannot ${what}: ${why}`, { ...about, cause: about.cause ?? cause });
}
