import { assert, assertEquals, assertFalse } from "@std/assert";
import { isAllowedHost, isAllowedOrigin } from "@/server/mod.ts";
import { isLoopback } from "@/server/admission.ts";
import { answerTo, GOOD } from "./handshakes.ts";
import { serveRooms } from "./harness.ts";

Deno.test("handshakes get the status that their fault asks for", async (t) => {
  await using served = serveRooms({
    allowedHosts: ["localhost"],
    allowedOrigins: ["https://*.example.com"],
  });
  const cases: [string, number, Record<string, string | null>, string?][] = [
    ["whole", 101, {}],
    ["our own origin", 101, { Origin: "http://localhost" }],
    ["an allowed origin", 101, { Origin: "https://app.example.com" }],
    ["another origin", 403, { Origin: "https://example.org" }],
    ["an opaque origin", 403, { Origin: "null" }],
    ["an origin that only looks allowed", 403, { Origin: "https://example.com.example.org" }],
    ["another host", 403, { Host: "rebound.example.com" }],
    ["version 12", 426, { "Sec-WebSocket-Version": "12" }],
    ["no version", 400, { "Sec-WebSocket-Version": null }],
    ["no key", 400, { "Sec-WebSocket-Key": null }],
    ["a short key", 400, { "Sec-WebSocket-Key": "abc" }],
    ["another upgrade", 400, { Upgrade: "h2c" }],
    ["no connection token", 400, { Connection: "keep-alive" }],
    ["POST", 400, {}, "POST"],
  ];
  for (const [name, status, changes, method] of cases) {
    await t.step(`${name}: ${status}`, async () => {
      const headers = Object.fromEntries(
        Object.entries({ ...GOOD, ...changes }).filter(([, value]) => value !== null),
      ) as Record<string, string>;
      const answer = await answerTo(served.port, headers, method);
      assertEquals(answer.status, status);
      if (status === 426) assert(/^sec-websocket-version: 13\r$/im.test(answer.head));
      if (status >= 400) assert(/^connection: close\r$/im.test(answer.head));
    });
  }
  const failed = served.rooms.connections().filter((record) => record.clientId === null);
  assertEquals(failed.length, cases.filter(([, status]) => status !== 101).length);
  assertEquals(failed[0].transitions.map(({ from, to }) => [from, to]), [[0, 3]]);
  assertEquals(failed[0].close?.rule, "origin-refused");
});

Deno.test("a request that isn't a handshake is told so and isn't counted as one", async () => {
  await using served = serveRooms();
  const { status, head } = await answerTo(served.port, { Host: "localhost" });
  assertEquals(status, 426);
  assert(/^upgrade: websocket\r$/im.test(head));
  assertEquals(served.rooms.connections(), []);
});

Deno.test("a check that throws is the server's fault, and the port stays open", async () => {
  let broken = true;
  await using served = serveRooms({
    permissions: () => {
      if (broken) throw new Error("no database");
      return ["read", "write"];
    },
  });
  assertEquals((await answerTo(served.port, GOOD)).status, 500);
  broken = false;
  assertEquals((await answerTo(served.port, GOOD)).status, 101);
});

Deno.test("origins: same host by default, patterns without crossing a slash", () => {
  assert(isAllowedOrigin(null, "localhost", []));
  assert(isAllowedOrigin("http://localhost:8000", "localhost:8000", []));
  assert(isAllowedOrigin("https://example.com", "example.com:443", []));
  assert(isAllowedOrigin("https://a.example.com", "x", ["https://*.example.com"]));
  assert(isAllowedOrigin("null", "x", ["null"]));
  assertFalse(isAllowedOrigin("http://localhost:8001", "localhost:8000", []));
  assertFalse(isAllowedOrigin("https://example.com/.example.com", "x", ["https://*.example.com"]));
  assertFalse(isAllowedOrigin("https://axexample.com", "x", ["https://a.example.com"]));
  assertFalse(isAllowedOrigin("file://localhost", "localhost", []));
  assertFalse(isAllowedOrigin("not a url", "localhost", []));
  assertFalse(isAllowedOrigin("http://localhost", null, []));
});

Deno.test("hosts: by name, whatever the port", () => {
  assert(isAllowedHost("evil", undefined));
  assert(isAllowedHost("LOCALHOST:8000", ["localhost"]));
  assert(isAllowedHost("[::1]:8000", ["[::1]"]));
  assertFalse(isAllowedHost("localhost.example.com", ["localhost"]));
  assertFalse(isAllowedHost("a b", ["localhost"]));
  assertFalse(isAllowedHost(null, ["localhost"]));
});

Deno.test("loopback is 127.0.0.0/8 and ::1", () => {
  for (const address of ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"]) {
    assert(isLoopback(address));
  }
  for (const address of ["128.0.0.1", "::2", "127.0.0.1.example.com", ""]) {
    assertFalse(isLoopback(address));
  }
});
