import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { findHeadEnd, HandshakeError, parseRequestHead, parseResponseHead } from "@/frames/mod.ts";
import { concat, hex, Random, utf8 } from "./helpers.ts";
import { REQUEST_HEAD, RESPONSE_HEAD } from "./vectors.ts";

Deno.test("parseRequestHead reads the example of §1.2 and leaves what follows", () => {
  const head = parseRequestHead(concat(REQUEST_HEAD, hex("81 00")));
  assertEquals([head.method, head.target, head.version], ["GET", "/chat", "HTTP/1.1"]);
  assertStrictEquals(head.length, REQUEST_HEAD.length);
  assertStrictEquals(head.headers.length, 7);
  assertEquals(head.headers[3], ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="]);
});

Deno.test("parseResponseHead reads the example of §1.3", () => {
  const head = parseResponseHead(RESPONSE_HEAD);
  assertEquals([head.version, head.status, head.reason], ["HTTP/1.1", 101, "Switching Protocols"]);
  assertStrictEquals(head.length, RESPONSE_HEAD.length);
  assertEquals(parseResponseHead(utf8("HTTP/1.1 200 \r\n\r\n")).reason, "");
});

Deno.test("a head cut anywhere is incomplete", () => {
  for (let cut = 0; cut < REQUEST_HEAD.length; cut++) {
    const part = REQUEST_HEAD.subarray(0, cut);
    assertStrictEquals(findHeadEnd(part), -1);
    const error = assertThrows(() => parseRequestHead(part), HandshakeError);
    assertEquals([error.rule, error.status, error.offset], ["head-incomplete", 400, cut]);
  }
});

Deno.test("findHeadEnd goes on from the last look less three bytes", () => {
  for (let seen = 0; seen < REQUEST_HEAD.length; seen++) {
    assertStrictEquals(findHeadEnd(REQUEST_HEAD, seen - 3), REQUEST_HEAD.length);
  }
  assertStrictEquals(findHeadEnd(utf8("\r\n\r\n\r\n\r\n")), 4);
  assertStrictEquals(findHeadEnd(utf8("\n\n\r\n\n\r\n")), -1);
});

const FIELD = (line: string) => `GET / HTTP/1.1\r\nHost: a\r\n${line}\r\n\r\n`;
for (
  const [name, text, rule, status, offset] of [
    ["no version", "GET /\r\n\r\n", "request-line-malformed", 400, 0],
    ["two spaces", "GET  / HTTP/1.1\r\n\r\n", "request-line-malformed", 400, 0],
    ["a space in the target", "GET /a b HTTP/1.1\r\n\r\n", "request-line-malformed", 400, 0],
    ["a method that isn't a token", "G(T / HTTP/1.1\r\n\r\n", "request-line-malformed", 400, 0],
    ["a target beyond ASCII", "GET /ä HTTP/1.1\r\n\r\n", "request-line-malformed", 400, 0],
    ["small letters in HTTP", "GET / http/1.1\r\n\r\n", "request-line-malformed", 400, 0],
    ["the HTTP/2 preface's version", "PRI * HTTP/20\r\n\r\n", "request-line-malformed", 400, 0],
    ["nothing at all", "\r\n\r\n", "request-line-malformed", 400, 0],
    ["a bare LF", FIELD("A: b\nC: d"), "line-end-malformed", 400, 25],
    ["a bare CR", FIELD("A: b\rC: d"), "line-end-malformed", 400, 25],
    ["a folded field", FIELD("A: b\r\n c"), "folded-header-malformed", 400, 31],
    ["a field folded with a tab", FIELD("A: b\r\n\tc"), "folded-header-malformed", 400, 31],
    ["no colon", FIELD("Upgrade"), "header-name-malformed", 400, 25],
    ["no name", FIELD(": b"), "header-name-malformed", 400, 25],
    ["a space before the colon", FIELD("A : b"), "header-name-malformed", 400, 25],
    ["a NUL in a value", FIELD("A: b\0c"), "header-value-malformed", 400, 25],
    ["a DEL in a value", FIELD("A: b\x7f"), "header-value-malformed", 400, 25],
  ] as const
) {
  Deno.test(`parseRequestHead refuses ${name}`, () => {
    const error = assertThrows(
      () => parseRequestHead(utf8(text)),
      HandshakeError,
      "Cannot read head",
    );
    assertEquals([error.rule, error.status, error.offset], [rule, status, offset]);
    assertStrictEquals(error.code, `ERR_${rule.toUpperCase().replaceAll("-", "_")}`);
  });
}

for (
  const text of [
    "HTTP/1.1\r\n\r\n",
    "HTTP/1.1 99 x\r\n\r\n",
    "HTTP/1.1 1000 x\r\n\r\n",
    "HTTP 200 OK\r\n\r\n",
    "HTTP/1.1 200 O\0K\r\n\r\n",
  ]
) {
  Deno.test(`parseResponseHead refuses ${JSON.stringify(text)}`, () => {
    const error = assertThrows(() => parseResponseHead(utf8(text)), HandshakeError);
    assertStrictEquals(error.rule, "status-line-malformed");
  });
}

Deno.test("values lose the spaces around them and keep the rest, as Latin-1", () => {
  const bytes = concat(
    utf8("GET / HTTP/1.1\r\nA: \t b  c\t \r\nB:\r\nC:"),
    hex("e4"),
    utf8("\r\n\r\n"),
  );
  assertEquals(parseRequestHead(bytes).headers, [["A", "b  c"], ["B", ""], ["C", "ä"]]);
});

Deno.test("a large head is read within its limit", () => {
  const bytes = utf8(`GET / HTTP/1.1\r\nA: b${" ".repeat(500_000)}c\r\n\r\n`);
  const [[, value]] = parseRequestHead(bytes, { maxHeadBytes: 2 ** 20 }).headers;
  assertStrictEquals(value.length, 500_002);
});

Deno.test("limits: size and count of fields", () => {
  const status = (run: () => unknown) => {
    const { rule, status } = assertThrows(run, HandshakeError);
    return [rule, status];
  };
  const most = REQUEST_HEAD.length;
  assertStrictEquals(parseRequestHead(REQUEST_HEAD, { maxHeadBytes: most }).length, most);
  assertEquals(
    status(() => parseRequestHead(REQUEST_HEAD, { maxHeadBytes: most - 1 })),
    ["head-too-large", 431],
  );
  assertEquals(status(() => parseRequestHead(new Uint8Array(16384))), ["head-too-large", 431]);
  assertStrictEquals(parseRequestHead(REQUEST_HEAD, { maxHeaders: 7 }).headers.length, 7);
  assertEquals(
    status(() => parseRequestHead(REQUEST_HEAD, { maxHeaders: 6 })),
    ["head-too-many-headers", 431],
  );
});

Deno.test("garbage never throws anything but HandshakeError", () => {
  const random = new Random(9112);
  let refused = 0;
  for (let round = 0; round < 2000; round++) {
    const bytes = random.pick([REQUEST_HEAD, RESPONSE_HEAD]).slice();
    for (let i = random.below(4); i >= 0; i--) {
      bytes[random.below(bytes.length)] = random.below(256);
    }
    for (const parse of [parseRequestHead, parseResponseHead]) {
      try {
        parse(bytes);
      } catch (error) {
        if (!(error instanceof HandshakeError)) throw error;
        refused++;
      }
    }
  }
  assertStrictEquals(refused > 2000, true);
});
