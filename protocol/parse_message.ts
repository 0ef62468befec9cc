import * as v from "valibot";
import type { ClientMessage } from "./client_messages.ts";
import * as clientSchemas from "./client_schemas.ts";
import { ERROR_CODES, type ErrorCode } from "./error_codes.ts";
import { isTooDeep, MAX_DEPTH } from "./content.ts";
import type { ServerMessage } from "./server_messages.ts";
import * as serverSchemas from "./server_schemas.ts";

/** A message that could be read, or why it couldn't. */
export type ParseResult<T> =
  | { ok: true; message: T }
  | { ok: false; code: ErrorCode; error: string; id?: string; room?: string };

const CLIENT_TYPES = messageTypes(clientSchemas.ClientMessage);
const SERVER_TYPES = messageTypes(serverSchemas.ServerMessage);

/**
 * Reads what a client sent.
 *
 * @param text The text message.
 * @returns The message with unknown keys dropped, or the error code to answer with.
 *
 * @example A message without its room
 * ```ts
 * import { parseClientMessage } from "@roomscope/roomscope/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const result = parseClientMessage('{"type":"join_room"}');
 * assertEquals(result.ok, false);
 * if (!result.ok) assertEquals(result.code, "invalid_message");
 * ```
 */
export function parseClientMessage(text: string): ParseResult<ClientMessage> {
  return parse(clientSchemas.ClientMessage, CLIENT_TYPES, text);
}

/**
 * Reads what a server sent.
 *
 * @param text The text message.
 * @returns The message with unknown keys dropped, or what is wrong with it.
 */
export function parseServerMessage(text: string): ParseResult<ServerMessage> {
  return parse(serverSchemas.ServerMessage, SERVER_TYPES, text);
}

function parse<T extends { type: string }>(
  schema: v.GenericSchema<unknown, T>,
  types: ReadonlySet<unknown>,
  text: string,
): ParseResult<T> {
  const input = parseJson(text);
  if (input === undefined) return failure("bad_json");
  if (isTooDeep(input, MAX_DEPTH)) {
    return failure(
      "too_deep",
      `Cannot read the message: it has more than ${MAX_DEPTH} levels`,
      input,
    );
  }
  const type = (input as { type?: unknown } | null)?.type;
  if (!types.has(type)) {
    return failure("unknown_type", `Cannot read the message: type is ${quote(type)}`, input);
  }
  const result = v.safeParse(schema, input, { abortEarly: true });
  if (result.success) return { ok: true, message: result.output };
  return failure("invalid_message", `Cannot read ${type}: ${describe(result.issues[0])}`, input);
}

/** JSON has no `undefined`, so that value can stand for a failure. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failure(
  code: ErrorCode,
  error: string = ERROR_CODES[code].message,
  input?: unknown,
): ParseResult<never> {
  const { id, room } = (input ?? {}) as { id?: unknown; room?: unknown };
  return {
    ok: false,
    code,
    error,
    ...(typeof id === "string" && id.length <= 64 ? { id } : {}),
    ...(typeof room === "string" && room.length <= 256 ? { room } : {}),
  };
}

function describe(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  const problem = issue.received === "undefined" ? "is missing" : `is ${quote(issue.input)}`;
  return path === null ? issue.message : `${path} ${problem}`;
}

/** A peer's value as it may stand in an error text: one line, short. */
function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

function messageTypes(
  schema: { options: readonly { entries: { type: { literal: string } } }[] },
): ReadonlySet<unknown> {
  return new Set(schema.options.map((option) => option.entries.type.literal));
}
