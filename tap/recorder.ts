import { type Frame, isControl } from "../frames/mod.ts";
import type { CaptureRing } from "./capture_ring.ts";
import { RoundTrips } from "./round_trips.ts";
import { SecretMask } from "./secrets.ts";

/** What a {@linkcode Recorder} needs. */
export interface RecorderOptions {
  ring: CaptureRing;
  redact: boolean;
  /** Called when a pong answers a ping of the server. */
  onRoundTrip(milliseconds: number): void;
}

/** Records the frames of one WebSocket: numbers them, hides their secrets, puts them in the ring. */
export class Recorder {
  readonly #connection: string;
  readonly #ring: CaptureRing;
  readonly #masks: { in: SecretMask; out: SecretMask };
  readonly #roundTrips = new RoundTrips();
  readonly #onRoundTrip: (milliseconds: number) => void;
  #excluded = false;
  #number = 0;

  constructor(connection: string, { ring, redact, onRoundTrip }: RecorderOptions) {
    this.#connection = connection;
    this.#ring = ring;
    this.#masks = { in: new SecretMask(redact), out: new SecretMask(redact) };
    this.#onRoundTrip = onRoundTrip;
  }

  /** Leaves the connection out of the ring, also what is in there; or takes it in again. */
  setExcluded(excluded: boolean): void {
    this.#excluded = excluded;
    if (excluded) this.#ring.forget(this.#connection);
  }

  /** Takes a frame; its payload is changed where it is secret. */
  record(direction: "in" | "out", frame: Frame): void {
    if (isControl(frame.opcode)) this.#timePing(direction, frame);
    const number = this.#number++;
    if (this.#excluded) {
      this.#masks[direction].skip();
      return;
    }
    this.#masks[direction].apply(frame);
    this.#ring.add({ connection: this.#connection, number, at: Date.now(), direction, frame });
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
