import type { Refusal } from "./request_rules.ts";

/** RFC 9110 §15.5.22: who sends 426 names what to upgrade to; §7.8: and says so in Connection. */
const UPGRADE_HEADERS =
  "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
const UPGRADE_REQUIRED = 426;

const REASON_PHRASES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  408: "Request Timeout",
  426: "Upgrade Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** The response that tells a client why it was refused, and that its connection ends. */
export function refusalResponse({ status, message }: Refusal): Uint8Array {
  const body = new TextEncoder().encode(message + "\n");
  const head = `HTTP/1.1 ${status} ${REASON_PHRASES[status] ?? "Refused"}\r\n` +
    "Connection: close\r\n" +
    (status === UPGRADE_REQUIRED ? UPGRADE_HEADERS : "") +
    "Content-Type: text/plain; charset=utf-8\r\n" +
    "X-Content-Type-Options: nosniff\r\n" +
    `Content-Length: ${body.length}\r\n\r\n`;
  const bytes = new Uint8Array(head.length + body.length);
  new TextEncoder().encodeInto(head, bytes);
  bytes.set(body, head.length);
  return bytes;
}
