import {
  CLOSE_REASONS,
  type ErrorMessage,
  parseServerBinary,
  parseServerMessage,
  type ServerMessage,
  type Welcome,
} from "../protocol/mod.ts";
import { Attempts } from "./attempts.ts";
import { Timer } from "./clock.ts";
import { type Deferred, deferred } from "./deferred.ts";
import { cannot, type Hindrance } from "./errors.ts";
import type { CustomEvent, InvalidMessage } from "./handlers.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Link, type LinkEnd, type LinkSnapshot } from "./link.ts";
import { Store } from "./observable.ts";
import type { Settings } from "./options.ts";
import type { ClientState, StoppedState, StopReason } from "./states.ts";
import { listenForWake, type WakeCause } from "./wake.ts";

/** What a connector tells its owner. */
export interface ConnectorEvents {
  /** `welcome` came; messages can be sent. Comes before the state changes. */
  up(welcome: Welcome): void;
  /** A message came, `welcome` included. */
  message(message: ServerMessage): void;
  /** A message of the application's own came. */
  custom(event: CustomEvent): void;
  /** Something came that is no message. */
  invalid(message: InvalidMessage): void;
  /** The link has ended. Comes before the state changes. */
  down(): void;
  /** No link follows by itself. Comes before the state changes. */
  stopped(hindrance: Hindrance): void;
}

const DEFAULT_HEARTBEAT_MS = 30_000;
/** A server that asks for more pings than that is wrong. */
const MIN_HEARTBEAT_MS = 100;
const PREVIEW_LENGTH = 200;

/** Keeps one link up: handshake, `welcome`, heartbeat, backoff, the closing handshake. */
export class Connector {
  readonly state: Store<ClientState>;
  readonly link: Store<LinkSnapshot | null>;
  readonly #url: string;
  readonly #settings: Settings;
  readonly #events: ConnectorEvents;
  readonly #heartbeat: Heartbeat;
  readonly #attempts: Attempts;
  /** The handshake's bound, the wait, or the closing handshake's bound: never two at once. */
  readonly #timer: Timer;
  #link: Link | null = null;
  #links = 0;
  #welcome: Welcome | null = null;
  #welcomedAt = 0;
  /** The server has asked for rest, so that nothing but `connect()` shortens the wait. */
  #isResting = false;
  #connecting: Deferred<Welcome> | null = null;
  #closing: Deferred<void> | null = null;
  #stopListening: (() => void) | null = null;

