/**
 * A sliding second, and a little more: messages can arrive closer together than they were sent,
 * and the server counts by arrival.
 */
const WINDOW_MS = 1_050;

/** Keeps what is sent below the rate that the server advertises. Times are monotonic. */
export class Pacer {
  #limit = 0;
  #sent: number[] = [];
  #heldUntil = -Infinity;

  /** Begins anew, as the server does with each link; 0 means any rate. */
  reset(messagesPerSecond: number): void {
    this.#limit = messagesPerSecond > 0 ? Math.max(1, Math.floor(messagesPerSecond)) : 0;
    this.#sent = [];
    this.#heldUntil = -Infinity;
  }

  /** How long the next message has to wait, in milliseconds. */
  wait(now: number): number {
    const held = Math.max(0, this.#heldUntil - now);
    if (this.#limit === 0 || this.#sent.length < this.#limit) return held;
    return Math.max(held, this.#sent[0] + WINDOW_MS - now);
  }

  /** Notes that a message was sent. */
  record(now: number): void {
    if (this.#limit === 0) return;
    this.#sent.push(now);
    if (this.#sent.length > this.#limit) this.#sent.shift();
  }

  /** The server refused a message: its window is full for so long, and is a second at most. */
  refused(now: number, retryAfterMs: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, now + Math.min(retryAfterMs, WINDOW_MS));
  }
}
