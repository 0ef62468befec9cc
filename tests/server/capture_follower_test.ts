import { assertEquals, assertObjectMatch } from "@std/assert";
import { closePayload, encodeFrame, Opcode } from "@/frames/mod.ts";
import type { CaptureEvent, CaptureSource, EndEvent } from "@/protocol/mod.ts";
import { CaptureFollower } from "@/server/mod.ts";
import { POLICY } from "./fakes.ts";

const MASK = Uint8Array.of(1, 2, 3, 4);
const REQUEST = "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: test/1\r\nOrigin: http://a\r\n\r\n";

const NO_FRAMES = { stats: {}, read() {}, bytes() {}, heads() {} } as unknown as CaptureSource;

/** A follower on a clock that the test moves. */
class Bench {
  now = 1_000;
  #frame = 0;
  readonly follower = new CaptureFollower({
    capture: NO_FRAMES,
    policy: POLICY,
    now: () => this.now,
    maxEnded: 2,
  });

  take(event: CaptureEvent): void {
    this.follower.take(event);
  }

  open(connection = "1"): void {
    const [client, server] = ["127.0.0.1:5000", "127.0.0.1:80"];
    this.take({ type: "open", connection, at: this.now, client, server });
  }

  head(direction: "in" | "out", text: string, connection = "1"): void {
    const bytes = new TextEncoder().encode(text);
    this.take({ type: "head", connection, at: ++this.now, direction, bytes });
  }

  opened(connection = "1"): void {
    this.open(connection);
    this.head("in", REQUEST, connection);
    this.head("out", "HTTP/1.1 101 Switching Protocols\r\n\r\n", connection);
  }

