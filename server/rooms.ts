import type { Connection } from "./connection.ts";

/**
 * Who is in which room: room to members here, member to rooms in {@linkcode Connection.rooms}. The
 * two are only changed together, in this file.
 */
export class Rooms {
  #members = new Map<string, Set<Connection>>();

  /** Rooms with members. */
  get size(): number {
    return this.#members.size;
  }

  /** Names of the rooms with members. */
  names(): IterableIterator<string> {
    return this.#members.keys();
  }

  /** Members of a room, in the order in which they came. */
  members(room: string): ReadonlySet<Connection> {
    return this.#members.get(room) ?? NOBODY;
  }

  /** Makes a connection a member; `false` if it was one. */
  join(room: string, connection: Connection): boolean {
    if (connection.rooms.has(room)) return false;
    connection.rooms.add(room);
    const members = this.#members.get(room);
    if (members === undefined) this.#members.set(room, new Set([connection]));
    else members.add(connection);
    return true;
  }

  /** Ends a membership; `false` if there was none. An empty room goes with its last member. */
  leave(room: string, connection: Connection): boolean {
    if (!connection.rooms.delete(room)) return false;
    const members = this.#members.get(room);
    members?.delete(connection);
    if (members?.size === 0) this.#members.delete(room);
    return true;
  }
}

const NOBODY: ReadonlySet<Connection> = new Set();
