import { assert, assertEquals, assertGreater } from "@std/assert";
import type {
  CaptureReadOptions,
  CaptureSource,
  ConnectionRecord,
  FrameRecord,
  HeadEvent,
} from "@/protocol/mod.ts";
import { CaptureFollower, type Permission } from "@/server/mod.ts";
import { LoadedCapture } from "@/tap/mod.ts";
import { type Peer, serveRooms } from "./harness.ts";

const permissions = (request: Request): readonly Permission[] =>
  request.headers.has("x-watcher") ? ["read", "write", "monitor", "admin"] : ["read", "write"];
const OPTIONS = { permissions, limits: { messagesPerSecond: 0 } };
const WATCHER = { headers: { "x-watcher": "1" } };

/** Applies `connections` messages as a dashboard does, until a condition holds. */
async function watchUntil(
  watcher: Peer,
  condition: (records: Map<string, ConnectionRecord>) => boolean,
): Promise<Map<string, ConnectionRecord>> {
  const records = new Map<string, ConnectionRecord>();
  while (!condition(records)) {
    const { changed, counters, removed } = await watcher.next("connections");
    for (const record of changed) records.set(record.id, record);
    for (const row of counters) {
      const record = records.get(row.id);
      if (record !== undefined) record.counters = row.counters;
    }
    for (const id of removed) records.delete(id);
  }
  return records;
}

Deno.test("without the permission there is nothing to watch", async () => {
  await using served = serveRooms(OPTIONS);
  const ann = await served.connect();
  ann.send({ type: "monitor_start", topics: ["metrics"] });
  assertEquals((await ann.next("error")).code, "forbidden");
  ann.send({ type: "frame_get", connection: "1", frame: 0, offset: 0, length: 1 });
  assertEquals((await ann.next("error")).code, "forbidden");
  assertEquals(served.rooms.getStats().viewers, 0);
});

Deno.test("a watcher can name a capture; one that isn't there is an error, and nothing is watched", async () => {
  const policy = {
    version: "",
    transport: "deno",
    tap: true,
    guard: false,
    redact: false,
  } as const;
  const source = { kind: "file", name: "chat.har" } as const;
  const follower = new CaptureFollower({
    capture: new LoadedCapture(),
    policy: { ...policy, limits: {}, source },
    now: () => 5_000,
  });
  follower.take({ type: "open", connection: "9", at: 5_000, client: "a:1", server: "b:2" });
  await using served = serveRooms({
    ...OPTIONS,
    captures: (name) => name === "1" ? follower : null,
  });
  const ann = await served.connect();
  const watcher = await served.connect(WATCHER);
  watcher.send({ type: "monitor_start", topics: ["connections"], capture: "2" });
  assertEquals((await watcher.next("error")).code, "capture_unknown");
  assertEquals(served.rooms.getStats().viewers, 0);
  watcher.send({ type: "monitor_start", topics: ["connections"], capture: "1" });
  const snapshot = await watcher.next("monitor_snapshot");
  assertEquals([snapshot.startedAt, snapshot.policy.source], [5_000, source]);
  const records = await watchUntil(watcher, (seen) => seen.size > 0);
  assertEquals([...records.keys()], ["9"]);
  // Back to what happens now, over the same socket.
  watcher.send({ type: "monitor_start", topics: ["connections"] });
  await watcher.next("monitor_snapshot");
  const live = await watchUntil(watcher, (seen) => seen.size > 0);
  assert(!live.has("9"));
  assertEquals(served.rooms.getStats().viewers, 1);
  assertEquals(served.rooms.getStats(follower).startedAt, 5_000);
  ann.socket.close(1000);
});

Deno.test("a watcher gets a snapshot, then figures, and counts nowhere itself", async () => {
  await using served = serveRooms(OPTIONS);
  const ann = await served.connect();
  await ann.join("lobby");
  const before = served.rooms.getStats().totals;
  const watcher = await served.connect(WATCHER);
  watcher.send({ type: "monitor_start", topics: ["metrics", "connections"] });
  const snapshot = await watcher.next("monitor_snapshot");
  assertEquals(snapshot.totals, before);
  assertEquals(snapshot.viewers, 1);
  assertEquals(snapshot.policy.limits.maxMessageBytes, 65_536);
  const metrics = await watcher.next("metrics");
  assertEquals([metrics.totals.activeConnections, metrics.viewers, metrics.skipped], [1, 1, 0]);
  assertEquals(served.rooms.getStats().totals, before, "watching adds nothing to the totals");
  watcher.send({ type: "monitor_stop" });
  await watcher.settle();
  assertEquals(served.rooms.getStats().viewers, 0);
  assertEquals(served.rooms.getStats().totals.activeConnections, 2);
});

