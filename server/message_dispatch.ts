import {
  type ClientMessage,
  type ClientMessageOf,
  type ClientMessageType,
  CLOSE_REASONS,
  type CloseReason,
  type ErrorCode,
  parseClientBinary,
  parseClientMessage,
  type ParseResult,
} from "../protocol/mod.ts";
import type { Backplane } from "./backplane.ts";
import type { Connection } from "./connection.ts";
import type { Metrics } from "./metrics.ts";
import type { Monitor } from "./monitor.ts";
import type { RoomServerLimits } from "./options.ts";
import { type ErrorDetails, type Outbound, outgoing, utf8Length } from "./outbound.ts";
import type { ContractChecks } from "../protocol/contract_checks.ts";
import type { Checked } from "../protocol/standard_schema.ts";
import type { Requests } from "./requests.ts";
import type { RoomHub } from "./room_hub.ts";
import type { ServerLog } from "./server_log.ts";
import type { Telemetry } from "./telemetry.ts";

/** A ping this much earlier than the heartbeat still counts as in step. */
const HEARTBEAT_SLACK = 0.9;

/** What {@linkcode MessageDispatch} works with. */
export interface MessageDispatchOptions {
  /** What clients may do. */
  limits: RoomServerLimits;
  /** How often clients are asked to ping, in milliseconds. */
  heartbeatMs: number;
  /** Where publishes get their place. */
  backplane: Backplane;
  /** Rooms and their members. */
  hub: RoomHub;
  /** What was agreed on about content. */
  checks: ContractChecks;
  /** Handlers and what they are asked. */
  requests: Requests;
  /** Watchers. */
  monitor: Monitor;
  /** Where answers go out. */
  outbound: Outbound;
  /** Where messages count. */
  metrics: Metrics;
  /** Spans of handled messages. */
  telemetry: Telemetry;
  /** Where refusals and faults are told. */
  log: ServerLog;
  /** Ends a connection whose client goes on breaking a limit. */
  cut: (connection: Connection, reason: CloseReason) => void;
  /** The clock, in milliseconds. */
  now: () => number;
}

type Handlers = {
  [T in ClientMessageType]: (connection: Connection, message: ClientMessageOf<T>) => void;
};

type ParseFailure = Extract<ParseResult<never>, { ok: false }>;

/** Where a client's message comes in: size, shape, rate, then the handler of its type. */
export class MessageDispatch {
  readonly #options: MessageDispatchOptions;

