import type {
  ClientMessageOf,
  ConnectionRecord,
  Connections,
  Metrics,
  MonitorTopic,
  RoomRecord,
  ServerMessage,
} from "../protocol/mod.ts";
import type { Connection } from "./connection.ts";
import type { MonitorSource } from "./monitor_source.ts";
import { type Outbound, outgoing } from "./outbound.ts";

/** With more bytes than this waiting for a watcher it is told nothing until they are gone. */
export const BUSY_BYTES = 262_144;
/** How many records of connections go into one message. */
const RECORDS_PER_MESSAGE = 250;
/** How many connections' counters go into one message. */
const COUNTERS_PER_MESSAGE = 1_000;
/** About how many bytes of records go into one list of a message: names are a client's choice. */
const BYTES_PER_LIST = 196_608;
/** How many frames go into one message; the newest, the rest is counted as skipped. */
const FRAMES_PER_MESSAGE = 200;
/** How many messages with frames go out in one tick: a capture file has them all at once. */
const MESSAGES_PER_TICK = 5;

/** What a {@linkcode Watcher} works with. */
export interface WatcherOptions {
  /** What it sees. */
  source: MonitorSource;
  /** Where messages go out. */
  outbound: Outbound;
}

type Counted = Pick<ConnectionRecord, "id" | "counters">;

/** What is told once a second. */
export interface SecondReport {
  /** Every room with members. */
  rooms: RoomRecord[];
  /** The figures. */
  metrics: Omit<Metrics, "skipped">;
}

/**
 * One watcher: what it still has to be told. Nothing is queued for it but names of what changed,
 * and what it gets is made from the newest state, so that a slow one misses steps and not the end.
 */
export class Watcher {
  /** What it sees. */
  readonly source: MonitorSource;
  readonly #connection: Connection;
  readonly #outbound: Outbound;
  readonly #stopListening: () => void;
  readonly #topics: ReadonlySet<MonitorTopic>;
  readonly #onlyConnection: string | undefined;
  /** Connections whose record it hasn't seen as it is now. At first all of them. */
  readonly #dirty: Set<string>;
  /** Messages in and out of each connection when it was last told. */
  readonly #toldTraffic = new Map<string, number>();
  readonly #toldRooms = new Map<string, RoomRecord>();
  #rooms: RoomRecord[] | null = null;
  #countersPass: Iterator<Counted> | null = null;
  #cursor = 0;
  #hasRead = false;
  #skippedFrames = 0;
  #skippedMetrics = 0;

  constructor(
    connection: Connection,
    request: ClientMessageOf<"monitor_start">,
    { source, outbound }: WatcherOptions,
  ) {
    this.source = source;
    this.#connection = connection;
    this.#outbound = outbound;
    this.#topics = new Set(request.topics);
    this.#onlyConnection = request.connection;
    const wantsConnections = this.#topics.has("connections");
    this.#dirty = new Set(wantsConnections ? source.ids() : []);
    this.#stopListening = wantsConnections
      ? source.onChange((id) => this.#dirty.add(id))
      : () => {};
  }

  /** Listens no more. */
  close(): void {
    this.#stopListening();
  }

  /** Tells what changed; `second` comes with the first tick after a second. */
  tick(second: SecondReport | null): void {
    if (second !== null) {
      this.#rooms = second.rooms;
      this.#countersPass ??= this.source.live()[Symbol.iterator]();
    }
    if (this.#isBusy()) {
      if (second !== null) this.#skippedMetrics += 1;
      return;
    }
    if (second !== null && this.#topics.has("metrics")) {
      this.#send({ ...second.metrics, skipped: this.#skippedMetrics });
    }
    if (this.#topics.has("connections")) this.#sendConnections();
    if (this.#topics.has("frames")) this.#sendFrames();
  }

  #isBusy(): boolean {
    return (this.#connection.socket?.bufferedAmount ?? 0) > BUSY_BYTES;
  }

  #sendConnections(): void {
    const message: Connections = {
      type: "connections",
      ...this.#changes(),
      ...this.#roomChanges(),
    };
    const { changed, counters, removed, rooms, roomsRemoved } = message;
    if ([changed, counters, removed, rooms, roomsRemoved].some((list) => list.length > 0)) {
      this.#send(message);
    }
  }

  #changes(): Pick<Connections, "changed" | "counters" | "removed"> {
    const changed: ConnectionRecord[] = [];
    const removed: string[] = [];
    let bytes = 0;
    for (const id of this.#dirty) {
      if (changed.length + removed.length >= RECORDS_PER_MESSAGE || bytes > BYTES_PER_LIST) break;
      this.#dirty.delete(id);
      const record = this.source.record(id);
      if (record === null) removed.push(id);
      else changed.push(record);
      bytes += sizeOfRecord(record);
      this.#remember(id, record);
    }
    return { changed, removed, counters: this.#counters() };
  }

  #remember(id: string, record: ConnectionRecord | null): void {
    if (record === null || record.state === 3) this.#toldTraffic.delete(id);
    else this.#toldTraffic.set(id, record.counters.messagesIn + record.counters.messagesOut);
  }

  /** Counters of connections that only talked; a pass over all of them may take several messages. */
  #counters(): Connections["counters"] {
    const due: Connections["counters"] = [];
    while (this.#countersPass !== null && due.length < COUNTERS_PER_MESSAGE) {
      const { value: connection, done } = this.#countersPass.next();
      if (done) this.#countersPass = null;
      else this.#addCounters(connection, due);
    }
    return due;
  }

