import type { Member, RoomMembers } from "../protocol/mod.ts";
import { Coalescer } from "./coalescer.ts";
import type { Connection } from "./connection.ts";
import { Listing } from "./listing.ts";
import { type Outbound, outgoing } from "./outbound.ts";

/** Ten counts a second of one room. */
const COUNT_MS = 100;

/** What {@linkcode MembershipNews} works with. */
export interface MembershipNewsOptions {
  /** Where messages go out. */
  outbound: Outbound;
  /** Members up to which each is named to the others; above they are only counted. */
  maxListedMembers: number;
  /** Members of a room now. */
  members: (room: string) => ReadonlySet<Connection>;
}

/**
 * What members hear of each other's coming and going: in a small room each name at once, in a large
 * one how many there are, at most ten times a second. To name everyone to everyone takes the square
 * of their number.
 */
export class MembershipNews {
  readonly #options: MembershipNewsOptions;
  readonly #listings = new Map<string, Listing>();
  readonly #counts = new Coalescer(COUNT_MS, (room) => this.#tellCount(room));

  constructor(options: MembershipNewsOptions) {
    this.#options = options;
  }

  /** Who is there, for one who has just joined: in a large room only itself. */
  listFor(connection: Connection, room: string): { members: Member[]; count?: number } {
    const members = this.#options.members(room);
    if (this.#listingOf(room).listed) return { members: [...members].map(asMember) };
    return { members: [asMember(connection)], count: members.size };
  }

  /** A member has come or gone; `connection` itself isn't told. */
  tell(connection: Connection, room: string, type: "user_joined" | "user_left"): void {
    const members = this.#options.members(room);
    const change = this.#listingOf(room).next(members.size);
    if (members.size === 0) this.#listings.delete(room);
    else if (change === "changes") {
      const message = outgoing({ type, room, ...asMember(connection) });
      for (const member of members) {
        if (member !== connection) this.#options.outbound.send(member, message);
      }
    } else if (change === "whole") this.#tellAll(room, [...members].map(asMember));
    else this.#counts.ask(room);
  }

  /** Ends all that is still to come. */
  close(): void {
    this.#counts.close();
  }

  #listingOf(room: string): Listing {
    const listing = this.#listings.get(room) ?? new Listing(this.#options.maxListedMembers);
    this.#listings.set(room, listing);
    return listing;
  }

  /** A room that has become small meanwhile was told in full. */
  #tellCount(room: string): void {
    if (this.#listings.get(room)?.listed === false) this.#tellAll(room);
  }

  #tellAll(room: string, members?: Member[]): void {
    const all = this.#options.members(room);
    const message: RoomMembers = {
      type: "room_members",
      room,
      count: all.size,
      ...(members === undefined ? {} : { members }),
    };
    const text = outgoing(message);
    for (const member of all) this.#options.outbound.send(member, text);
  }
}

function asMember({ clientId, userId }: Connection): Member {
  return { clientId, userId };
}
