/**
 * The start command as users run it: a child process, told by flags and variables, ended by
 * signals.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { START_FLAGS } from "@/cli/start_flags.ts";
import type { ConnectionRecord } from "@/protocol/mod.ts";
import { VERSION } from "@/protocol/mod.ts";
import type { ServerStats } from "@/server/mod.ts";
import { type CommandOptions, ensureBuilt, startCommand } from "../command.ts";
import { exchange, httpRequest } from "../facts/http_request.ts";
import { RawClient } from "../facts/raw_client.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const TOKEN = "correct-horse-battery-staple";
const FORM = "Content-Type: application/x-www-form-urlencoded";

await ensureBuilt();

function command(args: string[], env: Record<string, string>): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "start.ts", ...args],
    cwd: ROOT,
    env,
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs the command where it should end by itself. */
async function runToEnd(args: string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await command(args, env).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Runs something with a file that holds the admin token. */
async function withTokenFile(run: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, `${TOKEN}\n`);
    await run(path);
  } finally {
    await Deno.remove(path);
  }
}

/** `name=value` of the cookie that an answer sets. */
function cookieOf(head: string): string {
  return /^set-cookie: ([^;\r]+)/im.exec(head)?.[1] ?? "";
}

async function statsOf(port: number): Promise<ServerStats> {
  return JSON.parse((await httpRequest(port, "GET /api/stats HTTP/1.1")).body);
}

Deno.test("--help: code 0, every flag with its default", async () => {
  const { code, stdout, stderr } = await runToEnd(["--help"]);
  assertEquals([code, stderr], [0, ""]);
  for (const [name, { help, fallback }] of Object.entries(START_FLAGS)) {
    const line = stdout.split("\n").find((one) => one.trimStart().startsWith(`--${name} `)) ?? "";
    assertStringIncludes(line, help);
    if (fallback !== undefined) assertStringIncludes(line, `[${fallback}]`);
  }
  assertStringIncludes(stdout, "0 switches a limit off");
  assertStringIncludes(stdout, "ROOMSCOPE_RATE_LIMIT");
});

Deno.test("--version: code 0 and the version alone", async () => {
  assertEquals(await runToEnd(["--version"]), { code: 0, stdout: `${VERSION}\n`, stderr: "" });
});

Deno.test("wrong flags and values: code 2, what is wrong, nothing on standard output", async (t) => {
  const bad: [string[], string, Record<string, string>?][] = [
    [["--bogus"], "Unknown option '--bogus'"],
    [["stray"], "Unexpected argument 'stray'"],
    [["--port", "65536"], "Cannot use --port: it is not a whole number from 0 to 65535 but 65536"],
    [["--rate-limit=-1"], "Cannot use --rate-limit"],
    [["--heartbeat-ms", "2147483648"], "Cannot use --heartbeat-ms"],
    [["--host", ""], "Cannot use --host: it is empty"],
    [["--origin", "example.com"], "Cannot use --origin"],
    [["--allowed-host", "example.com:80"], "Cannot use --allowed-host"],
    [["--host", "0.0.0.0"], "Cannot listen on 0.0.0.0: --admin-token-file is missing"],
    [["--admin-token-file", "/nowhere/token"], "Cannot read --admin-token-file"],
    [["--admin-token-file", "/dev/null"], "16 to 1024 visible ASCII characters"],
    [["--report-url", "ftp://x"], "Cannot use --report-url: it is not an http or https address"],
    [
      ["--report-url", "http://me:word@x/"],
      "Cannot use --report-url: it holds a name and password",
    ],
    [["--report-seconds", "0"], "Cannot use --report-seconds: it is not a whole number from 1"],
    [["--report-token-file", "/nowhere/token"], "Cannot read --report-token-file"],
    [["--log", "xml"], "Cannot use --log: it is not one of text, json but xml"],
    [["--log-level", "all"], "Cannot use --log-level: it is not one of debug, info, warn, error"],
    [[], "Cannot use ROOMSCOPE_LOG:", { ROOMSCOPE_LOG: "yaml" }],
    [[], "Cannot use PORT: it is not a whole number", { PORT: "abc" }],
    [[], "Cannot use ROOMSCOPE_NO_TAP", { ROOMSCOPE_NO_TAP: "perhaps" }],
  ];
  for (const [args, message, env] of bad) {
    await t.step([...args, JSON.stringify(env ?? {})].join(" "), async () => {
      const { code, stdout, stderr } = await runToEnd(args, env);
      assertEquals([code, stdout], [2, ""]);
      assertStringIncludes(stderr, message);
      assertStringIncludes(stderr, "Run with --help for the flags.");
      assertEquals(stderr.includes("    at "), false, "no stack");
    });
  }
});

