import { MAX_STREAM_CREDIT, RequestError } from "../protocol/mod.ts";
import type { ContractChecks } from "../protocol/contract_checks.ts";
import type { Checked } from "../protocol/standard_schema.ts";
import { ChunkReader } from "./chunk_reader.ts";
import { type Clock, Timer } from "./clock.ts";
import { type Deferred, deferred } from "./deferred.ts";
import { cannot, type Hindrance } from "./errors.ts";
import {
  DEFAULT_TIMEOUT_MS,
  DEFAULT_WINDOW,
  type RequestOptions,
  type StreamOptions,
} from "./request_types.ts";
import type { ClientRequest, RequestListener, Requests } from "./requests.ts";

/** What a {@linkcode Requester} works with. */
export interface RequesterParts {
  requests: Requests;
  checks: ContractChecks;
  clock: Clock;
  newId: () => string;
  /** Why a message can't be sent, now or ever. */
  refusal: (text: string) => Hindrance | null;
}

/** Turns calls into requests, and what comes back into promises and streams. */
export class Requester {
  readonly #parts: RequesterParts;

  constructor(parts: RequesterParts) {
    this.#parts = parts;
  }

  async request(method: string, data: unknown, options: RequestOptions): Promise<unknown> {
    const { clock, requests } = this.#parts;
    const { timeoutMs = DEFAULT_TIMEOUT_MS } = checkedOptions(options);
    const answer = deferred<unknown>();
    const timer = new Timer(clock);
    const request = this.#add(method, data, options, undefined, new Answer(method, answer));
    if (timeoutMs > 0) {
      const why = `no answer in ${timeoutMs} ms`;
      timer.start(timeoutMs, () => {
        requests.abandon(request, cannot(`request ${method}`, { code: "timeout", why }));
      });
    }
    try {
      return this.#accepted(method, "reply", await answer.promise);
    } catch (error) {
      throw this.#checkedError(method, error);
    } finally {
      timer.stop();
    }
  }

  stream(method: string, data: unknown, options: StreamOptions): ChunkReader {
    const { clock, checks, requests } = this.#parts;
    const { timeoutMs = DEFAULT_TIMEOUT_MS, window = DEFAULT_WINDOW } = checkedOptions(options);
    let request: ClientRequest | undefined;
    const reader: ChunkReader = new ChunkReader({
      method,
      clock,
      timeoutMs,
      window,
      check: (chunk) => checks.request(method, "chunk", chunk),
      give: (chunks) => requests.giveCredit(request!, chunks),
      abandon: () => requests.abandon(request!),
    });
    try {
      request = this.#add(method, data, options, window, {
        replied: () => reader.replied(),
        chunk: (seq, chunk) => reader.chunk(seq, chunk),
        ended: () => reader.ended(),
        failed: (error, now) => reader.failed(this.#checkedError(method, error), now),
      });
    } catch (error) {
      // Told where it is looked for: at the first chunk.
      reader.failed(error, true);
    }
    return reader;
  }

  #add(
    method: string,
    data: unknown,
    { signal, key }: RequestOptions,
    credit: number | undefined,
    listener: RequestListener,
  ): ClientRequest {
    signal?.throwIfAborted();
    const { requests, newId, refusal } = this.#parts;
    const id = newId();
    const value = this.#accepted(method, "data", data);
    const text = JSON.stringify({ type: "request", id, method, data: value, credit });
    const hindrance = refusal(text);
    if (hindrance !== null) throw cannot(`request ${method}`, hindrance, { id });
    return requests.add({ id, method, text, key, signal, listener });
  }

  #accepted(method: string, part: "data" | "reply", value: unknown): unknown {
    const checked: Checked = this.#parts.checks.request(method, part, value);
    if (checked.ok) return checked.value;
    throw cannot(`request ${method}`, { code: "invalid_data", why: `${part}: ${checked.error}` });
  }

  /** A handler's own error with data that the contract doesn't have is none of its. */
  #checkedError(method: string, error: unknown): unknown {
    if (!(error instanceof RequestError)) return error;
    const { code, message, data } = error;
    const checked = this.#parts.checks.failure(method, code, data);
    if (checked.ok) return new RequestError(code, message, checked.value);
    return cannot(`request ${method}`, { code: "invalid_data", why: checked.error, cause: error });
  }
}

/** One reply, whatever comes. */
class Answer implements RequestListener {
  readonly #method: string;
  readonly #answer: Deferred<unknown>;

  constructor(method: string, answer: Deferred<unknown>) {
    this.#method = method;
    this.#answer = answer;
  }

  replied(data: unknown): void {
    this.#answer.resolve(data);
  }

  /** A server streams only to who gave it a credit. */
  chunk(): void {
    const why = "the server streams";
    this.#answer.reject(cannot(`request ${this.#method}`, { code: "invalid_data", why }));
  }

  ended(): void {
    this.chunk();
  }

  failed(error: unknown): void {
    this.#answer.reject(error);
  }
}

function checkedOptions<O extends StreamOptions>(options: O): O {
  const { timeoutMs = 0, window = 1 } = options;
  if (!(timeoutMs >= 0)) throw new RangeError(`Cannot request: timeoutMs is ${timeoutMs}`);
  if (!(Number.isInteger(window) && window >= 1 && window <= MAX_STREAM_CREDIT)) {
    throw new RangeError(`Cannot request: window is ${window}`);
  }
  return options;
}
