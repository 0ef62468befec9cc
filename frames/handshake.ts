import { acceptKey } from "./accept_key.ts";
import {
  type Extension,
  hasToken,
  headerValues,
  parseExtensions,
  parseProtocols,
} from "./header_values.ts";
import { checkDeflateAnswer, DEFLATE, readDeflate } from "./negotiate_deflate.ts";
import type { HeaderField, HttpHead, RequestHead, ResponseHead } from "./http_head.ts";

const WEBSOCKET_VERSION = "13";
const KEY_BYTES = 16;
const SWITCHING_PROTOCOLS = 101;
const BAD_REQUEST = 400;
const FORBIDDEN = 403;
const UPGRADE_REQUIRED = 426;

/** Base64 with its padding, and no bits beyond the last byte. */
const BASE64 =
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/;
const ORIGIN_FORM = /^\/|^https?:\/\//i;

/** A rule of the opening handshake that a head breaks. */
export interface HandshakeFinding {
  /** Stable kebab-case id: `"key-malformed"`. */
  readonly rule: string;
  /** Section of RFC 6455, or of another document, named. */
  readonly section: string;
  /** What is wrong, for people: the action first, the actual value last. */
  readonly message: string;
  /** The header at fault, as RFC 6455 writes it; absent where it is the first line. */
  readonly header?: string;
}

/** A rule that a request breaks, and how a server should answer. */
export interface RequestFinding extends HandshakeFinding {
  /** HTTP status: 400; 426 (send `Sec-WebSocket-Version: 13` with it); 403 for a refused origin. */
  readonly status: 400 | 403 | 426;
}

/** What {@linkcode checkUpgradeRequest} may know besides the head. */
export interface UpgradeRequestOptions {
  /**
   * Whether a page of this origin may connect; asked only where there is an `Origin`.
   *
   * @default every origin
   */
  readonly isOriginAllowed?: (origin: string) => boolean;
}

/** What the client asked for, to check the answer against. */
export interface UpgradeResponseOptions {
  /** The `Sec-WebSocket-Key` of the request. */
  readonly key: string;
  /**
   * The subprotocols of the request.
   *
   * @default none
   */
  readonly protocols?: readonly string[];
  /**
   * The extensions of the request; of one that is only named the parameters of the answer can't be
   * compared with the offer's.
   *
   * @default none
   */
  readonly extensions?: readonly (string | Extension)[];
}

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

/** What the rules of a request say: `null` where nothing is wrong. */
interface Check<Head extends HttpHead, Options> {
  readonly rule: string;
  readonly section: string;
  readonly header?: string;
  readonly status?: 403 | 426;
  fault(head: Head, options: Options): string | null;
}

/** `null`, or how often it stands there. */
function notOnce(headers: readonly HeaderField[], name: string): string | null {
  const count = headerValues(headers, name).length;
  if (count === 1) return null;
  return count === 0 ? `${name} is missing` : `${name} stands ${count} times`;
}

function repeated(headers: readonly HeaderField[], name: string): string | null {
  const count = headerValues(headers, name).length;
  return count > 1 ? `${name} stands ${count} times` : null;
}

/** A token that a list header must hold. */
function lacksToken(headers: readonly HeaderField[], name: string, token: string): string | null {
  const values = headerValues(headers, name);
  if (values.length === 0) return `${name} is missing`;
  return hasToken(values, token) ? null : `${name} lacks "${token}", it is ${quoted(values)}`;
}

function quoted(values: readonly string[]): string {
  return JSON.stringify(values.join(", ").slice(0, 80));
}

/** HTTP's version has to be 1.1 "or higher"; what upgrades is HTTP/1. */
function oldVersion({ version }: HttpHead): string | null {
  return version >= "HTTP/1.1" ? null : `version is ${version}`;
}

