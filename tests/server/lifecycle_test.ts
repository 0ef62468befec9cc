import { assert, assertEquals } from "@std/assert";
import type { ConnectionRecord } from "@/protocol/mod.ts";
import { type ServedRooms, serveRooms } from "./harness.ts";

const QUIET = { limits: { messagesPerSecond: 0 } };

const HANDSHAKE = "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n" +
  "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
  "Sec-WebSocket-Version: 13\r\n\r\n";

function edges(record: ConnectionRecord): [number, number, string][] {
  return record.transitions.map(({ from, to, cause }) => [from, to, cause.by]);
}

async function ended(served: ServedRooms): Promise<ConnectionRecord> {
  const find = () => served.rooms.connections().find((record) => record.state === 3);
  await served.until(() => find() !== undefined);
  return find()!;
}

Deno.test("a client's close: OPEN, CLOSING, CLOSED with its code and reason", async () => {
  await using served = serveRooms(QUIET);
  const [ann, bob] = [await served.connect(), await served.connect()];
  await bob.join("lobby");
  await ann.join("lobby");
  ann.socket.close(4001, "bye");
  assertEquals((await ann.closed).code, 4001);
  assertEquals((await bob.next("user_left")).clientId, ann.clientId);
  const record = await ended(served);
  assertEquals(edges(record), [[0, 1, "client"], [1, 2, "client"], [2, 3, "client"]]);
  assertEquals(record.close, { code: 4001, reason: "bye", clean: true, by: "client" });
  assertEquals(record.rooms, []);
});

Deno.test("a lost link: OPEN to CLOSED with 1006, and the room is told", async () => {
  await using served = serveRooms(QUIET);
  const [ann, bob] = [await served.connect(), await served.connect()];
  await bob.join("lobby");
  await ann.join("lobby");
  ann.socket.terminate();
  assertEquals((await bob.next("user_left")).clientId, ann.clientId);
  const record = await ended(served);
  assertEquals(edges(record), [[0, 1, "client"], [1, 3, "network"]]);
  assertEquals(record.close?.code, 1006);
  assertEquals(record.close?.clean, false);
  assertEquals(served.rooms.getStats().totals.errors.abnormal, 1);
});

Deno.test("the server's close: begun by the server, done by the client's answer", async () => {
  await using served = serveRooms(QUIET);
  const ann = await served.connect();
  assert(served.rooms.disconnect(ann.clientId));
  assertEquals(await ann.closed, { code: 1000, reason: "Bye" });
  const record = await ended(served);
  assertEquals(edges(record), [[0, 1, "client"], [1, 2, "server"], [2, 3, "server"]]);
  assertEquals(record.close, { code: 1000, reason: "Bye", clean: true, by: "server" });
  assertEquals(served.rooms.disconnect(ann.clientId), false);
});

Deno.test("a client that never answers a Close is let go of in time", async () => {
  await using served = serveRooms({ ...QUIET, closeTimeoutMs: 50 });
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: served.port });
  await conn.write(new TextEncoder().encode(HANDSHAKE));
  await served.until(() => served.rooms.getStats().totals.activeConnections === 1);
  const [{ clientId }] = served.rooms.connections();
  served.rooms.disconnect(clientId!);
  const record = await ended(served);
  assertEquals(edges(record), [[0, 1, "client"], [1, 2, "server"], [2, 3, "server"]]);
  assertEquals(record.close?.clean, false);
  conn.close();
});

Deno.test("silence: the transport pings, then ends it with 1001, and two close events do no harm", async () => {
  await using served = serveRooms({ ...QUIET, idleTimeoutMs: 300 });
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: served.port });
  await conn.write(new TextEncoder().encode(HANDSHAKE));
  const record = await ended(served);
  assertEquals(edges(record).slice(0, 2), [[0, 1, "client"], [1, 2, "server"]]);
  assertEquals(record.close?.code, 1001);
  const { totals, ...stats } = served.rooms.getStats();
  assertEquals([totals.activeConnections, totals.totalConnections, stats.viewers], [0, 1, 0]);
  conn.close();
});

Deno.test("clients that go away in their handshake leave nothing behind", async () => {
  await using served = serveRooms(QUIET);
  for (let i = 0; i < 50; i++) {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: served.port });
    await conn.write(new TextEncoder().encode(HANDSHAKE));
    conn.close();
  }
  const ann = await served.connect();
  await served.until(() =>
    served.rooms.connections().filter((record) => record.state !== 3).length === 1
  );
  await ann.settle();
  assertEquals(served.rooms.getStats().totals.activeConnections, 1);
});

Deno.test("a hundred endings of every kind leave no room and no count behind", async () => {
  await using served = serveRooms(QUIET);
  const peers = await Promise.all(Array.from({ length: 100 }, () => served.connect()));
  await Promise.all(peers.map((peer, i) => peer.join(`room ${i % 7}`)));
  peers.forEach((peer, i) => {
    if (i % 3 === 0) peer.socket.terminate();
    else if (i % 3 === 1) peer.socket.close();
    else served.rooms.disconnect(peer.clientId);
  });
  await Promise.all(peers.map((peer) => peer.closed));
  await served.until(() => served.rooms.connections().every((record) => record.state === 3));
  const { totals } = served.rooms.getStats();
  assertEquals([totals.activeConnections, totals.rooms, totals.totalConnections], [0, 0, 100]);
});
