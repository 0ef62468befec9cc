import type { Clock } from "../../client/clock.ts";

interface Appointment {
  at: number;
  order: number;
  callback: () => void;
}

/** Time that passes only when told to. */
export class FakeClock implements Clock {
  #now = 0;
  #order = 0;
  #appointments = new Map<number, Appointment>();

  /** How many timers are waiting. */
  get pending(): number {
    return this.#appointments.size;
  }

  /** In how many milliseconds the next timer fires. */
  get untilNext(): number {
    return Math.min(...[...this.#appointments.values()].map(({ at }) => at)) - this.#now;
  }

  now(): number {
    return 1_700_000_000_000 + this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  setTimeout(callback: () => void, delayMs: number): unknown {
    const order = this.#order++;
    this.#appointments.set(order, { at: this.#now + delayMs, order, callback });
    return order;
  }

  clearTimeout(timer: unknown): void {
    this.#appointments.delete(timer as number);
  }

  /** Lets time pass; timers fire at their moments, in their order. */
  tick(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#due(end); next !== undefined; next = this.#due(end)) {
      this.#now = Math.max(this.#now, next.at);
      this.#appointments.delete(next.order);
      next.callback();
    }
    this.#now = end;
  }

  /** The machine sleeps: time passes, and overdue timers fire only afterwards. */
  sleep(ms: number): void {
    this.#now += ms;
    this.tick(0);
  }

  #due(end: number): Appointment | undefined {
    return [...this.#appointments.values()]
      .filter(({ at }) => at <= end)
      .sort((a, b) => a.at - b.at || a.order - b.order)[0];
  }
}
