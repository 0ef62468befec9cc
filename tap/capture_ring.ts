import type {
  CapturedBytes,
  CaptureReading,
  CaptureReadOptions,
  CaptureSource,
  CaptureStats,
  CompressedPart,
  FindingRecord,
  FrameByteSource,
  FrameRecord,
  HeadEvent,
  InflatedContent,
} from "../protocol/mod.ts";
import { type Block, BlockStore } from "./block_store.ts";
import type { PlacedFrame } from "./capture_journal.ts";
import { type CapturedFrame, eventOf, recordOf, wireBytes } from "./captured_frame.ts";
import type { FrameRun } from "./frame_run.ts";
import { HeadStore } from "./head_store.ts";
import { inflatedPiece } from "./inflated_content.ts";
import { plainFrameAt, plainFrameLength, type WireFrame } from "./wire_frame.ts";

/** How much a capture holds where {@linkcode CaptureRingOptions} says nothing else. */
export const DEFAULT_CAPTURE: Readonly<Required<CaptureRingOptions>> = Object.freeze({
  maxFrames: 10_000,
  maxBytes: 16 * 1024 * 1024,
  maxPayloadBytes: 1024 * 1024,
});
const DEFAULT_READ_LIMIT = 200;
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
   * The most bytes of frames on the wire and of inflated messages; 0 keeps none, `Infinity` any number.
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

/** Frames on their way into the ring. */
export interface CapturedRun {
  /** Connection they belong to. */
  connection: string;
  /** Number of the first frame in its connection, from 0. */
  number: number;
  /** When the last byte came, in milliseconds since the Unix epoch. */
  at: number;
  /** `in` from the client, `out` from the server. */
  direction: "in" | "out";
  /** The frames. */
  run: FrameRun;
  /** What a fault does to the frame, if it is one. */
  fault?: string | undefined;
  /** The compressed message that the frame belongs to, if it is one. */
  compressed?: CompressedPart | undefined;
}

/**
 * A run of frames in the ring. Its oldest leave from its front:
 *
 * ```
 * block:  … | frame | frame | frame | …        count = 3, the first has `number` and `place`
 *           ^ start                 ^ end
 * ```
 */
interface StoredRun {
  readonly connection: string;
  readonly at: number;
  readonly direction: "in" | "out";
  readonly block: Block;
  readonly end: number;
  /** Of a frame that isn't plain: what its kept bytes don't tell. */
  readonly facts: FrameFacts | null;
  number: number;
  place: number;
  count: number;
  start: number;
}

type FrameFacts = Pick<
  CapturedFrame,
  "headerLength" | "payloadLength" | "findings" | "fault" | "compressed"
>;

/** What one connection has in the ring, and had. */
interface Tally {
  seen: number;
  kept: number;
  ended: boolean;
}

/**
 * The newest frames of all connections, bounded by count and by bytes. Readers pull: with none,
 * nothing is made of the frames, and their bytes lie here as they came, run by run.
 *
 * Text messages in one frame are searched for secrets when somebody reads them: no method here gives
 * out a frame whose secrets aren't hidden.
 */
export class CaptureRing implements CaptureSource {
  readonly #maxFrames: number;
  readonly #maxBytes: number;
  /** The most payload bytes that are kept of one frame. */
  readonly maxPayloadBytes: number;

  // #runs: | empty … | oldest … newest |       #first = index of the oldest
  #runs: (StoredRun | undefined)[] = [];
  #first = 0;
  #nextPlace = 0;
  /** One past the place of the newest frame that left for want of room. */
  #discardedUpTo = 0;
  #seen = 0;
  #kept = 0;
  #discarded = 0;
  #keptBytes = 0;
  readonly #blocks: BlockStore;
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
    this.#blocks = new BlockStore(maxBytes);
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

