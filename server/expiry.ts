/** One timer for many keys that expire in the order in which they were added. */
export class Expiry<K> {
  readonly #afterMs: number;
  readonly #most: number;
  readonly #expire: (key: K) => void;
  readonly #now: () => number;
  /** Key to the time at which it expires; the order is that of the times. */
  readonly #due = new Map<K, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Starts without a key.
   *
   * @param options `afterMs`: how long a key has. `most`: with more keys the oldest expire early.
   * `expire`: called with each key whose time is over. `now`: the clock, in milliseconds.
   */
  constructor(
    options: { afterMs: number; most: number; expire: (key: K) => void; now: () => number },
  ) {
    this.#afterMs = options.afterMs;
    this.#most = options.most;
    this.#expire = options.expire;
    this.#now = options.now;
  }

  /** Lets a key expire; one that was going to begins anew. */
  add(key: K): void {
    this.#due.delete(key);
    this.#due.set(key, this.#now() + this.#afterMs);
    if (this.#due.size > this.#most) this.#expireFirst();
    this.#timer ??= setTimeout(() => this.#expireDue(), this.#afterMs);
  }

  /** Lets a key stay. */
  delete(key: K): void {
    this.#due.delete(key);
  }

  /** Forgets all keys; none expires. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due.clear();
  }

  #expireFirst(): void {
    for (const key of this.#due.keys()) {
      this.#due.delete(key);
      this.#expire(key);
      return;
    }
  }

  #expireDue(): void {
    this.#timer = undefined;
    for (const [key, due] of this.#due) {
      const wait = due - this.#now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#expireDue(), wait);
        return;
      }
      this.#due.delete(key);
      this.#expire(key);
    }
  }
}
