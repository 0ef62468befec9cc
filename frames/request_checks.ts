import { headerValues, parseProtocols } from "./header_values.ts";
import type { HeaderField, RequestHead } from "./http_head.ts";
import {
  type Check,
  lacksToken,
  malformedExtensions,
  notOnce,
  oldVersion,
  quoted,
  repeated,
  type UpgradeRequestOptions,
} from "./handshake_rules.ts";

const WEBSOCKET_VERSION = "13";
const KEY_BYTES = 16;
const FORBIDDEN = 403;
const UPGRADE_REQUIRED = 426;

/** Base64 with its padding, and no bits beyond the last byte. */
const BASE64 =
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/;
const ORIGIN_FORM = /^\/|^https?:\/\//i;

/** What a server has to check, RFC 6455 §4.2.1, in the order of the findings. */
export const REQUEST_CHECKS: readonly Check<RequestHead, UpgradeRequestOptions>[] = [
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
