import { assertEquals } from "@std/assert";
import { connectionHash, parseConnectionHash } from "../../components/handshake/connection_hash.ts";
import { handshakeView } from "../../components/handshake/handshake_view.ts";
import { meaningOf } from "../../components/handshake/header_meanings.ts";
import type { HeadRecord } from "../../protocol/server_messages.ts";

const REQUEST = [
  "GET /chat HTTP/1.1",
  "Host: example.com",
  "Upgrade: websocket",
  "Connection: keep-alive, Upgrade",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Protocol: chat, superchat",
  "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
  "Sec-Fetch-Mode: websocket",
];
const RESPONSE = [
  "HTTP/1.1 101 Switching Protocols",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
  "Sec-WebSocket-Protocol: chat",
  "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover",
];

function head(direction: "in" | "out", lines: string[]): HeadRecord {
  const text = `${lines.join("\r\n")}\r\n\r\n`;
  return { direction, at: 1, bytes: btoa(text), total: text.length };
}

function view(request: string[], response?: string[]) {
  const answer = response === undefined ? [] : [head("out", response)];
  return handshakeView([head("in", request), ...answer]);
}

Deno.test("a handshake in which everything is right", () => {
  const { request, response, accept, answered, protocols, protocol, extensions, status, faults } =
    view(REQUEST, RESPONSE);
  assertEquals([status, faults, protocol, protocols], [101, 0, "chat", ["chat", "superchat"]]);
  assertEquals([accept?.accept, accept?.sha1Hex.length], [answered, 40]);
  assertEquals(extensions, [{
    name: "permessage-deflate",
    offered: ["client_max_window_bits"],
    answered: "server_no_context_takeover",
  }]);
  assertEquals([request?.line, response?.line], [REQUEST[0], RESPONSE[0]]);
  assertEquals(
    request?.rows.map(({ name, matters }) => [name, matters]).at(-1),
    ["Sec-Fetch-Mode", false],
  );
});

Deno.test("a finding stands at its header; a missing one's at the head", () => {
  const { request, faults } = view(
    REQUEST.map((line) => line.replace("Version: 13", "Version: 8"))
      .filter((line) => !line.startsWith("Upgrade")),
  );
  assertEquals(faults, 2);
  assertEquals(request?.findings.map(({ rule }) => rule), ["upgrade-invalid"]);
  const marked = request?.rows.filter(({ findings }) => findings.length > 0);
  assertEquals(marked?.map(({ name, findings }) => [name, findings[0].rule]), [
    ["Sec-WebSocket-Version", "version-unsupported"],
  ]);
});

Deno.test("a wrong accept key and an extension that nobody offered", () => {
  const { faults, response, extensions } = view(
    REQUEST.filter((line) => !line.includes("Extensions")),
    RESPONSE.map((line) => line.replace("s3pPL", "xxxxx")),
  );
  assertEquals(faults, 2);
  assertEquals(
    response?.rows.flatMap(({ findings }) => findings.map(({ rule }) => rule)),
    ["accept-wrong", "extension-not-offered"],
  );
  assertEquals(extensions[0].offered, []);
});

Deno.test("a refusal isn't held against the rules of an agreement", () => {
  const { status, faults, response } = view(REQUEST, [
    "HTTP/1.1 403 Forbidden",
    "Content-Length: 0",
  ]);
  assertEquals([status, faults, response?.rows[0].meaning], [
    ...[403, 0, "bytes of the body that follows"],
  ]);
});

Deno.test("a head that can't be read shows why, and its bytes", () => {
  const { request, faults, accept } = view(["GET /chat", "Host: a"]);
  assertEquals([faults, accept, request?.line], [1, null, "GET /chat"]);
  assertEquals(request?.unreadable?.rule, "request-line-malformed");
});

Deno.test("nothing captured is an empty view", () => {
  const { request, response, status, faults } = handshakeView([]);
  assertEquals([request, response, status, faults], [null, null, null, 0]);
});

Deno.test("headers have meanings, whatever their case", () => {
  assertEquals(meaningOf("SEC-WebSocket-KEY").section, "§11.3.1");
  assertEquals(meaningOf("sec-fetch-site").section, "Fetch Metadata");
  assertEquals(meaningOf("constructor").section, "");
});

Deno.test("an address names a connection", () => {
  assertEquals(parseConnectionHash(connectionHash("12")), "12");
  for (const hash of ["", "#", "#room=a", "#connection=", `#connection=${"x".repeat(65)}`]) {
    assertEquals(parseConnectionHash(hash), null, hash);
  }
});
