import type {
  DeflateAgreement,
  Extension,
  Finding,
  RequestHead,
  ResponseHead,
} from "../frames/mod.ts";
import { deflateAgreement, deflateOffers } from "./deflate_agreement.ts";
import { FrameGate } from "./frame_gate.ts";
import type { FrameRun } from "./frame_run.ts";
import { FrameStream } from "./frame_stream.ts";
import { type HttpPart, requestFramer, responseFramer } from "./http_framing.ts";
import { bound, type TapLimits } from "./limits.ts";
import { MessageInflater } from "./message_inflater.ts";
import {
  asksForWebSocket,
  looksLikeUpgrade,
  type Refusal,
  refusalOf,
  refusalOfError,
} from "./request_rules.ts";

const SWITCHING_PROTOCOLS = 101;
const FIRST_FINAL_STATUS = 200;

/** What an observer holds at most of a client that sends on before it is answered. */
const MOST_OBSERVED_BYTES = 1024 * 1024;

/**
 * Where a conversation stands:
 *
 * ```
 *  idle → head → body → response → idle …          HTTP
 *            └→ handshake → websocket              an upgrade request, and its 101
 *  any → over                                      refused, or not understood any more
 * ```
 */
export type Phase = "idle" | "head" | "body" | "response" | "handshake" | "websocket" | "over";

/** Why the guard ends a conversation. */
export type Verdict =
  | { readonly kind: "refuse"; readonly refusal: Refusal }
  /** What the server has just said must not reach the client. */
  | { readonly kind: "replace"; readonly refusal: Refusal }
  | { readonly kind: "violation"; readonly error: Finding }
  | { readonly kind: "done" };

/** What happens in a conversation. Called synchronously; must not throw. */
export interface ConversationEvents {
  /** A request asks for a WebSocket; its head may lie in the chunk's buffer. */
  upgradeRequested(head: Uint8Array): void;
  /** The head that answers an upgrade request, 101 or not. */
  upgradeAnswered(head: Uint8Array): void;
  /** The server answered an upgrade request with something else than 101. */
  upgradeRefused(status: number): void;
  /** Frames came, whole; an offending one as far as it came. Their bytes may be in the chunk's buffer. */
  frames(direction: "in" | "out", run: FrameRun): void;
}

/** How a {@linkcode Conversation} is followed. */
export interface ConversationOptions {
  /** Whether to guard: only then what the methods return and the verdict mean something. */
  guards: boolean;
  limits: TapLimits;
  /** The most payload bytes that are kept of one frame. */
  maxKeptPayloadBytes: number;
  events: ConversationEvents;
}

/** A request and its answer. */
interface Exchange {
  method: string;
  upgrade: boolean;
  /** The extensions that an upgrade request offers. */
  offers: readonly Extension[];
  requestDone: boolean;
  /** Status of the final response, once its head came. */
  status: number | null;
  responseDone: boolean;
}

/**
 * What client and server say on one connection: HTTP requests one after the other, then perhaps a
 * WebSocket. Bytes in, bytes that may go on out; no I/O and no clock.
 *
 * A guard lets one request at a time through: a pipelined one waits for the answer before it, and
 * what stands behind an upgrade request waits for the 101. An observer reads the same way, but what
 * it returns isn't looked at; where it understands no more, it is silent.
 */
export class Conversation {
  readonly #guards: boolean;
  readonly #limits: TapLimits;
  readonly #maxKeptPayloadBytes: number;
  readonly #events: ConversationEvents;
  readonly #requests;
  readonly #responses;
  #exchange: Exchange | null = null;
  #verdict: Verdict | null = null;
  #over = false;
  // Set with the 101: the frames of either side.
  #gate: FrameGate | null = null;
  #inbound: FrameStream | null = null;
  #outbound: FrameStream | null = null;

  constructor({ guards, limits, maxKeptPayloadBytes, events }: ConversationOptions) {
    this.#guards = guards;
    this.#limits = limits;
    this.#maxKeptPayloadBytes = maxKeptPayloadBytes;
    this.#events = events;
    this.#requests = requestFramer(guards ? limits.maxHeadBytes : 0);
    this.#responses = responseFramer(() => this.#exchange?.method ?? "GET");
  }

