import { FIN_BIT, OPCODE_MASK } from "../frames/header_layout.ts";
import { applyMask, type Frame } from "../frames/mod.ts";
import { maskingKeyIn } from "./wire_header.ts";
import type {
  CapturedBytes,
  CaptureReading,
  CaptureReadOptions,
  CaptureSource,
  CaptureStats,
  FindingRecord,
  FrameEvent,
  FrameRecord,
  HeadEvent,
} from "../protocol/mod.ts";
import type { PlacedFrame } from "./capture_journal.ts";
import { HeadStore } from "./head_store.ts";

/** How much a capture holds where {@linkcode CaptureRingOptions} says nothing else. */
export const DEFAULT_CAPTURE: Readonly<Required<CaptureRingOptions>> = Object.freeze({
  maxFrames: 10_000,
  maxBytes: 16 * 1024 * 1024,
  maxPayloadBytes: 1024 * 1024,
});
const DEFAULT_READ_LIMIT = 200;
const PREVIEW_BYTES = 64;
const RSV_SHIFT = 4;
const RSV_MASK = 0x7;

/** Frames are stored in blocks of so many bytes; larger ones have a block of their own. */
const BLOCK_BYTES = 64 * 1024;
/** From so many bytes on a frame may keep the memory it came in. */
const OWN_BLOCK_FROM = 16 * 1024;
const NOTHING: readonly FindingRecord[] = Object.freeze([]);

/** From so many empty places at the array's front on they are cut off. */
const COMPACT_FROM = 1_024;

/** How much a {@linkcode CaptureRing} holds. */
export interface CaptureRingOptions {
  /**
   * The most frames; 0 keeps none, `Infinity` any number.
   *
   * @default 10000
   */
  maxFrames?: number;
  /**
   * The most bytes of frames on the wire; 0 keeps none, `Infinity` any number.
   *
   * @default 16777216 (16 MiB)
   */
  maxBytes?: number;
  /**
   * The most payload bytes that are kept of one frame; its length is recorded all the same.
   *
   * @default 1048576 (1 MiB)
   */
  maxPayloadBytes?: number;
}

/** A frame on its way into the ring. */
export interface CapturedFrame {
  /** Connection it belongs to. */
  connection: string;
  /** Number of the frame in its connection, from 0. */
  number: number;
  /** When its last byte came, in milliseconds since the Unix epoch. */
  at: number;
  /** `in` from the client, `out` from the server. */
  direction: "in" | "out";
  /** The frame; its payload must not be changed any more. */
  frame: Frame;
  /** What a fault does to it. */
  fault?: string | undefined;
}

/**
 * A frame in the ring. Its bytes lie in a block that it shares with its neighbours:
 *
 * ```
 * block:  … | header | payload, unmasked | …
 *           ^ start    keptLength bytes
 * ```
 */
interface Entry {
  connection: string;
  number: number;
  at: number;
  direction: "in" | "out";
  /** Place in the order of all captured frames, from 0: what cursors count. */
  place: number;
  block: Uint8Array;
  start: number;
  headerLength: number;
  keptLength: number;
  payloadLength: number;
  findings: readonly FindingRecord[];
  fault: string | undefined;
}

/** Where a frame's bytes lie. */
type Place = Pick<Entry, "block" | "start">;

/** What one connection has in the ring, and had. */
interface Tally {
  seen: number;
  kept: number;
  ended: boolean;
}

/**
 * The newest frames of all connections, bounded by count and by bytes. Readers pull: with none,
 * nothing is made of the frames but their place here.
 *
 * Payloads are held unmasked, as the decoder gave them; the bytes on the wire are made again with
 * the key when somebody asks, and are the same.
 */
export class CaptureRing implements CaptureSource {
  readonly #maxFrames: number;
  readonly #maxBytes: number;
  /** The most payload bytes that are kept of one frame. */
  readonly maxPayloadBytes: number;

