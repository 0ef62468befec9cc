import type { PresenceMember, ServerMessage } from "../protocol/mod.ts";
import { Coalescer } from "./coalescer.ts";
import type { Connection } from "./connection.ts";
import { Expiry } from "./expiry.ts";
import { Listing } from "./listing.ts";
import { type Outbound, outgoing } from "./outbound.ts";

/** Ten updates a second of one room. */
const UPDATE_MS = 100;
/** The most members in all who are kept for a return. */
const MOST_AWAY = 10_000;

/** What {@linkcode Presence} works with. */
export interface PresenceOptions {
  /** Where messages go out. */
  outbound: Outbound;
  /** Members of a room with a state up to which they are listed; above only counted. */
  maxListedMembers: number;
  /** How long a member whose link is lost stays present, in milliseconds. */
  graceMs: number;
  /** The clock, in milliseconds. */
  now: () => number;
}

/** The presence of one room. */
interface RoomPresence {
  readonly present: Map<string, PresenceMember>;
  readonly watchers: Set<Connection>;
  /** What watchers haven't been told yet. */
  readonly changed: Set<string>;
  readonly removed: Set<string>;
  readonly listing: Listing;
}

/**
 * Who is present in a room, with a small state each. Watchers are told of changes together, at most
 * ten times a second a room. A member whose link is lost stays present for a while: one that comes
 * back in time was never away.
 *
 * ```
 *  set → present ─ link lost → away ─ grace over, or left → gone
 *           └───── joined again ──┘
 * ```
 */
export class Presence {
  readonly #options: PresenceOptions;
  readonly #rooms = new Map<string, RoomPresence>();
  readonly #updates = new Coalescer(UPDATE_MS, (room) => this.#update(room));
  /** Members who are away, as `clientId room`. */
  readonly #away: Expiry<string>;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#away = new Expiry({
      afterMs: options.graceMs,
      most: MOST_AWAY,
      expire: (key) => this.#remove(...splitKey(key)),
      now: options.now,
    });
  }

  /** Sets a member's state; `null` takes it away. */
  set({ clientId, userId }: Connection, room: string, state: unknown): void {
    this.#away.delete(keyOf(clientId, room));
    if (state === null) return this.#remove(clientId, room);
    const { present, changed, removed } = this.#hold(room);
    const before = present.get(clientId);
    if (before !== undefined && JSON.stringify(before.state) === JSON.stringify(state)) return;
    present.set(clientId, { clientId, userId, state });
    changed.add(clientId);
    removed.delete(clientId);
    this.#updates.ask(room);
  }

  /** Tells a member who is present, and from now on what changes. */
  watch(connection: Connection, room: string): void {
    const held = this.#hold(room);
    held.watchers.add(connection);
    this.#options.outbound.send(connection, outgoing(stateMessage(room, held)));
  }

  /** Ends that. */
  unwatch(connection: Connection, room: string): void {
    const held = this.#rooms.get(room);
    held?.watchers.delete(connection);
    this.#letGo(room, held);
  }

  /** A client is a member, perhaps again: it isn't away any more. */
  joined({ clientId }: Connection, room: string): void {
    this.#away.delete(keyOf(clientId, room));
  }

  /** A member has left: it is gone at once. */
  left(connection: Connection, room: string): void {
    this.unwatch(connection, room);
    this.#remove(connection.clientId, room);
  }

  /** A member's link is lost: it is away. */
  lost(connection: Connection, room: string): void {
    this.unwatch(connection, room);
    if (!this.#rooms.get(room)?.present.has(connection.clientId)) return;
    if (this.#options.graceMs === 0) this.#remove(connection.clientId, room);
    else this.#away.add(keyOf(connection.clientId, room));
  }

  /** Ends all that is still to come. */
  close(): void {
    this.#updates.close();
    this.#away.close();
    this.#rooms.clear();
  }

  #hold(room: string): RoomPresence {
    const held = this.#rooms.get(room) ?? {
      present: new Map(),
      watchers: new Set(),
      changed: new Set(),
      removed: new Set(),
      listing: new Listing(this.#options.maxListedMembers),
    };
    this.#rooms.set(room, held);
    return held;
  }

  #letGo(room: string, held: RoomPresence | undefined): void {
    if (held?.present.size === 0 && held.watchers.size === 0) this.#rooms.delete(room);
  }

  #remove(clientId: string, room: string): void {
    this.#away.delete(keyOf(clientId, room));
    const held = this.#rooms.get(room);
    if (held === undefined || !held.present.delete(clientId)) return;
    held.changed.delete(clientId);
    held.removed.add(clientId);
    this.#updates.ask(room);
    this.#letGo(room, held);
  }

  #update(room: string): void {
    const held = this.#rooms.get(room);
    if (held === undefined) return;
    const message = outgoing(this.#news(room, held));
    held.changed.clear();
    held.removed.clear();
    for (const watcher of held.watchers) this.#options.outbound.send(watcher, message);
  }

  #news(room: string, held: RoomPresence): ServerMessage {
    const { present, changed, removed, listing } = held;
    const count = present.size;
    const change = listing.next(count);
    if (change === "whole") return stateMessage(room, held);
    if (change === "count") return { type: "presence_update", room, count };
    return {
      type: "presence_update",
      room,
      count,
      changed: [...changed].flatMap((clientId) => present.get(clientId) ?? []),
      removed: [...removed],
    };
  }
}

function stateMessage(room: string, { present, listing }: RoomPresence): ServerMessage {
  const members = listing.listed ? { members: [...present.values()] } : {};
  return { type: "presence_state", room, count: present.size, ...members };
}

/** A client id has no space. */
function keyOf(clientId: string, room: string): string {
  return `${clientId} ${room}`;
}

function splitKey(key: string): [clientId: string, room: string] {
  const space = key.indexOf(" ");
  return [key.slice(0, space), key.slice(space + 1)];
}
