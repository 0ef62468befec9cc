import { type Frame, isControl } from "../frames/mod.ts";
import type { CaptureJournal, NoteEvent } from "./capture_journal.ts";
import { type Closing, ClosingWatch, isClose } from "./closing.ts";
import type { FrameRun } from "./frame_run.ts";
import { hideHeadSecrets } from "./head_secrets.ts";
import type { CaptureRing } from "./capture_ring.ts";
import { InflatedMessages } from "./inflated_messages.ts";
import { RoundTrips } from "./round_trips.ts";
import { SecretMask } from "./secrets.ts";

/** What a {@linkcode Recorder} needs. */
export interface RecorderOptions {
  journal: CaptureJournal;
  /** Where the connection's end is forgotten, once its frames are. */
  ring: CaptureRing;
  redact: boolean;
  /** Called when a pong answers a ping of the server. */
  onRoundTrip(milliseconds: number): void;
}

/** Records the frames of one WebSocket: numbers them, hides their secrets, puts them in the ring. */
export class Recorder {
  readonly #connection: string;
  readonly #journal: CaptureJournal;
  readonly #ring: CaptureRing;
  readonly #redact: boolean;
  readonly #closing = new ClosingWatch();
  readonly #masks: { in: SecretMask; out: SecretMask };
  #inflated: { in: InflatedMessages; out: InflatedMessages } | null = null;
  readonly #roundTrips = new RoundTrips();
  readonly #onRoundTrip: (milliseconds: number) => void;
  #excluded = false;
  #number = 0;

  constructor(connection: string, { journal, ring, redact, onRoundTrip }: RecorderOptions) {
    this.#connection = connection;
    this.#journal = journal;
    this.#redact = redact;
    this.#ring = ring;
    this.#masks = { in: new SecretMask(redact), out: new SecretMask(redact) };
    this.#onRoundTrip = onRoundTrip;
  }

  /** Leaves the connection out of the ring, also what is in there; or takes it in again. */
  setExcluded(excluded: boolean): void {
    this.#excluded = excluded;
    if (excluded) this.#journal.forget(this.#connection);
  }

  /** Takes frames in, their secrets hidden or to be hidden by the ring. */
  record(direction: "in" | "out", run: FrameRun, fault?: string): void {
    const { frame, count } = run;
    if (frame && isControl(frame.opcode)) this.#timePing(direction, frame);
    const number = this.#number;
    this.#number += count;
    if (this.#excluded) {
      this.#masks[direction].skip();
      this.#inflated?.[direction].skip();
      return;
    }
    const shown = this.#masks[direction].hide(run);
    const compressed = shown.part
      ? this.#messages(direction).take(number, shown.part, shown !== run)
      : undefined;
    if (frame && isClose(frame)) {
      this.#closing.closed(direction === "in" ? "client" : "server", frame);
    }
    const { connection, at } = { connection: this.#connection, at: Date.now() };
    this.#journal.add({ connection, number, at, direction, run: shown, fault, compressed });
  }

  /** Made with the first compressed message: most connections have none. */
  #messages(direction: "in" | "out"): InflatedMessages {
    const most = this.#ring.maxPayloadBytes;
    this.#inflated ??= { in: new InflatedMessages(most), out: new InflatedMessages(most) };
    return this.#inflated[direction];
  }

  /** Takes a head in, its secrets hidden. */
  head(direction: "in" | "out", bytes: Uint8Array): void {
    const { connection, at } = { connection: this.#connection, at: Date.now() };
    const shown = hideHeadSecrets(bytes, this.#redact);
    this.note({ type: "head", connection, at, direction, bytes: shown });
  }

  /** Takes in what isn't a frame. */
  note(event: NoteEvent): void {
    if (!this.#excluded) this.#journal.note(event);
  }

  /** How the closing handshake went so far. */
  get closing(): Closing {
    return this.#closing.closing;
  }

  /** No more frames come. */
  end(): void {
    this.#ring.end(this.#connection);
  }

  #timePing(direction: "in" | "out", frame: Frame): void {
    const now = performance.now();
    if (direction === "out") return this.#roundTrips.sent(frame, now);
    const milliseconds = this.#roundTrips.received(frame, now);
    if (milliseconds !== null) this.#onRoundTrip(milliseconds);
  }
}
