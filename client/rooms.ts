import type { ErrorMessage, RoomJoined } from "../protocol/mod.ts";
import { type Deferred, deferred } from "./deferred.ts";
import { cannot, type Hindrance } from "./errors.ts";

/** What the client wants of a room, and what it has on this link. */
interface Room {
  readonly name: string;
  /** Set by `join`, until `leave`. */
  wanted: boolean;
  /** Whether the server counts the client as a member, on this link. */
  member: boolean;
  /** Whether it ever did. */
  wasMember: boolean;
  /** What was asked for on this link and isn't answered yet. */
  asked: RoomStep["type"] | null;
  joining: Deferred<RoomJoined> | null;
  leaving: Deferred<void> | null;
  /** Nothing is sent for this room before that monotonic time. */
  heldUntil: number;
}

/** The next message that brings what the server has closer to what is wanted. */
export interface RoomStep {
  type: "join_room" | "leave_room";
  room: string;
}

/**
 * The rooms that the client wants to be in. It doesn't queue joins and leaves: it compares what is
 * wanted with what the server has said on this link, one question per room at a time. So a rejoin
 * after a reconnect is nothing special, and a leave that overtakes its join can't get lost.
 */
export class Rooms {
  readonly #rooms = new Map<string, Room>();

  /** The rooms that are wanted, in the order of their joins. */
  get wanted(): string[] {
    return [...this.#rooms].filter(([, room]) => room.wanted).map(([name]) => name);
  }

  isWanted(name: string): boolean {
    return this.#rooms.get(name)?.wanted ?? false;
  }

  isMember(name: string): boolean {
    const room = this.#rooms.get(name);
    return room !== undefined && room.wanted && room.member;
  }

  join(name: string): Promise<RoomJoined> {
    const room = this.#rooms.get(name) ?? newRoom(name);
    this.#rooms.set(name, room);
    room.wanted = true;
    room.joining ??= deferred();
    // A leave that wasn't sent is overtaken; one that was sent still gets its answer.
    if (room.asked !== "leave_room") endLeaving(room);
    return room.joining.promise;
  }

  leave(name: string): Promise<void> {
    const room = this.#rooms.get(name);
    if (room === undefined) return Promise.resolve();
    room.wanted = false;
    rejectJoining(room, LEFT);
    if (this.#forgetUnlessPending(room)) return Promise.resolve();
    room.leaving ??= deferred();
    return room.leaving.promise;
  }

  mayPublish(name: string, now: number): boolean {
    return this.isMember(name) && this.#rooms.get(name)!.heldUntil <= now;
  }

  nextStep(now: number): RoomStep | undefined {
    for (const [name, room] of this.#rooms) {
      const type = nextType(room);
      if (type !== null && room.asked === null && room.heldUntil <= now) {
        return { type, room: name };
      }
    }
    return undefined;
  }

  markAsked(step: RoomStep): void {
    this.#rooms.get(step.room)!.asked = step.type;
  }

  /** Sends nothing for a room until a monotonic time. */
  hold(name: string, until: number): void {
    const room = this.#rooms.get(name);
    if (room !== undefined) room.heldUntil = Math.max(room.heldUntil, until);
  }

  /** When the next hold ends, `Infinity` if there is none. */
  nextHoldEnd(now: number): number {
    const ends = [...this.#rooms.values()].map((room) => room.heldUntil);
    return Math.min(Infinity, ...ends.filter((end) => end > now));
  }

  joined(message: RoomJoined): void {
    const room = this.#rooms.get(message.room);
    if (room?.asked !== "join_room") return;
    room.asked = null;
    room.member = true;
    room.wasMember = true;
    room.joining?.resolve(message);
    room.joining = null;
  }

  /**
   * The server says that the client has left.
   *
   * @returns Whether it did so unasked.
   */
  left(name: string): boolean {
    const room = this.#rooms.get(name);
    if (room === undefined || room.asked === "join_room") return false;
    const unasked = room.asked === null;
    room.asked = null;
    room.member = false;
    if (unasked) room.wanted = false;
    endLeaving(room);
    this.#forgetUnlessPending(room);
    return unasked;
  }

  /**
   * The server refused something about a room that wasn't a publish.
   *
   * @returns Whether the client has lost a room that it had been in.
   */
  refused(message: ErrorMessage, retryAt: number): boolean {
    const room = this.#rooms.get(message.room!);
    if (room === undefined || room.asked === null) return false;
    const asked = room.asked;
    room.asked = null;
    if (message.code === "rate_limited") this.#heldBack(room, retryAt);
    else if (asked === "leave_room") this.#leaveRefused(room);
    else return this.#joinRefused(room, message);
    return false;
  }

  /** Membership ends with the link; what is wanted stays. */
  linkLost(): void {
    for (const room of this.#rooms.values()) {
      room.member = false;
      room.asked = null;
      room.heldUntil = -Infinity;
      endLeaving(room);
      this.#forgetUnlessPending(room);
    }
  }

  /** The client gave up: nobody waits any longer. Rooms that it was in are kept. */
  stopped(hindrance: Hindrance): void {
    for (const room of this.#rooms.values()) {
      rejectJoining(room, hindrance);
      if (!room.wasMember) this.#rooms.delete(room.name);
    }
  }

  /** Asked too fast: what is still wanted is asked for again later. */
  #heldBack(room: Room, retryAt: number): void {
    this.hold(room.name, retryAt);
    if (!room.wanted && !room.member) endLeaving(room);
    this.#forgetUnlessPending(room);
  }

  #joinRefused(room: Room, message: ErrorMessage): boolean {
    rejectJoining(room, { code: message.code, why: message.message });
    // A member that asked again for the room's members still is one.
    if (room.member) return false;
    const lost = room.wasMember && room.wanted;
    endLeaving(room);
    this.#rooms.delete(room.name);
    return lost;
  }

  #leaveRefused(room: Room): void {
    room.member = false;
    endLeaving(room);
    this.#forgetUnlessPending(room);
  }

  #forgetUnlessPending(room: Room): boolean {
    if (room.wanted || room.member || room.asked !== null) return false;
    return this.#rooms.delete(room.name);
  }
}

const LEFT: Hindrance = { code: "left", why: "the client left it first" };

function newRoom(name: string): Room {
  return {
    name,
    wanted: true,
    member: false,
    wasMember: false,
    asked: null,
    joining: null,
    leaving: null,
    heldUntil: -Infinity,
  };
}

function nextType(room: Room): RoomStep["type"] | null {
  if (room.wanted) return room.member && room.joining === null ? null : "join_room";
  return room.member ? "leave_room" : null;
}

function endLeaving(room: Room): void {
  room.leaving?.resolve();
  room.leaving = null;
}

function rejectJoining(room: Room, hindrance: Hindrance): void {
  room.joining?.reject(cannot("join the room", hindrance, { room: room.name }));
  room.joining = null;
}
