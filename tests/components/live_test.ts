import { assert, assertEquals } from "@std/assert";
import {
  applyConnections,
  countStates,
  emptyTable,
  selectConnections,
  sortedRooms,
} from "../../components/live/connection_table.ts";
import { FrameRing } from "../../components/live/frame_ring.ts";
import { linkAnnouncement, linkDetail } from "../../components/live/link_view.ts";
import { MonitorStore } from "../../components/live/monitor_store.ts";
import { linkViewOf } from "../../components/live/page_monitor.ts";
import { socketUrl } from "../../components/live/socket_url.ts";
import type { Connections, MonitorSnapshot } from "../../protocol/server_messages.ts";
import { bucketAt, connection, frame } from "./records.ts";

const NOTHING: Connections = {
  type: "connections",
  changed: [],
  counters: [],
  removed: [],
  rooms: [],
  roomsRemoved: [],
};

const COUNTERS = connection("1").counters;
const QUANTILES = { count: 0, p50: null, p95: null, p99: null };
const SNAPSHOT: MonitorSnapshot = {
  type: "monitor_snapshot",
  serverTime: 50_000,
  startedAt: 10_000,
  policy: {
    version: "0.1.0",
    transport: "deno",
    tap: true,
    guard: true,
    redact: false,
    limits: {},
  },
  totals: {
    totalConnections: 3,
    activeConnections: 2,
    messagesSent: 0,
    messagesReceived: 0,
    bytesSent: 0,
    bytesReceived: 0,
    errors: {},
    reconnections: 0,
    rooms: 0,
    slowConsumersClosed: 0,
  },
  histograms: { roundTripMs: QUANTILES, fanOutMs: QUANTILES, messageBytes: QUANTILES },
  history: [bucketAt(48, 1), bucketAt(49, 2)],
  viewers: 1,
};

Deno.test("connections come, change their counters and go", () => {
  const table = emptyTable();
  applyConnections(table, { ...NOTHING, changed: [connection("1"), connection("2")] });
  const counters = { ...COUNTERS, messagesIn: 7 };
  applyConnections(table, {
    ...NOTHING,
    counters: [{ id: "1", counters }, { id: "9", counters }],
    removed: ["2"],
  });
  assertEquals([...table.connections.keys()], ["1"]);
  assertEquals(table.connections.get("1")?.counters.messagesIn, 7);
});

Deno.test("rooms come and go, the fullest first", () => {
  const table = emptyTable();
  const room = (name: string, members: number) => ({ room: name, members, epoch: "e", seq: 0 });
  applyConnections(table, {
    ...NOTHING,
    rooms: [room("b", 1), room("a", 1), room("c", 5), room("d", 9)],
  });
  applyConnections(table, { ...NOTHING, roomsRemoved: ["d"] });
  assertEquals(sortedRooms(table.rooms.values()).map(({ room }) => room), ["c", "a", "b"]);
});

Deno.test("living connections come first, the newest first among them", () => {
  const rows = selectConnections([
    connection("1", { state: 3, connectedAt: 9_000 }),
    connection("2", { connectedAt: 2_000 }),
    connection("3", { connectedAt: 3_000 }),
  ], { text: "", state: null });
  assertEquals(rows.map(({ id }) => id), ["3", "2", "1"]);
});

Deno.test("a search finds every word anywhere in the row", () => {
  const all = [
    connection("1", { userAgent: "ws/8", rooms: ["lobby"] }),
    connection("2", { userAgent: "ws/8", rooms: ["ops"] }),
    connection("3", { state: 3, close: { code: 4001, reason: "bye", clean: true, by: "client" } }),
  ];
  const find = (text: string, state: number | null = null) =>
    selectConnections(all, { text, state }).map(({ id }) => id);
  assertEquals(find("WS/8 lobby"), ["1"]);
  assertEquals(find("4001"), ["3"]);
  assertEquals(find("closed"), ["3"]);
  assertEquals(find("", 3), ["3"]);
  assertEquals(find("nothing like it"), []);
});

Deno.test("states are counted", () => {
  assertEquals(countStates([connection("1"), connection("2", { state: 3 })]), [0, 1, 0, 1]);
});

Deno.test("the ring of frames is bounded and takes each frame once", () => {
  const ring = new FrameRing(3);
  ring.push([frame(0), frame(1)]);
  const before = ring.entries;
  ring.push([frame(1), frame(2), frame(3)]);
  assertEquals(ring.entries.map(({ key }) => key), ["1.1", "1.2", "1.3"]);
  assertEquals(ring.entries.map(({ serial }) => serial), [1, 2, 3]);
  assertEquals(ring.seen, 4);
  assertEquals(before.length, 2, "what a paused view holds stays as it was");
  ring.clear();
  ring.push([frame(1)]);
  assertEquals(ring.entries.length, 1);
});

