import {
  type ChunkOf,
  type ClientMessage,
  type ContentOf,
  type Contract,
  type DeliveredRoomMessage,
  encodeBinaryPublish,
  type ErrorMessage,
  type OpenContract,
  type ReplyMethodOf,
  type ReplyOf,
  type RequestDataOf,
  type RoomJoined,
  type RoomOf,
  type ServerMessage,
  type StreamMethodOf,
  type Welcome,
} from "../protocol/mod.ts";
import { ContractChecks } from "../protocol/contract_checks.ts";
import type { Checked } from "../protocol/standard_schema.ts";
import { byteLength, checkClose, refusalOf, tooBig, webSocketUrl } from "./checks.ts";
import { CLOSED, Connector, STOPPED } from "./connector.ts";
import { cannot, type Hindrance } from "./errors.ts";
import { type ClientEventOf, type ClientEventType, Handlers } from "./handlers.ts";
import { Line } from "./line.ts";
import type { LinkSnapshot } from "./link.ts";
import type { Observable } from "./observable.ts";
import { type RoomClientOptions, type Settings, settingsOf } from "./options.ts";
import { Outbox, type PublishReceipt } from "./outbox.ts";
import { type Presence, PresenceRooms } from "./presence.ts";
import { Requester } from "./requester.ts";
import { Requests } from "./requests.ts";
import type { RequestOptions, RequestStream, StreamOptions } from "./request_types.ts";
import { Rooms } from "./rooms.ts";
import type { ClientState } from "./states.ts";

/** A message that `RoomClient.send` takes: one that no method of the client's own stands for. */
export type DirectMessage = Exclude<
  ClientMessage,
  {
    type:
      | "join_room"
      | "leave_room"
      | "room_message"
      | "resume"
      | "request"
      | "cancel"
      | "stream_credit"
      | `presence_${string}`;
  }
>;

/** What follows a method's name: its data, which may be left out where it may be undefined. */
export type RequestArguments<Data, Options> = undefined extends Data
  ? [data?: Data, options?: Options]
  : [data: Data, options?: Options];

/**
 * A client of a room server that stays connected: it reconnects, rejoins its rooms and sends what
 * waits, in order. It runs in browsers, in Deno, and wherever a WebSocket constructor is given.
 *
 * @example Join, publish, hear the others
 * ```ts
 * import { RoomClient } from "@roomscope/roomscope/client";
 * import { assertEquals } from "@std/assert";
 *
 * // A stand-in for a room server: it welcomes, lets in, and acknowledges.
 * const welcome = {
 *   type: "welcome", version: "0.1.0", clientId: "c1", session: "s", serverTime: 0,
 *   heartbeatMs: 30_000, permissions: [],
 *   limits: {
 *     messagesPerSecond: 10, maxMessageBytes: 65_536, maxContentLength: 1_000,
 *     maxRoomsPerClient: 100, maxRoomNameLength: 64,
 *   },
 * };
 * await using server = Deno.serve({ port: 0, onListen() {} }, (request) => {
 *   const { socket, response } = Deno.upgradeWebSocket(request);
 *   const send = (message: unknown) => socket.send(JSON.stringify(message));
 *   socket.onopen = () => send(welcome);
 *   socket.onmessage = ({ data }) => {
 *     const { type, room, id } = JSON.parse(data);
 *     if (type === "join_room") send({ type: "room_joined", room, members: [], epoch: "e", seq: 0 });
 *     if (type === "room_message") send({ type: "ack", room, id, epoch: "e", seq: 1 });
 *   };
 *   return response;
 * });
 *
 * await using client = new RoomClient(`ws://localhost:${server.addr.port}/ws`);
 * client.on("room_message", (message) => console.log(message.from, message.content));
 * await client.connect();
 * await client.join("lobby");
 * const { seq } = await client.publish("lobby", "Hello");
 * assertEquals(seq, 1);
 * ```
 */
export class RoomClient<C extends Contract = OpenContract> {
  readonly #settings: Settings;
  readonly #handlers: Handlers;
  readonly #rooms = new Rooms();
  readonly #outbox: Outbox;
  readonly #checks: ContractChecks;
  readonly #requests: Requests;
  readonly #requester: Requester;
  readonly #connector: Connector;
  readonly #line: Line;
  readonly #presence: PresenceRooms;
  readonly #idPrefix = randomPrefix();
  #ids = 0;
  #invalidMessages = 0;

