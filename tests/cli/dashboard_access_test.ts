import { assert, assertEquals, assertMatch } from "@std/assert";
import { DashboardAccess } from "@/cli/dashboard_access.ts";
import type { Permission } from "@/server/mod.ts";

const TOKEN = "correct-horse-battery";
const CLIENT: readonly Permission[] = ["read", "write"];
const ADMIN: readonly Permission[] = ["read", "write", "monitor", "admin"];
/** Headers by which a proxy says that it stands between. */
const PROXY_HEADERS = [
  "Forwarded",
  "Via",
  "X-Forwarded-For",
  "X-Forwarded-Host",
  "X-Forwarded-Proto",
  "X-Forwarded",
  "X-Real-IP",
  "X-Client-IP",
  "True-Client-IP",
  "CF-Connecting-IP",
];

function request(headers: Record<string, string> = {}): Request {
  return new Request("http://localhost:8000/", { headers: { host: "localhost:8000", ...headers } });
}

/** `name=value` of a `Set-Cookie`. */
function pair(setCookie: string | null): string {
  return setCookie!.split(";")[0];
}

const onLoopback = () => new DashboardAccess({ open: true });
const elsewhere = () => new DashboardAccess({ open: false, adminToken: TOKEN });

Deno.test("on loopback a page sets the cookie, and the cookie gives everything", () => {
  const access = onLoopback();
  const cookie = access.cookieFor(request())!;
  assertMatch(cookie, /^roomscope_monitor=[0-9a-f]{64};/);
  for (const attribute of ["HttpOnly", "SameSite=Strict", "Path=/"]) {
    assert(cookie.split("; ").includes(attribute), `${attribute} in ${cookie}`);
  }
  assertEquals(access.permissions(request()), CLIENT, "loopback alone gives nothing");
  assertEquals(access.permissions(request({ cookie: pair(cookie) })), ADMIN);
  assertEquals(access.cookieFor(request({ cookie: pair(cookie) })), null, "it has it already");
});

Deno.test("each start has a cookie of its own", () => {
  const old = pair(onLoopback().cookieFor(request()));
  assertEquals(onLoopback().permissions(request({ cookie: old })), CLIENT);
});

Deno.test("on loopback only while Host is loopback", () => {
  const access = onLoopback();
  const cookie = pair(access.cookieFor(request()));
  for (const host of ["localhost", "LOCALHOST:1", "127.0.0.1:8000", "127.9.9.9", "[::1]:8000"]) {
    assert(access.mayMonitor(request({ host })), host);
    assertEquals(access.permissions(request({ host, cookie })), ADMIN, host);
  }
  const others = [
    "example.com",
    "localhost.example.com",
    "127.0.0.1.example.com",
    "192.0.2.1",
    "a b",
    "",
  ];
  for (const host of others) {
    assertEquals(access.mayMonitor(request({ host, cookie })), false, host);
    assertEquals(access.permissions(request({ host, cookie })), CLIENT, host);
    assertEquals(access.cookieFor(request({ host })), null, host);
  }
  const without = new Request("http://localhost:8000/");
  assertEquals(access.mayMonitor(without), false, "no Host at all");
});

for (const header of PROXY_HEADERS) {
  Deno.test(`on loopback ${header} closes the dashboard, cookie or not`, () => {
    const access = onLoopback();
    const cookie = pair(access.cookieFor(request()));
    for (
      const headers of [{ [header]: "x" }, { [header]: "", cookie }, { [header]: "x", cookie }]
    ) {
      assertEquals(access.mayMonitor(request(headers)), false);
      assertEquals(access.permissions(request(headers)), CLIENT);
      assertEquals(access.cookieFor(request(headers)), null);
    }
  });
}

Deno.test("elsewhere nobody gets a cookie but for the token", () => {
  const access = elsewhere();
  assertEquals([access.cookieFor(request()), access.mayMonitor(request())], [null, false]);
  for (const wrong of ["", "x", TOKEN.slice(1), `${TOKEN}x`, TOKEN.toUpperCase()]) {
    assertEquals(access.signIn(wrong), null);
  }
  const cookie = pair(access.signIn(TOKEN));
  assertEquals(access.permissions(request({ cookie })), ADMIN);
  assert(access.mayMonitor(request({ cookie })));
});

