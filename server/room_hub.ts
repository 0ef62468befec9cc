import type { JoinRoom, RoomJoined, RoomRecord } from "../protocol/mod.ts";
import type { Backplane, PlacedMessage, Position } from "./backplane.ts";
import type { Connection } from "./connection.ts";
import type { Metrics } from "./metrics.ts";
import { MembershipNews } from "./membership_news.ts";
import { type Outbound, type Outgoing, outgoing } from "./outbound.ts";
import type { ConnectionRegistry } from "./registry.ts";
import { Presence } from "./presence.ts";
import { outgoingRoomMessage } from "./room_message.ts";
import { Rooms } from "./rooms.ts";

/** What {@linkcode RoomHub} works with. */
export interface RoomHubOptions {
  /** Where messages get their place. */
  backplane: Backplane;
  /** Members of a room up to which each is named to the others. */
  maxListedMembers: number;
  /** How long a member whose link is lost stays present, in milliseconds. */
  presenceGraceMs: number;
  /** The clock, in milliseconds. */
  now: () => number;
  /** Where messages go out. */
  outbound: Outbound;
  /** Where fan-outs count. */
  metrics: Metrics;
  /** Whose records change with a membership. */
  registry: ConnectionRegistry;
}

/** Rooms: who is in them, and what their members are told. */
export class RoomHub {
  /** Who is present with a state. */
  readonly presence: Presence;
  readonly #options: RoomHubOptions;
  readonly #rooms = new Rooms();
  readonly #news: MembershipNews;
  #dissolved = false;

  constructor(options: RoomHubOptions) {
    const { outbound, maxListedMembers, presenceGraceMs: graceMs, now } = options;
    this.#options = options;
    this.#news = new MembershipNews({
      outbound,
      maxListedMembers,
      members: (room) => this.members(room),
    });
    this.presence = new Presence({ outbound, maxListedMembers, graceMs, now });
    options.backplane.onMessage((message) => this.#deliver(message));
  }

  /** Rooms with members. */
  get size(): number {
    return this.#rooms.size;
  }

  /** What watchers see of every room. */
  *records(): Generator<RoomRecord> {
    for (const room of this.#rooms.names()) yield this.#record(room);
  }

  /** Members of a room now, on this server. */
  members(room: string): ReadonlySet<Connection> {
    return this.#rooms.members(room);
  }

  /** Makes a connection a member, tells it and, the first time, the others. */
  join(connection: Connection, { room, since }: JoinRoom): void {
    const isNew = this.#rooms.join(room, connection);
    const position = this.#options.backplane.position(room);
    const joined: RoomJoined = {
      type: "room_joined",
      room,
      ...this.#news.listFor(connection, room),
      ...position,
      ...recovery(position, since),
    };
    this.#options.outbound.send(connection, outgoing(joined));
    this.presence.joined(connection, room);
    if (isNew) this.#tellOthers(connection, room, "user_joined");
  }

  /** Ends a membership and tells the others; the connection itself is always told. */
  leave(connection: Connection, room: string): void {
    this.#options.outbound.send(connection, outgoing({ type: "room_left", room }));
    this.presence.left(connection, room);
    this.#leave(connection, room);
  }

  /** Ends all memberships of a connection that is gone. */
  leaveAll(connection: Connection): void {
    for (const room of connection.rooms) {
      this.presence.lost(connection, room);
      this.#leave(connection, room);
    }
  }

  /**
   * From now on memberships end without a word: all are about to end, and to tell each member of
   * every other would take the square of their number.
   */
  dissolve(): void {
    this.#dissolved = true;
  }

  /** Ends what is still to be told. */
  close(): void {
    this.#news.close();
    this.presence.close();
  }

  /** Sends one message to all members but one; it has no place in the room's sequence. */
  broadcast(room: string, message: Outgoing, exceptClientId?: string): number {
    let sent = 0;
    for (const member of this.members(room)) {
      if (member.clientId === exceptClientId) continue;
      this.#options.outbound.send(member, message);
      sent += 1;
    }
    return sent;
  }

  #leave(connection: Connection, room: string): void {
    if (!this.#rooms.leave(room, connection)) return;
    if (this.members(room).size === 0) this.#options.backplane.release(room);
    if (!this.#dissolved) this.#tellOthers(connection, room, "user_left");
  }

  #tellOthers(connection: Connection, room: string, type: "user_joined" | "user_left"): void {
    this.#news.tell(connection, room, type);
    this.#options.registry.touch(connection.id);
  }

  /** A message has its place: serialised once, then to every member but its publisher. */
  #deliver(placed: PlacedMessage): void {
    const { room, clientId } = placed;
    const started = performance.now();
    this.broadcast(room, outgoingRoomMessage(placed), clientId);
    this.#acknowledge(placed);
    this.#options.metrics.fannedOut(performance.now() - started);
    // Published by the server to a room without members: nobody will ever leave it.
    if (this.members(room).size === 0) this.#options.backplane.release(room);
  }

  /** Here and not when `publish` resolves: others' messages would stand before it by then. */
  #acknowledge({ room, clientId, id, epoch, seq }: PlacedMessage): void {
    if (id === undefined) return;
    const publisher = this.#options.registry.byClientId(clientId);
    if (publisher === undefined) return;
    this.#options.outbound.send(publisher, outgoing({ type: "ack", room, id, epoch, seq }));
  }

  #record(room: string): RoomRecord {
    const { epoch, seq } = this.#options.backplane.position(room);
    return { room, members: this.members(room).size, epoch, seq };
  }
}

/** This version keeps no history: only a client that has missed nothing can be recovered. */
function recovery(
  position: Position,
  since: Position | undefined,
): Pick<RoomJoined, "recovered" | "missed" | "reason"> {
  if (since === undefined) return {};
  if (since.epoch !== position.epoch) return { recovered: false, reason: "epoch_changed" };
  if (since.seq === position.seq) return { recovered: true, missed: 0 };
  return { recovered: false, reason: "too_old" };
}