Deno.test("a watcher follows connections and rooms from the first to the last state", async () => {
  await using served = serveRooms(OPTIONS);
  const watcher = await served.connect(WATCHER);
  watcher.send({ type: "monitor_start", topics: ["connections"] });
  const ann = await served.connect();
  const joined = await watchUntil(
    watcher,
    (records) => [...records.values()].some((record) => record.rooms.length === 0),
  );
  assertEquals([...joined.values()].map((record) => record.clientId), [ann.clientId]);
  await ann.join("lobby");
  ann.socket.close(4001, "bye");
  const closed = await watchUntil(
    watcher,
    (records) => [...records.values()].some((record) => record.state === 3),
  );
  const [record] = [...closed.values()];
  assertEquals(record.close, { code: 4001, reason: "bye", clean: true, by: "client" });
});

Deno.test("rooms appear with their members and go with the last of them", async () => {
  await using served = serveRooms(OPTIONS);
  const watcher = await served.connect(WATCHER);
  watcher.send({ type: "monitor_start", topics: ["connections"] });
  const ann = await served.connect();
  await ann.join("lobby");
  await served.rooms.publish("lobby", 1);
  let message = await watcher.next("connections");
  while (message.rooms.length === 0) message = await watcher.next("connections");
  assertEquals([message.rooms[0].room, message.rooms[0].members, message.rooms[0].seq], [
    "lobby",
    1,
    1,
  ]);
  ann.send({ type: "leave_room", room: "lobby" });
  while (message.roomsRemoved.length === 0) message = await watcher.next("connections");
  assertEquals(message.roomsRemoved, ["lobby"]);
});

Deno.test("counters of a connection that only talks come once a second", async () => {
  await using served = serveRooms(OPTIONS);
  const watcher = await served.connect(WATCHER);
  const ann = await served.connect();
  watcher.send({ type: "monitor_start", topics: ["connections"] });
  await watchUntil(watcher, (records) => records.size === 1);
  for (let i = 0; i < 20; i++) ann.send({ type: "leave_room", room: "x" });
  let message = await watcher.next("connections");
  while (message.counters.length === 0) message = await watcher.next("connections");
  assertEquals(message.changed, []);
  assertGreater(message.counters[0].counters.messagesIn, 0);
});

Deno.test("hundreds of connections come in pages, each of them once", async () => {
  await using served = serveRooms(OPTIONS);
  const peers = await Promise.all(Array.from({ length: 300 }, () => served.connect()));
  const watcher = await served.connect(WATCHER);
  watcher.send({ type: "monitor_start", topics: ["connections"] });
  const first = await watcher.next("connections");
  const second = await watcher.next("connections");
  assertEquals([first.changed.length, second.changed.length], [250, 50]);
  const seen = new Set([...first.changed, ...second.changed].map((record) => record.clientId));
  assert(peers.every((peer) => seen.has(peer.clientId)));
});

