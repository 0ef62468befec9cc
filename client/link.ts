import {
  CLOSE_REASONS,
  ConnectionState,
  ReadyState,
  type Transition,
  type TransitionCause,
} from "../protocol/mod.ts";
import type { Clock } from "./clock.ts";
import type { WebSocketEvent, WebSocketEventName, WebSocketLike } from "./socket.ts";

/** One link's inner state, as it stood when it last changed. */
export interface LinkSnapshot {
  /** The client's links are numbered from 1 on. */
  number: number;
  /** Where it leads. */
  url: string;
  /** 0 CONNECTING, 1 OPEN, 2 CLOSING, 3 CLOSED. */
  readyState: ReadyState;
  /** The edges passed so far, oldest first. */
  transitions: readonly Transition[];
}

/** How a link ended. */
export interface LinkEnd {
  /** Close code; 1006 for a link that was lost. */
  code: number;
  /** Close reason. */
  reason: string;
}

/** What a link tells its owner; nothing more after `ended`. */
export interface LinkEvents {
  changed(): void;
  /** A message came: its text, or its bytes. */
  received(data: string | Uint8Array): void;
  ended(end: LinkEnd): void;
}

const LOST = CLOSE_REASONS.abnormal.code;
const MAX_FAULT_LENGTH = 100;
const EVENT_NAMES: readonly WebSocketEventName[] = ["open", "message", "close", "error"];

/** One WebSocket from CONNECTING to CLOSED: its events as edges of the state diagram. */
export class Link {
  readonly #socket: WebSocketLike;
  readonly #clock: Clock;
  readonly #events: LinkEvents;
  readonly #state = new ConnectionState();
  /** What the platform said of the fault that the next `close` event ends with. */
  #fault = "";

  constructor(socket: WebSocketLike, clock: Clock, events: LinkEvents) {
    this.#socket = socket;
    this.#clock = clock;
    this.#events = events;
    socket.binaryType = "arraybuffer";
    for (const name of EVENT_NAMES) socket.addEventListener(name, this.#listener);
  }

  get readyState(): ReadyState {
    return this.#state.current;
  }

  get transitions(): readonly Transition[] {
    return this.#state.transitions;
  }

  /** Whether the platform would take a message; what it is given while CLOSING it throws away. */
  get isOpen(): boolean {
    return this.readyState === ReadyState.OPEN && this.#socket.readyState === ReadyState.OPEN;
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.#socket.send(data);
  }

  /** Begins the closing handshake; `ended` follows when it is done. */
  close(code: number, reason: string): void {
    if (this.readyState >= ReadyState.CLOSING) return;
    const what = this.readyState === ReadyState.OPEN ? "Close sent" : "close() called early";
    this.#advance(ReadyState.CLOSING, { by: "client", what, code, reason });
    this.#socket.close(code, reason);
  }

  /**
   * Gives the socket up now. A browser's can't be terminated: it is told to close and its events
   * are ignored.
   */
  drop(what: string): void {
    if (this.readyState === ReadyState.CLOSED) return;
    this.#end({ code: LOST, reason: "" }, { by: "client", what, code: LOST });
    if (this.#socket.terminate !== undefined) this.#socket.terminate();
    else this.#socket.close();
  }

  readonly #listener = (event: WebSocketEvent): void => {
    if (event.type === "open") this.#opened();
    else if (event.type === "message") this.#received(event.data);
    else if (event.type === "close") this.#closed(event);
    else this.#fault = (event.message ?? "").slice(0, MAX_FAULT_LENGTH);
  };

  #opened(): void {
    if (this.readyState !== ReadyState.CONNECTING) return;
    this.#advance(ReadyState.OPEN, { by: "server", what: "handshake done" });
  }

  #received(data: unknown): void {
    if (this.readyState !== ReadyState.OPEN) return;
    // `binaryType` says that what isn't text is an ArrayBuffer.
    this.#events.received(typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer));
  }

  #closed(event: WebSocketEvent): void {
    // Deno shows a lost link as code 0, everybody else as 1006.
    const end = { code: event.code || LOST, reason: event.reason ?? "" };
    const isLost = end.code === LOST;
    if (this.readyState === ReadyState.OPEN && !isLost) {
      this.#advance(ReadyState.CLOSING, { by: "server", what: "Close received", ...end });
    }
    const by = isLost ? "network" : "server";
    this.#end(end, { by, what: this.#endText(isLost), ...end });
  }

  #endText(isLost: boolean): string {
    if (!isLost) return "closing handshake done";
    const what = this.#lostText();
    return this.#fault === "" ? what : `${what}: ${this.#fault}`;
  }

  #lostText(): string {
    if (this.readyState === ReadyState.CONNECTING) return "handshake failed";
    if (this.readyState === ReadyState.OPEN) return "link lost";
    const wasOpen = this.transitions[0].to === ReadyState.OPEN;
    return wasOpen ? "link lost before the Close came" : "handshake given up";
  }

  #end(end: LinkEnd, cause: TransitionCause): void {
    // npm's `ws` throws an error that nobody listens for.
    this.#socket.addEventListener("error", ignore);
    for (const name of EVENT_NAMES) this.#socket.removeEventListener(name, this.#listener);
    this.#advance(ReadyState.CLOSED, cause);
    this.#events.ended(end);
  }

  #advance(to: ReadyState, cause: TransitionCause): void {
    this.#state.advance(to, cause, this.#clock.now());
    this.#events.changed();
  }
}

function ignore(): void {}