const REQUEST_CHECKS: readonly Check<RequestHead, UpgradeRequestOptions>[] = [
  {
    // §4.1: "The method of the request MUST be GET, and the HTTP version MUST be at least 1.1."
    rule: "method-not-get",
    section: "4.1",
    fault: ({ method }) => method === "GET" ? null : `method is ${method}`,
  },
  { rule: "http-version-too-old", section: "4.1", fault: oldVersion },
  {
    // §4.1: "The 'Request-URI' part of the request MUST match the /resource name/ … or be an absolute
    // http/https URI"; §3: "Fragment identifiers … MUST NOT be used on these URIs."
    rule: "target-invalid",
    section: "4.1",
    fault: ({ target }) =>
      ORIGIN_FORM.test(target) && !target.includes("#") ? null : `target is ${quoted([target])}`,
  },
  {
    // §4.2.1: "A |Host| header field containing the server's authority."
    rule: "host-invalid",
    section: "4.2.1",
    header: "Host",
    fault: ({ headers }) => notOnce(headers, "Host"),
  },
  {
    // §4.2.1: "An |Upgrade| header field containing the value 'websocket', treated as an ASCII
    // case-insensitive value."
    rule: "upgrade-invalid",
    section: "4.2.1",
    header: "Upgrade",
    fault: ({ headers }) => lacksToken(headers, "Upgrade", "websocket"),
  },
  {
    // §4.2.1: "A |Connection| header field that includes the token 'Upgrade', treated as an ASCII
    // case-insensitive value."
    rule: "connection-invalid",
    section: "4.2.1",
    header: "Connection",
    fault: ({ headers }) => lacksToken(headers, "Connection", "Upgrade"),
  },
  {
    // §11.3.1: "The |Sec-WebSocket-Key| header field MUST NOT appear more than once in an HTTP request."
    rule: "key-missing",
    section: "4.2.1",
    header: "Sec-WebSocket-Key",
    fault: ({ headers }) => notOnce(headers, "Sec-WebSocket-Key"),
  },
  {
    // §4.2.1: "A |Sec-WebSocket-Key| header field with a base64-encoded value that, when decoded, is
    // 16 bytes in length."
    rule: "key-malformed",
    section: "4.2.1",
    header: "Sec-WebSocket-Key",
    fault: ({ headers }) => malformedKey(headerValues(headers, "Sec-WebSocket-Key")),
  },
  {
    rule: "version-missing",
    section: "4.2.1",
    header: "Sec-WebSocket-Version",
    fault: ({ headers }) => notOnce(headers, "Sec-WebSocket-Version"),
  },
  {
    // §4.2.2: "If this version does not match a version understood by the server, the server MUST
    // abort the WebSocket handshake … and instead send an appropriate HTTP error code (such as 426
    // Upgrade Required) and a |Sec-WebSocket-Version| header field"
    rule: "version-unsupported",
    section: "4.2.2",
    header: "Sec-WebSocket-Version",
    status: UPGRADE_REQUIRED,
    fault: ({ headers }) => otherVersion(headerValues(headers, "Sec-WebSocket-Version")),
  },
  {
    rule: "origin-repeated",
    section: "10.2",
    header: "Origin",
    fault: ({ headers }) => repeated(headers, "Origin"),
  },
  {
    // §4.2.2: "If the server does not wish to accept this connection, it MUST return an appropriate
    // HTTP error code (e.g., 403 Forbidden)"
    rule: "origin-refused",
    section: "10.2",
    header: "Origin",
    status: FORBIDDEN,
    fault: ({ headers }, { isOriginAllowed }) => refusedOrigin(headers, isOriginAllowed),
  },
  {
    rule: "protocol-malformed",
    section: "4.1",
    header: "Sec-WebSocket-Protocol",
    fault: ({ headers }) => {
      const values = headerValues(headers, "Sec-WebSocket-Protocol");
      return parseProtocols(values) ? null : `Sec-WebSocket-Protocol is ${quoted(values)}`;
    },
  },
  {
    // §9.1: "If an invalid value is received by a client/server … the recipient MUST immediately
    // _Fail the WebSocket Connection_."
    rule: "extensions-malformed",
    section: "9.1",
    header: "Sec-WebSocket-Extensions",
    fault: ({ headers }) => malformedExtensions(headers),
  },
];

function malformedKey(keys: readonly string[]): string | null {
  if (keys.length !== 1) return null;
  const [key] = keys;
  const whole = BASE64.test(key) && atob(key).length === KEY_BYTES;
  return whole ? null : `Sec-WebSocket-Key isn't the base64 of 16 bytes: ${quoted(keys)}`;
}

function otherVersion(versions: readonly string[]): string | null {
  if (versions.length !== 1 || versions[0] === WEBSOCKET_VERSION) return null;
  return `Sec-WebSocket-Version is ${quoted(versions)}`;
}

function refusedOrigin(
  headers: readonly HeaderField[],
  isOriginAllowed: ((origin: string) => boolean) | undefined,
): string | null {
  const refused = headerValues(headers, "Origin").find((origin) =>
    isOriginAllowed && !isOriginAllowed(origin)
  );
  return refused === undefined ? null : `Origin is ${quoted([refused])}`;
}

function malformedExtensions(headers: readonly HeaderField[]): string | null {
  const values = headerValues(headers, "Sec-WebSocket-Extensions");
  return parseExtensions(values) ? null : `Sec-WebSocket-Extensions is ${quoted(values)}`;
}

