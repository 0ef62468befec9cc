import {
  checkUpgradeRequest,
  HandshakeError,
  hasToken,
  headerValues,
  type RequestHead,
} from "../frames/mod.ts";

const BAD_REQUEST = 400;

/** `Host = uri-host [ ":" port ]` (RFC 9110 §7.2), with the characters of RFC 3986 §3.2.2. */
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~!$&'()*+,;=%]+)(?::\d{0,5})?$/;

/** Why a request isn't let through. */
export interface Refusal {
  /** HTTP status for the client; 0 where it gets none. */
  status: number;
  /** Stable name of the rule. */
  rule: string;
  /** What was wrong, for people. */
  message: string;
}

interface RequestRule {
  rule: string;
  fault(head: RequestHead): string | null;
}

/** What every request must be, besides well-formed. */
const REQUEST_RULES: readonly RequestRule[] = [
  {
    rule: "http-version-unsupported",
    fault: ({ version }) => /^HTTP\/1\.[01]$/.test(version) ? null : `version is ${version}`,
  },
  {
    // The other forms of RFC 9112 §3.2 are for proxies; here they would let the client choose what
    // the server takes for its own name.
    rule: "target-form",
    fault: ({ method, target }) => {
      const fits = target.startsWith("/") || (target === "*" && method === "OPTIONS");
      return fits && !target.includes("#")
        ? null
        : `target is ${JSON.stringify(target.slice(0, 80))}`;
    },
  },
  {
    // RFC 9112 §3.2: 400 "to any HTTP/1.1 request message that lacks a Host header field and to any
    // request message that contains more than one Host header field line or … an invalid field value"
    rule: "host-invalid",
    fault: ({ headers }) => {
      const hosts = headerValues(headers, "Host");
      if (hosts.length !== 1) return `Host stands ${hosts.length} times`;
      return HOST.test(hosts[0]) ? null : `Host is ${JSON.stringify(hosts[0].slice(0, 80))}`;
    },
  },
];

/** Whether a request asks for a WebSocket, rightly or not. */
export function asksForWebSocket({ headers }: RequestHead): boolean {
  return hasToken(headerValues(headers, "Upgrade"), "websocket") ||
    headers.some(([name]) => /^sec-websocket-(?:key|version)$/i.test(name));
}

/** Whether bytes that aren't a whole head, or none at all, were meant to become a WebSocket. */
export function looksLikeUpgrade(bytes: Uint8Array): boolean {
  const text = new TextDecoder("latin1").decode(bytes);
  return /^sec-websocket-(?:key|version)[ \t]*:|^upgrade[ \t]*:[^\n]*\bwebsocket\b/im.test(text);
}

/** The first rule that a request breaks, or `null`. */
export function refusalOf(head: RequestHead): Refusal | null {
  for (const { rule, fault } of REQUEST_RULES) {
    const what = fault(head);
    if (what !== null) {
      return { rule, status: BAD_REQUEST, message: `Cannot pass request on: ${what}` };
    }
  }
  return asksForWebSocket(head) ? upgradeRefusal(head) : null;
}

function upgradeRefusal(head: RequestHead): Refusal | null {
  const [finding] = checkUpgradeRequest(head);
  if (finding) return { rule: finding.rule, status: finding.status, message: finding.message };
  const length = headerValues(head.headers, "Content-Length");
  if (headerValues(head.headers, "Transfer-Encoding").length > 0 || Number(length[0] ?? 0) > 0) {
    const message = "Cannot upgrade: the request has a body";
    return { rule: "upgrade-with-body", status: BAD_REQUEST, message };
  }
  return null;
}

/** A refusal made of what the parser threw. */
export function refusalOfError(error: unknown): Refusal {
  if (!(error instanceof HandshakeError)) throw error;
  return { rule: error.rule, status: error.status, message: error.message };
}
