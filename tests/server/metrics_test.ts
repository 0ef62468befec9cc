import { assertEquals } from "@std/assert";
import { HISTORY_SECONDS, Metrics } from "@/server/metrics.ts";

/** Metrics on a clock that begins at second 100. */
function onClock(): { metrics: Metrics; clock: { second: number } } {
  const clock = { second: 100 };
  return { metrics: new Metrics(() => clock.second * 1_000 + 500), clock };
}

Deno.test("totals add up what is counted", () => {
  const { metrics } = onClock();
  metrics.opened();
  metrics.opened();
  metrics.closed();
  metrics.received(10);
  metrics.received(5);
  metrics.sent(7);
  metrics.error("bad_json");
  metrics.error("bad_json");
  metrics.error("abnormal");
  metrics.slowConsumerClosed();
  assertEquals(metrics.totals(3), {
    totalConnections: 2,
    activeConnections: 1,
    messagesSent: 1,
    messagesReceived: 2,
    bytesSent: 7,
    bytesReceived: 15,
    errors: { bad_json: 2, abnormal: 1 },
    reconnections: 0,
    rooms: 3,
    slowConsumersClosed: 1,
  });
});

Deno.test("totals are a copy", () => {
  const { metrics } = onClock();
  metrics.error("bad_json");
  const copy = metrics.totals(0);
  copy.errors.bad_json = 99;
  copy.totalConnections = 99;
  assertEquals(metrics.totals(0).errors, { bad_json: 1 });
  assertEquals(metrics.totals(0).totalConnections, 0);
});

Deno.test("a bucket holds its second and nothing of the next", () => {
  const { metrics, clock } = onClock();
  metrics.opened();
  metrics.received(10);
  metrics.sent(7);
  metrics.error("bad_json");
  metrics.fannedOut(0.25);
  metrics.fannedOut(0.12345);
  assertEquals(metrics.history(), [], "a second that isn't over is no history");
  clock.second = 101;
  metrics.opened();
  metrics.closed();
  assertEquals(metrics.lastBucket(), {
    second: 100,
    messagesIn: 1,
    messagesOut: 1,
    bytesIn: 10,
    bytesOut: 7,
    active: 1,
    opened: 1,
    closed: 0,
    errors: 1,
    fanOutMs: 0.25,
  });
  clock.second = 102;
  const { opened, closed, active, fanOutMs } = metrics.lastBucket();
  assertEquals([opened, closed, active, fanOutMs], [1, 1, 1, null]);
});

Deno.test("a connection opened in a new second isn't active in the one before", () => {
  const { metrics, clock } = onClock();
  clock.second = 105;
  metrics.opened();
  assertEquals(metrics.history().map(({ second, active }) => [second, active]), [
    [100, 0],
    [101, 0],
    [102, 0],
    [103, 0],
    [104, 0],
  ]);
});

Deno.test("before the first second is over the last bucket is an empty one", () => {
  const { metrics } = onClock();
  metrics.received(1);
  const { second, messagesIn } = metrics.lastBucket();
  assertEquals([second, messagesIn], [99, 0]);
});

Deno.test("seconds in which nothing happened are in the history, with who was connected", () => {
  const { metrics, clock } = onClock();
  metrics.opened();
  clock.second = 104;
  metrics.received(1);
  clock.second = 106;
  assertEquals(
    metrics.history().map(({ second, active, messagesIn }) => [second, active, messagesIn]),
    [
      [100, 1, 0],
      [101, 1, 0],
      [102, 1, 0],
      [103, 1, 0],
      [104, 1, 1],
      [105, 1, 0],
    ],
  );
});

Deno.test("the history holds ten minutes, without holes, however long nobody asked", () => {
  const { metrics, clock } = onClock();
  metrics.received(1);
  for (const wait of [1, 599, 1, 600, 601, 10_000_000]) {
    clock.second += wait;
    const history = metrics.history();
    assertEquals(history.length, Math.min(HISTORY_SECONDS, clock.second - 100));
    assertEquals(history.at(-1)!.second, clock.second - 1);
    assertEquals(history[0].second, clock.second - history.length);
    assertEquals(history.every(({ second }, i) => second === history[0].second + i), true);
  }
});

