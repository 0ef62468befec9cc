import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  checkUpgradeRequest,
  checkUpgradeResponse,
  parseExtensions,
  parseRequestHead,
  parseResponseHead,
  readUpgradeRequest,
  type UpgradeResponseOptions,
} from "@/frames/mod.ts";
import { utf8 } from "./helpers.ts";
import { REQUEST_HEAD, RESPONSE_HEAD, SAMPLE_KEY } from "./vectors.ts";

/** The RFC's head with one piece of text in the place of another. */
function changed(head: Uint8Array, from: string, to: string): Uint8Array {
  const text = new TextDecoder().decode(head);
  const result = text.replace(from, to);
  assertStrictEquals(text.includes(from), true, `the head has no ${JSON.stringify(from)}`);
  return utf8(result);
}

function request(from: string, to: string) {
  return parseRequestHead(changed(REQUEST_HEAD, from, to));
}

const KEY_LINE = `Sec-WebSocket-Key: ${SAMPLE_KEY}\r\n`;
const VERSION_LINE = "Sec-WebSocket-Version: 13\r\n";
const HOST_LINE = "Host: server.example.com\r\n";
const ORIGIN_LINE = "Origin: http://example.com\r\n";
const PROTOCOL = "Sec-WebSocket-Protocol: chat, superchat";

Deno.test("the request of §1.2 breaks no rule", () => {
  assertEquals(checkUpgradeRequest(parseRequestHead(REQUEST_HEAD)), []);
});

for (
  const [name, from, to] of [
    ["a query", "/chat", "/chat?a=b"],
    ["an absolute URI", "/chat", "http://server.example.com/chat"],
    ["other letters", "Upgrade: websocket", "UPGRADE: WebSocket"],
    ["several connection tokens", "Connection: Upgrade", "Connection: keep-alive, upgrade"],
    [
      "two connection headers",
      "Connection: Upgrade",
      "Connection: keep-alive\r\nConnection: upgrade",
    ],
    ["several upgrade tokens", "Upgrade: websocket", "Upgrade: h2c, websocket"],
    ["no origin", ORIGIN_LINE, ""],
    ["no protocol", `${PROTOCOL}\r\n`, ""],
    [
      "an extension",
      PROTOCOL,
      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
    ],
    ["HTTP/1.2", "HTTP/1.1", "HTTP/1.2"],
  ] as const
) {
  Deno.test(`a request with ${name} breaks no rule`, () => {
    assertEquals(checkUpgradeRequest(request(from, to)), []);
  });
}

