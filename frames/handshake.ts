import {
  findingsOf,
  type HandshakeFinding,
  type RequestFinding,
  type UpgradeRequestOptions,
  type UpgradeResponseOptions,
} from "./handshake_rules.ts";
import { type Extension, headerValues, parseExtensions, parseProtocols } from "./header_values.ts";
import type { RequestHead, ResponseHead } from "./http_head.ts";
import { REQUEST_CHECKS } from "./request_checks.ts";
import { deflateFindings, RESPONSE_CHECKS } from "./response_checks.ts";

const BAD_REQUEST = 400;

/** The parts of a request's head that the handshake is about. */
export interface UpgradeRequest {
  /** `Sec-WebSocket-Key`, `null` if missing. */
  readonly key: string | null;
  /** `Sec-WebSocket-Version`, `null` if missing. */
  readonly version: string | null;
  /** `Origin`, `null` if missing: then it isn't a browser. */
  readonly origin: string | null;
  /** `Host`, `null` if missing. */
  readonly host: string | null;
  /** The subprotocols asked for, in order of preference. */
  readonly protocols: readonly string[];
  /** The extensions offered, in order of preference. */
  readonly extensions: readonly Extension[];
}

/**
 * Checks a request's head against every rule of the opening handshake. Source: RFC 6455 §4.2.1.
 *
 * @param head The head, from {@linkcode parseRequestHead}.
 * @param options Which origins may connect.
 * @returns All broken rules, the first line's first; empty if the server may switch protocols.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { checkUpgradeRequest, parseRequestHead } from "@roomscope/roomscope/frames";
 *
 * const head = parseRequestHead(new TextEncoder().encode(
 *   "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
 *     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 8\r\n\r\n",
 * ));
 * const [finding] = checkUpgradeRequest(head);
 * assertEquals([finding.rule, finding.status], ["version-unsupported", 426]);
 * ```
 */
export function checkUpgradeRequest(
  head: RequestHead,
  options: UpgradeRequestOptions = {},
): RequestFinding[] {
  return findingsOf(REQUEST_CHECKS, head, options)
    .map(({ check, finding }) => ({ ...finding, status: check.status ?? BAD_REQUEST }));
}

/**
 * The parts of a request that the handshake is about; what is malformed counts as missing.
 * Source: RFC 6455 §4.2.2.
 *
 * @param head The head, from {@linkcode parseRequestHead}.
 * @returns Key, version, origin, host, subprotocols and extensions.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseRequestHead, readUpgradeRequest } from "@roomscope/roomscope/frames";
 *
 * const head = parseRequestHead(new TextEncoder().encode(
 *   "GET / HTTP/1.1\r\nHost: a.example\r\nSec-WebSocket-Protocol: chat, superchat\r\n\r\n",
 * ));
 * assertEquals(readUpgradeRequest(head).protocols, ["chat", "superchat"]);
 * ```
 */
export function readUpgradeRequest(head: RequestHead): UpgradeRequest {
  const first = (name: string) => headerValues(head.headers, name)[0] ?? null;
  return {
    key: first("Sec-WebSocket-Key"),
    version: first("Sec-WebSocket-Version"),
    origin: first("Origin"),
    host: first("Host"),
    protocols: parseProtocols(headerValues(head.headers, "Sec-WebSocket-Protocol")) ?? [],
    extensions: parseExtensions(headerValues(head.headers, "Sec-WebSocket-Extensions")) ?? [],
  };
}

/**
 * Checks a server's answer against every rule that a client has to check. Source: RFC 6455 §4.1,
 * RFC 7692 §7.1.
 *
 * @param head The head, from {@linkcode parseResponseHead}.
 * @param options What the client asked for: at least its key.
 * @returns All broken rules; empty if the connection is open.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { checkUpgradeResponse, parseResponseHead } from "@roomscope/roomscope/frames";
 *
 * const head = parseResponseHead(new TextEncoder().encode(
 *   "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
 *     "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
 * ));
 * assertEquals(checkUpgradeResponse(head, { key: "dGhlIHNhbXBsZSBub25jZQ==" }), []);
 * ```
 */
export function checkUpgradeResponse(
  head: ResponseHead,
  options: UpgradeResponseOptions,
): HandshakeFinding[] {
  const findings = findingsOf(RESPONSE_CHECKS, head, options).map(({ finding }) => finding);
  return [...findings, ...deflateFindings(head, options)];
}