Deno.test("who signed in stays so behind a proxy and under any Host", () => {
  const access = elsewhere();
  const cookie = pair(access.signIn(TOKEN));
  const headers = { cookie, "x-forwarded-for": "192.0.2.1", host: "rooms.example.com" };
  assertEquals(access.permissions(request(headers)), ADMIN);
});

Deno.test("without a token nobody can sign in", () => {
  for (const open of [true, false]) {
    const access = new DashboardAccess({ open });
    for (const token of ["", "undefined", "x"]) assertEquals(access.signIn(token), null);
    assertEquals(access.mayMonitor(request({ authorization: "Bearer " })), !open ? false : true);
    assertEquals(access.permissions(request({ authorization: "Bearer undefined" })), CLIENT);
  }
});

Deno.test("programs bring the token as a bearer", () => {
  const access = elsewhere();
  for (const authorization of [`Bearer ${TOKEN}`, `bearer ${TOKEN}`]) {
    assert(access.mayMonitor(request({ authorization })));
    assertEquals(access.permissions(request({ authorization })), ADMIN);
  }
  const wrong = [
    TOKEN,
    `Basic ${TOKEN}`,
    "Bearer",
    "Bearer ",
    `Bearer ${TOKEN}x`,
    `Bearer x${TOKEN}`,
    `Bearer  ${TOKEN}`,
    `BearerX ${TOKEN}`,
  ];
  for (const authorization of wrong) {
    assertEquals(access.mayMonitor(request({ authorization })), false, authorization);
  }
});

Deno.test("a wrong or malformed Cookie is none", () => {
  const access = elsewhere();
  const good = pair(access.signIn(TOKEN));
  const bad = [
    "",
    "roomscope_monitor",
    "roomscope_monitor=",
    `roomscope_monitor=${"0".repeat(64)}`,
    `${good}0`,
    good.slice(0, -1),
    good.toUpperCase(),
    `other=${good.split("=")[1]}`,
    "a=1;",
    ";;;",
    "=".repeat(10_000),
  ];
  for (const cookie of bad) {
    assertEquals(access.permissions(request({ cookie })), CLIENT, cookie.slice(0, 40));
  }
  assertEquals(access.permissions(request({ cookie: `a=1; ${good}; b=2` })), ADMIN);
});

Deno.test("every character of a secret counts", () => {
  const access = elsewhere();
  const [name, value] = pair(access.signIn(TOKEN)).split("=");
  for (let i = 0; i < value.length; i++) {
    const flipped = value.slice(0, i) + (value[i] === "0" ? "1" : "0") + value.slice(i + 1);
    assertEquals(access.permissions(request({ cookie: `${name}=${flipped}` })), CLIENT);
  }
  for (let i = 0; i < TOKEN.length; i++) {
    assertEquals(access.signIn(`${TOKEN.slice(0, i)}#${TOKEN.slice(i + 1)}`), null);
  }
});

Deno.test("two servers on one host don't overwrite each other's cookie", () => {
  const [one, other] = [8_000, 8_001].map((port) => new DashboardAccess({ open: true, port }));
  const page = new Request("http://localhost/", { headers: { host: "localhost" } });
  const both = [one, other].map((access) => access.cookieFor(page)!.split(";")[0]).join("; ");
  const request = new Request("http://localhost/ws", {
    headers: { host: "localhost", cookie: both },
  });
  assertEquals([one, other].map((access) => access.permissions(request).length), [4, 4]);
});

Deno.test("only our own page changes something: the cookie, and no other site's Origin", () => {
  const access = onLoopback();
  const cookie = pair(access.cookieFor(request()));
  assertEquals(access.mayMonitor(request()), true);
  assertEquals(access.mayChange(request()), false);
  assertEquals(access.mayChange(request({ cookie })), true);
  assertEquals(access.mayChange(request({ cookie, origin: "http://localhost:8000" })), true);
  for (const origin of ["http://evil.example", "http://localhost:8001", "null"]) {
    assertEquals(access.mayChange(request({ cookie, origin })), false, origin);
  }
  const token = { authorization: `Bearer ${TOKEN}` };
  assertEquals(elsewhere().mayChange(request(token)), true);
  assertEquals(elsewhere().mayChange(request({ authorization: "Bearer wrong" })), false);
});