for (
  const [name, from, to, rule, section, status, header] of [
    ["POST", "GET", "POST", "method-not-get", "4.1", 400, undefined],
    ["small letters in get", "GET", "get", "method-not-get", "4.1", 400, undefined],
    ["HTTP/1.0", "HTTP/1.1", "HTTP/1.0", "http-version-too-old", "4.1", 400, undefined],
    ["a fragment", "/chat", "/chat#a", "target-invalid", "4.1", 400, undefined],
    ["an asterisk", "/chat", "*", "target-invalid", "4.1", 400, undefined],
    ["a ws URI", "/chat", "ws://a/chat", "target-invalid", "4.1", 400, undefined],
    ["no Host", HOST_LINE, "", "host-invalid", "4.2.1", 400, "Host"],
    ["two Hosts", HOST_LINE, HOST_LINE + HOST_LINE, "host-invalid", "4.2.1", 400, "Host"],
    ["no Upgrade", "Upgrade: websocket\r\n", "", "upgrade-invalid", "4.2.1", 400, "Upgrade"],
    ["another Upgrade", "websocket\r", "websockets\r", "upgrade-invalid", "4.2.1", 400, "Upgrade"],
    [
      "no Connection",
      "Connection: Upgrade\r\n",
      "",
      "connection-invalid",
      "4.2.1",
      400,
      "Connection",
    ],
    [
      "keep-alive only",
      ": Upgrade",
      ": keep-alive",
      "connection-invalid",
      "4.2.1",
      400,
      "Connection",
    ],
    ["no key", KEY_LINE, "", "key-missing", "4.2.1", 400, "Sec-WebSocket-Key"],
    ["two keys", KEY_LINE, KEY_LINE + KEY_LINE, "key-missing", "4.2.1", 400, "Sec-WebSocket-Key"],
    ["an empty key", SAMPLE_KEY, "", "key-malformed", "4.2.1", 400, "Sec-WebSocket-Key"],
    [
      "a key of 15 bytes",
      SAMPLE_KEY,
      btoa("a".repeat(15)),
      "key-malformed",
      "4.2.1",
      400,
      "Sec-WebSocket-Key",
    ],
    [
      "a key of 17 bytes",
      SAMPLE_KEY,
      btoa("a".repeat(17)),
      "key-malformed",
      "4.2.1",
      400,
      "Sec-WebSocket-Key",
    ],
    ["a key without padding", "jZQ==", "jZQ", "key-malformed", "4.2.1", 400, "Sec-WebSocket-Key"],
    ["a key with loose bits", "jZQ==", "jZR==", "key-malformed", "4.2.1", 400, "Sec-WebSocket-Key"],
    ["a key in base64url", "dGhl", "-_hl", "key-malformed", "4.2.1", 400, "Sec-WebSocket-Key"],
    ["no version", VERSION_LINE, "", "version-missing", "4.2.1", 400, "Sec-WebSocket-Version"],
    [
      "two versions",
      VERSION_LINE,
      VERSION_LINE + VERSION_LINE,
      "version-missing",
      "4.2.1",
      400,
      "Sec-WebSocket-Version",
    ],
    [
      "version 8",
      "Version: 13",
      "Version: 8",
      "version-unsupported",
      "4.2.2",
      426,
      "Sec-WebSocket-Version",
    ],
    [
      "version 013",
      "Version: 13",
      "Version: 013",
      "version-unsupported",
      "4.2.2",
      426,
      "Sec-WebSocket-Version",
    ],
    [
      "versions in a list",
      "Version: 13",
      "Version: 13, 8",
      "version-unsupported",
      "4.2.2",
      426,
      "Sec-WebSocket-Version",
    ],
    [
      "two origins",
      ORIGIN_LINE,
      ORIGIN_LINE + ORIGIN_LINE,
      "origin-repeated",
      "10.2",
      400,
      "Origin",
    ],
    [
      "a protocol twice",
      "superchat",
      "chat",
      "protocol-malformed",
      "4.1",
      400,
      "Sec-WebSocket-Protocol",
    ],
    [
      "a protocol with a space",
      "superchat",
      "super chat",
      "protocol-malformed",
      "4.1",
      400,
      "Sec-WebSocket-Protocol",
    ],
    [
      "an empty extension",
      PROTOCOL,
      "Sec-WebSocket-Extensions: ;",
      "extensions-malformed",
      "9.1",
      400,
      "Sec-WebSocket-Extensions",
    ],
  ] as const
) {
  Deno.test(`a request with ${name} breaks ${rule}`, () => {
    const findings = checkUpgradeRequest(request(from, to));
    assertEquals(
      findings.map(({ rule, section, status, header }) => ({ rule, section, status, header })),
      [
        { rule, section, status, header },
      ],
    );
    assertStrictEquals(findings[0].message.startsWith("Cannot upgrade: "), true);
  });
}

Deno.test("a refused origin gets 403; without an origin nobody is asked", () => {
  const asked: string[] = [];
  const isOriginAllowed = (origin: string) => {
    asked.push(origin);
    return origin === "https://ours.example";
  };
  const check = (head: Uint8Array) =>
    checkUpgradeRequest(parseRequestHead(head), { isOriginAllowed })
      .map(({ rule, status, section }) => [rule, status, section]);
  assertEquals(check(REQUEST_HEAD), [["origin-refused", 403, "10.2"]]);
  assertEquals(check(changed(REQUEST_HEAD, "http://example.com", "https://ours.example")), []);
  assertEquals(check(changed(REQUEST_HEAD, ORIGIN_LINE, "")), []);
  assertEquals(asked, ["http://example.com", "https://ours.example"]);
});

Deno.test("all broken rules are found at once", () => {
  const head = parseRequestHead(utf8("POST * HTTP/1.0\r\nX: y\r\n\r\n"));
  assertEquals(checkUpgradeRequest(head).map(({ rule }) => rule), [
    "method-not-get",
    "http-version-too-old",
    "target-invalid",
    "host-invalid",
    "upgrade-invalid",
    "connection-invalid",
    "key-missing",
    "version-missing",
  ]);
});

Deno.test("readUpgradeRequest reads what the handshake is about", () => {
  assertEquals(readUpgradeRequest(parseRequestHead(REQUEST_HEAD)), {
    key: SAMPLE_KEY,
    version: "13",
    origin: "http://example.com",
    host: "server.example.com",
    protocols: ["chat", "superchat"],
    extensions: [],
  });
  const bare = parseRequestHead(utf8("GET / HTTP/1.1\r\nSec-WebSocket-Protocol: a a\r\n\r\n"));
  const { key, protocols } = readUpgradeRequest(bare);
  assertEquals([key, protocols], [null, []]);
});

const ASKED = { key: SAMPLE_KEY, protocols: ["chat", "superchat"] };

Deno.test("the response of §1.3 breaks no rule", () => {
  assertEquals(checkUpgradeResponse(parseResponseHead(RESPONSE_HEAD), ASKED), []);
  const deflate = changed(
    RESPONSE_HEAD,
    "Sec-WebSocket-Protocol: chat",
    "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover",
  );
  const extensions = ["permessage-deflate"];
  assertEquals(checkUpgradeResponse(parseResponseHead(deflate), { ...ASKED, extensions }), []);
});

