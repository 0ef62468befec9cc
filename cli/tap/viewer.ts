import type { CaptureEvent } from "../../protocol/mod.ts";
import type { JournalCursor, JournalReader } from "../../tap/mod.ts";

/** Frames of one go: between two goes the relay has the thread to itself. */
const FRAMES_AT_ONCE = 256;
/** Events are gathered for so long, so that many cost little more than one. */
const GATHER_MS = 10;
/** Showing takes a quarter of the thread at most, while the relay needs it. */
const REST_FACTOR = 3;
/** What is still to be shown at the end may take so long. */
const LAST_MS = 2_000;

/** Takes what a viewer reads; a slow one only makes the viewer miss frames. */
export type ShowEvents = (events: readonly CaptureEvent[]) => Promise<void>;

/** How a {@linkcode JournalViewer} reads. */
export interface JournalViewerOptions {
  /** Takes the events. */
  show: ShowEvents;
  /**
   * Whether it rests after each go to leave the relay the thread. One that saves doesn't.
   *
   * @default true
   */
  rests?: boolean;
}

/**
 * Pulls events from a journal and shows them. It never holds the relay up: what it is too slow for
 * leaves the journal's ring and is counted.
 */
export class JournalViewer {
  /** Frames that were missed. */
  missed = 0;
  readonly #journal: JournalReader;
  readonly #options: JournalViewerOptions;
  readonly #running: Promise<void>;
  readonly #unsubscribe: () => void;
  #cursor: JournalCursor;
  #stopping = false;
  #wake: (() => void) | null = null;

  constructor(journal: JournalReader, options: JournalViewerOptions) {
    this.#journal = journal;
    this.#options = options;
    this.#cursor = journal.start;
    this.#unsubscribe = journal.subscribe(() => this.#wakeUp());
    this.#running = this.#run();
  }

  /** Shows what is there, for two seconds at most, and ends; throws what `show` has thrown. */
  async close(): Promise<void> {
    this.#unsubscribe();
    this.#stopping = true;
    this.#wakeUp();
    const deadline = Promise.withResolvers<void>();
    const timer = setTimeout(deadline.resolve, LAST_MS);
    await Promise.race([this.#running, deadline.promise]).finally(() => clearTimeout(timer));
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = null;
  }

  async #run(): Promise<void> {
    for (;;) {
      // Looked at before reading: what came before the stop is shown.
      const last = this.#stopping;
      const began = performance.now();
      const more = await this.#showSome();
      if (last && !more) return;
      if (last) continue;
      if (more) await this.#rest(performance.now() - began);
      else await this.#news();
    }
  }

  async #showSome(): Promise<boolean> {
    const { events, cursor, more } = this.#journal.read(this.#cursor, { limit: FRAMES_AT_ONCE });
    this.#cursor = cursor;
    for (const event of events) if (event.type === "gap") this.missed += event.frames;
    if (events.length > 0) await this.#options.show(events);
    return more;
  }

  async #rest(took: number): Promise<void> {
    await pause(this.#options.rests === false ? 0 : took * REST_FACTOR);
  }

  async #news(): Promise<void> {
    if (this.#stopping) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
    if (!this.#stopping) await pause(GATHER_MS);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
