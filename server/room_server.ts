import {
  CLOSE_REASONS,
  type CloseReason,
  type ConnectionRecord,
  type ContentOf,
  type Contract,
  type FailedHandshake,
  type MethodOf,
  type OpenContract,
  type RoomOf,
  type ServerMessage,
  type ServerPolicy,
  type ServerStats,
  VERSION,
  type Welcome,
} from "../protocol/mod.ts";
import { ContractChecks } from "../protocol/contract_checks.ts";
import { type Caller, Doorman, type Refusal } from "./admission.ts";
import type { Backplane, Position } from "./backplane.ts";
import { type Admission, Connection, formatAddress } from "./connection.ts";
import { InProcessBackplane } from "./in_process_backplane.ts";
import { Lifecycle } from "./lifecycle.ts";
import { MessageDispatch } from "./message_dispatch.ts";
import { Log, logSink } from "./log.ts";
import { Metrics } from "./metrics.ts";
import { Monitor } from "./monitor.ts";
import { expositionResponse } from "./open_metrics.ts";
import { type MonitorSource, RoomServerSource, statsOf } from "./monitor_source.ts";
import { type RoomServerLimits, roomServerLimits, type RoomServerOptions } from "./options.ts";
import { type CustomMessage, Outbound, outgoing } from "./outbound.ts";
import { ConnectionRegistry } from "./registry.ts";
import type { HandleOptions, RequestHandler } from "./request_handler.ts";
import { Requests } from "./requests.ts";
import { RoomHub } from "./room_hub.ts";
import { ServerLog } from "./server_log.ts";
import { Telemetry } from "./telemetry.ts";

/** Who publishes when the server itself does. */
const SERVER_USER = "server";

/**
 * A room server on `Deno.upgradeWebSocket`. A client's message goes from its socket to
 * {@linkcode MessageDispatch}, from there through the backplane to {@linkcode RoomHub}, and from
 * there out to the members' sockets through {@linkcode Outbound}.
 *
 * @example A server, and a client that joins a room
 * ```ts
 * import { RoomServer } from "@roomscope/roomscope/server";
 * import { assertEquals } from "@std/assert";
 *
 * const rooms = new RoomServer();
 * const http = Deno.serve({ port: 0, onListen() {} }, (request, info) => rooms.handler(request, info));
 * const socket = new WebSocket(`ws://localhost:${http.addr.port}`);
 * const joined = Promise.withResolvers<string>();
 * socket.onmessage = ({ data }) => {
 *   const message = JSON.parse(data);
 *   if (message.type === "welcome") socket.send('{"type":"join_room","room":"lobby"}');
 *   if (message.type === "room_joined") joined.resolve(message.room);
 * };
 * assertEquals(await joined.promise, "lobby");
 * await rooms.close();
 * await http.shutdown();
 * ```
 */
export class RoomServer<C extends Contract = OpenContract> {
  readonly #limits: RoomServerLimits;
  readonly #options: RoomServerOptions<C>;
  readonly #source: MonitorSource;
  readonly #metrics = new Metrics();
  readonly #log: ServerLog;
  readonly #telemetry: Telemetry;
  readonly #registry = new ConnectionRegistry();
  readonly #backplane: Backplane;
  readonly #doorman: Doorman;
  readonly #lifecycle: Lifecycle;
  readonly #outbound: Outbound;
  readonly #hub: RoomHub;
  readonly #monitor: Monitor;
  readonly #checks: ContractChecks;
  readonly #requests: Requests;
  readonly #dispatch: MessageDispatch;
  /** Numbers of connections that this server refused: the tap will report them too. */
  readonly #refused = new Set<string>();
  readonly #emptied = Promise.withResolvers<void>();
  #drained: Promise<void> | undefined;