Deno.test("frames come from the capture, narrowed to one connection if asked", async () => {
  const capture = new FakeCapture();
  await using served = serveRooms({ ...OPTIONS, capture });
  const watcher = await served.connect(WATCHER);
  watcher.send({ type: "monitor_start", topics: ["frames"], connection: "7" });
  const message = await watcher.next("frames");
  assertEquals(message.frames, [capture.frame]);
  assertEquals(message.skipped, 0);
  assertEquals((await watcher.next("frames")).skipped, 3);
  assertEquals(capture.asked[0], { limit: 200, connection: "7" });
  watcher.send({ type: "frame_get", connection: "7", frame: 0, offset: 1, length: 2 });
  const bytes = await watcher.next("frame_bytes");
  assertEquals([bytes.bytes, bytes.total, bytes.kept, bytes.offset], ["AgM=", 4, 4, 1]);
  const asked = { type: "frame_get", connection: "7", offset: 4, length: 9 } as const;
  watcher.send({ ...asked, frame: 0, source: "inflated" });
  assertEquals(await watcher.next("frame_bytes"), {
    ...{ type: "frame_bytes", connection: "7", frame: 0, source: "inflated", offset: 4 },
    ...{ total: 9, kept: 6, bytes: "BQU=" },
  });
  watcher.send({ ...asked, frame: 1, source: "inflated" });
  assertEquals(await watcher.next("frame_gone"), {
    ...{ type: "frame_gone", connection: "7", frame: 1, source: "inflated" },
  });
  watcher.send({ type: "frame_get", connection: "8", frame: 0, offset: 0, length: 2 });
  assertEquals((await watcher.next("frame_gone")).connection, "8");
});

Deno.test("heads come from the capture, empty where they weren't kept", async () => {
  await using served = serveRooms({ ...OPTIONS, capture: new FakeCapture() });
  const watcher = await served.connect(WATCHER);
  const ask = async (connection: string) => {
    watcher.send({ type: "heads_get", connection });
    return (await watcher.next("connection_heads")).heads;
  };
  assertEquals(await ask("7"), [{ direction: "in", at: 5, bytes: "R0VU", total: 3 }]);
  assertEquals(await ask("8"), []);
});

Deno.test("heads are for those who may watch, and those who read", async () => {
  await using served = serveRooms({ ...OPTIONS, capture: new FakeCapture() });
  const ann = await served.connect();
  ann.send({ type: "heads_get", connection: "7" });
  assertEquals((await ann.next("error")).code, "forbidden");
});

Deno.test("a watcher that doesn't read is skipped, not queued for", async () => {
  await using served = serveRooms({ ...OPTIONS, capture: new FakeCapture(40_000) });
  const watcher = await served.connect(WATCHER);
  watcher.send({ type: "monitor_start", topics: ["metrics", "frames"] });
  await watcher.next("monitor_snapshot");
  watcher.socket.pause();
  const ann = await served.connect();
  const sent = () => served.rooms.connections().length;
  // The kernel's buffers take a few megabytes before anything waits at the server.
  for (let i = 0; i < 400 && served.rooms.getStats().viewers === 1; i++) await ann.settle();
  watcher.socket.resume();
  let metrics = await watcher.next("metrics");
  for (let i = 0; i < 3; i++) metrics = await watcher.next("metrics");
  assertEquals(served.rooms.getStats().viewers, 1, "it is still watching");
  assertEquals(sent(), 1);
  assertEquals(metrics.totals.slowConsumersClosed, 0);
});

/** A capture with one frame, told again at every reading. */
class FakeCapture implements CaptureSource {
  readonly asked: (CaptureReadOptions | undefined)[] = [];
  readonly frame: FrameRecord;
  readonly stats = { seen: 1, kept: 1, discarded: 0, keptBytes: 4, maxFrames: 10, maxBytes: 100 };

  constructor(previewLength = 4) {
    this.frame = {
      connection: "7",
      frame: 0,
      at: 1,
      direction: "in",
      fin: true,
      rsv: 0,
      opcode: 1,
      maskingKey: null,
      headerLength: 2,
      length: 2,
      preview: "x".repeat(previewLength),
      findings: [],
    };
  }

  heads(connection: string): HeadEvent[] {
    const bytes = new TextEncoder().encode("GET");
    return connection === "7" ? [{ type: "head", connection, at: 5, direction: "in", bytes }] : [];
  }

  read(cursor: number, options?: CaptureReadOptions) {
    this.asked.push(options);
    return { frames: [this.frame], cursor: cursor + 4, skipped: 3 };
  }

  bytes(connection: string, frame: number, offset: number, length: number, source?: string) {
    if (connection !== "7") return null;
    if (source === "inflated") {
      if (frame !== 0) return null;
      return {
        total: 9,
        kept: 6,
        bytes: new Uint8Array(6).fill(5).subarray(offset, offset + length),
      };
    }
    return {
      total: 4,
      kept: 4,
      bytes: new Uint8Array([1, 2, 3, 4]).subarray(offset, offset + length),
    };
  }
}
