import type { CaptureEvent, FrameEvent } from "../protocol/mod.ts";
import type { CapturedRun, CaptureRing } from "./capture_ring.ts";

/** The most events besides frames that wait for their reader. */
const MOST_NOTES = 8_192;

/** A capture's event that isn't a frame. */
export type NoteEvent = Exclude<CaptureEvent, { type: "frame" | "gap" }>;

/** Where a reader of a {@linkcode CaptureJournal} stands. */
export interface JournalCursor {
  /** Place of the next frame. */
  readonly frame: number;
  /** Place of the next event that isn't a frame. */
  readonly note: number;
}

/** One reading of a {@linkcode CaptureJournal}. */
export interface JournalReading {
  /** What happened, in order; a gap where frames had left the ring before they were read. */
  readonly events: CaptureEvent[];
  /** Where to read on. */
  readonly cursor: JournalCursor;
  /** Whether there is more to read now. */
  readonly more: boolean;
}

/** An event and the number of frames before it. */
interface Note {
  readonly event: NoteEvent;
  readonly framesBefore: number;
}

/**
 * What happened on all connections in order: the frames of a ring, and between them the heads, the
 * beginnings and the ends. Readers pull from it and never hold it up: what they are too slow for
 * leaves the ring, and they get a {@linkcode GapEvent} in its place.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Tap } from "@roomscope/roomscope/tap";
 *
 * const { journal } = new Tap({ target: { hostname: "127.0.0.1", port: 8080 } });
 * assertEquals(journal.read(journal.start, { limit: 100 }).events, []);
 * ```
 */
export interface JournalReader {
  /** The cursor of a reader that wants everything that is still there. */
  readonly start: JournalCursor;
  /**
   * Reads on.
   *
   * @param cursor Where to begin: `start`, then the last reading's cursor.
   * @param options How many frames at most.
   */
  read(cursor: JournalCursor, options: { limit: number }): JournalReading;
  /**
   * Has a function called whenever something has happened.
   *
   * @param listener Called for every chunk of frames, so it should only wake a reader up; must not throw.
   * @returns Ends the calls.
   */
  subscribe(listener: () => void): () => void;
}

/** A {@linkcode JournalReader} and what the tap writes. */
export class CaptureJournal implements JournalReader {
  /** The cursor of a reader that wants everything that is still there. */
  readonly start: JournalCursor = Object.freeze({ frame: 0, note: 0 });
  readonly #ring: CaptureRing;
  readonly #listeners = new Set<() => void>();
  readonly #notes: Note[] = [];
  /** How many notes have left, so that the first one's place is known. */
  #notesGone = 0;

  /**
   * Makes a journal of a ring.
   *
   * @param ring Where the frames are.
   */
  constructor(ring: CaptureRing) {
    this.#ring = ring;
  }

  /**
   * Takes frames in.
   *
   * @param captured The frames and where they belong.
   */
  add(captured: CapturedRun): void {
    this.#ring.add(captured);
    this.#tellListeners();
  }

  /**
   * Takes an event in that isn't a frame.
   *
   * @param event What happened.
   */
  note(event: NoteEvent): void {
    if (event.type === "head") this.#ring.addHead(event);
    this.#notes.push({ event, framesBefore: this.#ring.nextPlace });
    if (this.#notes.length > MOST_NOTES) {
      this.#notes.shift();
      this.#notesGone++;
    }
    this.#tellListeners();
  }

  /**
   * Has a function called whenever something has happened.
   *
   * @param listener Called for every chunk of frames, so it should only wake a reader up; must not throw.
   * @returns Ends the calls.
   */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tellListeners(): void {
    for (const listener of this.#listeners) listener();
  }

  /**
   * Forgets a connection as if it had never been seen.
   *
   * @param connection Number of the connection.
   */
  forget(connection: string): void {
    this.#ring.forget(connection);
    // Their places stay, so that no reader's cursor moves.
    for (const [i, { event, framesBefore }] of this.#notes.entries()) {
      if (event.connection === connection) {
        this.#notes[i] = { event: { ...FORGOTTEN }, framesBefore };
      }
    }
  }

  /**
   * Reads on.
   *
   * @param cursor Where to begin: `start`, then the last reading's cursor.
   * @param options How many frames at most.
   */
  read(cursor: JournalCursor, { limit }: { limit: number }): JournalReading {
    const { frames, skipped, next } = this.#ring.readWire(cursor.frame, limit);
    const events: CaptureEvent[] = [];
    let note = Math.max(cursor.note, this.#notesGone);
    const notesBefore = (place: number) => {
      for (; note < this.#noteEnd && this.#noteAt(note).framesBefore <= place; note++) {
        const { event } = this.#noteAt(note);
        if (event.connection !== "") events.push(event);
      }
    };
    if (skipped > 0) {
      notesBefore(frames[0]?.place ?? next);
      events.push({ type: "gap", frames: skipped });
    }
    for (const { place, event } of frames) {
      notesBefore(place);
      events.push(event);
    }
    const more = next < this.#ring.nextPlace;
    notesBefore(more ? next - 1 : next);
    return { events, cursor: { frame: next, note }, more };
  }

  get #noteEnd(): number {
    return this.#notesGone + this.#notes.length;
  }

  #noteAt(place: number): Note {
    return this.#notes[place - this.#notesGone];
  }
}

/** What stands in the place of a forgotten connection's note. */
const FORGOTTEN: NoteEvent = Object.freeze({
  type: "open",
  connection: "",
  at: 0,
  client: "",
  server: "",
});

/** A frame of the ring with its place in the order of all. */
export interface PlacedFrame {
  readonly place: number;
  readonly event: FrameEvent;
}