  /**
   * Makes a server; it listens where its {@linkcode RoomServer.handler} is called.
   *
   * @param options Limits, allow-lists, and what it works with.
   * @throws {RangeError} If a limit or a time isn't a whole number from 0.
   * @throws {TypeError} If a limit's name is unknown.
   */
  constructor(options: RoomServerOptions<C> = {}) {
    const now = Date.now;
    const { control, capture, closeTimeoutMs = 5_000, heartbeatMs = 30_000 } = options;
    const limits = roomServerLimits(options);
    const metrics = this.#metrics;
    const registry = this.#registry;
    const log = this.#log = new ServerLog(new Log(options.log ?? DEFAULT_LOG));
    const telemetry = this.#telemetry = new Telemetry(() => metrics.readings(this.#hub.size));
    metrics.listener = telemetry;
    this.#options = options;
    this.#limits = limits;
    this.#backplane = options.backplane ?? new InProcessBackplane();
    this.#doorman = new Doorman({
      limits,
      control,
      allowedOrigins: options.allowedOrigins ?? [],
      allowedHosts: options.allowedHosts,
      permissions: options.permissions ?? (() => ["read", "write"]),
      count: () => registry.size,
      countOf: (hostname) => registry.countOf(hostname),
    });
    this.#lifecycle = new Lifecycle({
      registry,
      metrics,
      closeTimeoutMs,
      log,
      now,
      ...(control === undefined ? {} : { control }),
      onGone: (connection) => this.#onGone(connection),
      onEnded: () => this.#resolveIfEmptied(),
    });
    this.#outbound = new Outbound({
      metrics,
      maxQueuedBytes: limits.maxQueuedBytes,
      onSlow: (connection) => {
        log.slowConsumer(connection);
        this.#lifecycle.cut(connection, SLOW);
      },
    });
    this.#hub = new RoomHub({
      now,
      maxListedMembers: limits.maxListedMembers,
      presenceGraceMs: options.presenceGraceMs ?? 10_000,
      registry,
      metrics,
      backplane: this.#backplane,
      outbound: this.#outbound,
    });
    this.#source = options.source ?? new RoomServerSource({
      metrics,
      registry,
      hub: this.#hub,
      policy: this.#policy(),
      startedAt: Date.now(),
      ...(capture === undefined ? {} : { capture }),
    });
    this.#monitor = new Monitor({
      metrics,
      registry,
      outbound: this.#outbound,
      source: this.#source,
      now,
      ...(control === undefined ? {} : { control }),
      ...(options.captures === undefined ? {} : { captures: options.captures }),
    });
    this.#checks = new ContractChecks(options.contract);
    this.#requests = new Requests({
      limits,
      handlerTimeoutMs: options.handlerTimeoutMs ?? 30_000,
      checks: this.#checks,
      outbound: this.#outbound,
    });
    this.#dispatch = new MessageDispatch({
      limits,
      heartbeatMs,
      metrics,
      telemetry,
      log,
      now,
      backplane: this.#backplane,
      hub: this.#hub,
      checks: this.#checks,
      requests: this.#requests,
      monitor: this.#monitor,
      outbound: this.#outbound,
      cut: (connection, reason) => this.#lifecycle.cut(connection, reason, ANSWERS_MS),
    });
    if (control !== undefined) control.observer = this.#observer();
  }

  /**
   * Answers a WebSocket handshake. Give it to `Deno.serve`, or call it for one path of a server,
   * before every middleware: once the upgrade is done nothing else may be answered.
   *
   * @param request The handshake.
   * @param info What `Deno.serve` says of the connection.
   * @returns 101, or what is wrong: 400, 403, 426, 429, 500, 503. Never throws.
   */
  handler(request: Request, info: { remoteAddr: Deno.Addr }): Response {
    const caller = this.#doorman.identify(info.remoteAddr);
    if (caller === null) return refusalResponse(NOT_THROUGH_TAP);
    if (!request.headers.has("upgrade")) return refusalResponse(UPGRADE_REQUIRED);
    if (this.#drained) return this.#refuse(caller, DRAINING);
    const answer = this.#check(request, caller);
    if ("status" in answer) return this.#refuse(caller, answer);
    return this.#upgrade(request, answer);
  }

  /**
   * Registers who answers requests for a method. What it throws is logged here and reaches the
   * caller as `internal_error` without its text; a {@linkcode RequestError} reaches it as it is.
   *
   * @example A reply, and a stream
   * ```ts
   * import { RoomServer } from "@roomscope/roomscope/server";
   * import { RoomClient } from "@roomscope/roomscope/client";
   * import { assertEquals } from "@std/assert";
   *
   * const rooms = new RoomServer();
   * rooms.handle("whoami", (_data, { clientId }) => clientId);
   * rooms.handle("count", async function* (upTo) {
   *   for (let n = 1; n <= Number(upTo); n++) yield n;
   * });
   * const http = Deno.serve({ port: 0, onListen() {} }, (request, info) => rooms.handler(request, info));
   *
   * const client = new RoomClient(`ws://localhost:${http.addr.port}`);
   * const { clientId } = await client.connect();
   * assertEquals(await client.request("whoami"), clientId);
   * assertEquals(await Array.fromAsync(client.stream("count", 3)), [1, 2, 3]);
   *
   * await client.close();
   * await rooms.close();
   * await http.shutdown();
   * ```
   *
   * @param method The method's name, 1 to 128 UTF-16 units.
   * @param handler Returns the reply, or an async iterable of chunks.
   * @param options What a caller must be allowed to do; `write` where nothing is said.
   * @returns Removes it; requests that are open run on.
   * @throws {TypeError} If the method has a handler, or the contract has no such method.
   * @throws {RangeError} If the name is empty or too long.
   */
  handle<M extends MethodOf<C>>(
    method: M,
    handler: RequestHandler<C, M>,
    options: HandleOptions = {},
  ): () => void {
    return this.#requests.handle(method, handler as RequestHandler, options);
  }

  /**
   * Sends a message to every member of a room but one. It is not a publish: it has no place in the
   * room's sequence.
   *
   * @param room The room's name.
   * @param message Any JSON object with a `type`; serialised once.
   * @param options `except`: the client id that doesn't get it.
   * @returns To how many members it was handed.
   * @throws {TypeError} If the message can't be serialised.
   */
  broadcastToRoom(
    room: string,
    message: ServerMessage | CustomMessage,
    options: { except?: string } = {},
  ): number {
    return this.#hub.broadcast(room, outgoing(message), options.except);
  }

  /**
   * Sends a message to every client.
   *
   * @param message Any JSON object with a `type`; serialised once.
   * @returns To how many clients it was handed.
   * @throws {TypeError} If the message can't be serialised.
   */
  broadcastToAll(message: ServerMessage | CustomMessage): number {
    const serialised = outgoing(message);
    let sent = 0;
    for (const connection of this.#registry.live()) {
      if (!connection.isOpen) continue;
      this.#outbound.send(connection, serialised);
      sent += 1;
    }
    return sent;
  }

  /**
   * Sends a message to one client.
   *
   * @param clientId Its client id.
   * @param message Any JSON object with a `type`.
   * @returns Whether there is such a client.
   * @throws {TypeError} If the message can't be serialised.
   */
  sendToClient(clientId: string, message: ServerMessage | CustomMessage): boolean {
    const connection = this.#registry.byClientId(clientId);
    if (connection === undefined || !connection.isOpen) return false;
    this.#outbound.send(connection, outgoing(message));
    return true;
  }

  /**
   * Publishes to a room as the server: a `room_message` from `server` with a place in the room's
   * sequence.
   *
   * @param room The room's name.
   * @param content Any JSON value, or a `Uint8Array` for a binary message; it is copied.
   * @returns Its place.
   * @throws {TypeError} If the content doesn't fit the contract, or isn't JSON: undefined, cyclic,
   * a bigint in it.
   */
  async publish<R extends RoomOf<C>>(room: R, content: ContentOf<C, R>): Promise<Position> {
    const checked = this.#checks.content(room, content);
    if (!checked.ok) throw new TypeError(`Cannot publish: ${checked.error}`);
    const { value } = checked;
    // Found out before the message gets a place: a place without a message would be a gap.
    if (!(value instanceof Uint8Array) && JSON.stringify(value) === undefined) {
      throw new TypeError(`Cannot publish: the content is ${typeof value}`);
    }
    return await this.#backplane.publish(room, {
      from: SERVER_USER,
      clientId: SERVER_USER,
      content: value instanceof Uint8Array ? value.slice() : value,
      timestamp: Date.now(),
    });
  }

  /**
   * Closes one client's connection.
   *
   * @param clientId Its client id.
   * @param reason Code and reason, from {@linkcode CLOSE_REASONS} or of the application's own.
   * @returns Whether there was such a client.
   */
  disconnect(clientId: string, reason: CloseReason = CLOSE_REASONS.normal): boolean {
    const connection = this.#registry.byClientId(clientId);
    if (connection === undefined || !connection.isOpen) return false;
    this.#lifecycle.disconnect(connection, reason);
    return true;
  }

  /** Records of all connections that are known: the live ones and the last 500 that ended. */
  connections(): ConnectionRecord[] {
    return this.#registry.ids().flatMap((id) => this.#registry.record(id) ?? []);
  }

  /**
   * Counters, histograms and what is in force.
   *
   * @param source Whose. @default what watchers see
   */
  getStats(source: MonitorSource = this.#source): ServerStats {
    return statsOf(source, this.#monitor.viewers);
  }

  /**
   * Answers a scrape: counters, gauges and histograms as OpenMetrics text, or in the older format
   * of Prometheus where `Accept` asks for `text/plain`. Nothing here checks who asks.
   *
   * @param request The scrape; its `Accept` is read.
   * @returns 200 with the text. Counters never go down while the server runs.
   *
   * @example
   * ```ts
   * import { RoomServer } from "@roomscope/roomscope/server";
   * import { assertStringIncludes } from "@std/assert";
   *
   * const rooms = new RoomServer();
   * const text = await rooms.metricsResponse(new Request("http://localhost/metrics")).text();
   * assertStringIncludes(text, "roomscope_connections_total 0");
   * await rooms.close();
   * ```
   */
  metricsResponse(request: Request): Response {
    const readings = this.#metrics.readings(this.#hub.size);
    const { viewers } = this.#monitor;
    const figures = { ...readings, viewers, startedAt: this.#source.startedAt };
    return expositionResponse(figures, request.headers.get("accept"));
  }

  /**
   * Drains: takes no more handshakes, closes every connection with 1012, and resolves when all
   * have ended or the closing handshakes' time is over. Harmless the second time.
   */
  close(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  async #drain(): Promise<void> {
    this.#hub.dissolve();
    for (const connection of this.#registry.live()) {
      this.#lifecycle.disconnect(connection, CLOSE_REASONS.serviceRestart);
    }
    if (this.#registry.size > 0) await this.#emptied.promise;
    this.#monitor.close();
    this.#hub.close();
    this.#telemetry.close();
    await this.#backplane.close();
  }

  #resolveIfEmptied(): void {
    if (this.#drained !== undefined && this.#registry.size === 0) this.#emptied.resolve();
  }

  /** `permissions` is the application's and may throw; then the port has to stay open. */
  #check(request: Request, caller: Caller): Admission | Refusal {
    try {
      return this.#doorman.check(request, caller);
    } catch (error) {
      this.#log.failed("check a handshake", error);
      return CHECK_FAILED;
    }
  }

  /**
   * Upgrade and `return` stand together: a throw between them would close the port for everyone
   * (deno-facts §1a). `upgradeWebSocket` itself may throw, which is still before the upgrade.
   */
  #upgrade(request: Request, admission: Admission): Response {
    const { messagesPerSecond, maxRefusedMessages } = this.#limits;
    const connection = new Connection(admission, {
      now: Date.now(),
      messagesPerSecond,
      maxRefusedMessages,
    });
    let upgrade: Deno.WebSocketUpgrade;
    try {
      upgrade = Deno.upgradeWebSocket(request, {
        idleTimeout: (this.#options.idleTimeoutMs ?? 60_000) / 1_000,
      });
    } catch {
      return this.#refuse(admission, NOT_UPGRADABLE);
    }
    this.#attach(connection, upgrade.socket);
    return upgrade.response;
  }

  #attach(connection: Connection, socket: WebSocket): void {
    connection.socket = socket;
    this.#registry.add(connection);
    socket.onopen = () => this.#onOpen(connection);
    socket.onmessage = ({ data }) => this.#dispatch.receive(connection, data);
    socket.onerror = (event) => {
      connection.socketError = (event as ErrorEvent).message || null;
    };
    socket.onclose = (event) => this.#lifecycle.socketClosed(connection, event);
  }

  #onOpen(connection: Connection): void {
    this.#lifecycle.opened(connection);
    this.#outbound.send(connection, outgoing(this.#welcome(connection)));
    // close() inside onopen can leave the TCP connection open (deno-facts §1b).
    if (this.#drained) {
      setTimeout(() => this.#lifecycle.disconnect(connection, CLOSE_REASONS.serviceRestart), 0);
    }
  }

  /** The link isn't open any more: memberships end at once, whatever is still to come. */
  #onGone(connection: Connection): void {
    this.#hub.leaveAll(connection);
    this.#requests.forget(connection);
    this.#monitor.forget(connection);
  }

  #welcome(connection: Connection): Welcome {
    const { messagesPerSecond, maxMessageBytes, maxContentLength } = this.#limits;
    const { maxRoomsPerClient, maxRoomNameLength, maxOpenRequests } = this.#limits;
    return {
      type: "welcome",
      version: VERSION,
      clientId: connection.clientId,
      session: connection.session,
      serverTime: Date.now(),
      heartbeatMs: this.#options.heartbeatMs ?? 30_000,
      permissions: [...connection.admission.permissions],
      limits: {
        messagesPerSecond,
        maxMessageBytes,
        maxContentLength,
        maxRoomsPerClient,
        maxRoomNameLength,
        maxOpenRequests,
      },
    };
  }

  #policy(): ServerPolicy {
    const { control } = this.#options;
    return {
      version: VERSION,
      transport: "deno",
      tap: control !== undefined,
      guard: control?.guards ?? false,
      redact: control?.redacts ?? false,
      limits: { ...this.#limits, ...control?.limits },
    };
  }

  #refuse(caller: Caller, refusal: Refusal): Response {
    const { id, hostname, port } = caller;
    const { status, rule, message } = refusal;
    // The tap numbers only what asks for a WebSocket; anything else is no handshake that failed.
    if (id === "") return refusalResponse(refusal);
    if (this.#options.control !== undefined) this.#refused.add(id);
    this.#lifecycle.handshakeFailed({
      id,
      status,
      rule,
      message,
      address: formatAddress(hostname, port),
      at: Date.now(),
      by: "server",
    });
    return refusalResponse(refusal);
  }

  #observer(): NonNullable<NonNullable<RoomServerOptions["control"]>["observer"]> {
    return {
      handshakeFailed: (failure) => this.#onTapRefused(failure),
      connectionRefused: (rule) => {
        this.#metrics.error(rule);
        this.#log.connectionRefused(rule);
      },
      cut: (id, reason) => {
        const connection = this.#registry.byId(id);
        if (connection !== undefined) this.#lifecycle.tapCuts(connection, reason);
      },
      roundTrip: (id, milliseconds) => {
        const connection = this.#registry.byId(id);
        if (connection !== undefined) connection.counters.roundTripMs = milliseconds;
        this.#metrics.roundTrip(milliseconds);
      },
    };
  }

  #onTapRefused(failure: FailedHandshake): void {
    if (!this.#refused.delete(failure.id)) this.#lifecycle.handshakeFailed(failure);
  }
}

