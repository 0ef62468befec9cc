import { assertEquals, assertLess } from "@std/assert";
import type {
  CaptureReading,
  CaptureReadOptions,
  CaptureSource,
  Connections,
  Frames,
  HeadEvent,
  Metrics as MetricsMessage,
  MonitorTopic,
  RoomRecord,
} from "@/protocol/mod.ts";
import { ReadyState } from "@/protocol/mod.ts";
import type { Connection } from "@/server/connection.ts";
import { Metrics } from "@/server/metrics.ts";
import { Outbound } from "@/server/outbound.ts";
import { ConnectionRegistry } from "@/server/registry.ts";
import { type SecondReport, Watcher } from "@/server/watcher.ts";
import { advance, fakeConnection, sourceOf } from "./fakes.ts";

/** More than this waiting makes a watcher busy. */
const BUSY_BYTES = 262_144;

/** A watcher of a registry, with as many connections as asked for. */
class Bench {
  readonly registry = new ConnectionRegistry();
  readonly metrics = new Metrics();
  readonly viewer = fakeConnection();
  readonly connections: Connection[] = [];
  readonly watcher: Watcher;

  constructor(topics: MonitorTopic[], connections = 0, capture?: CaptureSource) {
    this.viewer.connection.watching = true;
    for (let i = 0; i < connections; i++) this.add();
    this.registry.add(this.viewer.connection);
    const outbound = new Outbound({ metrics: this.metrics, maxQueuedBytes: 0, onSlow() {} });
    this.watcher = new Watcher(
      this.viewer.connection,
      { type: "monitor_start", topics },
      { source: sourceOf(this.registry, this.metrics, outbound, capture), outbound },
    );
  }

  add(): Connection {
    const { connection } = fakeConnection();
    this.connections.push(connection);
    this.registry.add(connection);
    return connection;
  }

  tick(second: SecondReport | null = null) {
    this.watcher.tick(second);
    return this.viewer.socket.take();
  }

  /** What a tick says of connections, or `null`. */
  connectionsOf(second: SecondReport | null = null): Connections | null {
    const messages = this.tick(second).filter((message) => message.type === "connections");
    assertLess(messages.length, 2);
    return messages[0] ?? null;
  }

  second(rooms: RoomRecord[] = []): SecondReport {
    const { metrics } = this;
    return {
      rooms,
      metrics: {
        type: "metrics",
        bucket: metrics.lastBucket(),
        totals: metrics.totals(0),
        histograms: metrics.histograms(),
        viewers: 1,
      },
    };
  }
}

const idsOf = (message: Connections | null) => message?.changed.map(({ id }) => id) ?? [];

Deno.test("paging: every connection once, 250 in a message, in order", () => {
  const bench = new Bench(["connections"], 600);
  const pages = [bench.connectionsOf(), bench.connectionsOf(), bench.connectionsOf()];
  assertEquals(pages.map((page) => page?.changed.length), [250, 250, 100]);
  assertEquals(pages.flatMap(idsOf), bench.connections.map(({ id }) => id));
  assertEquals(bench.connectionsOf(), null, "nothing is left to say");
});

Deno.test("paging: what changes again before it was told is told once, as it is then", () => {
  const bench = new Bench(["connections"], 300);
  const last = bench.connections[299];
  bench.connectionsOf();
  last.rooms.add("lobby");
  bench.registry.touch(last.id);
  bench.registry.touch(last.id);
  const page = bench.connectionsOf();
  assertEquals(page?.changed.length, 50);
  assertEquals(page?.changed.at(-1)?.rooms, ["lobby"]);
});

Deno.test("paging: what was told and changes again comes again", () => {
  const bench = new Bench(["connections"], 300);
  const [first] = bench.connections;
  bench.connectionsOf();
  bench.registry.touch(first.id);
  assertEquals(idsOf(bench.connectionsOf()).at(-1), first.id);
});

