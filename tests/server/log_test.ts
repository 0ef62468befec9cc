import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { errorFields, Log, type LogEntry, logSink } from "@/server/log.ts";
import { serveRooms } from "./harness.ts";
import { WebSocket as WsClient } from "ws";

const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 6);

function entry(fields: LogEntry["fields"] = {}, level: LogEntry["level"] = "info"): LogEntry {
  return { time: AT, level, event: "connection_opened", fields };
}

function linesOf(options: Parameters<typeof logSink>[0], ...entries: LogEntry[]): string[] {
  const lines: string[] = [];
  const sink = logSink({ ...options, write: (line) => lines.push(line) });
  for (const one of entries) sink(one);
  return lines;
}

Deno.test("text: time, level, event and fields in one line", () => {
  assertEquals(
    linesOf({}, entry({ connection: "12", address: "[::1]:80", code: 1000, rule: null })),
    [
      "2026-01-02T03:04:05.006Z info  connection_opened connection=12 address=[::1]:80 code=1000 rule=null",
    ],
  );
});

Deno.test("text: no value can look like another line or field", () => {
  const [line] = linesOf({}, entry({ what: "a b=c\n2026 error forged" }));
  assertMatch(line, / what="a b=c\\n2026 error forged"$/);
  assertEquals(line.split("\n").length, 1);
});

Deno.test("json: one object a line", () => {
  const [line] = linesOf({ format: "json" }, entry({ code: 1000, text: 'a"\n' }));
  assertEquals(JSON.parse(line), {
    time: "2026-01-02T03:04:05.006Z",
    level: "info",
    event: "connection_opened",
    code: 1000,
    text: 'a"\n',
  });
  assertEquals(line.split("\n").length, 1);
});

Deno.test("what matters less than the level is left out", () => {
  const all = (["debug", "info", "warn", "error"] as const).map((level) => entry({}, level));
  const counts = (["debug", "info", "warn", "error"] as const).map((level) =>
    linesOf({ level }, ...all).length
  );
  assertEquals(counts, [4, 3, 2, 1]);
  assertEquals(linesOf({}, ...all).length, 3, "info by default");
});

Deno.test("a flood writes 100 at once and 10 a second, and says what it left out", () => {
  const entries: LogEntry[] = [];
  let now = 0;
  const log = new Log((one) => entries.push(one), () => now);
  for (let i = 0; i < 10_000; i++) log.write("warn", "limit_reached", { i });
  assertEquals(entries.length, 100);
  log.write("info", "connection_opened");
  assertEquals(entries.length, 101, "another event has its own budget");
  for (now = 1; now <= 60_000; now++) log.write("warn", "limit_reached");
  assertEquals(entries.length, 101 + 600);
  const told = entries.reduce((sum, { fields }) => sum + Number(fields.suppressed ?? 0), 0);
  assertEquals(101 + 600 + told, 70_001, "each is written or counted");
});

Deno.test("a clock that goes back gives nothing and takes nothing", () => {
  const entries: LogEntry[] = [];
  let now = 1_000_000;
  const log = new Log((one) => entries.push(one), () => now);
  for (let i = 0; i < 100; i++) log.write("info", "x");
  now = 0;
  log.write("info", "x");
  assertEquals(entries.length, 100);
  now = 100;
  log.write("info", "x");
  assertEquals(entries.length, 101);
});

Deno.test("events are bounded: a thousand names share what the hundredth leaves", () => {
  let written = 0;
  const log = new Log(() => written += 1, () => 0);
  for (let i = 0; i < 1_000; i++) log.write("info", `event_${i}`);
  assertEquals(written, 200);
});

Deno.test("a sink that throws takes nothing down", async () => {
  await using served = serveRooms({
    log: () => {
      throw new Error("the disk is full");
    },
  });
  const peer = await served.connect();
  peer.send({ type: "nonsense" });
  assertEquals((await peer.next("error")).code, "unknown_type");
});

Deno.test("errors as fields: whatever was thrown", () => {
  assertEquals(errorFields("text"), { error: "text" });
  const { error, stack } = errorFields(new TypeError("no"));
  assertEquals(error, "TypeError: no");
  assertStringIncludes(String(stack), "log_test.ts");
});

Deno.test("the server logs openings, ends, refusals and limits", async () => {
  const entries: LogEntry[] = [];
  await using served = serveRooms({
    log: (one) => entries.push(one),
    limits: { messagesPerSecond: 3, maxRefusedMessages: 2 },
  });
  const find = (event: string) => entries.find((one) => one.event === event);

  const ann = await served.connect();
  assertEquals(find("connection_opened")!.fields.client, ann.clientId);
  ann.socket.close(1000, "a reason of the peer's");
  await ann.closed;
  await served.until(() => find("connection_closed") !== undefined);
  const { level, fields } = find("connection_closed")!;
  assertEquals([level, fields.client, fields.code, fields.name, fields.by], [
    "info",
    ann.clientId,
    1000,
    "normal",
    "client",
  ]);
  assertEquals(typeof fields.durationMs, "number");
  assertEquals(JSON.stringify(entries).includes("a reason of the peer's"), false);

  const refused = new WsClient(served.url, { origin: "https://evil.example" });
  await new Promise((resolve) => refused.on("error", resolve));
  const { rule, status, by } = find("handshake_refused")!.fields;
  assertEquals([rule, status, by], ["origin-refused", 403, "server"]);

  const bob = await served.connect();
  for (let i = 0; i < 10; i++) bob.send({ type: "leave_room", room: "x" });
  await bob.closed;
  const limit = find("limit_reached")!;
  assertEquals([limit.level, limit.fields.code], ["warn", "rate_limited"]);
});

Deno.test("an application's hook that throws is in the log, as an error", async () => {
  const entries: LogEntry[] = [];
  await using served = serveRooms({
    log: (one) => entries.push(one),
    permissions: () => {
      throw new Error("the database is away");
    },
  });
  const refused = new WsClient(served.url);
  await new Promise((resolve) => refused.on("error", resolve));
  const { level, event, fields } = entries[0];
  assertEquals([level, event, fields.error], [
    "error",
    "internal_error",
    "Error: the database is away",
  ]);
});