Deno.test("where it can't listen: code 1 and why", async (t) => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = String(taken.addr.port);
  for (const flags of [[], ["--no-tap"]]) {
    await t.step(`a taken port ${flags}`, async () => {
      const { code, stderr } = await runToEnd(["--port", port, ...flags]);
      assertEquals(code, 1);
      assertEquals(
        stderr,
        `Cannot listen on 127.0.0.1, port ${port}: the port is taken. Choose another with --port.\n`,
      );
    });
  }
  await t.step("an address of another machine", () =>
    withTokenFile(async (path) => {
      const { code, stderr } = await runToEnd(["--host", "192.0.2.1", "--admin-token-file", path]);
      assertEquals(code, 1);
      assertStringIncludes(stderr, "this machine has no such address");
    }));
});

Deno.test("on loopback, as it starts by itself", async (t) => {
  await using run = await startCommand();
  const { port } = run;

  await t.step("it says where it is and what is in force", () => {
    assertMatch(run.printed(), /^Roomscope ready: http:\/\/localhost:\d+$/m);
    assertStringIncludes(run.printed(), "tap and guard on");
    assertMatch(run.printed(), /at most \d+ connections/);
  });

  await t.step("/ is the dashboard and sets its cookie", async () => {
    const { status, head, body } = await httpRequest(port, "GET / HTTP/1.1");
    assertEquals(status, 200);
    assertMatch(head, /^set-cookie: roomscope_monitor=[0-9a-f]{64}; HttpOnly; SameSite=Strict/im);
    assertMatch(head, /^content-type: text\/html/im);
    assertStringIncludes(body, "Roomscope");
  });

  await t.step("/healthz", async () => {
    const { status, body } = await httpRequest(port, "GET /healthz HTTP/1.1");
    assertEquals([status, body], [200, "ok"]);
  });

  await t.step("/api/stats", async () => {
    const { status, head, body } = await httpRequest(port, "GET /api/stats HTTP/1.1");
    assertEquals(status, 200);
    assertMatch(head, /^cache-control: no-store/im);
    const { policy } = JSON.parse(body) as ServerStats;
    assertEquals([policy.version, policy.tap, policy.guard], [VERSION, true, true]);
  });

  await t.step("/ws for what is no handshake, and it isn't counted as one", async () => {
    const before = (await statsOf(port)).totals.errors;
    const { status, head } = await httpRequest(port, "GET /ws HTTP/1.1");
    assertEquals(status, 426);
    assertMatch(head, /^upgrade: websocket/im);
    assertMatch(head, /^sec-websocket-version: 13/im);
    assertEquals((await httpRequest(port, "POST /ws HTTP/1.1")).status >= 400, true);
    assertEquals((await statsOf(port)).totals.errors, before);
  });

  await t.step("paths that there aren't, and methods", async () => {
    // Who may not see pages is led to the sign-in page; here everything is open.
    assertEquals((await httpRequest(port, "GET /nowhere HTTP/1.1")).status, 404);
    assertEquals((await httpRequest(port, "DELETE /healthz HTTP/1.1")).status, 405);
  });

  await t.step("another Host is refused everywhere", async () => {
    const lines = ["Host: rebound.example.com"];
    for (const path of ["/", "/healthz", "/api/stats", "/styles.css"]) {
      const { status, head, body } = await httpRequest(port, `GET ${path} HTTP/1.1`, lines);
      assertEquals([status, cookieOf(head), body], [403, "", "Cannot serve this host\n"], path);
    }
    const socket = await RawClient.connect(port, { lines });
    assertEquals(socket.status, 403);
    socket[Symbol.dispose]();
  });

  await t.step("another Origin is refused before the socket opens, our own isn't", async () => {
    for (
      const [origin, status] of [
        ["http://example.org", 403],
        ["null", 403],
        ["http://localhost", 101],
      ] as const
    ) {
      using socket = await RawClient.connect(port, { lines: [`Origin: ${origin}`] });
      assertEquals(socket.status, status, origin);
    }
  });

  await t.step("welcome tells the limits", async () => {
    using socket = await RawClient.connect(port);
    const { limits, permissions, heartbeatMs } = await socket.next("welcome");
    assertEquals(limits, {
      messagesPerSecond: 10,
      maxMessageBytes: 65_536,
      maxContentLength: 1_000,
      maxRoomsPerClient: 100,
      maxRoomNameLength: 128,
      maxOpenRequests: 16,
    });
    assertEquals([permissions, heartbeatMs], [["read", "write"], 30_000]);
  });

  await t.step(
    "the page's cookie lets its socket watch, unless a proxy stands between",
    async () => {
      const cookie = `Cookie: ${cookieOf((await httpRequest(port, "GET / HTTP/1.1")).head)}`;
      using viewer = await RawClient.connect(port, { lines: [cookie] });
      const { permissions } = await viewer.next("welcome");
      assertEquals(permissions, ["read", "write", "monitor", "admin"]);
      using proxied = await RawClient.connect(port, {
        lines: [cookie, "X-Forwarded-For: 192.0.2.1"],
      });
      assertEquals((await proxied.next("welcome")).permissions, ["read", "write"]);
    },
  );

  await t.step("a proxy's header closes the dashboard", async () => {
    const lines = ["Host: localhost", "Via: 1.1 proxy"];
    assertEquals((await httpRequest(port, "GET /api/stats HTTP/1.1", lines)).status, 403);
    assertEquals((await httpRequest(port, "GET / HTTP/1.1", lines)).status, 303);
  });

  await t.step("who goes on too fast: 1008 by the server, also in its record", async () => {
    const cookie = `Cookie: ${cookieOf((await httpRequest(port, "GET / HTTP/1.1")).head)}`;
    using viewer = await RawClient.open(port, { lines: [cookie] });
    await viewer.say({ type: "monitor_start", topics: ["connections"] });
    using flood = await RawClient.connect(port);
    const { clientId } = await flood.next("welcome");
    for (let i = 0; i < 80; i++) flood.say({ type: "leave_room", room: "x" });
    assertEquals(await flood.ended, { code: 1008, reason: "Too many messages" });
    const refused = flood.mailbox.filter(({ code }) => code === "rate_limited");
    assertEquals(refused.length, 51, "every answer came before the Close");
    let record: ConnectionRecord | undefined;
    while (record?.state !== 3) {
      const changed = (await viewer.next("connections")).changed as ConnectionRecord[];
      record = changed.find((one) => one.clientId === clientId) ?? record;
    }
    assertEquals([record.close?.code, record.close?.by], [1008, "server"]);
  });

  await t.step("without a token nobody signs in", async () => {
    const { status, head } = await submit(port, ["Host: localhost"], "token=undefined");
    assertEquals(status, 303);
    assertMatch(head, /^location: \/signin\?failed=1\r?$/im);
  });
});