  /**
   * Makes a client; {@linkcode RoomClient.connect} starts it.
   *
   * @param url The server's address: `ws:` or `wss:`, or `http:` or `https:` for the same; in a
   * page it may be relative.
   * @param options How it behaves.
   * @throws {TypeError} If the URL can't be read, or there is no WebSocket constructor.
   * @throws {RangeError} If a number is out of its range.
   */
  constructor(url: string | URL, options: RoomClientOptions<C> = {}) {
    const settings = settingsOf(options as RoomClientOptions);
    this.#settings = settings;
    this.#handlers = new Handlers(settings.report);
    this.#outbox = new Outbox(settings);
    this.#connector = new Connector(webSocketUrl(url), settings, {
      up: (welcome) => this.#up(welcome),
      message: (message) => this.#received(message),
      custom: (event) => this.#handlers.emit(event),
      invalid: (event) => {
        this.#invalidMessages++;
        this.#handlers.emit(event);
      },
      down: () => this.#down(),
      stopped: (hindrance) => this.#stopped(hindrance),
    });
    this.#checks = new ContractChecks(options.contract);
    this.#requests = new Requests({
      limits: settings,
      send: (text) => this.#connector.send(text),
      pump: () => this.#line.pump(),
    });
    this.#requester = new Requester({
      requests: this.#requests,
      checks: this.#checks,
      clock: settings.clock,
      newId: () => this.#newId(),
      refusal: (text) => this.#over() ?? this.#refusal(text),
    });
    this.#line = new Line({
      rooms: this.#rooms,
      requests: this.#requests,
      outbox: this.#outbox,
      clock: settings.clock,
      output: this.#connector,
    });
    this.#presence = new PresenceRooms({
      clock: settings.clock,
      report: settings.report,
      output: this.#connector,
      isMember: (room) => this.#rooms.isMember(room),
    });
  }

  /** The outer state: idle, connecting, connected, waiting, stopped. */
  get state(): Observable<ClientState> {
    return this.#connector.state;
  }

  /** The inner state: the current or last link's ready state and how it got there. */
  get link(): Observable<LinkSnapshot | null> {
    return this.#connector.link;
  }

  /** What the server said at this link's beginning; `null` while there is no link. */
  get welcome(): Welcome | null {
    return this.#connector.welcome;
  }

  /** How long the last pong of this link took, in milliseconds; `null` before the first. */
  get roundTripMs(): number | null {
    return this.#connector.roundTripMs;
  }

  /** The rooms that were joined and not left, whether or not there is a link. */
  get rooms(): string[] {
    return this.#rooms.wanted;
  }

  /** How many publishes haven't settled, and how many bytes they have. */
  get outbox(): { messages: number; bytes: number } {
    return { messages: this.#outbox.size, bytes: this.#outbox.bytes };
  }

  /** How many messages came that aren't of this protocol; each was an `invalid` event. */
  get invalidMessages(): number {
    return this.#invalidMessages;
  }

  /**
   * Connects, and from then on keeps connected. Ends a wait for the next attempt; starts a client
   * anew that has stopped by itself.
   *
   * @returns The server's `welcome`, however many attempts it takes. Rejects with a
   * {@linkcode RoomError} (`stopped`, `closed`) if none comes. It may be ignored.
   */
  connect(): Promise<Welcome> {
    return this.#connector.connect();
  }

  /**
   * Becomes a member of a room, now or once there is a link, and again after each reconnect, until
   * {@linkcode RoomClient.leave}. Asked for again it brings the members as they are now.
   *
   * @param room The room's name.
   * @returns The members, and where the room's log stands. Rejects with a {@linkcode RoomError}:
   * the server's code, or `left`, `stopped`, `closed`.
   */
  join(room: string): Promise<RoomJoined> {
    const hindrance = this.#over() ?? refusalOf(JSON.stringify({ type: "join_room", room }));
    if (hindrance !== null) return Promise.reject(cannot("join the room", hindrance, { room }));
    const joined = this.#rooms.join(room);
    this.#line.pump();
    return joined;
  }

  /**
   * Stops being a member of a room. Publishes that still wait for it are rejected with `left`.
   *
   * @param room The room's name; one that wasn't joined is fine.
   * @returns When the membership has ended. Never rejects.
   */
  leave(room: string): Promise<void> {
    const left = this.#rooms.leave(room);
    this.#rejectQueued(room, { code: "left", why: "the client left the room" });
    this.#line.pump();
    return left;
  }

  /**
   * Publishes to a room that was joined. It is sent at once if the link, the room and the server's
   * rate limit allow it, otherwise as soon as they do, always in order.
   *
   * @param room The room's name.
   * @param content Any JSON value, or a `Uint8Array` for a binary message.
   * @returns The message's place in the room. Rejects with a {@linkcode RoomError}: the server's
   * code, or `outcome_unknown`, `outbox_full`, `left`, `stopped`, `closed`; with a `TypeError` if
   * the content isn't JSON.
   */
  async publish<R extends RoomOf<C>>(
    room: R,
    content: ContentOf<C, R>,
  ): Promise<PublishReceipt> {
    const id = this.#newId();
    const checked = this.#checks.content(room, content);
    const about = { room, id };
    if (!checked.ok) {
      throw cannot("publish", { code: "invalid_data", why: checked.error }, about);
    }
    const { value } = checked;
    const data = value instanceof Uint8Array
      ? encodeBinaryPublish({ type: "room_message", room, content: value, id })
      : JSON.stringify({ type: "room_message", room, content: value, id });
    const hindrance = this.#over() ?? this.#notJoined(room) ?? this.#refusal(data);
    if (hindrance !== null) throw cannot("publish", hindrance, about);
    const settled = this.#outbox.add({ room, id, data });
    this.#line.pump();
    return await settled;
  }

  /**
   * Follows who is present in a room, and takes part with a state of one's own: a name, a cursor.
   *
   * @param room The room's name; it begins when the room is joined.
   * @returns The room's presence, the same at each call.
   */
  presence(room: string): Presence {
    return this.#presence.open(room);
  }

  /**
   * Asks the server's handler for a method. It waits for a link if there is none; once sent it is
   * lost with its link (`outcome_unknown`), since its handler may have run.
   *
   * @param method The method's name.
   * @param args Any JSON value; then what ends the request early, and how long it may take.
   * @returns The reply. Rejects with the handler's own {@linkcode RequestError}; with a
   * {@linkcode RoomError}: the server's code (`unknown_method`, `internal_error`,
   * `request_timeout`, `too_many_requests`, …), or `invalid_data`, `timeout`, `superseded`,
   * `outcome_unknown`, `outbox_full`, `stopped`, `closed`; with the signal's reason.
   */
  async request<M extends ReplyMethodOf<C>>(
    method: M,
    ...args: RequestArguments<RequestDataOf<C, M>, RequestOptions>
  ): Promise<ReplyOf<C, M>> {
    const [data, options = {}] = args;
    return await this.#requester.request(method, data, options) as ReplyOf<C, M>;
  }

  /**
   * Asks for an answer that comes in chunks, from now on: at most a window of them is ahead of
   * whoever takes them.
   *
   * @example Completion as one types: a newer stream with the same key ends the older one
   * ```ts
   * import { RoomClient, RoomError } from "@roomscope/roomscope/client";
   * import { RoomServer } from "@roomscope/roomscope/server";
   * import { assertEquals, assertRejects } from "@std/assert";
   *
   * const rooms = new RoomServer();
   * rooms.handle("complete", async function* (prefix) {
   *   for (const rest of ["oom", "ing"]) yield `${prefix}${rest}`;
   * });
   * const http = Deno.serve({ port: 0, onListen() {} }, (request, info) => rooms.handler(request, info));
   * const client = new RoomClient(`ws://localhost:${http.addr.port}`);
   * await client.connect();
   *
   * const older = client.stream("complete", "r", { key: "line" });
   * const words: unknown[] = [];
   * for await (const word of client.stream("complete", "r", { key: "line" })) words.push(word);
   * assertEquals(words, ["room", "ring"]);
   * assertEquals((await assertRejects(() => older.next(), RoomError)).code, "superseded");
   *
   * await client.close();
   * await rooms.close();
   * await http.shutdown();
   * ```
   *
   * @param method The method's name.
   * @param args Any JSON value; then what ends the stream early, and how many chunks it takes ahead.
   * @returns The chunks. It rejects like {@linkcode RoomClient.request}, after the chunks that came
   * before; at once where it was aborted or superseded.
   * @throws {RangeError} If an option is out of its range.
   */
  stream<M extends StreamMethodOf<C>>(
    method: M,
    ...args: RequestArguments<RequestDataOf<C, M>, StreamOptions>
  ): RequestStream<ChunkOf<C, M>> {
    const [data, options = {}] = args;
    return this.#requester.stream(method, data, options) as RequestStream<ChunkOf<C, M>>;
  }

  /**
   * Sends a message that none of the other methods stands for, such as `monitor_start`. It belongs
   * to the present link: if that is lost first, it is gone, so send it in a handler for `welcome`
   * to have it on each link.
   *
   * @param message The message.
   * @throws {RoomError} If there is no link (`not_connected`), if too many wait already
   * (`outbox_full`), or with the code that the server would refuse it with.
   */
  send(message: DirectMessage): void {
    const text = JSON.stringify(message);
    const hindrance = this.#refusal(text) ?? this.#noLink();
    if (hindrance !== null) throw cannot(`send ${message.type}`, hindrance);
    this.#line.addDirect(text);
  }

  /**
   * Calls a function with each message of one type, after the client has dealt with it itself; or
   * with the client's own events `custom`, `invalid` and `room_lost`.
   *
   * @param type The message's type.
   * @param handler What to call; one that throws is reported to `onError` and harms nobody else.
   * @returns Ends it; calling it twice is harmless.
   */
  on<T extends ClientEventType>(
    type: T,
    handler: (event: ClientEventOf<T, C>) => unknown,
  ): () => void {
    return this.#handlers.on(type, handler as (event: ClientEventOf<T>) => unknown);
  }

  /**
   * Closes the connection and stops for good. Publishes that weren't sent reject with `closed`,
   * those that wait for their `ack` with `outcome_unknown`: await them first where that matters.
   *
   * @param code Close code, 1000 or 3000 to 4999.
   * @param reason Close reason, at most 123 bytes of UTF-8.
   * @returns When the closing handshake is done or was given up; the same promise however often
   * it is called.
   * @throws {RangeError} If the code or the reason isn't allowed.
   */
  close(code: number = 1000, reason: string = ""): Promise<void> {
    checkClose(code, reason);
    return this.#connector.close(code, reason);
  }

  /** The same as {@linkcode RoomClient.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #up(welcome: Welcome): void {
    const { maxMessageBytes, messagesPerSecond, maxOpenRequests = 0 } = welcome.limits;
    // What was queued without a link was measured by no limit yet.
    const why = `it is too big, the server takes ${maxMessageBytes} bytes`;
    const hindrance: Hindrance = { code: "message_too_big", why };
    const isTooBig = ({ bytes }: { bytes: number }) => tooBig(bytes, maxMessageBytes) !== null;
    this.#outbox.rejectQueued(hindrance, isTooBig);
    this.#requests.rejectWaiting(hindrance, isTooBig);
    this.#requests.linkUp(maxOpenRequests);
    this.#line.open(messagesPerSecond);
    this.#presence.linkUp();
  }

  /** The client deals with a message first, then its handlers get it. */
  #received(message: ServerMessage): void {
    if (this.#settle(message)) this.#line.pump();
    this.#presence.received(message);
    if (message.type === "room_message") this.#deliver(message);
    else this.#handlers.emit(message);
  }

  /** Content that isn't what was agreed on reaches no handler of messages. */
  #deliver(message: DeliveredRoomMessage): void {
    const checked = this.#checkContent(message);
    if (checked.ok) return this.#handlers.emit({ ...message, content: checked.value });
    this.#invalidMessages++;
    const error = `Cannot take room_message: ${checked.error}`;
    this.#handlers.emit({ type: "invalid", code: "invalid_data", error, preview: "" });
  }

  /** A schema is the application's own and may throw. */
  #checkContent({ room, content }: DeliveredRoomMessage): Checked {
    try {
      return this.#checks.content(room, content);
    } catch (error) {
      this.#settings.report(error, "the contract's schema");
      return { ok: false, error: "its schema threw" };
    }
  }

  /** Returns whether something may be sent now that couldn't be before. */
  #settle(message: ServerMessage): boolean {
    if (message.type === "room_joined") this.#rooms.joined(message);
    else if (message.type === "room_left") this.#left(message.room);
    else if (message.type === "ack") this.#acknowledged(message);
    else if (message.type === "error" && this.#presence.refused(message)) return false;
    else if (message.type === "error") this.#refused(message);
    else return this.#requests.received(message);
    return true;
  }

  #acknowledged({ room, id, epoch, seq }: PublishReceipt): void {
    this.#outbox.settle(id)?.settled.resolve({ room, id, epoch, seq });
  }

  #left(room: string): void {
    const wasPutOut = this.#rooms.left(room);
    if (wasPutOut) this.#lost(room, { code: "not_a_member", why: "the server ended membership" });
  }

  #refused(message: ErrorMessage): void {
    const retryAt = message.code === "rate_limited" ? this.#line.refused(message) : 0;
    if (this.#requests.refused(message)) return;
    if (message.id !== undefined) return this.#publishRefused(message, retryAt);
    const { code, room, message: why } = message;
    if (room === undefined) return;
    const isLost = this.#rooms.refused(message, retryAt);
    if (!this.#rooms.isWanted(room)) this.#rejectQueued(room, { code, why });
    if (isLost) this.#lost(room, { code, why });
  }

  #publishRefused(message: ErrorMessage, retryAt: number): void {
    const { code, message: why, retryAfterMs } = message;
    const id = message.id!;
    if (code === "rate_limited") {
      const entry = this.#outbox.requeue(id);
      if (entry !== undefined) this.#rooms.hold(entry.room, retryAt);
      return;
    }
    const entry = this.#outbox.settle(id);
    if (entry === undefined) return;
    const { room } = entry;
    entry.settled.reject(cannot("publish", { code, why }, { room, id, retryAfterMs }));
  }

  #lost(room: string, hindrance: Hindrance): void {
    this.#rejectQueued(room, hindrance);
    const error = cannot("stay in the room", hindrance, { room });
    this.#handlers.emit({ type: "room_lost", room, error });
  }

  #down(): void {
    this.#line.shut();
    this.#presence.linkLost();
    this.#rooms.linkLost();
    this.#requests.linkLost();
    this.#outbox.rejectSent();
  }

  #stopped(hindrance: Hindrance): void {
    this.#rooms.stopped(hindrance);
    this.#requests.rejectWaiting(hindrance);
    this.#outbox.rejectQueued(hindrance);
  }

  #rejectQueued(room: string, hindrance: Hindrance): void {
    this.#outbox.rejectQueued(hindrance, (entry) => entry.room === room);
  }

  /** Nothing waits for a link that nobody makes. */
  #over(): Hindrance | null {
    if (this.#connector.isClosed) return CLOSED;
    return this.state.value.status === "stopped" ? STOPPED : null;
  }

  #notJoined(room: string): Hindrance | null {
    if (this.#rooms.isWanted(room)) return null;
    return { code: "not_a_member", why: "the room wasn't joined" };
  }

  #noLink(): Hindrance | null {
    if (!this.#connector.canSend) return { code: "not_connected", why: "there is no link" };
    const { directSize } = this.#line;
    if (directSize < this.#settings.maxOutbox) return null;
    return { code: "outbox_full", why: `${directSize} messages wait already` };
  }

  #newId(): string {
    return `${this.#idPrefix}-${this.#ids++}`;
  }

  #refusal(data: string | Uint8Array): Hindrance | null {
    const limit = this.#connector.welcome?.limits.maxMessageBytes ?? 0;
    return refusalOf(data) ?? tooBig(byteLength(data), limit);
  }
}

/** Ids of two clients must not meet; `crypto.randomUUID` is missing on plain-HTTP pages. */
function randomPrefix(): string {
  const numbers = crypto.getRandomValues(new Uint32Array(2));
  return [...numbers].map((number) => number.toString(36)).join("");
}
