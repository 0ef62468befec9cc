import type { Conversation, Phase } from "./conversation.ts";
import type { ConnectionClock } from "./deadlines.ts";

/** Since when a connection is in its phase, and what else its deadlines depend on. */
export class PhaseClock {
  #phase: Phase = "idle";
  #phaseSince = performance.now();
  #lastClientByte = this.#phaseSince;
  #endingSince: number | null = null;
  #firstRequest = true;

  /** The phase at the last note. */
  get phase(): Phase {
    return this.#phase;
  }

  /** Whether neither a first request nor the handshake is through. */
  get unfinished(): boolean {
    return this.#firstRequest || this.#phase === "handshake";
  }

  /** Notes how far the conversation is. */
  note({ phase, clientClosed, serverClosed }: Conversation): void {
    if (clientClosed && serverClosed) this.noteEnding();
    if (phase === this.#phase) return;
    // The first head's time runs from the connection's beginning on.
    if (phase !== "head" || !this.#firstRequest) this.#phaseSince = performance.now();
    if (phase !== "idle" && phase !== "head") this.#firstRequest = false;
    this.#phase = phase;
  }

  /** Notes that the client has sent something. */
  noteClientByte(): void {
    this.#lastClientByte = performance.now();
  }

  /** Notes that the connection should be ending from now on. */
  noteEnding(): void {
    this.#endingSince ??= performance.now();
  }

  /** What the deadlines are compared with. */
  read(now: number, stalledFor: number): ConnectionClock {
    return {
      phase: this.#phase,
      now,
      phaseSince: this.#phaseSince,
      firstRequest: this.#firstRequest,
      lastClientByte: this.#lastClientByte,
      stalledFor,
      endingSince: this.#endingSince,
    };
  }
}
