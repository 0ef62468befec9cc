import { acceptKey } from "./accept_key.ts";
import { type Extension, headerValues, parseExtensions } from "./header_values.ts";
import type { HeaderField, ResponseHead } from "./http_head.ts";
import {
  type Check,
  type HandshakeFinding,
  lacksToken,
  malformedExtensions,
  notOnce,
  oldVersion,
  quoted,
  repeated,
  type UpgradeResponseOptions,
} from "./handshake_rules.ts";
import { checkDeflateAnswer, DEFLATE, readDeflate } from "./negotiate_deflate.ts";

const SWITCHING_PROTOCOLS = 101;

/** What a client has to check, RFC 6455 §4.1, in the order of the findings. */
export const RESPONSE_CHECKS: readonly Check<ResponseHead, UpgradeResponseOptions>[] = [
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
export function deflateFindings(
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