  // #entries: | empty … | oldest … newest |       #first = index of the oldest
  #entries: (Entry | undefined)[] = [];
  #first = 0;
  #nextPlace = 0;
  /** One past the place of the newest frame that left for want of room. */
  #discardedUpTo = 0;
  #seen = 0;
  #discarded = 0;
  #keptBytes = 0;
  #block = new Uint8Array(0);
  #blockUsed = 0;
  readonly #tallies = new Map<string, Tally>();
  readonly #heads = new HeadStore();

  /**
   * Makes an empty ring.
   *
   * @param options How much it holds.
   * @throws {RangeError} If a bound is negative or not a number.
   */
  constructor(options: CaptureRingOptions = {}) {
    const {
      maxFrames = DEFAULT_CAPTURE.maxFrames,
      maxBytes = DEFAULT_CAPTURE.maxBytes,
      maxPayloadBytes = DEFAULT_CAPTURE.maxPayloadBytes,
    } = options;
    for (const [name, value] of Object.entries({ maxFrames, maxBytes, maxPayloadBytes })) {
      if (!(value >= 0)) {
        throw new RangeError(`Cannot make a ring: ${name} must be 0 or more, it is ${value}`);
      }
    }
    this.#maxFrames = maxFrames;
    this.#maxBytes = maxBytes;
    this.maxPayloadBytes = maxPayloadBytes;
  }

  /** How full the ring is; `seen = kept + discarded` at any time. */
  get stats(): CaptureStats {
    return {
      seen: this.#seen,
      kept: this.#kept,
      discarded: this.#discarded,
      keptBytes: this.#keptBytes,
      maxFrames: this.#maxFrames,
      maxBytes: this.#maxBytes,
    };
  }

  /** The place that the next frame gets. */
  get nextPlace(): number {
    return this.#nextPlace;
  }

