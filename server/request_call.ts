import { type ErrorCode, RequestError } from "../protocol/mod.ts";
import type { ErrorDetails } from "./outbound.ts";
import { StreamWindow } from "./stream_window.ts";

/** What a call says to its caller. */
export type Answer =
  | { type: "reply"; id: string; data: unknown }
  | { type: "stream_chunk"; id: string; seq: number; data: unknown }
  | { type: "stream_end"; id: string };

/** What a {@linkcode RequestCall} works with. */
export interface RequestCallOptions {
  /** Id of the request. */
  id: string;
  /** How many chunks the caller takes ahead; `undefined` where it wants one reply. */
  credit: number | undefined;
  /** Bytes of a stream that may be on their way. */
  maxStreamBytes: number;
  /** How long the handler may take for its reply or its next chunk, in milliseconds; 0 for any. */
  timeoutMs: number;
  /** Calls the handler. */
  handle: (signal: AbortSignal) => unknown;
  /** Sends; returns how many bytes went out. Throws where the answer isn't one. */
  send: (answer: Answer) => number;
  /** Refuses. */
  refuse: (code: ErrorCode, details: ErrorDetails) => void;
  /** The handler threw something else than a {@linkcode RequestError}. */
  failed: (error: unknown) => void;
  /** The data of a handler's own error as it goes out; throws where the contract has no such. */
  failureData: (error: RequestError) => unknown;
  /** The caller has its answer or waits no more. */
  settled: () => void;
}

/** Why an answer isn't sent, told to the caller by its code. */
export class AnswerFault extends Error {
  constructor(readonly code: ErrorCode, readonly details: ErrorDetails = {}) {
    super(code);
  }
}

/**
 * One request from its handler's start to its end. The caller has its answer, or doesn't wait for
 * one any more, as soon as `#settled` is true; the handler may run on until it notices its signal.
 */
export class RequestCall {
  readonly #options: RequestCallOptions;
  readonly #abort = new AbortController();
  readonly #window: StreamWindow;
  #settled = false;
  #cancelled = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: RequestCallOptions) {
    this.#options = options;
    this.#window = new StreamWindow(options.credit ?? 1, options.maxStreamBytes);
  }

  /** Whether the caller still waits. */
  get isWanted(): boolean {
    return !this.#settled;
  }

  /** Runs the handler; resolves when it has ended, whatever the caller knows by then. Never rejects. */
  async run(): Promise<void> {
    try {
      const answer = await this.#timed(() => this.#options.handle(this.#abort.signal));
      if (isAsyncIterable(answer)) await this.#stream(answer[Symbol.asyncIterator]());
      else this.#reply(answer);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** How many chunks were sent that the caller hasn't said it has taken. */
  get ahead(): number {
    return this.#window.ahead;
  }

  /** The caller has taken chunks, no more than it is ahead. */
  give(chunks: number): void {
    this.#window.give(chunks);
  }

  /** Whether it got no answer because nobody waited any more. */
  get isCancelled(): boolean {
    return this.#cancelled;
  }

  /** Nobody waits any more. */
  cancel(reason: string): void {
    if (this.#settled) return;
    this.#cancelled = true;
    this.#settle(new DOMException(reason, "AbortError"));
  }

  /** One value is a stream of one chunk to who asked for a stream. */
  #reply(data: unknown): void {
    if (this.#settled) return;
    const { id, credit } = this.#options;
    if (credit === undefined) {
      this.#options.send({ type: "reply", id, data });
    } else {
      this.#options.send({ type: "stream_chunk", id, seq: 1, data });
      this.#options.send({ type: "stream_end", id });
    }
    this.#settle();
  }

  /** The generator is asked for a chunk only when its caller has room for it. */
  async #stream(chunks: AsyncIterator<unknown>): Promise<void> {
    let done = false;
    try {
      if (this.#options.credit === undefined) throw new AnswerFault("only_streams");
      for (let seq = 1; await this.#window.opens(); seq++) {
        const result = await this.#next(chunks, () => done = true);
        if (this.#settled) return;
        if (result.done) return this.#endStream();
        const { id } = this.#options;
        const bytes = this.#options.send({ type: "stream_chunk", id, seq, data: result.value });
        this.#window.sent(bytes);
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      // A generator that has ended or thrown needs no end.
      if (!done) await chunks.return?.();
    }
  }

  async #next(
    chunks: AsyncIterator<unknown>,
    onDone: () => void,
  ): Promise<IteratorResult<unknown>> {
    try {
      const result = await this.#timed(() => chunks.next());
      if (result.done) onDone();
      return result;
    } catch (error) {
      onDone();
      throw error;
    }
  }

  #endStream(): void {
    this.#options.send({ type: "stream_end", id: this.#options.id });
    this.#settle();
  }

  /** The time runs only while the handler works, not while its caller takes what it has. */
  async #timed<T>(work: () => T | Promise<T>): Promise<T> {
    const { timeoutMs } = this.#options;
    if (timeoutMs > 0) this.#timer = setTimeout(() => this.#timeUp(), timeoutMs);
    try {
      return await work();
    } finally {
      clearTimeout(this.#timer);
    }
  }

  #timeUp(): void {
    if (this.#settled) return;
    this.#options.refuse("request_timeout", {});
    this.#settle(new DOMException("The handler took too long", "TimeoutError"));
  }

  /** What a handler throws after its caller has gone is the consequence of that. */
  #fail(error: unknown): void {
    if (this.#settled) return;
    try {
      if (!(error instanceof RequestError)) throw error;
      this.#failAsTold(error);
    } catch (fault) {
      this.#failByFault(fault);
    }
    this.#settle();
  }

  #failAsTold(error: RequestError): void {
    const { code, message } = error;
    const data = this.#options.failureData(error);
    this.#options.refuse("request_failed", { message, failure: { code, data } });
  }

  #failByFault(fault: unknown): void {
    if (fault instanceof AnswerFault) return this.#options.refuse(fault.code, fault.details);
    this.#options.failed(fault);
    this.#options.refuse("internal_error", {});
  }

  /** The signal is aborted only where the handler may still be at work. */
  #settle(reason?: DOMException): void {
    this.#settled = true;
    this.#options.settled();
    clearTimeout(this.#timer);
    this.#window.close();
    if (reason !== undefined) this.#abort.abort(reason);
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