/** A rule and what it makes of a head. */
function findingsOf<Head extends HttpHead, Options>(
  checks: readonly Check<Head, Options>[],
  head: Head,
  options: Options,
): { check: Check<Head, Options>; finding: HandshakeFinding }[] {
  return checks.flatMap((check) => {
    const fault = check.fault(head, options);
    if (fault === null) return [];
    const { rule, section, header } = check;
    const finding = {
      rule,
      section,
      message: `Cannot upgrade: ${fault}`,
      ...(header && { header }),
    };
    return [{ check, finding }];
  });
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

const RESPONSE_CHECKS: readonly Check<ResponseHead, UpgradeResponseOptions>[] = [
  {
    // "If the status code received from the server is not 101, the client handles the response per
    // HTTP [RFC2616] procedures."
    rule: "status-not-101",
    section: "4.1",
    fault: ({ status }) => status === SWITCHING_PROTOCOLS ? null : `status is ${status}`,
  },
  { rule: "http-version-too-old", section: "4.2.2", fault: oldVersion },
  {
    // "If the response lacks an |Upgrade| header field or the |Upgrade| header field contains a value
    // that is not an ASCII case-insensitive match for the value 'websocket', the client MUST _Fail the
    // WebSocket Connection_."
    rule: "upgrade-invalid",
    section: "4.1",
    header: "Upgrade",
    fault: ({ headers }) => {
      const values = headerValues(headers, "Upgrade");
      if (values.length === 0) return "Upgrade is missing";
      const matches = values.join(", ").toLowerCase() === "websocket";
      return matches ? null : `Upgrade is ${quoted(values)}`;
    },
  },
  {
    // "If the response lacks a |Connection| header field or the |Connection| header field doesn't
    // contain a token that is an ASCII case-insensitive match for the value 'Upgrade' …"
    rule: "connection-invalid",
    section: "4.1",
    header: "Connection",
    fault: ({ headers }) => lacksToken(headers, "Connection", "Upgrade"),
  },
  {
    // §11.3.3: "The |Sec-WebSocket-Accept| header MUST NOT appear more than once in an HTTP response."
    rule: "accept-missing",
    section: "4.1",
    header: "Sec-WebSocket-Accept",
    fault: ({ headers }) => notOnce(headers, "Sec-WebSocket-Accept"),
  },
  {
    rule: "accept-wrong",
    section: "4.1",
    header: "Sec-WebSocket-Accept",
    fault: ({ headers }, { key }) =>
      wrongAccept(headerValues(headers, "Sec-WebSocket-Accept"), key),
  },
  {
    rule: "extensions-malformed",
    section: "9.1",
    header: "Sec-WebSocket-Extensions",
    fault: ({ headers }) => malformedExtensions(headers),
  },
  {
    // §11.3.2: it "MUST NOT appear more than once in an HTTP response."
    rule: "extensions-repeated",
    section: "11.3.2",
    header: "Sec-WebSocket-Extensions",
    fault: ({ headers }) => repeated(headers, "Sec-WebSocket-Extensions"),
  },
  {
    // "If the response includes a |Sec-WebSocket-Extensions| header field and this header field
    // indicates the use of an extension that was not present in the client's handshake …"
    rule: "extension-not-offered",
    section: "4.1",
    header: "Sec-WebSocket-Extensions",
    fault: ({ headers }, { extensions = [] }) => {
      const offered = extensions.map((extension) => nameOf(extension));
      const alien = extensionsOf(headers).find(({ name }) => !offered.includes(name));
      return alien ? `extension wasn't offered: ${alien.name}` : null;
    },
  },
  {
    // "If the response includes a |Sec-WebSocket-Protocol| header field and this header field
    // indicates the use of a subprotocol that was not present in the client's handshake …"
    rule: "protocol-not-offered",
    section: "4.1",
    header: "Sec-WebSocket-Protocol",
    fault: ({ headers }, { protocols = [] }) => {
      const values = headerValues(headers, "Sec-WebSocket-Protocol");
      const alien = values.find((value) => !protocols.includes(value));
      return alien === undefined ? null : `subprotocol wasn't offered: ${quoted([alien])}`;
    },
  },
  {
    // §11.3.4: it "MUST NOT appear more than once in an HTTP response."
    rule: "protocol-repeated",
    section: "11.3.4",
    header: "Sec-WebSocket-Protocol",
    fault: ({ headers }) => repeated(headers, "Sec-WebSocket-Protocol"),
  },
];

function nameOf(extension: string | Extension): string {
  return typeof extension === "string" ? extension : extension.name;
}

function extensionsOf(headers: readonly HeaderField[]): readonly Extension[] {
  return parseExtensions(headerValues(headers, "Sec-WebSocket-Extensions")) ?? [];
}

/** RFC 7692 §7.1: what a client has to check where it offered permessage-deflate. */
function deflateFindings(
  { headers }: ResponseHead,
  { extensions = [] }: UpgradeResponseOptions,
): readonly HandshakeFinding[] {
  if (!extensions.some((extension) => nameOf(extension) === DEFLATE)) return [];
  const answers = extensionsOf(headers).filter(({ name }) => name === DEFLATE);
  const offers = extensions.filter((extension) => typeof extension !== "string");
  if (extensions.includes(DEFLATE)) {
    return answers.flatMap((answer) => readDeflate(answer, "answer").findings);
  }
  return checkDeflateAnswer(answers, offers).findings;
}

function wrongAccept(accepts: readonly string[], key: string): string | null {
  if (accepts.length !== 1) return null;
  const expected = acceptKey(key);
  if (accepts[0] === expected) return null;
  return `Sec-WebSocket-Accept must be ${expected}, it is ${quoted(accepts)}`;
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