Deno.test("paging: long names of rooms make more and smaller messages, and none is left out", () => {
  const bench = new Bench(["connections"], 60);
  for (const { rooms } of bench.connections) {
    for (let i = 0; i < 100; i++) rooms.add(`${i}`.padEnd(120, "漢"));
  }
  const rooms = Array.from({ length: 3_000 }, (_, i): RoomRecord => ({
    room: `${i}`.padEnd(120, "漢"),
    members: 1,
    epoch: "e",
    seq: 0,
  }));
  const seen = { connections: 0, rooms: 0 };
  let page = bench.connectionsOf(bench.second(rooms));
  for (; page !== null; page = bench.connectionsOf()) {
    assertLess(new TextEncoder().encode(JSON.stringify(page)).length, 600_000);
    seen.connections += page.changed.length;
    seen.rooms += page.rooms.length;
  }
  assertEquals(seen, { connections: 60, rooms: 3_000 });
});

Deno.test("paging: thousands that only talk are told in several messages", () => {
  const bench = new Bench(["connections"], 2_300);
  while (bench.connectionsOf() !== null);
  for (const { counters } of bench.connections) counters.messagesIn += 1;
  const pages = [bench.second(), null, null, null].map((second) =>
    bench.connectionsOf(second)?.counters.length ?? 0
  );
  assertEquals(pages, [1_000, 1_000, 300, 0]);
});

Deno.test("paging: what was forgotten comes as removed, in pages too", () => {
  const bench = new Bench(["connections"]);
  while (bench.connectionsOf() !== null);
  for (let i = 0; i < 900; i++) bench.registry.addEnded(fakeConnection().connection.record());
  const pages = [1, 2, 3, 4].map(() => bench.connectionsOf());
  const sizes = pages.map((page) => page!.changed.length + page!.removed.length);
  assertEquals(sizes, [250, 250, 250, 150]);
  assertEquals(pages.reduce((sum, page) => sum + page!.removed.length, 0), 400);
  assertEquals(pages.reduce((sum, page) => sum + page!.changed.length, 0), 500);
});

Deno.test("a watcher is removed, not shown", () => {
  const bench = new Bench(["connections"], 1);
  const page = bench.connectionsOf();
  assertEquals(page?.removed, [bench.viewer.connection.id]);
  assertEquals(idsOf(page), [bench.connections[0].id]);
});

Deno.test("counters alone come once a second, of those who talked", () => {
  const bench = new Bench(["connections"], 3);
  bench.connectionsOf();
  const [ann, bob] = bench.connections;
  ann.counters.messagesIn += 2;
  assertEquals(bench.connectionsOf(), null, "not within the second");
  const page = bench.connectionsOf(bench.second());
  assertEquals([page?.changed, page?.counters.map(({ id }) => id)], [[], [ann.id]]);
  assertEquals(page?.counters[0].counters.messagesIn, 2);
  assertEquals(bench.connectionsOf(bench.second()), null, "who is silent isn't told again");
  bob.counters.messagesOut += 1;
  bench.registry.touch(bob.id);
  const next = bench.connectionsOf(bench.second());
  assertEquals([idsOf(next), next?.counters], [[bob.id], []], "a whole record has them already");
});

Deno.test("an ended connection has no counters to tell", () => {
  const bench = new Bench(["connections"], 1);
  bench.connectionsOf();
  const [ann] = bench.connections;
  ann.counters.messagesIn += 1;
  advance(ann, ReadyState.CLOSED);
  bench.registry.end(ann);
  const page = bench.connectionsOf(bench.second());
  assertEquals(page?.changed.map(({ state }) => state), [ReadyState.CLOSED]);
  assertEquals(page?.counters, []);
});

Deno.test("rooms come when they change and go when they are gone", () => {
  const bench = new Bench(["connections"]);
  bench.connectionsOf();
  const lobby = { room: "lobby", members: 1, epoch: "e", seq: 0 };
  const talk = { room: "talk", members: 1, epoch: "f", seq: 3 };
  const told = (rooms: RoomRecord[]) => {
    const message = bench.connectionsOf(bench.second(rooms));
    return [message?.rooms.map(({ room }) => room), message?.roomsRemoved];
  };
  assertEquals(told([lobby, talk]), [["lobby", "talk"], []]);
  assertEquals(told([{ ...lobby }, { ...talk }]), [undefined, undefined], "nothing changed");
  assertEquals(told([{ ...lobby, members: 2 }, talk]), [["lobby"], []]);
  assertEquals(told([{ ...lobby, members: 2, seq: 1 }, talk]), [["lobby"], []]);
  assertEquals(told([{ ...lobby, members: 2, seq: 1, epoch: "g" }]), [["lobby"], ["talk"]]);
  assertEquals(told([]), [[], ["lobby"]]);
});