const ACCEPT_LINE = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
for (
  const [name, from, to, rule, header] of [
    ["status 200", "101 Switching Protocols", "200 OK", "status-not-101", undefined],
    ["HTTP/1.0", "HTTP/1.1", "HTTP/1.0", "http-version-too-old", undefined],
    ["no Upgrade", "Upgrade: websocket\r\n", "", "upgrade-invalid", "Upgrade"],
    ["more than one upgrade", "websocket\r", "websocket, h2c\r", "upgrade-invalid", "Upgrade"],
    ["no Connection", "Connection: Upgrade\r\n", "", "connection-invalid", "Connection"],
    ["no accept", ACCEPT_LINE, "", "accept-missing", "Sec-WebSocket-Accept"],
    [
      "two accepts",
      ACCEPT_LINE,
      ACCEPT_LINE + ACCEPT_LINE,
      "accept-missing",
      "Sec-WebSocket-Accept",
    ],
    ["a wrong accept", "s3pP", "S3pP", "accept-wrong", "Sec-WebSocket-Accept"],
    [
      "an extension nobody offered",
      "Sec-WebSocket-Protocol: chat",
      "Sec-WebSocket-Extensions: x",
      "extension-not-offered",
      "Sec-WebSocket-Extensions",
    ],
    [
      "a malformed extension",
      "Sec-WebSocket-Protocol: chat",
      "Sec-WebSocket-Extensions: =",
      "extensions-malformed",
      "Sec-WebSocket-Extensions",
    ],
    [
      "a protocol nobody asked for",
      ": chat",
      ": other",
      "protocol-not-offered",
      "Sec-WebSocket-Protocol",
    ],
    [
      "two protocols",
      ": chat",
      ": chat\r\nSec-WebSocket-Protocol: superchat",
      "protocol-repeated",
      "Sec-WebSocket-Protocol",
    ],
  ] as const
) {
  Deno.test(`a response with ${name} breaks ${rule}`, () => {
    const head = parseResponseHead(changed(RESPONSE_HEAD, from, to));
    const findings = checkUpgradeResponse(head, ASKED);
    assertEquals(findings.map(({ rule, header }) => ({ rule, header })), [{ rule, header }]);
  });
}

Deno.test("a response's protocol and extension need to have been asked for", () => {
  const head = parseResponseHead(RESPONSE_HEAD);
  assertEquals(checkUpgradeResponse(head, { key: SAMPLE_KEY }).map(({ rule }) => rule), [
    "protocol-not-offered",
  ]);
});

for (
  const [answer, rule] of [
    ["permessage-deflate; server_max_window_bits=9", null],
    ["permessage-deflate", "deflate-answer-not-offered"],
    ["permessage-deflate; server_max_window_bits", "deflate-parameter-value"],
    ["permessage-deflate; x", "deflate-parameter-unknown"],
  ] as const
) {
  Deno.test(`a response's permessage-deflate is checked against the offer: ${answer}`, () => {
    const head = parseResponseHead(
      changed(
        RESPONSE_HEAD,
        "Sec-WebSocket-Protocol: chat",
        `Sec-WebSocket-Extensions: ${answer}`,
      ),
    );
    const offers = parseExtensions(["permessage-deflate; server_max_window_bits=9"])!;
    const rules = (extensions: UpgradeResponseOptions["extensions"]) =>
      checkUpgradeResponse(head, { ...ASKED, extensions }).map(({ rule }) => rule);
    assertEquals(rules(offers), rule ? [rule] : []);
    // Only named, its parameters are looked at by themselves.
    const alone = rule === "deflate-answer-not-offered" ? null : rule;
    assertEquals(rules(["permessage-deflate"]), alone ? [alone] : []);
    assertEquals(rules(undefined), ["extension-not-offered"]);
  });
}

Deno.test("a response has Sec-WebSocket-Extensions once, a request as often as it likes", () => {
  const twice = "Sec-WebSocket-Extensions: a\r\nSec-WebSocket-Extensions: b";
  const response = changed(RESPONSE_HEAD, "Sec-WebSocket-Protocol: chat", twice);
  const findings = checkUpgradeResponse(parseResponseHead(response), {
    ...ASKED,
    extensions: ["a", "b"],
  });
  assertEquals(findings.map(({ rule, section }) => [rule, section]), [
    ["extensions-repeated", "11.3.2"],
  ]);
  const head = request(ORIGIN_LINE, `${twice}\r\n`);
  assertEquals(checkUpgradeRequest(head), []);
  assertEquals(readUpgradeRequest(head).extensions.map(({ name }) => name), ["a", "b"]);
});