  readonly #handlers: Handlers = {
    ping: (connection, { timestamp }) => {
      this.#options.outbound.send(connection, outgoing({ type: "pong", timestamp }));
    },
    auth: (connection) => this.#refuse(connection, "auth_unsupported"),
    // Sessions aren't kept by this version, so every one is unknown to it.
    resume: (connection) => {
      this.#options.metrics.reconnected();
      this.#refuse(connection, "session_unknown");
    },
    join_room: (connection, message) => this.#join(connection, message),
    leave_room: (connection, { room }) => this.#options.hub.leave(connection, room),
    room_message: (connection, message) => this.#publish(connection, message),
    presence_set: (connection, message) => this.#setPresence(connection, message),
    presence_watch: (connection, message) => this.#watchPresence(connection, message),
    presence_unwatch: (connection, { room }) =>
      this.#options.hub.presence.unwatch(connection, room),
    request: (connection, message) => this.#options.requests.request(connection, message),
    cancel: (connection, message) => this.#options.requests.cancel(connection, message),
    stream_credit: (connection, message) => this.#options.requests.credit(connection, message),
    monitor_start: (connection, message) => this.#options.monitor.start(connection, message),
    monitor_stop: (connection) => this.#options.monitor.stop(connection),
    frame_get: (connection, message) => this.#options.monitor.sendBytes(connection, message),
    heads_get: (connection, message) => this.#options.monitor.sendHeads(connection, message),
  };

  constructor(options: MessageDispatchOptions) {
    this.#options = options;
  }

  /** Takes whatever a client's socket says. Never throws. */
  receive(connection: Connection, data: unknown): void {
    connection.lastMessageAt = this.#options.now();
    if (!connection.isOpen) return;
    const bytes = sizeOf(data);
    this.#count(connection, bytes);
    if (this.#isTooBig(bytes)) return this.#refuseTooBig(connection, bytes);
    this.#dispatch(
      connection,
      typeof data === "string"
        ? parseClientMessage(data)
        : parseClientBinary(new Uint8Array(data as ArrayBuffer)),
    );
  }

  #dispatch(connection: Connection, result: ParseResult<ClientMessage>): void {
    if (!result.ok) return this.#refuseUnlessTooFast(connection, result);
    const { message } = result;
    const waitMs = this.#takeBudget(connection, message);
    if (waitMs > 0) return this.#refuseTooFast(connection, waitMs, message);
    if (isMonitorMessage(message) && !connection.may("monitor")) {
      return this.#refuse(connection, "forbidden");
    }
    this.#handle(connection, message);
  }

  /** The one place where a handler's own fault is caught: the client learns only that it was one. */
  #handle<T extends ClientMessageType>(connection: Connection, message: ClientMessageOf<T>): void {
    try {
      const handler = this.#handlers[message.type as T] as (
        connection: Connection,
        message: ClientMessageOf<T>,
      ) => void;
      this.#options.telemetry.handling(message.type, () => handler(connection, message));
    } catch (error) {
      this.#fail(connection, error, message);
    }
  }

  #fail(connection: Connection, error: unknown, message: ClientMessage): void {
    this.#options.log.failed(`handle ${message.type}`, error);
    this.#refuse(connection, "internal_error", reference(message));
  }

  #join(connection: Connection, message: ClientMessageOf<"join_room">): void {
    const { limits, hub } = this.#options;
    const { room } = message;
    if (!connection.may("read")) return this.#refuse(connection, "forbidden", { room });
    if (exceeds(room.length, limits.maxRoomNameLength)) {
      return this.#refuse(connection, "room_name_too_long", { room });
    }
    if (
      !connection.rooms.has(room) && exceeds(connection.rooms.size + 1, limits.maxRoomsPerClient)
    ) {
      return this.#refuse(connection, "too_many_rooms", { room });
    }
    hub.join(connection, message);
  }

  #publish(connection: Connection, message: ClientMessageOf<"room_message">): void {
    const { room, content, id } = message;
    const details = reference(message);
    if (!connection.may("write")) return this.#refuse(connection, "forbidden", details);
    if (!connection.rooms.has(room)) return this.#refuse(connection, "not_a_member", details);
    if (
      typeof content === "string" && exceeds(content.length, this.#options.limits.maxContentLength)
    ) {
      return this.#refuse(connection, "content_too_long", details);
    }
    const checked = this.#options.checks.content(room, content);
    if (!checked.ok) {
      return this.#refuse(connection, "invalid_data", { message: checked.error, ...details });
    }
    const { userId: from, clientId } = connection;
    this.#options.backplane.publish(room, {
      from,
      clientId,
      content: checked.value,
      timestamp: this.#options.now(),
      ...(id === undefined ? {} : { id }),
    })
      .catch((error) => this.#fail(connection, error, message));
  }

  #setPresence(connection: Connection, message: ClientMessageOf<"presence_set">): void {
    const { room, state } = message;
    const details = reference(message);
    if (!connection.may("write")) return this.#refuse(connection, "forbidden", details);
    if (!connection.rooms.has(room)) return this.#refuse(connection, "not_a_member", details);
    if (exceeds(utf8Length(JSON.stringify(state)), this.#options.limits.maxPresenceBytes)) {
      return this.#refuse(connection, "state_too_big", details);
    }
    const checked: Checked = state === null
      ? { ok: true, value: null }
      : this.#options.checks.presence(room, state);
    if (!checked.ok) {
      return this.#refuse(connection, "invalid_data", { message: checked.error, ...details });
    }
    this.#options.hub.presence.set(connection, room, checked.value);
  }

  #watchPresence(connection: Connection, message: ClientMessageOf<"presence_watch">): void {
    const { room } = message;
    const details = reference(message);
    if (!connection.may("read")) return this.#refuse(connection, "forbidden", details);
    if (!connection.rooms.has(room)) return this.#refuse(connection, "not_a_member", details);
    this.#options.hub.presence.watch(connection, room);
  }

  /** Heartbeats in step are free, presence and watchers have budgets of their own, all else counts. */
  #takeBudget(connection: Connection, message: ClientMessage): number {
    const now = this.#options.now();
    if (this.#options.requests.isFree(connection, message)) return 0;
    if (message.type === "ping" && this.#isInStep(connection, now)) {
      connection.lastHeartbeat = now;
      return 0;
    }
    if (message.type.startsWith("presence_")) return connection.presenceLimiter.take(now);
    const watcher = isMonitorMessage(message) && connection.may("monitor");
    return (watcher ? connection.monitorLimiter : connection.messageLimiter).take(now);
  }

  /** A server that asks for no heartbeat (0) has none that could be in step. */
  #isInStep(connection: Connection, now: number): boolean {
    const { heartbeatMs } = this.#options;
    return heartbeatMs > 0 && now - connection.lastHeartbeat >= heartbeatMs * HEARTBEAT_SLACK;
  }

  #refuseUnlessTooFast(connection: Connection, failure: ParseFailure): void {
    const waitMs = connection.messageLimiter.take(this.#options.now());
    if (waitMs > 0) return this.#refuseTooFast(connection, waitMs, failure);
    this.#refuse(connection, failure.code, { message: failure.error, ...reference(failure) });
  }

  #refuseTooFast(
    connection: Connection,
    waitMs: number,
    message: ClientMessage | ParseFailure,
  ): void {
    const retryAfterMs = Math.ceil(waitMs);
    this.#refuse(connection, "rate_limited", { retryAfterMs, ...reference(message) });
    if (connection.refusalLimiter.take(this.#options.now()) === 0) return;
    this.#options.cut(connection, {
      ...CLOSE_REASONS.policyViolation,
      reason: "Too many messages",
    });
  }

  #refuseTooBig(connection: Connection, bytes: number): void {
    const limit = this.#options.limits.maxMessageBytes;
    this.#refuse(connection, "message_too_big", {
      message: `Cannot take the message: it has ${bytes} bytes, ${limit} are allowed`,
    });
    this.#options.cut(connection, CLOSE_REASONS.messageTooBig);
  }

  #refuse(connection: Connection, code: ErrorCode, details: ErrorDetails = {}): void {
    this.#options.log.messageRefused(connection, code);
    this.#options.outbound.refuse(connection, code, details);
  }

  #count(connection: Connection, bytes: number): void {
    connection.counters.messagesIn += 1;
    connection.counters.bytesIn += bytes;
    if (!connection.watching) this.#options.metrics.received(bytes);
  }

  #isTooBig(bytes: number): boolean {
    return exceeds(bytes, this.#options.limits.maxMessageBytes);
  }
}

/** Which message an error is about, as far as the message says. */
function reference(message: ClientMessage | ParseFailure): ErrorDetails {
  const { id, room } = message as { id?: string; room?: string };
  return { ...(id === undefined ? {} : { id }), ...(room === undefined ? {} : { room }) };
}

const MONITOR_TYPES: ReadonlySet<string> = new Set([
  "monitor_start",
  "monitor_stop",
  "frame_get",
  "heads_get",
]);

function isMonitorMessage(message: ClientMessage): boolean {
  return MONITOR_TYPES.has(message.type);
}

/** Whether a size is over its limit; 0 switches a limit off. */
function exceeds(size: number, limit: number): boolean {
  return limit > 0 && size > limit;
}

function sizeOf(data: unknown): number {
  if (typeof data === "string") return utf8Length(data);
  return data instanceof ArrayBuffer ? data.byteLength : 0;
}