Deno.test("only what was asked for is told", () => {
  const seen = new Map<MonitorTopic, string[]>();
  for (const topic of ["metrics", "connections", "frames"] as const) {
    const bench = new Bench([topic], 1, new FakeCapture());
    bench.registry.touch(bench.connections[0].id);
    seen.set(topic, bench.tick(bench.second()).map(({ type }) => type));
  }
  assertEquals(seen.get("metrics"), ["metrics"]);
  assertEquals(seen.get("connections"), ["connections"]);
  assertEquals(seen.get("frames"), ["frames"]);
});

Deno.test("who is busy is told nothing, then the newest and how much was skipped", () => {
  const bench = new Bench(["metrics", "connections"], 1);
  const { socket } = bench.viewer;
  const [ann] = bench.connections;
  socket.bufferedAmount = BUSY_BYTES + 1;
  for (let i = 0; i < 3; i++) {
    ann.rooms.add(`room ${i}`);
    bench.registry.touch(ann.id);
    assertEquals(
      bench.tick(bench.second([{ room: `room ${i}`, members: 1, epoch: "e", seq: i }])),
      [],
    );
  }
  assertEquals(bench.tick(), []);
  socket.bufferedAmount = BUSY_BYTES;
  const [metrics, connections] = bench.tick(bench.second([])) as [MetricsMessage, Connections];
  assertEquals(metrics.skipped, 3);
  assertEquals(connections.changed.map(({ rooms }) => rooms.length), [3]);
  assertEquals(connections.rooms, [], "rooms as they are now, not as they were");
});

Deno.test("a room report that came while it was busy is told when it isn't", () => {
  const bench = new Bench(["connections"]);
  bench.connectionsOf();
  const { socket } = bench.viewer;
  socket.bufferedAmount = BUSY_BYTES + 1;
  bench.tick(bench.second([{ room: "lobby", members: 1, epoch: "e", seq: 0 }]));
  socket.bufferedAmount = 0;
  assertEquals(bench.connectionsOf()?.rooms.map(({ room }) => room), ["lobby"]);
});

Deno.test("frames: read on from the cursor, what was missed adds up, silence says nothing", () => {
  const capture = new FakeCapture();
  const bench = new Bench(["frames"], 0, capture);
  const skipped = [bench.tick(), bench.tick()].map(([message]) => (message as Frames).skipped);
  assertEquals(skipped, [0, 2], "what was there before it came isn't missed");
  assertEquals(capture.cursors, [0, 10]);
  capture.isSilent = true;
  assertEquals(bench.tick(), []);
  capture.isSilent = false;
  const [message] = bench.tick();
  assertEquals((message as Frames).skipped, 6, "what was missed in silence counts too");
  assertEquals(capture.asked, Array(4).fill({ limit: 200 }));
});

Deno.test("frames without a tap: nothing to tell", () => {
  assertEquals(new Bench(["frames"]).tick(), []);
});

/** Ten frames further with each reading, two of them missed. */
class FakeCapture implements CaptureSource {
  readonly stats = { seen: 1, kept: 1, discarded: 0, keptBytes: 4, maxFrames: 10, maxBytes: 100 };
  readonly cursors: number[] = [];
  readonly asked: (CaptureReadOptions | undefined)[] = [];
  isSilent = false;

  heads(): HeadEvent[] {
    return [];
  }

  read(cursor: number, options?: CaptureReadOptions): CaptureReading {
    this.cursors.push(cursor);
    this.asked.push(options);
    const frame = {
      connection: "1",
      frame: 0,
      at: 0,
      direction: "in" as const,
      fin: true,
      rsv: 0,
      opcode: 1,
      maskingKey: null,
      headerLength: 2,
      length: 0,
      preview: "",
      findings: [],
    };
    return { frames: this.isSilent ? [] : [frame], cursor: cursor + 10, skipped: 2 };
  }

  bytes() {
    return null;
  }
}
