/**
 * A value that changes and tells. A signal of Preact's has the same shape, and one is made from it
 * in a line: `observable.subscribe((value) => signal.value = value)`.
 *
 * @example Following a client's state
 * ```ts
 * import { type ClientState, type Observable, RoomClient } from "@roomscope/roomscope/client";
 * import { assertEquals } from "@std/assert";
 *
 * const client = new RoomClient("ws://localhost:8000/ws");
 * const state: Observable<ClientState> = client.state;
 * const seen: string[] = [];
 * const unsubscribe = state.subscribe((value) => seen.push(value.status));
 * await client.close();
 * unsubscribe();
 * assertEquals(seen, ["idle", "stopped"]);
 * ```
 */
export interface Observable<T> {
  /** The current value. */
  readonly value: T;
  /**
   * Calls a function with the current value at once, then with each new one.
   *
   * @param subscriber What to call; one that throws is reported and harms nobody else.
   * @returns Ends the subscription; calling it twice is harmless.
   */
  subscribe(subscriber: (value: T) => void): () => void;
}

/** Where the error of a function goes that isn't ours. `source` says which function it was. */
export type Report = (error: unknown, source: string) => void;

/** The side of an {@linkcode Observable} that sets the value. */
export class Store<T> implements Observable<T> {
  readonly #report: Report;
  readonly #subscribers = new Map<symbol, (value: T) => void>();
  #value: T;

  constructor(value: T, report: Report) {
    this.#value = value;
    this.#report = report;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    this.#value = value;
    for (const subscriber of [...this.#subscribers.values()]) {
      // A subscriber has set the value anew, and that has told everybody.
      if (this.#value !== value) return;
      this.#tell(subscriber);
    }
  }

  subscribe(subscriber: (value: T) => void): () => void {
    const key = Symbol();
    this.#subscribers.set(key, subscriber);
    this.#tell(subscriber);
    return () => void this.#subscribers.delete(key);
  }

  #tell(subscriber: (value: T) => void): void {
    try {
      subscriber(this.#value);
    } catch (error) {
      this.#report(error, "a subscriber");
    }
  }
}