Deno.test("a clock that goes back makes no second twice", () => {
  const { metrics, clock } = onClock();
  clock.second = 110;
  metrics.received(1);
  clock.second = 105;
  metrics.received(1);
  assertEquals(metrics.lastBucket().second, 109);
  clock.second = 111;
  assertEquals(metrics.lastBucket().messagesIn, 2);
  const seconds = metrics.history().map(({ second }) => second);
  assertEquals(seconds, [100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110]);
});

Deno.test("who turns out to watch is withdrawn from totals and from this second", () => {
  const { metrics, clock } = onClock();
  metrics.opened();
  metrics.received(10);
  metrics.opened();
  metrics.received(20);
  metrics.sent(30);
  const traffic = { messagesIn: 1, messagesOut: 1, bytesIn: 20, bytesOut: 30 };
  metrics.withdraw(traffic, 100_500);
  const { totalConnections, activeConnections, messagesReceived, bytesReceived, messagesSent } =
    metrics.totals(0);
  assertEquals([totalConnections, activeConnections], [1, 1]);
  assertEquals([messagesReceived, bytesReceived, messagesSent], [1, 10, 0]);
  clock.second = 101;
  const { opened, active, messagesIn, bytesIn, messagesOut, bytesOut } = metrics.lastBucket();
  assertEquals([opened, active, messagesIn, bytesIn, messagesOut, bytesOut], [1, 1, 1, 10, 0, 0]);
});

Deno.test("withdrawing what came in earlier seconds takes nothing from this one", () => {
  const { metrics, clock } = onClock();
  metrics.opened();
  for (let i = 0; i < 5; i++) metrics.received(10);
  clock.second = 101;
  metrics.opened();
  metrics.received(10);
  metrics.withdraw({ messagesIn: 5, messagesOut: 0, bytesIn: 50, bytesOut: 0 }, 100_500);
  assertEquals(metrics.totals(0).messagesReceived, 1);
  clock.second = 102;
  const { opened, active, messagesIn } = metrics.lastBucket();
  assertEquals([opened, active, messagesIn], [1, 1, 1]);
});

Deno.test("the histograms hold what was measured", () => {
  const { metrics } = onClock();
  metrics.received(100);
  metrics.roundTrip(20);
  metrics.roundTrip(20);
  metrics.fannedOut(1);
  const { messageBytes, roundTripMs, fanOutMs } = metrics.histograms();
  assertEquals([messageBytes.count, roundTripMs.count, fanOutMs.count], [1, 2, 1]);
  assertEquals(new Metrics().histograms().roundTripMs.p50, null);
});

Deno.test("for exporters no counter goes down when a watcher is withdrawn", () => {
  const { metrics } = onClock();
  const told = () => {
    const { totalConnections, messagesReceived, bytesReceived, activeConnections } =
      metrics.readings(0).totals;
    return [totalConnections, messagesReceived, bytesReceived, activeConnections];
  };
  metrics.opened();
  metrics.received(20);
  assertEquals(told(), [1, 1, 20, 1]);
  metrics.withdraw({ messagesIn: 1, messagesOut: 0, bytesIn: 20, bytesOut: 0 }, 100_500);
  assertEquals(metrics.totals(0).messagesReceived, 0);
  assertEquals(told(), [1, 1, 20, 0], "what is there now may go down");
  metrics.opened();
  metrics.received(25);
  assertEquals(told(), [1, 1, 25, 1], "made up for before it rises again");
  metrics.received(1);
  assertEquals(told(), [1, 2, 26, 1]);
});

Deno.test("codes of errors are bounded, whatever calls itself one", () => {
  const { metrics } = onClock();
  metrics.error("constructor");
  for (let i = 0; i < 1_000; i++) metrics.error(`code_${i}`);
  metrics.error("constructor");
  const { errors } = metrics.totals(0);
  assertEquals(Object.keys(errors).length, 257);
  assertEquals(errors.constructor as unknown, 2);
  assertEquals(errors.other, 1_000 - 255);
});

Deno.test("a listener is told of single samples", () => {
  const { metrics } = onClock();
  const told: [string, number][] = [];
  metrics.listener = {
    received: (bytes) => told.push(["received", bytes]),
    roundTrip: (milliseconds) => told.push(["roundTrip", milliseconds]),
    fannedOut: (milliseconds) => told.push(["fannedOut", milliseconds]),
  };
  metrics.received(7);
  metrics.roundTrip(3);
  metrics.fannedOut(0.5);
  assertEquals(told, [["received", 7], ["roundTrip", 3], ["fannedOut", 0.5]]);
});
