import type {
  ErrorMessage,
  PresenceMember,
  PresenceState,
  PresenceUpdate,
  ServerMessage,
} from "../protocol/mod.ts";
import { type Clock, Timer } from "./clock.ts";
import { type Observable, type Report, Store } from "./observable.ts";
import { Pacer } from "./pacer.ts";

/** What a server allows: presence has its own budget. */
const MESSAGES_PER_SECOND = 20;
/** A state that changes faster is sent ten times a second; nobody hears of more. */
const STATE_MS = 100;
const DEFAULT_RETRY_MS = 1_000;

/**
 * Who is present in a room. Present is who has set a state; a member whose link was lost stays so for
 * ten seconds by default, so that one who comes back never seems to have gone.
 *
 * @example Cursors
 * ```ts
 * import { RoomClient } from "@roomscope/roomscope/client";
 *
 * const client = new RoomClient("ws://localhost:8000/ws");
 * const presence = client.presence("board");
 * presence.members.subscribe((members) => {
 *   for (const { userId, state } of members.values()) console.log(userId, state);
 * });
 * presence.set({ name: "Ann", x: 10, y: 20 });
 * await client.close();
 * ```
 */
export interface Presence {
  /** The room's name. */
  readonly room: string;
  /**
   * Who is present by client id, oneself included, as the server last told; empty where there are
   * more than it lists (200 by default).
   */
  readonly members: Observable<ReadonlyMap<string, PresenceMember>>;
  /** How many are present. */
  readonly count: Observable<number>;
  /**
   * Becomes present, or changes one's state. The newest state is sent, at most ten times a second,
   * now or once the room is joined, and again after each reconnect.
   *
   * @param state Any JSON value; `null` is the same as not to be present. The server takes 1,024
   * bytes by default: more is answered by an `error` event with the code `state_too_big`.
   * @throws {TypeError} If the state isn't JSON.
   */
  set(state: unknown): void;
  /** Isn't present any more, and follows no more. */
  close(): void;
}

/** What {@linkcode PresenceRooms} works with. */
export interface PresenceParts {
  clock: Clock;
  report: Report;
  output: { readonly canSend: boolean; send(text: string): void };
  isMember(room: string): boolean;
}

/** One room's presence, as wanted and as the server knows it. */
interface Followed {
  readonly room: string;
  readonly members: Store<ReadonlyMap<string, PresenceMember>>;
  readonly count: Store<number>;
  /** The own state as JSON; `null`: not present. */
  state: string | null;
  /** What the server was last told on this link; `null` at its beginning. */
  told: string | null;
  toldAt: number;
  watching: boolean;
  /** Nothing is sent before that monotonic time. */
  heldUntil: number;
}

/** The presence of all rooms that the client follows. */
export class PresenceRooms {
  readonly #parts: PresenceParts;
  readonly #rooms = new Map<string, Followed>();
  readonly #pacer = new Pacer();
  readonly #timer: Timer;

  constructor(parts: PresenceParts) {
    this.#parts = parts;
    this.#timer = new Timer(parts.clock);
  }

  /** Follows a room; a second call gives the same. */
  open(room: string): Presence {
    const followed = this.#rooms.get(room) ?? this.#newRoom(room);
    this.#rooms.set(room, followed);
    this.#pump();
    return {
      room,
      members: followed.members,
      count: followed.count,
      set: (state) => this.#set(followed, state),
      close: () => this.#close(followed),
    };
  }

  /** Takes what concerns presence out of what the server says. */
  received(message: ServerMessage): void {
    const { type } = message;
    if (type === "room_joined") this.#joined(message.room);
    else if (type === "room_left") this.#reset(message.room);
    else if (type === "presence_state") this.#told(message);
    else if (type === "presence_update") this.#changed(message);
  }

  /** Returns whether an error is about presence; one that came too fast is sent again later. */
  refused({ code, id, room = "", retryAfterMs = DEFAULT_RETRY_MS }: ErrorMessage): boolean {
    if (id !== PRESENCE_ID) return false;
    const followed = this.#rooms.get(room);
    if (code !== "rate_limited" || followed === undefined) return true;
    forget(followed);
    followed.heldUntil = this.#parts.clock.elapsed() + retryAfterMs;
    this.#pump();
    return true;
  }

