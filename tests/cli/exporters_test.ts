/**
 * The ways that figures and logs of the start command go out.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { ReceivedReport, ServerStats } from "@/server/mod.ts";
import { type RunningCommand, startCommand } from "../command.ts";
import { exchange, httpRequest } from "../facts/http_request.ts";
import { RawClient } from "../facts/raw_client.ts";
import { Peer } from "../server/harness.ts";

const ADMIN_TOKEN = "correct-horse-battery-staple";
const REPORT_TOKEN = "a-token-for-reports-alone";

/** Runs something with a file for each of the tokens. */
async function withTokenFiles(run: (admin: string, report: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/admin`, `${ADMIN_TOKEN}\n`);
    await Deno.writeTextFile(`${folder}/report`, `${REPORT_TOKEN}\n`);
    await run(`${folder}/admin`, `${folder}/report`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const REPORT = JSON.stringify({
  version: "1",
  instance: "test",
  startedAt: 1,
  sentAt: 2,
  totals: {
    totalConnections: 0,
    activeConnections: 0,
    messagesSent: 0,
    messagesReceived: 0,
    bytesSent: 0,
    bytesReceived: 0,
    errors: {},
    reconnections: 0,
    rooms: 0,
    slowConsumersClosed: 0,
  },
  histograms: {
    roundTripMs: { count: 0, p50: null, p95: null, p99: null },
    fanOutMs: { count: 0, p50: null, p95: null, p99: null },
    messageBytes: { count: 0, p50: null, p95: null, p99: null },
  },
  viewers: 0,
});

async function postReport(port: number, lines: string[], body = REPORT) {
  const head = [
    "POST /api/metrics/websocket HTTP/1.1",
    ...lines,
    `Content-Length: ${body.length}`,
    "Connection: close",
  ];
  return await exchange(port, new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n${body}`));
}

async function statsOf(
  { port }: RunningCommand,
): Promise<ServerStats & { reports: ReceivedReport[] }> {
  return JSON.parse((await httpRequest(port, "GET /api/stats HTTP/1.1")).body);
}