  get #kept(): number {
    return this.#entries.length - this.#first;
  }

  /**
   * Takes a frame in; the oldest ones leave where there is no room.
   *
   * @param captured The frame and where it belongs.
   */
  add(captured: CapturedFrame): void {
    const { connection, number, at, direction, frame, fault } = captured;
    const { header, payload, payloadLength } = frame;
    const { block, start } = ownMemory(header, payload) ?? this.#copy(header, payload);
    this.#entries.push({
      connection,
      number,
      at,
      direction,
      place: this.#nextPlace++,
      block,
      start,
      headerLength: header.length,
      keptLength: payload.length,
      payloadLength,
      findings: findingRecords(frame),
      fault,
    });
    this.#count(connection, header.length + payload.length);
    while (this.#kept > this.#maxFrames || this.#keptBytes > this.#maxBytes) this.#discardOldest();
  }

  #copy(header: Uint8Array, payload: Uint8Array): Place {
    const start = this.#reserve(header.length + payload.length);
    this.#block.set(header, start);
    this.#block.set(payload, start + header.length);
    return { block: this.#block, start };
  }

  /** Finds room for so many bytes; returns where it begins in the current block. */
  #reserve(length: number): number {
    if (this.#block.length - this.#blockUsed < length) {
      this.#block = new Uint8Array(Math.max(BLOCK_BYTES, length));
      this.#blockUsed = 0;
    }
    const start = this.#blockUsed;
    this.#blockUsed += length;
    return start;
  }

  #count(connection: string, bytes: number): void {
    this.#keptBytes += bytes;
    this.#seen++;
    const tally = this.#tally(connection);
    tally.seen++;
    tally.kept++;
  }

  /**
   * Forgets a connection as if it had never been seen.
   *
   * @param connection Number of the connection.
   */
  forget(connection: string): void {
    this.#heads.forget(connection);
    const tally = this.#tallies.get(connection);
    if (!tally) return;
    const stay = this.#held().filter((entry) => entry.connection !== connection);
    this.#entries = stay;
    this.#first = 0;
    this.#keptBytes = stay.reduce((sum, entry) => sum + bytesOf(entry), 0);
    this.#seen -= tally.seen;
    this.#discarded -= tally.seen - tally.kept;
    this.#tallies.delete(connection);
  }

  /**
   * Says that a connection sends no more frames, so that its count can go with its last frame.
   *
   * @param connection Number of the connection.
   */
  end(connection: string): void {
    const tally = this.#tallies.get(connection);
    if (!tally) return;
    tally.ended = true;
    if (tally.kept === 0) this.#tallies.delete(connection);
  }

  /**
   * Reads what came after a cursor.
   *
   * @param cursor 0 for everything in the ring, then the cursor of the last reading.
   * @param options Which connection, and how many frames at most.
   * @returns The newest frames after the cursor, oldest first. With a connection, `skipped` counts
   * only its frames that are still in the ring, unless the cursor is 0.
   */
  read(cursor: number, options: CaptureReadOptions = {}): CaptureReading {
    const { connection, limit = DEFAULT_READ_LIMIT } = options;
    const frames: FrameRecord[] = [];
    let skipped = this.#discardedSince(cursor, connection);
    for (let i = this.#entries.length - 1; i >= this.#first; i--) {
      const entry = this.#entries[i] as Entry;
      if (entry.place < cursor) break;
      if (connection !== undefined && entry.connection !== connection) continue;
      if (frames.length < limit) frames.push(recordOf(entry));
      else skipped++;
    }
    return { frames: frames.reverse(), cursor: this.#nextPlace, skipped };
  }

  /**
   * Reads frames with their bytes, oldest first and none left out that is still there.
   *
   * @param from Place of the first frame.
   * @param limit How many frames at most.
   * @returns The frames, how many had left the ring before them, and where to read on.
   */
  readWire(
    from: number,
    limit: number,
  ): { frames: PlacedFrame[]; skipped: number; next: number } {
    const first = this.#indexOf(from);
    const entries = this.#entries.slice(first, first + limit) as Entry[];
    const skipped = this.#discardedSince(from, undefined);
    const frames = entries.map((entry) => ({ place: entry.place, event: eventOf(entry) }));
    const atEnd = first + limit >= this.#entries.length;
    const next = atEnd ? this.#nextPlace : entries[entries.length - 1].place + 1;
    return { frames, skipped, next: Math.max(next, from) };
  }

  /** Index of the first entry with a place from `place` on. */
  #indexOf(place: number): number {
    let low = this.#first;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#entries[middle] as Entry).place < place) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Keeps a head of a connection's handshake.
   *
   * @param head The head, its secrets hidden.
   */
  addHead(head: HeadEvent): void {
    this.#heads.add(head);
  }

  /**
   * The heads of a connection's opening handshake.
   *
   * @param connection Number of the connection.
   * @returns Its request first; empty once they had to make room for newer ones.
   */
  heads(connection: string): HeadEvent[] {
    return this.#heads.of(connection);
  }

  /**
   * Reads a piece of a frame's bytes on the wire.
   *
   * @param connection Number of the connection.
   * @param frame Number of the frame in its connection.
   * @param offset First byte, from 0.
   * @param length How many bytes at most.
   * @returns The bytes, or `null` if the frame isn't in the ring.
   */
  bytes(connection: string, frame: number, offset: number, length: number): CapturedBytes | null {
    const entry = this.#find(connection, frame);
    if (!entry) return null;
    const from = Math.max(0, offset);
    return {
      total: entry.headerLength + entry.payloadLength,
      kept: bytesOf(entry),
      bytes: wireBytes(entry).slice(from, from + Math.max(0, length)),
    };
  }

  #find(connection: string, frame: number): Entry | null {
    for (let i = this.#entries.length - 1; i >= this.#first; i--) {
      const entry = this.#entries[i] as Entry;
      if (entry.number === frame && entry.connection === connection) return entry;
    }
    return null;
  }

  #held(): Entry[] {
    return this.#entries.slice(this.#first) as Entry[];
  }

  #tally(connection: string): Tally {
    let tally = this.#tallies.get(connection);
    if (!tally) this.#tallies.set(connection, tally = { seen: 0, kept: 0, ended: false });
    return tally;
  }

  #discardOldest(): void {
    const oldest = this.#entries[this.#first] as Entry;
    this.#entries[this.#first++] = undefined;
    if (this.#first >= COMPACT_FROM && this.#first * 2 >= this.#entries.length) {
      this.#entries.splice(0, this.#first);
      this.#first = 0;
    }
    this.#keptBytes -= bytesOf(oldest);
    this.#discarded++;
    this.#discardedUpTo = oldest.place + 1;
    const tally = this.#tally(oldest.connection);
    tally.kept--;
    if (tally.ended && tally.kept === 0) this.#tallies.delete(oldest.connection);
  }

  /** How many frames with a place from `cursor` on have left for want of room. */
  #discardedSince(cursor: number, connection: string | undefined): number {
    if (connection !== undefined) {
      const tally = this.#tallies.get(connection);
      return cursor === 0 && tally ? tally.seen - tally.kept : 0;
    }
    return Math.min(this.#discarded, Math.max(0, this.#discardedUpTo - cursor));
  }
}

