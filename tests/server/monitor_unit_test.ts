import { assert, assertEquals } from "@std/assert";
import type {
  ClientMessageOf,
  ConnectionControl,
  Metrics as MetricsMessage,
  ServerMessage,
} from "@/protocol/mod.ts";
import type { Connection } from "@/server/connection.ts";
import { Metrics } from "@/server/metrics.ts";
import { Monitor } from "@/server/monitor.ts";
import { Outbound } from "@/server/outbound.ts";
import { ConnectionRegistry } from "@/server/registry.ts";
import { fakeConnection, sourceOf } from "./fakes.ts";

const WATCH: ClientMessageOf<"monitor_start"> = { type: "monitor_start", topics: ["metrics"] };

/** A monitor on a clock that the test moves; its ticks are the real timer's. */
class Bench implements Disposable {
  readonly clock = { now: 1_000_500 };
  readonly metrics = new Metrics(() => this.clock.now);
  readonly registry = new ConnectionRegistry();
  readonly outbound = new Outbound({ metrics: this.metrics, maxQueuedBytes: 0, onSlow() {} });
  readonly excluded: [string, boolean][] = [];
  readonly monitor: Monitor;

  constructor() {
    const { metrics, registry, outbound } = this;
    this.monitor = new Monitor({
      ...{ metrics, registry, outbound },
      source: sourceOf(registry, metrics, outbound),
      now: () => this.clock.now,
      control: {
        setExcluded: (id: string, excluded: boolean) => this.excluded.push([id, excluded]),
      } as unknown as ConnectionControl,
    });
  }

  /** An open connection that is counted. */
  connectSilently() {
    const made = fakeConnection();
    made.connection.countedSince = this.clock.now;
    this.registry.add(made.connection);
    this.metrics.opened();
    return made;
  }

  /** The same, and what it is told can be awaited. */
  connect() {
    const made = this.connectSilently();
    return { ...made, inbox: new Inbox(made.socket) };
  }

  /** A message of a connection, counted as the server does. */
  receive(connection: Connection, bytes: number): void {
    connection.counters.messagesIn += 1;
    connection.counters.bytesIn += bytes;
    if (!connection.watching) this.metrics.received(bytes);
  }

  [Symbol.dispose](): void {
    this.monitor.close();
  }
}

/** Messages of one type, as they are sent. */
class Inbox {
  readonly #messages: ServerMessage[] = [];
  #arrived = Promise.withResolvers<void>();

  constructor(socket: { send(text: string): void }) {
    socket.send = (text) => {
      this.#messages.push(JSON.parse(text));
      this.#arrived.resolve();
    };
  }

  async metrics(): Promise<MetricsMessage> {
    while (true) {
      const message = this.#messages.shift();
      if (message?.type === "metrics") return message;
      if (message !== undefined) continue;
      this.#arrived = Promise.withResolvers();
      await this.#arrived.promise;
    }
  }
}

Deno.test("every second is told once, though ticks drift", () => {
  using bench = new Bench();
  const { connection, socket } = bench.connectSilently();
  const tick = capturingInterval(() => bench.monitor.start(connection, WATCH));
  const told: number[] = [];
  const end = bench.clock.now + 200_000;
  while (bench.clock.now < end) {
    bench.clock.now += 101.5;
    tick();
    for (const message of socket.take()) {
      if (message.type === "metrics") told.push(message.bucket.second);
    }
  }
  assertEquals(told, Array.from({ length: 200 }, (_, i) => 1_000 + i));
});

/** Runs something that starts an interval, and returns the interval's ticks to do by hand. */
function capturingInterval(start: () => void): () => void {
  const { setInterval } = globalThis;
  let tick = () => {};
  globalThis.setInterval = ((callback: () => void) => {
    tick = callback;
    return 0;
  }) as unknown as typeof setInterval;
  try {
    start();
  } finally {
    globalThis.setInterval = setInterval;
  }
  return tick;
}

Deno.test("watching, stopping and watching again leaves the totals as they were without it", () => {
  using bench = new Bench();
  const { metrics, monitor } = bench;
  const ann = bench.connect();
  bench.receive(ann.connection, 10);
  const without = metrics.totals(0);
  const viewer = bench.connect();
  for (let round = 0; round < 3; round++) {
    bench.receive(viewer.connection, 100);
    monitor.start(viewer.connection, WATCH);
    assertEquals(metrics.totals(0), without, `round ${round}`);
    for (let i = 0; i < 5; i++) bench.receive(viewer.connection, 100);
    bench.clock.now += 1_000;
    monitor.stop(viewer.connection);
    const { totalConnections, messagesReceived } = metrics.totals(0);
    assertEquals([totalConnections, messagesReceived], [2, 1], "it counts from here on");
  }
  bench.clock.now += 1_000;
  const { messagesIn, active } = metrics.lastBucket();
  assertEquals([messagesIn, active], [0, 2]);
});

Deno.test("starting while it watches changes what it watches and is no second viewer", () => {
  using bench = new Bench();
  const { connection } = bench.connect();
  bench.monitor.start(connection, WATCH);
  bench.monitor.start(connection, { ...WATCH, topics: ["frames"] });
  assertEquals(bench.monitor.viewers, 1);
  assertEquals(bench.metrics.totals(0).totalConnections, 0);
  assertEquals(bench.excluded, [[connection.id, true]]);
});

Deno.test("stopping is harmless for one that doesn't watch", () => {
  using bench = new Bench();
  const { connection } = bench.connect();
  bench.monitor.stop(connection);
  assertEquals(bench.metrics.totals(0).totalConnections, 1);
  assertEquals(bench.excluded, []);
});

Deno.test("with the last watcher the timer and the listening end", async () => {
  using bench = new Bench();
  const [first, second] = [bench.connect(), bench.connect()];
  bench.monitor.start(first.connection, WATCH);
  bench.monitor.start(second.connection, WATCH);
  bench.monitor.stop(first.connection);
  bench.clock.now += 1_000;
  assertEquals((await second.inbox.metrics()).viewers, 1);
  bench.monitor.forget(second.connection);
  // The sanitizers fail this test if the timer still runs.
  assertEquals(bench.monitor.viewers, 0);
});

Deno.test("a frame that nobody captured is gone", () => {
  using bench = new Bench();
  const { connection, socket } = fakeConnection();
  bench.monitor.sendBytes(connection, {
    type: "frame_get",
    connection: "7",
    frame: 3,
    offset: 0,
    length: 1,
  });
  const [message] = socket.take();
  assert(message.type === "frame_gone" && message.connection === "7" && message.frame === 3);
});