Deno.test("flags reach the server", async () => {
  await using run = await startCommand([
    ...["--rate-limit", "0", "--max-message-bytes", "5000", "--max-content-length", "7"],
    ...["--max-rooms-per-client", "2", "--max-room-name-length", "9", "--heartbeat-ms", "12345"],
    ...["--max-connections", "77", "--connections-per-address", "5", "--max-queued-bytes", "99999"],
    ...["--idle-timeout-ms", "4000", "--head-timeout-ms", "3000", "--redact"],
    ...["--max-refused-messages", "3", "--origin", "https://*.example.com"],
  ]);
  assertStringIncludes(run.printed(), "at most 77 connections");
  using socket = await RawClient.connect(run.port, { lines: ["Origin: https://app.example.com"] });
  const { limits, heartbeatMs } = await socket.next("welcome");
  assertEquals(limits, {
    messagesPerSecond: 0,
    maxMessageBytes: 5_000,
    maxContentLength: 7,
    maxRoomsPerClient: 2,
    maxRoomNameLength: 9,
    maxOpenRequests: 16,
  });
  assertEquals(heartbeatMs, 12_345);
  for (let i = 0; i < 200; i++) socket.say({ type: "leave_room", room: "x" });
  await socket.settle();
  assertEquals(socket.mailbox.some(({ type }) => type === "error"), false, "no rate limit");
  const { policy } = await statsOf(run.port);
  assertEquals(policy.redact, true);
  assertEquals(policy.limits.maxRefusedMessages, 3);
  assertEquals(policy.limits.maxQueuedBytes, 99_999);
  assertEquals([policy.limits.maxConnections, policy.limits.connectionsPerAddress], [77, 5]);
  assertEquals([policy.limits.headTimeoutMs, policy.limits.idleTimeoutMs], [3_000, 5_000]);
  assertEquals([policy.limits.maxMessageBytes, policy.limits.maxUnfinishedBytes], [5_000, 5_000]);
});

