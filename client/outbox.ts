import { type Deferred, deferred } from "./deferred.ts";
import { byteLength } from "./checks.ts";
import { cannot, type Hindrance } from "./errors.ts";

/** What the server answered to a publish. */
export interface PublishReceipt {
  /** The room's name. */
  room: string;
  /** The `id` that the client gave the message. */
  id: string;
  /** Epoch of the room's log. */
  epoch: string;
  /** The message's place in the room. */
  seq: number;
}

/** A publish that hasn't settled. */
export interface OutboxEntry {
  readonly order: number;
  readonly room: string;
  readonly id: string;
  readonly data: string | Uint8Array<ArrayBuffer>;
  readonly bytes: number;
  readonly settled: Deferred<PublishReceipt>;
  /** Whether the server refused it once, so that later ones may have overtaken it. */
  refused: boolean;
}

/** What is put into an outbox. */
export type OutboxItem = Pick<OutboxEntry, "room" | "id" | "data">;

/** How much an outbox holds. */
export interface OutboxLimits {
  maxOutbox: number;
  maxOutboxBytes: number;
}

/**
 * The publishes that haven't settled, in the order in which they were made:
 *
 *     #queued  [3, 4, 5, …]   not sent yet; survives a lost link
 *     #sent    {1, 2}         sent, no `ack` yet; its outcome is unknown once the link is lost
 *
 * A refused one goes back from `#sent` to its place in `#queued`. Both count for the limits.
 */
export class Outbox {
  readonly #limits: OutboxLimits;
  #queued: OutboxEntry[] = [];
  readonly #sent = new Map<string, OutboxEntry>();
  #bytes = 0;
  #order = 0;

  constructor(limits: OutboxLimits) {
    this.#limits = limits;
  }

  /** How many publishes haven't settled. */
  get size(): number {
    return this.#queued.length + this.#sent.size;
  }

  /** How many bytes they have. */
  get bytes(): number {
    return this.#bytes;
  }

  add(item: OutboxItem): Promise<PublishReceipt> {
    const bytes = byteLength(item.data);
    this.#checkRoomFor(item, bytes);
    this.#bytes += bytes;
    const order = this.#order++;
    const entry = { ...item, order, bytes, settled: deferred<PublishReceipt>(), refused: false };
    this.#queued.push(entry);
    return entry.settled.promise;
  }

  /**
   * The first message that may be sent now. Within a room none overtakes another: where the first
   * has to wait, all behind it wait.
   */
  next(mayPublish: (room: string) => boolean): OutboxEntry | undefined {
    const waiting = new Set<string>();
    for (const entry of this.#queued) {
      if (waiting.has(entry.room)) continue;
      if (mayPublish(entry.room) && !this.#isOvertaken(entry)) return entry;
      waiting.add(entry.room);
    }
    return undefined;
  }

  markSent(entry: OutboxEntry): void {
    this.#queued.splice(this.#queued.indexOf(entry), 1);
    this.#sent.set(entry.id, entry);
  }

  /** Takes a sent message out, because the server answered it. */
  settle(id: string): OutboxEntry | undefined {
    const entry = this.#sent.get(id);
    if (entry === undefined) return undefined;
    this.#sent.delete(id);
    this.#bytes -= entry.bytes;
    return entry;
  }

  /** Puts a refused message back to its place. */
  requeue(id: string): OutboxEntry | undefined {
    const entry = this.#sent.get(id);
    if (entry === undefined) return undefined;
    this.#sent.delete(id);
    entry.refused = true;
    const place = this.#queued.findIndex((other) => other.order > entry.order);
    this.#queued.splice(place < 0 ? this.#queued.length : place, 0, entry);
    return entry;
  }

  /** Rejects what was sent, because its link has ended. */
  rejectSent(): void {
    const lost = [...this.#sent.values()];
    this.#sent.clear();
    for (const entry of lost) this.#reject(entry, OUTCOME_UNKNOWN);
  }

  /** Rejects what wasn't sent yet, all of it or a part. */
  rejectQueued(
    hindrance: Hindrance,
    isMeant: (entry: OutboxEntry) => boolean = () => true,
  ): void {
    const rejected = this.#queued.filter(isMeant);
    this.#queued = this.#queued.filter((entry) => !isMeant(entry));
    for (const entry of rejected) this.#reject(entry, hindrance);
  }

  /** Whether a later message of the room is on its way, so that resending now would be too early. */
  #isOvertaken(entry: OutboxEntry): boolean {
    if (!entry.refused) return false;
    for (const other of this.#sent.values()) {
      if (other.room === entry.room && other.order > entry.order) return true;
    }
    return false;
  }

  #checkRoomFor(item: OutboxItem, bytes: number): void {
    const { maxOutbox, maxOutboxBytes } = this.#limits;
    const full = this.size >= maxOutbox
      ? `it holds ${this.size} messages`
      : this.#bytes + bytes > maxOutboxBytes
      ? `it holds ${this.#bytes} bytes and the message has ${bytes}`
      : null;
    if (full === null) return;
    const { room, id } = item;
    throw cannot("publish", { code: "outbox_full", why: `the outbox is full, ${full}` }, {
      room,
      id,
    });
  }

  #reject(entry: OutboxEntry, hindrance: Hindrance): void {
    const { room, id } = entry;
    this.#bytes -= entry.bytes;
    entry.settled.reject(cannot("publish", hindrance, { room, id }));
  }
}

const OUTCOME_UNKNOWN: Hindrance = {
  code: "outcome_unknown",
  why: "the link was lost before the ack, so it may or may not have been published",
};
