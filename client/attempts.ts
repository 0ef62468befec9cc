import { closeReason } from "../protocol/mod.ts";
import { backoffDelay, type BackoffOptions } from "./backoff.ts";
import type { StopReason } from "./states.ts";

/** What follows the end of a link. */
export type NextMove =
  | { kind: "stop"; reason: Exclude<StopReason, "closed"> }
  | { kind: "wait"; attempt: number; delayMs: number; later: boolean };

/** Counts attempts to reconnect and decides whether and when there is another. */
export class Attempts {
  readonly #maxAttempts: number;
  readonly #backoff: BackoffOptions;
  #made = 0;

  constructor(maxAttempts: number, backoff: BackoffOptions) {
    this.#maxAttempts = maxAttempts;
    this.#backoff = backoff;
  }

  /** Which attempt is being made or waited for, 0 for none. */
  get current(): number {
    return this.#made;
  }

  /** Forgets the failures so far. */
  startAnew(): void {
    this.#made = 0;
  }

  /** The attempt that was waited for is the first of a new count. */
  restartAtFirst(): void {
    this.#made = 1;
  }

  next(closeCode: number): NextMove {
    const { reconnect } = closeReason(closeCode);
    if (reconnect === "never") return { kind: "stop", reason: "refused" };
    if (this.#made >= this.#maxAttempts) return { kind: "stop", reason: "attempts_exhausted" };
    const later = reconnect === "later";
    const delayMs = backoffDelay(this.#made, { ...this.#backoff, later });
    this.#made++;
    return { kind: "wait", attempt: this.#made, delayMs, later };
  }
}