  frame(direction: "in" | "out", opcode: number, payload: Uint8Array, fin = true): void {
    const mask = direction === "in" ? { maskingKey: MASK } : {};
    const wire = encodeFrame(payload, { opcode, fin, ...mask });
    const headerLength = wire.length - payload.length;
    this.take({
      ...{ type: "frame", connection: "1", frame: this.#frame++, at: ++this.now, direction },
      ...{ headerLength, length: payload.length, wire, findings: [] },
    });
  }

  end(more: Partial<EndEvent> = {}, connection = "1"): void {
    this.take({
      ...{ type: "end", connection, at: ++this.now, code: 1006, reason: "", clean: false },
      ...{ closedBy: null, endedBy: "client" },
      ...more,
    });
  }

  get record() {
    return this.follower.record("1")!;
  }

  get path() {
    return this.record.transitions.map(({ from, to, cause }) => `${from}→${to} ${cause.by}`);
  }
}

Deno.test("CONNECTING, OPEN, CLOSING, CLOSED, each with time and cause", () => {
  const bench = new Bench();
  bench.open();
  assertEquals([bench.record.state, bench.record.address], [0, "127.0.0.1:5000"]);
  bench.head("in", REQUEST);
  assertEquals([bench.record.userAgent, bench.record.origin], ["test/1", "http://a"]);
  bench.head("out", "HTTP/1.1 101 Switching Protocols\r\n\r\n");
  assertEquals(bench.record.state, 1);
  bench.frame("in", Opcode.CLOSE, closePayload(4001, "bye"));
  assertEquals(bench.record.state, 2);
  bench.frame("out", Opcode.CLOSE, closePayload(4001, "bye"));
  bench.end({ code: 4001, reason: "bye", clean: true, closedBy: "client", endedBy: "server" });
  assertEquals(bench.path, ["0→1 server", "1→2 client", "2→3 server"]);
  assertEquals(bench.record.transitions.map(({ at }) => at), [1_002, 1_003, 1_005]);
  assertEquals(bench.record.transitions[1].cause, {
    ...{ by: "client", what: "Close frame", code: 4001, reason: "bye" },
  });
  assertEquals(bench.record.close, { code: 4001, reason: "bye", clean: true, by: "client" });
  assertObjectMatch(bench.follower.totals(), { totalConnections: 1, activeConnections: 0 });
});

Deno.test("a link that is lost goes from OPEN to CLOSED with 1006", () => {
  const bench = new Bench();
  bench.opened();
  bench.end({ endedBy: "server" });
  assertEquals(bench.path, ["0→1 server", "1→3 server"]);
  assertEquals(bench.record.close, { code: 1006, reason: "", clean: false, by: "server" });
  assertEquals(bench.follower.totals().errors, { abnormal: 1 });
});

Deno.test("a handshake that fails, and one that only ends", () => {
  const bench = new Bench();
  bench.open();
  const failure = { status: 403, rule: "server-refused", message: "Cannot upgrade" };
  bench.end({ failure, endedBy: "server" });
  assertEquals(bench.path, ["0→3 server"]);
  assertEquals(bench.record.transitions[0].cause.what, "Cannot upgrade (403)");
  assertEquals(bench.follower.totals().errors, { "server-refused": 1 });
  assertEquals(bench.follower.totals().totalConnections, 0);
});

Deno.test("the guard's rule goes into the record; a cut by the tap is nobody's", () => {
  const bench = new Bench();
  bench.opened();
  bench.frame("out", Opcode.CLOSE, closePayload(1002, "reserved"));
  bench.end({ closedBy: "server", endedBy: "tap", code: 1002, rule: "reserved-opcode" });
  assertObjectMatch(bench.record.close!, { code: 1002, rule: "reserved-opcode" });
  assertEquals(bench.follower.totals().errors, { "reserved-opcode": 1 });
  const cut = new Bench();
  cut.opened();
  cut.end({ endedBy: "tap" });
  assertEquals(cut.path, ["0→1 server", "1→3 network"]);
});

Deno.test("a Close frame that wasn't seen is in the end", () => {
  const bench = new Bench();
  bench.opened();
  bench.end({ closedBy: "server", code: 1000, reason: "done", clean: true, endedBy: "client" });
  assertEquals(bench.path, ["0→1 server", "1→2 server", "2→3 client"]);
  assertEquals(bench.record.close, { code: 1000, reason: "done", clean: true, by: "server" });
});

Deno.test("a Close frame with an unreadable payload counts as 1002", () => {
  const bench = new Bench();
  bench.opened();
  bench.frame("in", Opcode.CLOSE, Uint8Array.of(3));
  assertEquals(bench.record.close?.code, 1002);
});

Deno.test("messages are counted whole, control frames not at all", () => {
  const bench = new Bench();
  bench.opened();
  bench.frame("in", Opcode.TEXT, new Uint8Array(5), false);
  bench.frame("in", Opcode.PING, new Uint8Array(9));
  bench.frame("in", Opcode.CONTINUATION, new Uint8Array(7));
  bench.frame("out", Opcode.BINARY, new Uint8Array(3));
  assertObjectMatch(bench.record.counters, {
    ...{ messagesIn: 1, messagesOut: 1, bytesIn: 12, bytesOut: 3 },
  });
  assertObjectMatch(bench.follower.totals(), {
    ...{ messagesReceived: 1, bytesReceived: 12, messagesSent: 1, bytesSent: 3 },
  });
  assertEquals(bench.follower.histograms().messageBytes.count, 1);
});

Deno.test("what begins in the middle of a connection is shown all the same", () => {
  const bench = new Bench();
  bench.frame("in", Opcode.TEXT, new Uint8Array(5));
  assertEquals([bench.record.state, bench.record.address], [1, "unknown"]);
  bench.end({}, "never seen");
  assertEquals(bench.follower.ids(), ["1"]);
});

Deno.test("changes are told, the oldest that ended are forgotten", () => {
  const bench = new Bench();
  const told: string[] = [];
  const stop = bench.follower.onChange((id) => told.push(id));
  for (const id of ["1", "2", "3"]) {
    bench.opened(id);
    bench.end({}, id);
  }
  assertEquals(new Set(told), new Set(["1", "2", "3"]));
  assertEquals(bench.follower.ids(), ["2", "3"]);
  assertEquals(bench.follower.record("1"), null);
  stop();
  told.length = 0;
  bench.open("4");
  assertEquals([told, [...bench.follower.live()].map(({ id }) => id)], [[], ["4"]]);
});

Deno.test("heads that can't be read, gaps and refusals change no connection", () => {
  const bench = new Bench();
  bench.open();
  bench.head("in", "noise\r\n\r\n");
  bench.head("out", "noise\r\n\r\n");
  bench.take({ type: "gap", frames: 3 });
  bench.follower.refused("max-connections");
  bench.follower.roundTrip("1", 7);
  bench.follower.roundTrip("unknown", 9);
  assertEquals([bench.record.state, bench.record.counters.roundTripMs], [0, 7]);
  assertEquals(bench.follower.totals().errors, { "max-connections": 1 });
  assertEquals(bench.follower.histograms().roundTripMs.count, 2);
  assertEquals([bench.follower.rooms(), bench.follower.totals().rooms], [[], 0]);
});

Deno.test("figures go by the clock that it was given", () => {
  const bench = new Bench();
  bench.opened();
  bench.frame("in", Opcode.TEXT, new Uint8Array(1));
  bench.now = 5_500;
  assertEquals(bench.follower.history().map(({ second, messagesIn }) => [second, messagesIn]), [
    ...[[1, 1], [2, 0], [3, 0], [4, 0]],
  ]);
  assertEquals(bench.follower.lastBucket().second, 4);
});
