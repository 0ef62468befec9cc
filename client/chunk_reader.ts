import type { Checked } from "../protocol/standard_schema.ts";
import { type Clock, Timer } from "./clock.ts";
import { type Deferred, deferred } from "./deferred.ts";
import { cannot, type RoomError } from "./errors.ts";
import type { RequestStream } from "./request_types.ts";
import type { RequestListener } from "./requests.ts";

/** What a {@linkcode ChunkReader} works with. */
export interface ChunkReaderParts {
  method: string;
  clock: Clock;
  timeoutMs: number;
  window: number;
  /** Checks a chunk. */
  check: (data: unknown) => Checked;
  /** The consumer has taken chunks. */
  give: (chunks: number) => void;
  /** Nobody has a use for the rest. */
  abandon: () => void;
}

/** The chunks between the link and who takes them: never more than the window. */
export class ChunkReader implements RequestStream, RequestListener {
  readonly #parts: ChunkReaderParts;
  readonly #timer: Timer;
  #chunks: unknown[] = [];
  #waiting: Deferred<IteratorResult<unknown>>[] = [];
  #expected = 1;
  #taken = 0;
  #end: { error?: unknown } | null = null;

  constructor(parts: ChunkReaderParts) {
    this.#parts = parts;
    this.#timer = new Timer(parts.clock);
  }

  next(): Promise<IteratorResult<unknown>> {
    if (this.#chunks.length > 0) return Promise.resolve(this.#take());
    if (this.#end !== null) return this.#afterEnd(this.#end);
    const waiting = deferred<IteratorResult<unknown>>();
    this.#waiting.push(waiting);
    this.#watch();
    return waiting.promise;
  }

  return(value?: unknown): Promise<IteratorResult<unknown>> {
    this.#chunks = [];
    if (this.#end === null) {
      this.#finish({});
      this.#parts.abandon();
    }
    this.#end = {};
    return Promise.resolve({ done: true, value });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  replied(): void {
    this.#break(this.#wrong("it answered with a reply"));
  }

  chunk(seq: number, data: unknown): void {
    if (seq !== this.#expected) {
      return this.#break(this.#wrong(`chunk ${this.#expected} is missing`));
    }
    this.#expected++;
    let checked: Checked;
    try {
      checked = this.#parts.check(data);
    } catch (error) {
      return this.#break(error);
    }
    if (!checked.ok) return this.#break(this.#wrong(checked.error));
    this.#chunks.push(checked.value);
    this.#waiting.shift()?.resolve(this.#take());
    this.#watch();
  }

  ended(): void {
    this.#finish({});
  }

  failed(error: unknown, now: boolean): void {
    if (now) this.#chunks = [];
    this.#finish({ error });
  }

  /** Half a window is given back at a time: few messages, and the server never stands still. */
  #take(): IteratorResult<unknown> {
    const value = this.#chunks.shift();
    this.#taken++;
    if (this.#taken * 2 >= this.#parts.window && this.#end === null) {
      this.#parts.give(this.#taken);
      this.#taken = 0;
    }
    return { done: false, value };
  }

  /** An error is told once. */
  #afterEnd(end: { error?: unknown }): Promise<IteratorResult<unknown>> {
    this.#end = {};
    return "error" in end
      ? Promise.reject(end.error)
      : Promise.resolve({ done: true, value: undefined });
  }

  #finish(end: { error?: unknown }): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.#timer.stop();
    for (const { resolve, reject } of this.#waiting.splice(0)) {
      this.#afterEnd(this.#end).then(resolve, reject);
    }
  }

  /** What comes from now on is of no use. */
  #break(error: unknown): void {
    this.#finish({ error });
    this.#parts.abandon();
  }

  #wrong(why: string): RoomError {
    return cannot(`stream ${this.#parts.method}`, { code: "invalid_data", why });
  }

  /** The time runs only while somebody waits. */
  #watch(): void {
    const { timeoutMs, method } = this.#parts;
    if (this.#waiting.length === 0 || timeoutMs === 0) return this.#timer.stop();
    this.#timer.start(timeoutMs, () => {
      const why = `no chunk in ${timeoutMs} ms`;
      this.#break(cannot(`stream ${method}`, { code: "timeout", why }));
    });
  }
}