/** How long answers already sent have on their way through the tap before a limit's cut. */
const ANSWERS_MS = 50;

/** What an application that says nothing about logs gets to see. */
const DEFAULT_LOG = logSink({ level: "error" });

const SLOW: CloseReason = { ...CLOSE_REASONS.tryAgainLater, reason: "Reads too slowly" };

const NOT_THROUGH_TAP: Refusal = {
  status: 403,
  rule: "not-through-tap",
  message: "Cannot serve a connection that did not come through the tap",
};

const UPGRADE_REQUIRED: Refusal = {
  status: 426,
  rule: "upgrade-required",
  message: "Cannot answer: this is a WebSocket",
};

const CHECK_FAILED: Refusal = {
  status: 500,
  rule: "check-failed",
  message: "Cannot check the handshake",
};

const DRAINING: Refusal = {
  status: 503,
  rule: "draining",
  message: "Cannot take another connection: the server is closing",
};

const NOT_UPGRADABLE: Refusal = {
  status: 400,
  rule: "not-upgradable",
  message: "Cannot upgrade the connection",
};

/** A refused handshake ends its TCP connection; 426 says what to ask for (RFC 9110 §15.5.22). */
function refusalResponse({ status, message }: Refusal): Response {
  const headers = new Headers({ connection: "close", "content-type": "text/plain; charset=utf-8" });
  if (status === 426) {
    headers.set("upgrade", "websocket");
    headers.set("sec-websocket-version", "13");
  }
  return new Response(`${message}\n`, { status, headers });
}
