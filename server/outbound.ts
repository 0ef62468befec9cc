import {
  ERROR_CODES,
  type ErrorCode,
  type ErrorMessage,
  type ServerMessage,
} from "../protocol/mod.ts";
import type { Connection } from "./connection.ts";
import type { Metrics } from "./metrics.ts";

/** A message as it goes out: serialised once, whoever gets it. */
export interface Outgoing {
  /** The JSON text, or the bytes of a binary message. */
  data: string | Uint8Array<ArrayBuffer>;
  /** Its length in bytes, a text's in UTF-8. */
  bytes: number;
}

/** A message of the application's own: any JSON object with a `type`. */
export interface CustomMessage {
  /** Tells the messages apart. */
  type: string;
  /** Whatever the application wants to say. */
  [key: string]: unknown;
}

/**
 * Serialises a message.
 *
 * @throws {TypeError} If it isn't JSON: cyclic, a bigint in it.
 */
export function outgoing(message: ServerMessage | CustomMessage): Outgoing {
  const data = JSON.stringify(message);
  return { data, bytes: utf8Length(data) };
}

/** What else an `error` message says. */
export type ErrorDetails = Partial<Omit<ErrorMessage, "type" | "code">>;

/** What {@linkcode Outbound} works with. */
export interface OutboundOptions {
  /** Where sent messages count. */
  metrics: Metrics;
  /** Bytes that may wait for one client; 0 means any number. */
  maxQueuedBytes: number;
  /** Ends a connection that reads too slowly; called outside of any loop over members. */
  onSlow: (connection: Connection) => void;
}

/** Hands messages to the transport and watches what piles up there. */
export class Outbound {
  readonly #options: OutboundOptions;

  constructor(options: OutboundOptions) {
    this.#options = options;
  }

  /** Sends to a client; nothing happens unless its connection is open. Never throws. */
  send(connection: Connection, message: Outgoing): void {
    const { socket } = connection;
    if (socket === null || !connection.isOpen || socket.readyState !== WebSocket.OPEN) return;
    // Before the send: one large message to a client that reads is no reason to end it.
    this.#checkQueue(connection, socket.bufferedAmount);
    socket.send(message.data);
    connection.counters.messagesOut += 1;
    connection.counters.bytesOut += message.bytes;
    if (!connection.watching) this.#options.metrics.sent(message.bytes);
  }

  /** Tells a client that something was refused, and counts it. */
  refuse(connection: Connection, code: ErrorCode, details: ErrorDetails = {}): void {
    connection.counters.errors += 1;
    if (!connection.watching) this.#options.metrics.error(code);
    const { message } = ERROR_CODES[code];
    this.send(connection, outgoing({ type: "error", code, message, ...details }));
  }

  /** Deno queues without bound (deno-facts §1d), so the bound is kept here. */
  #checkQueue(connection: Connection, queuedBytes: number): void {
    const { maxQueuedBytes, metrics, onSlow } = this.#options;
    if (maxQueuedBytes === 0 || queuedBytes <= maxQueuedBytes || connection.isSlow) return;
    connection.isSlow = true;
    metrics.slowConsumerClosed();
    queueMicrotask(() => onSlow(connection));
  }
}

/** Length of a text in UTF-8 bytes, without encoding it. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    // A surrogate pair is two units and four bytes: two bytes for each of its halves.
    bytes += unit < 0x800 || isSurrogate(unit) ? 1 : 2;
  }
  return bytes;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