Deno.test("every limit in force has a flag that sets it", async () => {
  const limits = Object.entries(START_FLAGS).filter(([name, { kind }]) =>
    kind === "integer" && name !== "port" && name !== "max-connections"
  );
  const values = new Map(
    limits.map(([name, { range }], index) => [name, Math.min(5_000 + index, range![1])]),
  );
  await using run = await startCommand(
    [...values].flatMap(([name, value]) => [`--${name}`, String(value)]),
  );
  const { policy, capture } = await statsOf(run.port);
  const inForce = { ...policy.limits, ...capture };
  const set = new Set(values.values());
  const unset = Object.entries(inForce).filter(([name, value]) =>
    !set.has(value) && !["seen", "kept", "discarded", "keptBytes", "maxConnections"].includes(name)
  );
  // The tap waits a quarter longer than the server for a silent client.
  assertEquals(unset, [["idleTimeoutMs", Math.ceil(values.get("idle-timeout-ms")! * 1.25)]]);
});

for (
  const [flag, said, tap] of [["--no-tap", "no tap", false], [
    "--no-guard",
    "guard off",
    true,
  ]] as const
) {
  Deno.test(`${flag} starts, says so, and rooms work`, async () => {
    await using run = await startCommand([flag]);
    assertStringIncludes(run.printed(), said);
    using ann = await RawClient.join(run.port, "lobby");
    using bob = await RawClient.join(run.port, "lobby");
    await bob.say({ type: "room_message", room: "lobby", content: "hi" });
    assertEquals((await ann.next("room_message")).content, "hi");
    await bob.say({ type: "leave_room", room: "x".repeat(70_000) });
    assertEquals((await bob.next("error")).code, "message_too_big");
    assertEquals((await bob.ended).code, 1009);
    const { policy, capture } = await statsOf(run.port);
    assertEquals([policy.tap, policy.guard, capture !== null], [tap, false, tap]);
    assertEquals((await httpRequest(run.port, "GET /healthz HTTP/1.1")).status, 200);
  });
}

Deno.test("PORT and ROOMSCOPE_ variables hold where no flag is given", async () => {
  using free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = free.addr;
  free.close();
  const env = {
    PORT: String(port),
    ROOMSCOPE_RATE_LIMIT: "3",
    ROOMSCOPE_NO_TAP: "yes",
    ROOMSCOPE_LOG_LEVEL: "error",
  };
  const child = command([], env).spawn();
  const errors = new Response(child.stderr).text();
  let printed = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    printed += text;
    if (!printed.includes("ready")) continue;
    assertStringIncludes(printed, `Roomscope ready: http://localhost:${port}\n`);
    using socket = await RawClient.connect(port);
    const limits = (await socket.next("welcome")).limits as Record<string, number>;
    assertEquals(limits.messagesPerSecond, 3);
    child.kill("SIGTERM");
  }
  assertEquals([(await child.status).code, await errors], [0, ""]);
});

Deno.test("another host's name: the dashboard is closed and the start says how to open it", async () => {
  await using run = await startCommand(["--allowed-host", "rooms.example.com"]);
  assertStringIncludes(run.printed(), "The dashboard is closed");
  const lines = ["Host: rooms.example.com"];
  assertEquals((await httpRequest(run.port, "GET / HTTP/1.1", lines)).status, 303);
  assertEquals((await httpRequest(run.port, "GET /healthz HTTP/1.1", lines)).status, 200);
  using socket = await RawClient.open(run.port, { lines });
  assertEquals(socket.status, 101);
});