  /** Where the conversation stands. */
  get phase(): Phase {
    if (this.#over) return "over";
    if (this.#outbound) return "websocket";
    if (this.#exchange === null) return this.#requests.waiting.length > 0 ? "head" : "idle";
    if (this.#exchange.upgrade) return "handshake";
    return this.#exchange.requestDone ? "response" : "body";
  }

  /** Why the guard ends it, once it does. */
  get verdict(): Verdict | null {
    return this.#verdict;
  }

  /** Bytes of the client that wait for the server. */
  get waitingBytes(): number {
    return this.#outbound ? 0 : this.#requests.waiting.length;
  }

  /** Whether the client has got a part of the response to the current request. */
  get responseBegun(): boolean {
    return this.#exchange !== null && this.#verdict?.kind !== "replace" &&
      (this.#exchange.status !== null || this.#responses.waiting.length > 0);
  }

  /** Whether the request that is being read or answered wants to become a WebSocket. */
  get wantsUpgrade(): boolean {
    return this.#exchange?.upgrade ?? looksLikeUpgrade(this.#requests.waiting);
  }

  /** Whether the server's stream stands at a frame's end. */
  get serverAtBoundary(): boolean {
    return this.#outbound?.decoder.atFrameBoundary ?? false;
  }

  /**
   * How far the frames of a direction were read without a guard: the number of their bytes, and
   * whether what follows can still be cut into frames.
   */
  framesOf(direction: "in" | "out"): { position: number; readable: boolean } {
    const { decoder } = (direction === "in" ? this.#inbound : this.#outbound) ?? {};
    if (!decoder) return { position: 0, readable: true };
    return { position: decoder.position, readable: !decoder.closed && decoder.lost === null };
  }

  /** Whether the client has sent its Close frame. */
  get clientClosed(): boolean {
    return this.#gate?.closed ?? this.#inbound?.decoder.closed ?? false;
  }

  /** Whether the server has sent its Close frame. */
  get serverClosed(): boolean {
    return this.#outbound?.decoder.closed ?? false;
  }

  /**
   * Takes the next bytes of the client.
   *
   * @returns Guard: what may go on to the server, perhaps in the chunk's buffer.
   */
  fromClient(chunk: Uint8Array): Uint8Array[] {
    if (this.#over) return [];
    if (this.#outbound) return this.#framesFromClient(chunk);
    this.#requests.push(chunk);
    const released = this.#understandClient();
    this.#requests.keep();
    if (!this.#guards && this.waitingBytes > MOST_OBSERVED_BYTES) this.#over = true;
    return released;
  }

  /**
   * Takes the next bytes of the server; all of them may go on, unless there is a verdict.
   *
   * @returns Guard: bytes of the client that had to wait and may go on to the server now.
   */
  fromServer(chunk: Uint8Array): Uint8Array[] {
    if (this.#outbound) {
      this.#framesFromServer(chunk);
      return [];
    }
    if (this.#over) return [];
    this.#responses.push(chunk);
    const released = this.#understandServer();
    this.#responses.keep();
    return released;
  }

  /**
   * Takes the rest of the server's current frame.
   *
   * @returns How many of the bytes belong to it.
   */
  finishServerFrame(chunk: Uint8Array): number {
    return this.#outbound?.finishFrame(chunk) ?? 0;
  }

  /** The client sends no more. */
  endOfClient(): void {
    const { phase } = this;
    if (!this.#guards || (phase !== "head" && phase !== "body")) return;
    this.#refuse({
      status: 400,
      rule: phase === "head" ? "head-incomplete" : "body-incomplete",
      message: `Cannot pass request on: the connection ended inside its ${phase}`,
    });
  }

  /** Reads on; what the client sent and can't be read is refused by a guard. */
  #understandClient(): Uint8Array[] {
    try {
      return this.#readRequests();
    } catch (error) {
      const refusal = refusalOfError(error);
      if (this.#guards) this.#refuse(refusal);
      else this.#over = true;
      return [];
    }
  }

  /** Reads on; what the server sent and can't be read passes, but nothing more goes to it. */
  #understandServer(): Uint8Array[] {
    try {
      return this.#readResponses();
    } catch (error) {
      refusalOfError(error);
      this.#over = true;
      return [];
    }
  }

  #refuse(refusal: Refusal): void {
    this.#verdict ??= { kind: "refuse", refusal };
  }

  // ── HTTP, from the client ──

  #readRequests(): Uint8Array[] {
    const released: Uint8Array[] = [];
    while (!this.#verdict && this.#mayReadRequest()) {
      const part = this.#requests.next();
      if (part === null) break;
      const bytes = this.#takeRequestPart(part);
      if (bytes) released.push(bytes);
    }
    return released;
  }

  /** One request at a time, and nothing behind an upgrade request. */
  #mayReadRequest(): boolean {
    return this.#exchange === null || !(this.#exchange.requestDone || this.#exchange.upgrade);
  }

  #takeRequestPart(part: HttpPart<RequestHead>): Uint8Array | null {
    if (part.kind === "body") return part.bytes;
    if (part.kind === "head") return this.#beginExchange(part) ? part.bytes : null;
    if (this.#exchange) this.#exchange.requestDone = true;
    this.#endExchange();
    return null;
  }

  /** Whether the request may go on. */
  #beginExchange({ head, bytes }: { head: RequestHead; bytes: Uint8Array }): boolean {
    const upgrade = asksForWebSocket(head);
    const { method } = head;
    const offers = upgrade ? deflateOffers(head) : [];
    const begun = { requestDone: false, status: null, responseDone: false };
    this.#exchange = { method, upgrade, offers, ...begun };
    if (upgrade) this.#events.upgradeRequested(bytes);
    const refusal = this.#guards ? refusalOf(head) : null;
    if (refusal) this.#refuse(refusal);
    return refusal === null;
  }

  // ── HTTP, from the server ──

  #readResponses(): Uint8Array[] {
    const released: Uint8Array[] = [];
    while (!this.#over && !this.#verdict && !this.#outbound) {
      const part = this.#responses.next();
      if (part === null) break;
      released.push(...this.#takeResponsePart(part));
    }
    return released;
  }

  #takeResponsePart(part: HttpPart<ResponseHead>): Uint8Array[] {
    const exchange = this.#exchange;
    if (exchange === null) {
      // Nobody asked: it passes, but what belongs together can't be told any more.
      this.#over = true;
      return [];
    }
    if (part.kind === "head") {
      const final = part.head.status >= FIRST_FINAL_STATUS;
      const switched = part.head.status === SWITCHING_PROTOCOLS;
      if (exchange.upgrade && (final || switched)) this.#events.upgradeAnswered(part.bytes);
      return this.#takeResponseHead(part.head, exchange);
    }
    if (part.kind === "body" || exchange.status === null) return [];
    exchange.responseDone = true;
    return this.#endExchange();
  }

  #takeResponseHead(head: ResponseHead, exchange: Exchange): Uint8Array[] {
    if (head.status === SWITCHING_PROTOCOLS) return this.#switchProtocols(head, exchange);
    if (head.status < FIRST_FINAL_STATUS) return [];
    exchange.status = head.status;
    if (exchange.upgrade) this.#events.upgradeRefused(head.status);
    return [];
  }

  /** The exchange is over when both its halves are; then the next request may be read. */
  #endExchange(): Uint8Array[] {
    const exchange = this.#exchange;
    if (!exchange?.responseDone || !(exchange.requestDone || exchange.upgrade)) return [];
    if (exchange.upgrade && this.#guards) {
      // A refused handshake ends its connection.
      this.#verdict = { kind: "done" };
      return [];
    }
    if (exchange.upgrade) this.#skipRequestEnd();
    this.#exchange = null;
    return this.#understandClient();
  }

  /** An observed upgrade request that stays HTTP is read to its end like any other. */
  #skipRequestEnd(): void {
    while (this.#requests.next()?.kind === "body");
  }

  #switchProtocols(head: ResponseHead, exchange: Exchange): Uint8Array[] {
    if (!exchange.upgrade) {
      this.#refuseUnaskedUpgrade();
      return [];
    }
    this.#openFrames(deflateAgreement(exchange.offers, head));
    const released = this.#framesFromClient(this.#requests.takeRest());
    this.#framesFromServer(this.#responses.takeRest());
    return released;
  }

