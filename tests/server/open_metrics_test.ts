import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Metrics } from "@/server/metrics.ts";
import { expositionResponse } from "@/server/open_metrics.ts";
import { RoomServer } from "@/server/mod.ts";
import { serveRooms } from "./harness.ts";

const OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

async function scrape(metrics: Metrics, accept: string | null = null) {
  const figures = { ...metrics.readings(3), startedAt: 1_500, viewers: 2 };
  const response = expositionResponse(figures, accept);
  return { type: response.headers.get("content-type"), text: await response.text() };
}

/** Value of a sample, by everything that stands before it. */
function valueOf(text: string, sample: string): number {
  const line = text.split("\n").find((one) => one.startsWith(`${sample} `));
  assert(line !== undefined, `no ${sample}`);
  return Number(line.slice(sample.length + 1));
}

Deno.test("every figure is there, in base units", async () => {
  const metrics = new Metrics();
  metrics.opened();
  metrics.opened();
  metrics.closed();
  metrics.received(100);
  metrics.sent(300);
  metrics.error("bad_json");
  metrics.error("bad_json");
  metrics.reconnected();
  metrics.slowConsumerClosed();
  metrics.roundTrip(20);
  metrics.fannedOut(0.2);
  const { text } = await scrape(metrics);
  const expected: Record<string, number> = {
    "roomscope_connections_total": 2,
    "roomscope_active_connections": 1,
    "roomscope_messages_received_total": 1,
    "roomscope_messages_sent_total": 1,
    "roomscope_received_bytes_total": 100,
    "roomscope_sent_bytes_total": 300,
    'roomscope_errors_total{code="bad_json"}': 2,
    "roomscope_reconnections_total": 1,
    "roomscope_slow_consumers_closed_total": 1,
    "roomscope_rooms": 3,
    "roomscope_viewers": 2,
    "roomscope_start_time_seconds": 1.5,
    'roomscope_round_trip_seconds_bucket{le="0.01"}': 0,
    'roomscope_round_trip_seconds_bucket{le="0.025"}': 1,
    'roomscope_round_trip_seconds_bucket{le="1.0"}': 1,
    'roomscope_round_trip_seconds_bucket{le="+Inf"}': 1,
    "roomscope_round_trip_seconds_sum": 0.02,
    "roomscope_round_trip_seconds_count": 1,
    'roomscope_fan_out_seconds_bucket{le="0.0001"}': 0,
    'roomscope_fan_out_seconds_bucket{le="0.00025"}': 1,
    'roomscope_message_size_bytes_bucket{le="64.0"}': 0,
    'roomscope_message_size_bytes_bucket{le="256.0"}': 1,
    "roomscope_message_size_bytes_sum": 100,
  };
  for (const [sample, value] of Object.entries(expected)) {
    assertEquals(valueOf(text, sample), value, sample);
  }
});

Deno.test("by OpenMetrics' rules: HELP, TYPE and UNIT before a family's samples, EOF at the end", async () => {
  const metrics = new Metrics();
  metrics.error("bad_json");
  const { type, text } = await scrape(metrics);
  assertEquals(type, OPEN_METRICS);
  assert(text.endsWith("\n# EOF\n"));
  let family = "";
  let kind = "";
  const seen = new Set<string>();
  for (const line of text.slice(0, -"# EOF\n".length).split("\n").filter(Boolean)) {
    const described = /^# (HELP|TYPE|UNIT) (\S+) (.+)$/.exec(line);
    if (described !== null) {
      const [, what, name, value] = described;
      if (what === "HELP") {
        assert(!seen.has(name), `${name} twice`);
        seen.add(family = name);
      }
      assertEquals(name, family);
      if (what === "TYPE") kind = value;
      if (what === "UNIT") assert(name.endsWith(`_${value}`), line);
      continue;
    }
    const suffix = kind === "counter" ? "_total" : kind === "gauge" ? "" : "_(bucket|sum|count)";
    assertMatch(line, new RegExp(`^${family}${suffix}({\\w+="[^"\\\\]*"})? [0-9.e+]+$`));
  }
  assertEquals(seen.size, 15);
});

Deno.test("a label's value is escaped", async () => {
  const metrics = new Metrics();
  metrics.error('a"b\\c\nd');
  const { text } = await scrape(metrics);
  assertStringIncludes(text, 'roomscope_errors_total{code="a\\"b\\\\c\\nd"} 1\n');
});

Deno.test("who asks for text/plain and not for OpenMetrics gets the older format", async () => {
  const metrics = new Metrics();
  const types: [string | null, string][] = [
    [null, OPEN_METRICS],
    ["*/*", OPEN_METRICS],
    ["text/html", OPEN_METRICS],
    [
      "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3",
      OPEN_METRICS,
    ],
    ["text/plain", PROMETHEUS],
    ["Text/Plain;version=0.0.4;q=0.5,*/*;q=0.1", PROMETHEUS],
  ];
  for (const [accept, type] of types) assertEquals((await scrape(metrics, accept)).type, type);
  const { text } = await scrape(metrics, "text/plain");
  assertStringIncludes(text, "# TYPE roomscope_connections_total counter\n");
  for (const part of ["# EOF", "# UNIT"]) assert(!text.includes(part), part);
});

Deno.test("rooms and clients make no time series of their own", async () => {
  await using served = serveRooms({ limits: { messagesPerSecond: 0 } });
  const request = new Request("http://localhost/metrics");
  const lines = async () => (await served.rooms.metricsResponse(request).text()).split("\n").length;
  const before = await lines();
  const peers = await Promise.all(Array.from({ length: 5 }, () => served.connect()));
  for (const peer of peers) {
    for (let i = 0; i < 10; i++) await peer.join(`room-${i}-${peer.clientId}`);
  }
  assertEquals(await lines(), before);
});

Deno.test("a server that nobody has used answers a scrape", async () => {
  const rooms = new RoomServer();
  const response = rooms.metricsResponse(new Request("http://localhost/metrics"));
  assertEquals([response.status, response.headers.get("content-type")], [200, OPEN_METRICS]);
  assertEquals(valueOf(await response.text(), "roomscope_connections_total"), 0);
  await rooms.close();
});