Deno.test("beyond loopback the dashboard asks for the token", async (t) => {
  await withTokenFile(async (path) => {
    await using run = await startCommand(["--host", "0.0.0.0", "--admin-token-file", path]);
    const { port } = run;
    const host = "Host: rooms.example.com";
    const signIn = (body: string, lines: string[] = []) => submit(port, [host, ...lines], body);

    await t.step("pages lead to the sign-in page and set no cookie", async () => {
      assertMatch(run.printed(), /^Roomscope ready: http:\/\/0\.0\.0\.0:\d+$/m);
      for (const page of ["/", "/frames", "/rooms", "/connections", "/nowhere"]) {
        const { status, head } = await httpRequest(port, `GET ${page} HTTP/1.1`, [host]);
        assertEquals([status, cookieOf(head)], [303, ""], page);
        assertMatch(head, /^location: \/signin\r?$/im);
      }
      const { status, head, body } = await httpRequest(port, "GET /signin HTTP/1.1", [host]);
      assertEquals([status, cookieOf(head)], [200, ""]);
      assertStringIncludes(body, 'name="token"');
    });

    await t.step("from loopback, with a loopback Host, it is closed as well", async () => {
      assertEquals((await httpRequest(port, "GET / HTTP/1.1")).status, 303);
      assertEquals((await httpRequest(port, "GET /api/stats HTTP/1.1")).status, 403);
    });

    await t.step("/api/stats: 403 without, 200 with the token; /healthz is open", async () => {
      const stats = (...lines: string[]) =>
        httpRequest(port, "GET /api/stats HTTP/1.1", [host, ...lines]);
      const { status, head, body } = await stats();
      assertEquals(status, 403);
      assertMatch(head, /^content-type: application\/json/im);
      assertEquals(JSON.parse(body), { error: "The permission to monitor is missing" });
      assertEquals((await stats(`Authorization: Bearer ${TOKEN}x`)).status, 403);
      assertEquals((await stats("Cookie: roomscope_monitor=1;;;=")).status, 403);
      assertEquals((await stats(`Authorization: Bearer ${TOKEN}`)).status, 200);
      assertEquals((await httpRequest(port, "GET /healthz HTTP/1.1", [host])).status, 200);
    });

    await t.step("a wrong token: back to the page, no cookie", async () => {
      for (const body of [`token=${TOKEN}x`, "token=", "", "other=1"]) {
        const { status, head } = await signIn(body);
        assertEquals([status, cookieOf(head)], [303, ""], body);
        assertMatch(head, /^location: \/signin\?failed=1\r?$/im);
      }
    });

    await t.step("forms that can't be read or are too large", async () => {
      assertEquals((await signIn("{}", ["Content-Type: application/json"])).status, 400);
      assertEquals((await signIn(`token=${"x".repeat(4_096)}`)).status, 413);
      const { status } = await send(port, [
        "POST /signin HTTP/1.1",
        host,
        FORM,
        "Transfer-Encoding: chunked",
      ], "3\r\nabc\r\n0\r\n\r\n");
      assertEquals(status, 411);
    });

    await t.step("the token brings the cookie, and the cookie everything", async () => {
      const { status, head } = await signIn(`token=${TOKEN}`);
      assertEquals(status, 303);
      assertMatch(head, /^location: \/\r?$/im);
      assertMatch(
        head,
        /^set-cookie: roomscope_monitor=\w{64}; HttpOnly; SameSite=Strict; Path=\/\r?$/im,
      );
      const cookie = `Cookie: ${cookieOf(head)}`;
      assertEquals((await httpRequest(port, "GET / HTTP/1.1", [host, cookie])).status, 200);
      assertEquals((await httpRequest(port, "GET /nowhere HTTP/1.1", [host, cookie])).status, 404);
      for (const line of [cookie, `Authorization: Bearer ${TOKEN}`]) {
        using socket = await RawClient.connect(port, { lines: [line] });
        const { permissions } = await socket.next("welcome");
        assertEquals(permissions, ["read", "write", "monitor", "admin"]);
      }
      using anonymous = await RawClient.connect(port);
      await anonymous.next("welcome");
      await anonymous.say({ type: "monitor_start", topics: ["frames"] });
      assertEquals((await anonymous.next("error")).code, "forbidden");
    });
  });
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`${signal}: clients are told to come back, code 0, a second one is harmless`, async () => {
    const options: CommandOptions = {};
    await using run = await startCommand([], options);
    using ann = await RawClient.join(run.port, "lobby");
    using bob = await RawClient.open(run.port);
    const ended = run.stop(signal);
    Deno.kill(run.pid, signal);
    assertEquals(await ann.ended, { code: 1012, reason: "Server is restarting" });
    assertEquals(await bob.ended, { code: 1012, reason: "Server is restarting" });
    const { code, signal: endedBy } = await ended;
    assertEquals([code, endedBy], [0, null], run.printed());
    assertEquals(/error|uncaught/i.test(run.printed()), false, run.printed());
    await assertRefused(run.port);
  });
}

async function assertRefused(port: number): Promise<void> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => null);
  conn?.close();
  assert(conn === null, "nobody listens any more");
}

/** Posts to the sign-in page, as its form does unless `lines` say otherwise. */
function submit(port: number, lines: string[], body: string) {
  const type = lines.some((line) => line.startsWith("Content-Type")) ? [] : [FORM];
  const length = `Content-Length: ${body.length}`;
  return send(port, ["POST /signin HTTP/1.1", ...lines, ...type, length], body);
}

async function send(port: number, lines: string[], body: string) {
  const request = [...lines, "Connection: close", "", body].join("\r\n");
  return await exchange(port, new TextEncoder().encode(request));
}
