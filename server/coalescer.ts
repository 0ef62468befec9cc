/**
 * Lets something happen at once, and again at most once per interval: what is asked for meanwhile
 * happens together when the interval is over. One for many keys; a key that is quiet costs nothing.
 */
export class Coalescer {
  readonly #intervalMs: number;
  readonly #run: (key: string) => void;
  /** Keys in their interval. */
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  /** Keys that were asked for in it. */
  readonly #again = new Set<string>();

  constructor(intervalMs: number, run: (key: string) => void) {
    this.#intervalMs = intervalMs;
    this.#run = run;
  }

  /** Asks for a key to be run, now or at the end of its interval. */
  ask(key: string): void {
    if (this.#timers.has(key)) {
      this.#again.add(key);
      return;
    }
    this.#timers.set(key, setTimeout(() => this.#intervalEnds(key), this.#intervalMs));
    this.#run(key);
  }

  /** Forgets everything that was asked for. */
  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#again.clear();
  }

  #intervalEnds(key: string): void {
    this.#timers.delete(key);
    if (this.#again.delete(key)) this.ask(key);
  }
}
