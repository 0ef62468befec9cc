import { parseClientBinary, parseClientMessage } from "../protocol/mod.ts";
import type { Hindrance } from "./errors.ts";

const MAX_REASON_BYTES = 123;
const encoder = new TextEncoder();

/** How many bytes a message has; a text in UTF-8. */
export function byteLength(data: string | Uint8Array): number {
  return typeof data === "string" ? encoder.encode(data).length : data.length;
}

/** What `WebSocket.close` takes; it would throw after the client has begun to close. */
export function checkClose(code: number, reason: string): void {
  if (code !== 1000 && !(Number.isInteger(code) && code >= 3000 && code <= 4999)) {
    throw new RangeError(`Cannot close: code is ${code}`);
  }
  const bytes = byteLength(reason);
  if (bytes > MAX_REASON_BYTES) throw new RangeError(`Cannot close: reason has ${bytes} bytes`);
}

/** The address that a WebSocket takes on every platform: absolute, `ws:` or `wss:`, no fragment. */
export function webSocketUrl(url: string | URL): string {
  const base = (globalThis as { location?: { href: string } }).location?.href;
  const absolute = new URL(url, base);
  absolute.protocol = absolute.protocol.replace(/^http/, "ws");
  absolute.hash = "";
  if (/^wss?:$/.test(absolute.protocol)) return absolute.href;
  throw new TypeError(`Cannot create a RoomClient: the URL's scheme is ${absolute.protocol}`);
}

/** What the server would say to a message, by the same schemas. */
export function refusalOf(data: string | Uint8Array): Hindrance | null {
  const result = typeof data === "string" ? parseClientMessage(data) : parseClientBinary(data);
  return result.ok ? null : { code: result.code, why: result.error };
}

/** A server closes with 1009 after a message that is too big, and that would end the client. */
export function tooBig(bytes: number, limit: number): Hindrance | null {
  if (limit === 0 || bytes <= limit) return null;
  return {
    code: "message_too_big",
    why: `it has ${bytes} bytes and the server takes ${limit}`,
  };
}
