import type { ConnectionRecord, RoomRecord } from "../../protocol/monitor_records.ts";
import type { Connections } from "../../protocol/server_messages.ts";
import { READY_STATE_NAMES } from "../../protocol/ready_state.ts";

/** Everything known of the connections and rooms. Changed in place: thousands of rows, ten times a second. */
export interface ConnectionTable {
  /** Connections by id, in the order in which they came. */
  connections: Map<string, ConnectionRecord>;
  /** Rooms by name. */
  rooms: Map<string, RoomRecord>;
}

/** What of the connections is shown, and how. */
export interface ConnectionQuery {
  /** Words that must all occur in a row. */
  text: string;
  /** Only this ready state; `null` for all. */
  state: number | null;
}

/** An empty table. */
export function emptyTable(): ConnectionTable {
  return { connections: new Map(), rooms: new Map() };
}

/** Forgets everything: a snapshot's records follow. */
export function clearTable(table: ConnectionTable): void {
  table.connections.clear();
  table.rooms.clear();
}

/** Takes a `connections` message in. Counters of a connection that isn't known are passed over. */
export function applyConnections(table: ConnectionTable, message: Connections): void {
  for (const record of message.changed) table.connections.set(record.id, record);
  for (const { id, counters } of message.counters) {
    const record = table.connections.get(id);
    if (record !== undefined) table.connections.set(id, { ...record, counters });
  }
  for (const id of message.removed) table.connections.delete(id);
  for (const room of message.rooms) table.rooms.set(room.room, room);
  for (const room of message.roomsRemoved) table.rooms.delete(room);
}

/** The connections that a query lets through: living ones first, the newest first among equals. */
export function selectConnections(
  connections: Iterable<ConnectionRecord>,
  query: ConnectionQuery,
): ConnectionRecord[] {
  const words = query.text.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const rows: ConnectionRecord[] = [];
  for (const record of connections) {
    if (query.state !== null && record.state !== query.state) continue;
    if (words.length > 0 && !matches(record, words)) continue;
    rows.push(record);
  }
  return rows.sort(livingThenNewest);
}

/** How many connections are in each ready state. */
export function countStates(connections: Iterable<ConnectionRecord>): number[] {
  const counts = [0, 0, 0, 0];
  for (const record of connections) counts[record.state]++;
  return counts;
}

/** The rooms, the fullest first, then by name. */
export function sortedRooms(rooms: Iterable<RoomRecord>): RoomRecord[] {
  return [...rooms].sort((a, b) => b.members - a.members || (a.room < b.room ? -1 : 1));
}

const CLOSED = 3;

function livingThenNewest(a: ConnectionRecord, b: ConnectionRecord): number {
  const closed = Number(a.state === CLOSED) - Number(b.state === CLOSED);
  return closed || b.connectedAt - a.connectedAt || (a.id < b.id ? 1 : -1);
}

function matches(record: ConnectionRecord, words: readonly string[]): boolean {
  const text = [
    record.id,
    record.clientId,
    record.userId,
    record.address,
    record.userAgent,
    record.origin,
    READY_STATE_NAMES[record.state],
    record.close === null ? "" : `${record.close.code} ${record.close.reason}`,
    ...record.rooms,
  ].join("\n").toLowerCase();
  return words.every((word) => text.includes(word));
}
