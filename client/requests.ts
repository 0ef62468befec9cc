import { type ErrorMessage, RequestError, type ServerMessage } from "../protocol/mod.ts";
import { byteLength } from "./checks.ts";
import { cannot, type Hindrance } from "./errors.ts";
import type { OutboxLimits } from "./outbox.ts";

/** Who waits for what becomes of a request. */
export interface RequestListener {
  /** A `reply` came. */
  replied(data: unknown): void;
  /** A `stream_chunk` came. */
  chunk(seq: number, data: unknown): void;
  /** A `stream_end` came. */
  ended(): void;
  /** It failed; `now` where what came before doesn't matter any more. */
  failed(error: unknown, now: boolean): void;
}

/** A request that hasn't settled. */
export interface ClientRequest {
  readonly id: string;
  readonly method: string;
  readonly text: string;
  readonly bytes: number;
  readonly key: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly listener: RequestListener;
  /** Whether it is with the server. */
  sent: boolean;
  onAbort: () => void;
}

/** What a request is made of. */
export type RequestItem = Pick<ClientRequest, "id" | "method" | "text" | "listener"> & {
  key?: string | undefined;
  signal?: AbortSignal | undefined;
};

/** What {@linkcode Requests} works with. */
export interface RequestsParts {
  limits: OutboxLimits;
  /** Sends what doesn't count against the rate limit, if there is a link. */
  send: (text: string) => void;
  /** Sends what may be sent. */
  pump: () => void;
}

/**
 * The requests that haven't settled. One that waits for a link survives a lost one; one that was
 * sent is lost with its link: its handler may have run, so it isn't sent again.
 */
export class Requests {
  readonly #parts: RequestsParts;
  readonly #open = new Map<string, ClientRequest>();
  readonly #byKey = new Map<string, ClientRequest>();
  #waiting: ClientRequest[] = [];
  /** Ids of abandoned requests whose place at the server isn't free yet. */
  readonly #ending = new Set<string>();
  #bytes = 0;
  #maxSent = 0;

  constructor(parts: RequestsParts) {
    this.#parts = parts;
  }

  /** Takes a request in; throws a `RoomError` where there is no room for it. */
  add(item: RequestItem): ClientRequest {
    const bytes = byteLength(item.text);
    this.#supersede(item.key);
    this.#checkRoomFor(item, bytes);
    const request: ClientRequest = {
      ...item,
      key: item.key,
      signal: item.signal,
      bytes,
      sent: false,
      onAbort: () => this.abandon(request, item.signal!.reason),
    };
    this.#bytes += bytes;
    this.#open.set(request.id, request);
    this.#waiting.push(request);
    if (request.key !== undefined) this.#byKey.set(request.key, request);
    request.signal?.addEventListener("abort", request.onAbort);
    this.#parts.pump();
    return request;
  }

  /** A link is up that takes so many open requests; 0 for any number. */
  linkUp(maxOpenRequests: number): void {
    this.#maxSent = maxOpenRequests;
  }

  /** The first request that may be sent now. */
  next(): ClientRequest | undefined {
    const sent = this.#open.size - this.#waiting.length + this.#ending.size;
    return this.#maxSent > 0 && sent >= this.#maxSent ? undefined : this.#waiting[0];
  }

  markSent(request: ClientRequest): void {
    this.#waiting.splice(this.#waiting.indexOf(request), 1);
    request.sent = true;
  }

