import type {
  ErrorCode,
  OpenContract,
  RoomMessageOf,
  ServerMessageOf,
  ServerMessageType,
} from "../protocol/mod.ts";
import type { RoomError } from "./errors.ts";
import type { Report } from "./observable.ts";

/** Something came from the server that isn't a message of this protocol. */
export interface InvalidMessage {
  /** Tells the events apart. */
  type: "invalid";
  /** What is wrong: `bad_json`, `unknown_type`, `invalid_message`, `too_deep`, `invalid_data`. */
  code: ErrorCode;
  /** What is wrong, for people. */
  error: string;
  /** The beginning of the message, at most 200 UTF-16 units; empty for a binary one. */
  preview: string;
}

/**
 * The client isn't in a room any more although it didn't leave: the server refused it after a
 * reconnect, or put it out. It doesn't try again by itself.
 */
export interface RoomLost {
  /** Tells the events apart. */
  type: "room_lost";
  /** The room's name. */
  room: string;
  /** Why. */
  error: RoomError;
}

/** The application's own message came: one of a type that this protocol doesn't have. */
export interface CustomEvent {
  /** Tells the events apart. */
  type: "custom";
  /** The message, unchecked but for its `type`. */
  message: { type: string; [key: string]: unknown };
}

/** What a handler can be registered for: a server's message type or an event of the client's own. */
export type ClientEventType = ServerMessageType | "custom" | "invalid" | "room_lost";

/** What a handler for one type gets. */
export type ClientEventOf<T extends ClientEventType, C = OpenContract> = T extends "room_message"
  ? RoomMessageOf<C>
  : T extends ServerMessageType ? ServerMessageOf<T>
  : T extends "custom" ? CustomEvent
  : T extends "invalid" ? InvalidMessage
  : RoomLost;

type AnyEvent = ClientEventOf<ClientEventType>;
type AnyHandler = (event: AnyEvent) => void;

/** Handlers by type, called in the order in which they were registered. */
export class Handlers {
  readonly #report: Report;
  readonly #byType = new Map<ClientEventType, Map<symbol, AnyHandler>>();

  constructor(report: Report) {
    this.#report = report;
  }

  on<T extends ClientEventType>(
    type: T,
    handler: (event: ClientEventOf<T>) => unknown,
  ): () => void {
    const key = Symbol();
    const handlers = this.#byType.get(type) ?? new Map<symbol, AnyHandler>();
    this.#byType.set(type, handlers.set(key, handler as AnyHandler));
    return () => void handlers.delete(key);
  }

  /** One that throws, or whose promise rejects, is reported and stops nobody else. */
  emit(event: AnyEvent): void {
    const handlers = this.#byType.get(event.type);
    if (handlers === undefined) return;
    for (const handler of [...handlers.values()]) this.#call(handler, event);
  }

  #call(handler: (event: AnyEvent) => unknown, event: AnyEvent): void {
    const source = `a handler for ${event.type}`;
    try {
      const result = handler(event);
      if (result instanceof Promise) result.catch((error) => this.#report(error, source));
    } catch (error) {
      this.#report(error, source);
    }
  }
}