/** The place of a large frame that has memory to itself already; `null` for one to be copied. */
function ownMemory(header: Uint8Array, payload: Uint8Array): Place | null {
  const { buffer, byteOffset } = header;
  const length = header.length + payload.length;
  const together = buffer === payload.buffer && byteOffset + header.length === payload.byteOffset;
  const alone = buffer.byteLength - length <= length / 8;
  if (length < OWN_BLOCK_FROM || !together || !alone) return null;
  return { block: new Uint8Array(buffer), start: byteOffset };
}

/** What a frame takes of the ring. */
function bytesOf({ headerLength, keptLength }: Entry): number {
  return headerLength + keptLength;
}

/** The frame as it was on the wire, as far as it was kept. */
function wireBytes(entry: Entry): Uint8Array {
  const wire = entry.block.slice(entry.start, entry.start + bytesOf(entry));
  const key = maskingKeyIn(headerOf(entry));
  if (key) applyMask(wire.subarray(entry.headerLength), key);
  return wire;
}

function headerOf({ block, start, headerLength }: Entry): Uint8Array {
  return block.subarray(start, start + headerLength);
}

function recordOf(entry: Entry): FrameRecord {
  const { connection, number, at, direction, block, start, headerLength, keptLength } = entry;
  const first = block[start];
  const payloadStart = start + headerLength;
  const preview = block.subarray(payloadStart, payloadStart + Math.min(keptLength, PREVIEW_BYTES));
  return {
    connection,
    frame: number,
    at,
    direction,
    fin: (first & FIN_BIT) !== 0,
    rsv: first >> RSV_SHIFT & RSV_MASK,
    opcode: first & OPCODE_MASK,
    maskingKey: maskingKeyIn(headerOf(entry))?.toHex() ?? null,
    headerLength,
    length: entry.payloadLength,
    preview: preview.toBase64(),
    findings: [...entry.findings],
    ...(entry.fault === undefined ? {} : { fault: entry.fault }),
  };
}

function eventOf(entry: Entry): FrameEvent {
  const { connection, number, at, direction, headerLength, payloadLength, findings } = entry;
  return {
    type: "frame",
    ...{ connection, frame: number, at, direction, headerLength },
    length: payloadLength,
    wire: wireBytes(entry),
    findings: [...findings],
    ...(entry.fault === undefined ? {} : { fault: entry.fault }),
  };
}

/** Findings as the protocol has them: their offsets count from the frame's beginning. */
function findingRecords({ findings, offset: frameStart }: Frame): readonly FindingRecord[] {
  if (findings.length === 0) return NOTHING;
  return findings.map(({ rule, section, closeCode, offset, message }) => ({
    ...{ rule, section, closeCode, message },
    offset: offset - frameStart,
  }));
}