  /** Ends a request that its caller has no use for any more, with an error where one waits. */
  abandon(request: ClientRequest, error?: unknown): void {
    if (!this.#settle(request)) return;
    if (request.sent) {
      this.#ending.add(request.id);
      this.#parts.send(JSON.stringify({ type: "cancel", id: request.id }));
    }
    if (error !== undefined) request.listener.failed(error, true);
    this.#parts.pump();
  }

  /** Tells the server that chunks were taken. */
  giveCredit(request: ClientRequest, n: number): void {
    if (this.#open.get(request.id) !== request) return;
    this.#parts.send(JSON.stringify({ type: "stream_credit", id: request.id, n }));
  }

  /** Takes what the server answered; what comes for a request that was abandoned is dropped. */
  received(message: ServerMessage): boolean {
    switch (message.type) {
      case "reply":
        return this.#answered(message.id, ({ listener }) => listener.replied(message.data));
      case "stream_end":
        return this.#answered(message.id, ({ listener }) => listener.ended());
      case "stream_chunk":
        this.#open.get(message.id)?.listener.chunk(message.seq, message.data);
        return false;
      case "cancelled":
        return this.#ending.delete(message.id);
      default:
        return false;
    }
  }

  /** Takes an `error`, if it is about a request. */
  refused(message: ErrorMessage): boolean {
    const { id = "" } = message;
    const request = this.#open.get(id);
    if (request === undefined) return this.#ending.delete(id);
    if (message.code === "rate_limited" && request.sent) this.#sendAgain(request);
    else {this.#answered(request.id, ({ listener }) =>
        listener.failed(errorOf(message, request), false));}
    return true;
  }

  linkLost(): void {
    this.#ending.clear();
    for (const request of [...this.#open.values()]) {
      if (request.sent) this.#fail(request, LINK_LOST);
    }
  }

  /** Rejects what wasn't sent, all of it or a part. */
  rejectWaiting(
    hindrance: Hindrance,
    isMeant: (request: ClientRequest) => boolean = () => true,
  ): void {
    for (const request of this.#waiting.filter(isMeant)) this.#fail(request, hindrance);
  }

  #answered(id: string, tell: (request: ClientRequest) => void): boolean {
    const request = this.#open.get(id);
    // Its answer and its `cancel` may have crossed.
    if (request === undefined) return this.#ending.delete(id);
    this.#settle(request);
    tell(request);
    return true;
  }

  /** It was refused before its handler saw it. */
  #sendAgain(request: ClientRequest): void {
    request.sent = false;
    this.#waiting.unshift(request);
  }

  #fail(request: ClientRequest, hindrance: Hindrance): void {
    this.#settle(request);
    const { id } = request;
    request.listener.failed(cannot(`request ${request.method}`, hindrance, { id }), false);
  }

  #settle(request: ClientRequest): boolean {
    if (!this.#open.delete(request.id)) return false;
    const place = this.#waiting.indexOf(request);
    if (place >= 0) this.#waiting.splice(place, 1);
    if (request.key !== undefined && this.#byKey.get(request.key) === request) {
      this.#byKey.delete(request.key);
    }
    request.signal?.removeEventListener("abort", request.onAbort);
    this.#bytes -= request.bytes;
    return true;
  }

  #supersede(key: string | undefined): void {
    const older = key === undefined ? undefined : this.#byKey.get(key);
    if (older === undefined) return;
    const { id, method } = older;
    this.abandon(older, cannot(`request ${method}`, SUPERSEDED, { id }));
  }

  #checkRoomFor({ id, method }: RequestItem, bytes: number): void {
    const { maxOutbox, maxOutboxBytes } = this.#parts.limits;
    const full = this.#open.size >= maxOutbox
      ? `${this.#open.size} requests are open`
      : this.#bytes + bytes > maxOutboxBytes
      ? `the open ones have ${this.#bytes} bytes and this one ${bytes}`
      : null;
    if (full === null) return;
    throw cannot(`request ${method}`, { code: "outbox_full", why: full }, { id });
  }
}

/** The handler's own error as it threw it; anything else as the client's. */
function errorOf(message: ErrorMessage, { id, method }: ClientRequest): Error {
  const { code, message: why, failure, retryAfterMs } = message;
  if (failure !== undefined) return new RequestError(failure.code, why, failure.data);
  return cannot(`request ${method}`, { code, why }, { id, retryAfterMs });
}

const LINK_LOST: Hindrance = {
  code: "outcome_unknown",
  why: "the link was lost before the answer, so the handler may or may not have run",
};

const SUPERSEDED: Hindrance = { code: "superseded", why: "a newer one has its key" };