Deno.test("the first paint stands until the socket knows better", () => {
  const store = new MonitorStore();
  const { startedAt, policy, totals, histograms } = SNAPSHOT;
  const first = { startedAt, now: 20_000, policy, totals, histograms, viewers: 4, capture: null };
  store.seed(first, 1_000);
  assertEquals(store.server.value?.viewers, 4);
  assertEquals(store.serverNow(1_500), 20_500);
  store.hear(SNAPSHOT, 1_000);
  assertEquals(store.server.value?.viewers, 1);
  assertEquals(store.serverNow(1_500), 50_500);
  store.seed(first, 1_000);
  assertEquals(store.server.value?.viewers, 1);
});

Deno.test("metrics add a bucket and new totals", () => {
  const store = new MonitorStore();
  const { totals, histograms } = SNAPSHOT;
  const metrics = {
    type: "metrics",
    bucket: bucketAt(50, 5),
    totals: { ...totals, messagesReceived: 8 },
    histograms,
    viewers: 2,
    skipped: 3,
  } as const;
  store.hear(metrics);
  assertEquals(store.server.value, null, "without a snapshot nothing is known");
  store.hear(SNAPSHOT);
  store.hear(metrics);
  assertEquals(store.history.value.map(({ second }) => second), [48, 49, 50]);
  assertEquals(store.server.value?.totals.messagesReceived, 8);
  assertEquals(store.server.value?.viewers, 2);
  assertEquals(store.metricsSkipped.value, 3);
});

Deno.test("a snapshot forgets the connections, and frames only of another server", () => {
  const store = new MonitorStore();
  const capture = { seen: 1, kept: 1, discarded: 0, keptBytes: 7, maxFrames: 9, maxBytes: 99 };
  store.hear(SNAPSHOT);
  store.hear({ ...NOTHING, changed: [connection("1")] });
  store.hear({ type: "frames", frames: [frame(0)], capture, skipped: 2 });
  assert(store.connectionsKnown.value);
  assertEquals(store.framesSkipped.value, 2);
  store.hear(SNAPSHOT);
  assertEquals(store.table.connections.size, 0);
  assert(!store.connectionsKnown.value);
  assertEquals(store.frames.entries.length, 1);
  store.hear({ ...SNAPSHOT, startedAt: 11_000 });
  assertEquals(store.frames.entries.length, 0);
});

Deno.test("who waits for a frame's bytes hears about them until it stops", () => {
  const store = new MonitorStore();
  const heard: string[] = [];
  const stop = store.onFrame((message) => heard.push(message.type));
  store.hear({ type: "frame_gone", connection: "1", frame: 0 });
  stop();
  store.hear({ type: "frame_gone", connection: "1", frame: 0 });
  assertEquals(heard, ["frame_gone"]);
});

Deno.test("the link is described in words", () => {
  const waiting = linkViewOf({
    status: "waiting",
    attempt: 3,
    maxAttempts: Infinity,
    delayMs: 5_000,
    until: 9_000,
    code: 1006,
    closeReason: "",
  });
  assertEquals(linkDetail(waiting, 4_800), "attempt 3 in 4.2 s");
  assertEquals(linkDetail(waiting, 10_000), "attempt 3 in 0.0 s");
  assert(!/\d/.test(linkAnnouncement(waiting)), "a countdown must not be read out");
  const stopped = linkViewOf({ status: "stopped", reason: "refused", code: 1008, closeReason: "" });
  assertEquals(linkDetail(stopped, 0), "1008 refused");
  assertEquals(linkAnnouncement(stopped), "Stopped: 1008 refused");
  const connecting = linkViewOf({ status: "connecting", attempt: 2 });
  assertEquals(linkDetail(connecting, 0), "attempt 2");
  assertEquals(linkViewOf({ status: "connected", clientId: "c", since: 0 }).phase, "live");
  assertEquals(linkViewOf({ status: "idle" }).phase, "idle");
});

Deno.test("the socket's address follows the page's", () => {
  assertEquals(socketUrl({ protocol: "http:", host: "localhost:8000" }), "ws://localhost:8000/ws");
  assertEquals(socketUrl({ protocol: "https:", host: "example.com" }), "wss://example.com/ws");
});

Deno.test("a page of a capture has its own addresses and keeps all frames of the file", () => {
  const store = new MonitorStore();
  assertEquals(store.base, "");
  store.showCapture("3");
  assertEquals([store.base, store.frames.max], ["/captures/3", 50_000]);
});