  constructor(url: string, settings: Settings, events: ConnectorEvents) {
    this.#url = url;
    this.#settings = settings;
    this.#events = events;
    this.state = new Store<ClientState>({ status: "idle" }, settings.report);
    this.link = new Store<LinkSnapshot | null>(null, settings.report);
    this.#timer = new Timer(settings.clock);
    this.#attempts = new Attempts(settings.maxAttempts, settings);
    this.#heartbeat = new Heartbeat(settings.clock, settings.pongTimeoutMs, {
      ping: (timestamp) => this.send(JSON.stringify({ type: "ping", timestamp })),
      dead: () => this.#link?.drop(`no pong in ${settings.pongTimeoutMs} ms`),
    });
  }

  /** The last `welcome` of this link. */
  get welcome(): Welcome | null {
    return this.#welcome;
  }

  get roundTripMs(): number | null {
    return this.#heartbeat.roundTripMs;
  }

  get isClosed(): boolean {
    return this.#closing !== null;
  }

  /** Whether a message that is sent now goes out. */
  get canSend(): boolean {
    return this.#closing === null && this.#welcome !== null && this.#link!.isOpen;
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.canSend) this.#link!.send(data);
  }

  connect(): Promise<Welcome> {
    if (this.#closing !== null) return Promise.reject(cannot("connect", CLOSED));
    if (this.#welcome !== null) return Promise.resolve(this.#welcome);
    this.#connecting ??= deferred<Welcome>();
    const { promise } = this.#connecting;
    // Who doesn't wait for it sees the outcome in the state.
    promise.catch(() => {});
    if (this.#link === null) this.#start();
    return promise;
  }

  close(code: number, reason: string): Promise<void> {
    if (this.#closing !== null) return this.#closing.promise;
    this.#closing = deferred<void>();
    const { promise } = this.#closing;
    const link = this.#link;
    this.#quiet();
    if (link === null) this.#closing.resolve();
    else this.#closeLink(link, code, reason);
    this.#stop(CLOSED, { status: "stopped", reason: "closed", code, closeReason: reason });
    return promise;
  }

  #closeLink(link: Link, code: number, reason: string): void {
    const { closeTimeoutMs } = this.#settings;
    this.#timer.start(closeTimeoutMs, () => link.drop(`no Close in ${closeTimeoutMs} ms`));
    link.close(code, reason);
    this.#events.down();
  }

  #start(): void {
    const { status } = this.state.value;
    if (status === "stopped") this.#attempts.startAnew();
    this.#stopListening ??= listenForWake((cause) => this.#wake(cause));
    this.#open();
  }

  #open(): void {
    this.#isResting = false;
    const { connectTimeoutMs } = this.#settings;
    this.#timer.start(connectTimeoutMs, () => {
      this.#link?.drop(`no welcome in ${connectTimeoutMs} ms`);
    });
    try {
      this.#link = this.#makeLink();
    } catch (error) {
      return this.#giveUp("failed", { code: CLOSE_REASONS.abnormal.code, reason: "" }, error);
    }
    this.state.set({ status: "connecting", attempt: this.#attempts.current });
    this.#showLink();
  }

  #makeLink(): Link {
    const { WebSocket, protocols, clock } = this.#settings;
    const socket = new WebSocket(this.#url, protocols);
    this.#links++;
    const link: Link = new Link(socket, clock, {
      changed: () => this.#showLink(link),
      received: (data) => this.#received(data),
      ended: (end) => this.#ended(end),
    });
    return link;
  }

  #showLink(link: Link | null = this.#link): void {
    if (link === null) return;
    const { readyState, transitions } = link;
    this.link.set({
      number: this.#links,
      url: this.#url,
      readyState,
      transitions: [...transitions],
    });
  }

  #received(data: string | Uint8Array): void {
    if (this.#closing !== null) return;
    const result = typeof data === "string" ? parseServerMessage(data) : parseServerBinary(data);
    if (!result.ok) return this.#unread(data, result);
    const { message } = result;
    if (message.type === "pong") this.#heartbeat.pong(message.timestamp);
    else if (message.type === "error") this.#refused(message);
    else if (message.type === "welcome" && this.#welcome === null) this.#welcomed(message);
    // A subscriber that heard of `welcome` may have closed the client.
    if (this.#closing === null) this.#events.message(message);
  }

  /** What isn't of this protocol may be the application's own. */
  #unread(
    data: string | Uint8Array,
    { code, error }: { code: InvalidMessage["code"]; error: string },
  ): void {
    const text = typeof data === "string" ? data : "";
    const message = code === "unknown_type" ? JSON.parse(text) : null;
    if (typeof message?.type === "string") return this.#events.custom({ type: "custom", message });
    this.#invalid(code, error, text.slice(0, PREVIEW_LENGTH));
  }

  /** A refusal that names no message may be that of a ping that came out of step. */
  #refused({ code, id, room }: ErrorMessage): void {
    const isNameless = id === undefined && room === undefined;
    if (code === "rate_limited" && isNameless) this.#heartbeat.refused();
  }

  #invalid(code: InvalidMessage["code"], error: string, preview: string): void {
    this.#events.invalid({ type: "invalid", code, error, preview });
  }

  #welcomed(welcome: Welcome): void {
    const { clock } = this.#settings;
    this.#timer.stop();
    this.#welcome = welcome;
    this.#welcomedAt = clock.elapsed();
    const heartbeatMs = this.#heartbeatMs(welcome);
    if (heartbeatMs > 0) this.#heartbeat.start(heartbeatMs);
    this.#events.up(welcome);
    this.#connecting?.resolve(welcome);
    this.#connecting = null;
    this.state.set({ status: "connected", clientId: welcome.clientId, since: clock.now() });
  }

  #heartbeatMs(welcome: Welcome): number {
    if (this.#settings.heartbeatMs !== undefined) return this.#settings.heartbeatMs;
    if (welcome.heartbeatMs === 0) return DEFAULT_HEARTBEAT_MS;
    return Math.max(MIN_HEARTBEAT_MS, welcome.heartbeatMs);
  }

  #ended(end: LinkEnd): void {
    const wasStable = this.#isStable();
    this.#welcome = null;
    this.#link = null;
    this.#timer.stop();
    if (this.#closing !== null) return this.#closing.resolve();
    this.#heartbeat.stop();
    if (wasStable) this.#attempts.startAnew();
    this.#events.down();
    this.#decide(end);
  }

  /** By time passed, not by a timer: timers sleep where the page does. */
  #isStable(): boolean {
    if (this.#welcome === null) return false;
    const { clock, stableAfterMs } = this.#settings;
    return clock.elapsed() - this.#welcomedAt >= stableAfterMs;
  }

  #decide(end: LinkEnd): void {
    const move = this.#attempts.next(end.code);
    if (move.kind === "stop") return this.#giveUp(move.reason, end);
    const { attempt, delayMs, later } = move;
    const { clock, maxAttempts } = this.#settings;
    this.#isResting = later;
    this.#timer.start(delayMs, () => this.#open());
    this.state.set({
      status: "waiting",
      attempt,
      maxAttempts,
      delayMs,
      until: clock.now() + delayMs,
      code: end.code,
      closeReason: end.reason,
    });
  }

  /** The page is back: a link that looks alive has to prove it, a wait ends unless it is a rest. */
  #wake(cause: WakeCause): void {
    if (this.#welcome !== null) return this.#heartbeat.check();
    if (this.state.value.status !== "waiting" || this.#isResting) return;
    // The failures so far were the missing network's.
    if (cause === "online") this.#attempts.restartAtFirst();
    this.#open();
  }

  #giveUp(reason: Exclude<StopReason, "closed">, end: LinkEnd, cause?: unknown): void {
    const why = `${STOP_TEXTS[reason]}, close code is ${end.code}`;
    this.#quiet();
    this.#stop({ code: "stopped", why, cause }, {
      status: "stopped",
      reason,
      code: end.code,
      closeReason: end.reason,
    });
  }

  #stop(hindrance: Hindrance, state: StoppedState): void {
    this.#events.stopped(hindrance);
    this.#connecting?.reject(cannot("connect", hindrance));
    this.#connecting = null;
    this.state.set(state);
  }

  /** No timer and no listener stays. */
  #quiet(): void {
    this.#timer.stop();
    this.#heartbeat.stop();
    this.#stopListening?.();
    this.#stopListening = null;
    this.#welcome = null;
  }
}

/** Why nothing can be done after `close()`. */
export const CLOSED: Hindrance = { code: "closed", why: "the client is closed" };

/** Why nothing can be done until the next `connect()`. */
export const STOPPED: Hindrance = { code: "stopped", why: "the client has stopped connecting" };

const STOP_TEXTS: Record<Exclude<StopReason, "closed">, string> = {
  refused: "the server refused",
  attempts_exhausted: "the last attempt failed",
  failed: "the platform made no WebSocket",
};