  #addCounters({ id, counters }: Counted, due: Connections["counters"]): void {
    const traffic = counters.messagesIn + counters.messagesOut;
    if (this.#dirty.has(id) || this.#toldTraffic.get(id) === traffic) return;
    this.#toldTraffic.set(id, traffic);
    due.push({ id, counters: { ...counters } });
  }

  #roomChanges(): Pick<Connections, "rooms" | "roomsRemoved"> {
    const now = this.#rooms;
    const rooms: RoomRecord[] = [];
    if (now === null) return { rooms, roomsRemoved: [] };
    let bytes = 0;
    for (const record of now) {
      if (isSame(record, this.#toldRooms.get(record.room))) continue;
      bytes += sizeOfRoom(record.room);
      // The rest goes with the next tick; what was told until then is the same by then.
      if (bytes > BYTES_PER_LIST) return { rooms, roomsRemoved: [] };
      this.#toldRooms.set(record.room, record);
      rooms.push(record);
    }
    this.#rooms = null;
    return { rooms, roomsRemoved: this.#forgetRooms(new Set(now.map(({ room }) => room))) };
  }

  #forgetRooms(known: ReadonlySet<string>): string[] {
    const gone = [...this.#toldRooms.keys()].filter((room) => !known.has(room));
    for (const room of gone) this.#toldRooms.delete(room);
    return gone;
  }

  /** A ring gives its newest frames at once; a capture file goes on where the last message ended. */
  #sendFrames(): void {
    for (let messages = 0; messages < MESSAGES_PER_TICK; messages++) {
      if (this.#isBusy() || this.#sendSomeFrames() < FRAMES_PER_MESSAGE) return;
    }
  }

  /** Returns how many frames it has sent. */
  #sendSomeFrames(): number {
    const { capture } = this.source;
    if (capture === null) return 0;
    const reading = capture.read(this.#cursor, {
      limit: FRAMES_PER_MESSAGE,
      ...(this.#onlyConnection === undefined ? {} : { connection: this.#onlyConnection }),
    });
    // What the first reading leaves out was there before this watcher: it hasn't missed that.
    if (this.#hasRead) this.#skippedFrames += reading.skipped;
    this.#hasRead = true;
    this.#cursor = reading.cursor;
    if (reading.frames.length === 0) return 0;
    this.#send({
      type: "frames",
      frames: reading.frames,
      capture: capture.stats,
      skipped: this.#skippedFrames,
    });
    return reading.frames.length;
  }

  #send(message: ServerMessage): void {
    this.#outbound.send(this.#connection, outgoing(message));
  }
}

function isSame(a: RoomRecord, b: RoomRecord | undefined): boolean {
  return b !== undefined && a.members === b.members && a.seq === b.seq && a.epoch === b.epoch;
}

/** About how long a record is as JSON. */
function sizeOfRecord(record: ConnectionRecord | null): number {
  return 500 + (record?.rooms ?? []).reduce((bytes, room) => bytes + sizeOfRoom(room), 0);
}

/** About how long a room's record is as JSON: three bytes a UTF-16 unit at the most. */
function sizeOfRoom(room: string): number {
  return 100 + 3 * room.length;
}