  #refuseUnaskedUpgrade(): void {
    const message = "Cannot pass response on: 101 answers a request for no WebSocket";
    const refusal = { status: 502, rule: "upgrade-unasked", message };
    if (this.#guards) this.#verdict ??= { kind: "replace", refusal };
    else this.#over = true;
  }

  // ── WebSocket ──

  #openFrames(agreement: DeflateAgreement | null): void {
    const maxKeptPayloadBytes = this.#maxKeptPayloadBytes;
    const allowRsv1 = agreement !== null;
    const inflaters = this.#inflaters(agreement);
    const onRun = (direction: "in" | "out") => {
      // The gate inflates by itself, before it lets go of anything.
      const inflater = this.#guards && direction === "in" ? null : inflaters?.[direction];
      return inflater
        ? (run: FrameRun) => this.#events.frames(direction, inflater.inflate(run))
        : (run: FrameRun) => this.#events.frames(direction, run);
    };
    const observing = {
      mode: "lenient",
      allowRsv1,
      maxFrameBytes: Infinity,
      maxMessageBytes: Infinity,
      maxFragments: Infinity,
      mostShown: maxKeptPayloadBytes,
      mostHeld: maxKeptPayloadBytes,
    } as const;
    this.#outbound = new FrameStream({ ...observing, sender: "server", onRun: onRun("out") });
    if (this.#guards) {
      this.#gate = new FrameGate({
        ...{ limits: this.#limits, allowRsv1, maxKeptPayloadBytes },
        inflater: inflaters?.in,
        onRun: onRun("in"),
      });
    } else {
      this.#inbound = new FrameStream({ ...observing, sender: "client", onRun: onRun("in") });
    }
  }

  /** Without an agreement there are none, and frames cost nothing more. */
  #inflaters(agreement: DeflateAgreement | null): Record<"in" | "out", MessageInflater> | null {
    if (!agreement) return null;
    const maxInflatedBytes = bound(this.#limits.maxInflatedBytes);
    return {
      in: new MessageInflater(agreement.client, { maxInflatedBytes, enforce: this.#guards }),
      out: new MessageInflater(agreement.server, { maxInflatedBytes }),
    };
  }

  #framesFromServer(chunk: Uint8Array): void {
    this.#outbound?.take(chunk);
  }

  #framesFromClient(chunk: Uint8Array): Uint8Array[] {
    this.#inbound?.take(chunk);
    if (!this.#gate) return [];
    const released = this.#gate.take(chunk);
    const error = this.#gate.violation;
    if (error) this.#verdict ??= { kind: "violation", error };
    return released;
  }
}
