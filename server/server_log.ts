import { closeReason, type ErrorCode, type FailedHandshake } from "../protocol/mod.ts";
import type { Connection } from "./connection.ts";
import { errorFields, type Log, type LogValue } from "./log.ts";

/** Refusals that say that a limit was reached. */
const LIMITS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "rate_limited",
  "message_too_big",
  "content_too_long",
  "too_deep",
  "room_name_too_long",
  "too_many_rooms",
]);

/**
 * What the room server logs, an event a method. The one place where it is decided what an entry
 * says: nothing that a peer wrote (content, close reasons, room names, header values, URLs), no
 * token and no session.
 */
export class ServerLog {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** A handshake is done. */
  opened(connection: Connection): void {
    this.#log.write("info", "connection_opened", identity(connection));
  }

  /** An open connection is open no more. */
  closed(connection: Connection, now: number): void {
    const { close, counters, connectedAt } = connection;
    const code = close?.code ?? 1006;
    this.#log.write("info", "connection_closed", {
      ...identity(connection),
      code,
      name: closeReason(code).name,
      by: close?.by ?? "network",
      ...(close?.rule === undefined ? {} : { rule: close.rule }),
      durationMs: now - connectedAt,
      messagesIn: counters.messagesIn,
      messagesOut: counters.messagesOut,
    });
  }

  /** A handshake was refused or failed. */
  handshakeFailed({ id, address, status, rule, by }: FailedHandshake): void {
    this.#log.write("warn", "handshake_refused", { connection: id, address, status, rule, by });
  }

  /** The tap didn't take a connection. */
  connectionRefused(rule: string): void {
    this.#log.write("warn", "connection_refused", { rule });
  }

  /** A message was answered with an error. */
  messageRefused(connection: Connection, code: ErrorCode): void {
    const isLimit = LIMITS.has(code);
    this.#log.write(isLimit ? "warn" : "debug", isLimit ? "limit_reached" : "message_refused", {
      connection: connection.id,
      code,
    });
  }

  /** More waits for a client than may. */
  slowConsumer(connection: Connection): void {
    this.#log.write("warn", "slow_consumer", {
      connection: connection.id,
      queuedBytes: connection.socket?.bufferedAmount ?? 0,
    });
  }

  /** Our own fault, or the application's. */
  failed(what: string, error: unknown): void {
    this.#log.write("error", "internal_error", { what, ...errorFields(error) });
  }
}

function identity(connection: Connection): Record<string, LogValue> {
  const { id, clientId, admission } = connection;
  return { connection: id, client: clientId, address: admission.hostname, port: admission.port };
}
