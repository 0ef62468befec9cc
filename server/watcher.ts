import type {
  CaptureSource,
  ClientMessageOf,
  ConnectionRecord,
  Connections,
  Metrics,
  MonitorTopic,
  RoomRecord,
  ServerMessage,
} from "../protocol/mod.ts";
import type { Connection } from "./connection.ts";
import { type Outbound, outgoing } from "./outbound.ts";
import type { ConnectionRegistry } from "./registry.ts";

/** With more bytes than this waiting for a watcher it is told nothing until they are gone. */
const BUSY_BYTES = 262_144;
/** How many records of connections go into one message. */
const RECORDS_PER_MESSAGE = 250;
/** How many frames go into one message; the newest, the rest is counted as skipped. */
const FRAMES_PER_MESSAGE = 200;

/** What a {@linkcode Watcher} works with. */
export interface WatcherOptions {
  /** Where the connections' records come from. */
  registry: ConnectionRegistry;
  /** Where messages go out. */
  outbound: Outbound;
  /** Captured frames, where there is a tap. */
  capture?: CaptureSource;
}

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
  readonly #connection: Connection;
  readonly #options: WatcherOptions;
  readonly #topics: ReadonlySet<MonitorTopic>;
  readonly #onlyConnection: string | undefined;
  /** Connections whose record it hasn't seen as it is now. At first all of them. */
  readonly #dirty: Set<string>;
  /** Messages in and out of each connection when it was last told. */
  readonly #toldTraffic = new Map<string, number>();
  readonly #toldRooms = new Map<string, RoomRecord>();
  #rooms: RoomRecord[] | null = null;
  #countersDue = false;
  #cursor = 0;
  #hasRead = false;
  #skippedFrames = 0;
  #skippedMetrics = 0;

  constructor(
    connection: Connection,
    request: ClientMessageOf<"monitor_start">,
    options: WatcherOptions,
  ) {
    this.#connection = connection;
    this.#options = options;
    this.#topics = new Set(request.topics);
    this.#onlyConnection = request.connection;
    this.#dirty = new Set(this.#topics.has("connections") ? options.registry.ids() : []);
  }

  /** A connection's record has changed. */
  connectionChanged(id: string): void {
    if (this.#topics.has("connections")) this.#dirty.add(id);
  }

  /** Tells what changed; `second` comes with the first tick after a second. */
  tick(second: SecondReport | null): void {
    if (second !== null) {
      this.#rooms = second.rooms;
      this.#countersDue = true;
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
    for (const id of this.#dirty) {
      if (changed.length + removed.length >= RECORDS_PER_MESSAGE) break;
      this.#dirty.delete(id);
      const record = this.#options.registry.record(id);
      if (record === null) removed.push(id);
      else changed.push(record);
      this.#remember(id, record);
    }
    return { changed, removed, counters: this.#counters() };
  }

  #remember(id: string, record: ConnectionRecord | null): void {
    if (record === null || record.state === 3) this.#toldTraffic.delete(id);
    else this.#toldTraffic.set(id, record.counters.messagesIn + record.counters.messagesOut);
  }

  /** Counters of connections that only talked. */
  #counters(): Connections["counters"] {
    if (!this.#countersDue) return [];
    this.#countersDue = false;
    const due: Connections["counters"] = [];
    for (const connection of this.#options.registry.live()) {
      const { id, counters } = connection;
      const traffic = counters.messagesIn + counters.messagesOut;
      if (connection.watching || this.#dirty.has(id) || this.#toldTraffic.get(id) === traffic) {
        continue;
      }
      this.#toldTraffic.set(id, traffic);
      due.push({ id, counters: { ...counters } });
    }
    return due;
  }

  #roomChanges(): Pick<Connections, "rooms" | "roomsRemoved"> {
    const now = this.#rooms;
    this.#rooms = null;
    if (now === null) return { rooms: [], roomsRemoved: [] };
    const rooms = now.filter((record) => !isSame(record, this.#toldRooms.get(record.room)));
    const gone = new Set(this.#toldRooms.keys());
    for (const record of now) {
      this.#toldRooms.set(record.room, record);
      gone.delete(record.room);
    }
    for (const room of gone) this.#toldRooms.delete(room);
    return { rooms, roomsRemoved: [...gone] };
  }

  #sendFrames(): void {
    const { capture } = this.#options;
    if (capture === undefined) return;
    const reading = capture.read(this.#cursor, {
      limit: FRAMES_PER_MESSAGE,
      ...(this.#onlyConnection === undefined ? {} : { connection: this.#onlyConnection }),
    });
    // What the first reading leaves out was there before this watcher: it hasn't missed that.
    if (this.#hasRead) this.#skippedFrames += reading.skipped;
    this.#hasRead = true;
    this.#cursor = reading.cursor;
    if (reading.frames.length === 0) return;
    this.#send({
      type: "frames",
      frames: reading.frames,
      capture: capture.stats,
      skipped: this.#skippedFrames,
    });
  }

  #send(message: ServerMessage): void {
    this.#options.outbound.send(this.#connection, outgoing(message));
  }
}

function isSame(a: RoomRecord, b: RoomRecord | undefined): boolean {
  return b !== undefined && a.members === b.members && a.seq === b.seq && a.epoch === b.epoch;
}