/** Asks until an answer is good: nobody is told when a report has come or a line was printed. */
async function eventually<T>(ask: () => T | Promise<T>, isGood: (value: T) => boolean): Promise<T> {
  for (let attempt = 0; attempt < 400; attempt++) {
    const value = await ask();
    if (isGood(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("It never came");
}

Deno.test("/metrics: open on loopback as the dashboard is, closed where a proxy shows", async () => {
  await using run = await startCommand();
  using ann = await RawClient.join(run.port, "lobby");
  await ann.say({ type: "room_message", room: "lobby", content: "hi", id: "1" });
  await ann.next("ack");
  const scrape = (...lines: string[]) =>
    httpRequest(run.port, "GET /metrics HTTP/1.1", ["Host: localhost", ...lines]);
  const { status, head, body } = await scrape();
  assertEquals(status, 200);
  assertMatch(
    head,
    /^content-type: application\/openmetrics-text; version=1\.0\.0; charset=utf-8\r?$/im,
  );
  assertMatch(body, /^roomscope_connections_total 1$/m);
  assertMatch(body, /^roomscope_fan_out_seconds_count 1$/m);
  assert(body.endsWith("# EOF\n"));
  assert(!body.includes("lobby") && !body.includes('hi"'));
  assertEquals((await scrape("X-Forwarded-For: 192.0.2.1")).status, 403);
  const other = await httpRequest(run.port, "GET /metrics HTTP/1.1", ["Host: evil.example"]);
  assertEquals(other.status, 403);
});

Deno.test("reports go from one server to another, which shows them", async () => {
  await using receiver = await startCommand();
  await using sender = await startCommand([
    ...["--report-url", `${receiver.url}/api/metrics/websocket`, "--report-seconds", "1"],
  ]);
  using _ = await RawClient.join(sender.port, "lobby");
  const { reports } = await eventually(
    () => statsOf(receiver),
    ({ reports }) => reports.some(({ report }) => report.totals.rooms === 1),
  );
  assertEquals(reports.length, 1);
  assertEquals(reports[0].report.totals.activeConnections, 1);
  assertEquals((await statsOf(sender)).reports, []);
  assertEquals((await sender.stop()).code, 0);
});

Deno.test("a receiver that is away is in the log, and stops nothing", async () => {
  using free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = free.addr;
  free.close();
  const url = `http://127.0.0.1:${port}/in?key=query-secret`;
  await using run = await startCommand(["--report-url", url, "--report-seconds", "1"]);
  await eventually(() => run.printed(), (text) => text.includes("report_failed"));
  assertStringIncludes(run.printed(), `url=http://127.0.0.1:${port}/in failures=1`);
  assertEquals(run.printed().includes("query-secret"), false);
  assertEquals((await httpRequest(run.port, "GET /healthz HTTP/1.1")).status, 200);
  assertEquals((await run.stop()).code, 0);
});

Deno.test("reports on loopback: a page of another origin can't send one", async () => {
  await using run = await startCommand();
  const host = "Host: localhost";
  const json = "Content-Type: application/json";
  assertEquals((await postReport(run.port, [host, json])).status, 204);
  assertEquals((await postReport(run.port, [host, "Content-Type: text/plain"])).status, 415);
  assertEquals((await postReport(run.port, [host, json, "Via: 1.1 proxy"])).status, 401);
  assertEquals((await postReport(run.port, [host, json], "{}")).status, 400);
  assertEquals((await postReport(run.port, [host, json], " ".repeat(70_000))).status, 413);
  const get = await httpRequest(run.port, "GET /api/metrics/websocket HTTP/1.1");
  assertEquals(get.status, 405);
  const preflight = await httpRequest(run.port, "OPTIONS /api/metrics/websocket HTTP/1.1", [
    host,
    "Origin: https://evil.example",
    "Access-Control-Request-Method: POST",
  ]);
  assertEquals(/^access-control-allow/im.test(preflight.head), false);
  assertEquals((await statsOf(run)).reports.length, 1);
});

Deno.test("beyond loopback: /metrics with the admin's token, reports with theirs", async () => {
  await withTokenFiles(async (admin, report) => {
    await using run = await startCommand([
      ...["--host", "0.0.0.0", "--admin-token-file", admin, "--report-token-file", report],
    ]);
    const json = "Content-Type: application/json";
    const bearer = (token: string) => `Authorization: Bearer ${token}`;
    const scrape = async (...lines: string[]) =>
      (await httpRequest(run.port, "GET /metrics HTTP/1.1", ["Host: localhost", ...lines])).status;
    assertEquals(await scrape(), 403);
    assertEquals(await scrape(bearer(REPORT_TOKEN)), 403, "it is for reports alone");
    assertEquals(await scrape(bearer(ADMIN_TOKEN)), 200);
    const send = async (...lines: string[]) =>
      (await postReport(run.port, ["Host: localhost", json, ...lines])).status;
    assertEquals(await send(), 401);
    assertEquals(await send(bearer("x")), 401);
    assertEquals(await send(bearer("")), 401);
    assertEquals(await send(bearer(REPORT_TOKEN)), 204);
    assertEquals(await send(bearer(ADMIN_TOKEN)), 204);
  });
});

for (const format of ["text", "json"]) {
  Deno.test(`--log ${format}: what happened, and no secret or content at any level`, async () => {
    await using run = await startCommand(["--log-level", "debug", "--log", format]);
    const ann = new Peer(`ws://127.0.0.1:${run.port}/ws?token=secret-query`, {
      headers: { cookie: "session=secret-cookie", authorization: "Bearer secret-bearer" },
    });
    const { session } = await ann.next("welcome");
    ann.send({ type: "auth", token: "secret-token" });
    await ann.next("error");
    ann.send({ type: "resume", session: "secret-session" });
    await ann.next("error");
    await ann.join("secret-room");
    ann.send({ type: "room_message", room: "secret-room", content: "secret-content" });
    ann.send({ type: "secret-type" });
    await ann.next("error");
    for (let i = 0; i < 20; i++) ann.send({ type: "leave_room", room: "secret-room" });
    await ann.next("error");
    await httpRequest(run.port, "GET /ws HTTP/1.1", [
      ...["Host: localhost", "Upgrade: websocket", "Connection: Upgrade"],
      ...[
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: c2VjcmV0",
        "Origin: http://secret-origin",
      ],
    ]);
    ann.socket.close(4000, "secret-reason");
    await ann.closed;
    await eventually(() => run.printed(), (text) => text.includes("connection_closed"));
    assertEquals((await run.stop()).code, 0);
    const printed = run.printed();
    for (const event of ["connection_opened", "connection_closed", "handshake_refused"]) {
      assertStringIncludes(printed, event);
    }
    assertStringIncludes(printed, "limit_reached");
    assertStringIncludes(printed, "message_refused");
    assertEquals(printed.includes("secret"), false, printed);
    assertEquals(printed.includes(String(session)), false);
    if (format === "text") return;
    const entries = printed.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(entries[0].event, "ready");
    const closed = entries.find(({ event }) => event === "connection_closed");
    assertEquals([closed.code, closed.name, closed.by], [4000, "code_4000", "client"]);
    const refused = entries.find(({ event }) => event === "handshake_refused");
    assertEquals(typeof refused.rule, "string");
  });
}

Deno.test("--log-level error: connections come and go without a line", async () => {
  await using run = await startCommand(["--log-level", "error"]);
  const ann = new Peer(`ws://127.0.0.1:${run.port}/ws`);
  await ann.next("welcome");
  ann.socket.close(1000);
  await ann.closed;
  assertEquals((await run.stop()).code, 0);
  assertEquals(run.printed().split("\n").filter((line) => !line.startsWith("Roomscope")), [""]);
});