  /**
   * Takes frames in; the oldest ones leave where there is no room.
   *
   * @param captured The frames and where they belong.
   */
  add(captured: CapturedRun): void {
    const { connection, number, at, direction, run } = captured;
    const { bytes, count, frame } = run;
    const { block, start } = this.#blocks.keep(bytes);
    const end = start + bytes.length;
    const place = this.#nextPlace;
    const facts = frame && factsOf(frame, captured);
    const stored = { connection, at, direction, block, end, facts, number, place, count, start };
    this.#runs.push(stored);
    this.#nextPlace += count;
    this.#count(connection, count);
    this.#keptBytes += bytesOf(stored);
    this.#makeRoom();
  }

  #count(connection: string, frames: number): void {
    this.#seen += frames;
    this.#kept += frames;
    const tally = this.#tally(connection);
    tally.seen += frames;
    tally.kept += frames;
  }

  #tally(connection: string): Tally {
    let tally = this.#tallies.get(connection);
    if (!tally) this.#tallies.set(connection, tally = { seen: 0, kept: 0, ended: false });
    return tally;
  }

  #makeRoom(): void {
    while (this.#kept > this.#maxFrames || this.#keptBytes > this.#maxBytes) {
      const oldest = this.#runs[this.#first] as StoredRun;
      // Where there is still not enough room without all of it, its frames needn't be cut.
      const whole = this.#kept - oldest.count >= this.#maxFrames ||
        this.#keptBytes - bytesOf(oldest) >= this.#maxBytes || oldest.count === 1;
      if (whole) this.#discardRun(oldest);
      else this.#discardFrame(oldest);
    }
  }

  #discardFrame(oldest: StoredRun): void {
    const length = plainFrameLength(oldest.block.memory, oldest.start);
    oldest.start += length;
    oldest.number++;
    oldest.place++;
    oldest.count--;
    this.#noteDiscarded(oldest, { frames: 1, bytes: length, upTo: oldest.place });
  }

  #discardRun(oldest: StoredRun): void {
    this.#runs[this.#first++] = undefined;
    if (this.#first >= COMPACT_FROM && this.#first * 2 >= this.#runs.length) {
      this.#runs.splice(0, this.#first);
      this.#first = 0;
    }
    this.#blocks.release(oldest.block);
    const { count, place } = oldest;
    this.#noteDiscarded(oldest, { frames: count, bytes: bytesOf(oldest), upTo: place + count });
  }

  #noteDiscarded(
    { connection }: StoredRun,
    { frames, bytes, upTo }: { frames: number; bytes: number; upTo: number },
  ): void {
    this.#kept -= frames;
    this.#keptBytes -= bytes;
    this.#discarded += frames;
    this.#discardedUpTo = upTo;
    const tally = this.#tally(connection);
    tally.kept -= frames;
    if (tally.ended && tally.kept === 0) this.#tallies.delete(connection);
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
    const held = this.#runs.slice(this.#first) as StoredRun[];
    const [stay, leave] = [true, false].map((stays) =>
      held.filter((run) => (run.connection !== connection) === stays)
    );
    for (const { block } of leave) this.#blocks.release(block);
    this.#runs = stay;
    this.#first = 0;
    this.#keptBytes = stay.reduce((sum, run) => sum + bytesOf(run), 0);
    this.#kept -= tally.kept;
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
    for (let i = this.#runs.length - 1; i >= this.#first; i--) {
      const run = this.#runs[i] as StoredRun;
      const fresh = Math.min(run.count, run.place + run.count - cursor);
      if (fresh <= 0) break;
      if (connection !== undefined && run.connection !== connection) continue;
      const shown = Math.min(fresh, limit - frames.length);
      skipped += fresh - shown;
      if (shown > 0) frames.push(...lastOf(run, shown).map(recordOf).reverse());
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
    const frames: PlacedFrame[] = [];
    let next = from;
    for (let i = this.#indexOf(from); i < this.#runs.length && frames.length < limit; i++) {
      const run = this.#runs[i] as StoredRun;
      const fresh = Math.min(run.count, run.place + run.count - from);
      for (const frame of lastOf(run, fresh).slice(0, limit - frames.length)) {
        frames.push({ place: frame.place, event: eventOf(frame) });
        next = frame.place + 1;
      }
    }
    const { place: last = -1, count = 0 } = this.#runs.at(-1) ?? {};
    const atEnd = next >= last + count;
    const skipped = this.#discardedSince(from, undefined);
    return { frames, skipped, next: atEnd ? Math.max(this.#nextPlace, from) : next };
  }

  /** Index of the first run that has a frame with a place from `place` on. */
  #indexOf(place: number): number {
    let low = this.#first;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const run = this.#runs[middle] as StoredRun;
      if (run.place + run.count <= place) low = middle + 1;
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
   * @param source Which bytes. `"inflated"` takes any frame of a compressed message.
   * @returns The bytes, or `null` if the frame isn't in the ring, or nothing was inflated.
   */
  bytes(
    connection: string,
    frame: number,
    offset: number,
    length: number,
    source: FrameByteSource = "wire",
  ): CapturedBytes | null {
    const found = this.#find(connection, frame);
    if (!found) return null;
    const from = Math.max(0, offset);
    const to = from + Math.max(0, length);
    if (source === "inflated") return inflatedPiece(this.#inflatedOf(found), from, to);
    return {
      total: found.headerLength + found.payloadLength,
      kept: found.stored.length,
      bytes: wireBytes(found, to).subarray(from),
    };
  }

  #find(connection: string, frame: number): CapturedFrame | null {
    for (let i = this.#runs.length - 1; i >= this.#first; i--) {
      const run = this.#runs[i] as StoredRun;
      const behind = run.number + run.count - frame;
      if (run.connection !== connection || behind <= 0 || behind > run.count) continue;
      return lastOf(run, behind)[0];
    }
    return null;
  }

  /** What came out of the compressed message that a frame belongs to: its last frame has it. */
  #inflatedOf({ connection, direction, compressed }: CapturedFrame): InflatedContent | null {
    if (!compressed) return null;
    for (let i = this.#runs.length - 1; i >= this.#first; i--) {
      const run = this.#runs[i] as StoredRun;
      const { inflated, first } = run.facts?.compressed ?? {};
      const same = first === compressed.first && run.direction === direction;
      if (inflated && same && run.connection === connection) return inflated;
    }
    return null;
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

/** What a run takes of the ring. */
function bytesOf({ start, end, facts }: StoredRun): number {
  return end - start + (facts?.compressed?.inflated?.bytes.length ?? 0);
}

/** The newest `count` frames of a run, oldest first. */
function lastOf(run: StoredRun, count: number): CapturedFrame[] {
  const { connection, at, direction, block: { memory } } = run;
  if (run.facts) {
    const stored = memory.subarray(run.start, run.end);
    const { number, place } = run;
    return [{ connection, number, at, direction, place, stored, ...run.facts }];
  }
  const frames: CapturedFrame[] = [];
  let start = run.start;
  for (let i = 0; i < run.count; i++) {
    const length = plainFrameLength(memory, start);
    if (i >= run.count - count) {
      const { wire: stored, header, payloadLength } = plainFrameAt(memory, start, 0);
      const { number, place } = { number: run.number + i, place: run.place + i };
      const facts = { headerLength: header.length, payloadLength, findings: NOTHING };
      const none = { fault: undefined, compressed: undefined };
      frames.push({ connection, number, at, direction, place, stored, ...facts, ...none });
    }
    start += length;
  }
  return frames;
}

function factsOf(frame: WireFrame, { fault, compressed }: CapturedRun): FrameFacts {
  const { header: { length: headerLength }, payloadLength } = frame;
  return { headerLength, payloadLength, findings: findingRecords(frame), fault, compressed };
}

/** Findings as the protocol has them: their offsets count from the frame's beginning. */
function findingRecords({ findings, offset: frameStart }: WireFrame): readonly FindingRecord[] {
  if (findings.length === 0) return NOTHING;
  return findings.map(({ rule, section, closeCode, offset, message }) => ({
    ...{ rule, section, closeCode, message },
    offset: offset - frameStart,
  }));
}