  /** A link is up. */
  linkUp(): void {
    this.#pacer.reset(MESSAGES_PER_SECOND);
  }

  /** The link has ended: the server knows nothing of this client any more. */
  linkLost(): void {
    this.#timer.stop();
    for (const followed of this.#rooms.values()) forget(followed);
  }

  #newRoom(room: string): Followed {
    const { report } = this.#parts;
    return {
      room,
      members: new Store<ReadonlyMap<string, PresenceMember>>(new Map(), report),
      count: new Store(0, report),
      ...{ state: null, told: null, toldAt: -Infinity, watching: false, heldUntil: -Infinity },
    };
  }

  #set(followed: Followed, state: unknown): void {
    const text = JSON.stringify(state);
    if (text === undefined) {
      throw new TypeError(`Cannot set presence: the state is ${typeof state}`);
    }
    followed.state = state === null ? null : text;
    this.#pump();
  }

  #close(followed: Followed): void {
    if (this.#rooms.get(followed.room) !== followed) return;
    const { room, watching, told } = followed;
    this.#rooms.delete(room);
    if (!this.#parts.output.canSend || !this.#parts.isMember(room)) return;
    if (told !== null) this.#send({ type: "presence_set", room, state: null });
    if (watching) this.#send({ type: "presence_unwatch", room });
  }

  #joined(room: string): void {
    this.#reset(room);
    this.#pump();
  }

  /** The server has let go of a membership, and with it of the presence. */
  #reset(room: string): void {
    const followed = this.#rooms.get(room);
    if (followed !== undefined) forget(followed);
  }

  #told({ room, count, members = [] }: PresenceState): void {
    const followed = this.#rooms.get(room);
    followed?.members.set(new Map(members.map((member) => [member.clientId, member])));
    followed?.count.set(count);
  }

  #changed({ room, count, changed, removed = [] }: PresenceUpdate): void {
    const followed = this.#rooms.get(room);
    if (followed === undefined) return;
    const members = changed === undefined
      ? []
      : [...followed.members.value, ...changed.map((member) => [member.clientId, member] as const)];
    const next = new Map(members);
    for (const clientId of removed) next.delete(clientId);
    followed.members.set(next);
    followed.count.set(count);
  }

  /** Sends what differs from what was told, and makes an appointment for the rest. */
  #pump(): void {
    this.#timer.stop();
    const now = this.#parts.clock.elapsed();
    let wait = Infinity;
    for (const followed of this.#rooms.values()) {
      wait = Math.min(wait, this.#pumpRoom(followed, now));
    }
    if (wait < Infinity) this.#timer.start(Math.ceil(wait), () => this.#pump());
  }

  /** Returns after how many milliseconds there is more to send; `Infinity` if there isn't. */
  #pumpRoom(followed: Followed, now: number): number {
    const { output, isMember } = this.#parts;
    if (!output.canSend || !isMember(followed.room)) return Infinity;
    if (followed.heldUntil > now) return followed.heldUntil - now;
    const { room, state } = followed;
    if (!followed.watching) {
      const wait = this.#take(now);
      if (wait > 0) return wait;
      followed.watching = true;
      this.#send({ type: "presence_watch", room });
    }
    if (followed.told === state) return Infinity;
    const wait = Math.max(followed.toldAt + STATE_MS - now, 0) || this.#take(now);
    if (wait > 0) return wait;
    followed.told = state;
    followed.toldAt = now;
    this.#send({ type: "presence_set", room, state: state === null ? null : JSON.parse(state) });
    return Infinity;
  }

  #take(now: number): number {
    const wait = this.#pacer.wait(now);
    if (wait <= 0) this.#pacer.record(now);
    return wait;
  }

  #send(message: { type: string; room: string; state?: unknown }): void {
    this.#parts.output.send(JSON.stringify({ ...message, id: PRESENCE_ID }));
  }
}

/** Tells a refused presence from a refused join; one id does, for what is sent next replaces it. */
const PRESENCE_ID = "presence";

function forget(followed: Followed): void {
  followed.told = null;
  followed.toldAt = -Infinity;
  followed.watching = false;
  followed.heldUntil = -Infinity;
}
