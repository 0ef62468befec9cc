import { assertEquals, assertRejects } from "@std/assert";
import {
  type Backplane,
  type Draft,
  InProcessBackplane,
  RoomServer,
  type RoomServerOptions,
} from "@/server/mod.ts";
import { answerTo, GOOD } from "./handshakes.ts";
import { serveRooms } from "./harness.ts";

const QUIET = { limits: { messagesPerSecond: 0 } };

/** A backplane that fails as it is told, and knows what was released. */
class FailingBackplane extends InProcessBackplane implements Backplane {
  failure: "thrown" | "rejected" | null = null;
  readonly released: string[] = [];

  override publish(room: string, draft: Draft) {
    if (this.failure === "thrown") throw new Error("no backplane");
    if (this.failure === "rejected") return Promise.reject(new Error("no backplane"));
    return super.publish(room, draft);
  }

  override release(room: string): void {
    this.released.push(room);
    super.release(room);
  }
}

Deno.test("the server's own publish: what isn't JSON is refused and leaves no gap", async () => {
  await using served = serveRooms(QUIET);
  const ann = await served.connect();
  await ann.join("lobby");
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  for (const content of [undefined, () => {}, 1n, cyclic]) {
    await assertRejects(() => served.rooms.publish("lobby", content), TypeError);
  }
  assertEquals((await served.rooms.publish("lobby", null)).seq, 1);
  const { seq, from, content } = await ann.next("room_message");
  assertEquals([seq, from, content], [1, "server", null]);
});

Deno.test("a publish into a room without members doesn't hold the room for ever", async () => {
  const backplane = new FailingBackplane();
  await using served = serveRooms({ ...QUIET, backplane });
  const ann = await served.connect();
  await ann.join("lobby");
  await served.rooms.publish("lobby", 1);
  await served.rooms.publish("empty", 1);
  assertEquals(backplane.released, ["empty"]);
  assertEquals((await served.rooms.publish("empty", 2)).seq, 2, "its sequence goes on");
});

for (const failure of ["thrown", "rejected"] as const) {
  Deno.test(`a backplane that fails (${failure}): the publisher learns it, not why, and goes on`, async () => {
    const backplane = new FailingBackplane();
    await using served = serveRooms({ ...QUIET, backplane });
    const ann = await served.connect();
    await ann.join("lobby");
    backplane.failure = failure;
    ann.send({ type: "room_message", room: "lobby", content: 1, id: "m1" });
    assertEquals(await ann.next("error"), {
      type: "error",
      code: "internal_error",
      message: "The server could not do that",
      room: "lobby",
      id: "m1",
    });
    backplane.failure = null;
    ann.send({ type: "room_message", room: "lobby", content: 1, id: "m2" });
    assertEquals((await ann.next("ack")).id, "m2");
  });
}

Deno.test("permissions: who may not read can't join, who may not write can't publish", async () => {
  const permissions: RoomServerOptions["permissions"] = ({ headers }) =>
    headers.get("x-may") === "write" ? ["write"] : ["read"];
  await using served = serveRooms({ ...QUIET, permissions });
  const reader = await served.connect();
  await reader.join("lobby");
  reader.send({ type: "room_message", room: "lobby", content: 1, id: "m" });
  const refused = await reader.next("error");
  assertEquals([refused.code, refused.room, refused.id], ["forbidden", "lobby", "m"]);
  const writer = await served.connect({ headers: { "x-may": "write" } });
  writer.send({ type: "join_room", room: "lobby" });
  const error = await writer.next("error");
  assertEquals([error.code, error.room], ["forbidden", "lobby"]);
  assertEquals(served.rooms.connections().map(({ rooms }) => rooms), [["lobby"], []]);
});

Deno.test("no heartbeat asked for: no ping is free", async () => {
  await using served = serveRooms({ heartbeatMs: 0, limits: { messagesPerSecond: 2 } });
  const ann = await served.connect();
  for (let i = 0; i < 3; i++) ann.send({ type: "ping", timestamp: i });
  assertEquals((await ann.next("error")).code, "rate_limited");
});

Deno.test("a malformed Host is the client's fault", async () => {
  await using served = serveRooms();
  assertEquals((await answerTo(served.port, { ...GOOD, Host: "a b" })).status, 400);
});

Deno.test("a request that can't be upgraded gets 400 and leaves no connection", async () => {
  const rooms = new RoomServer({ permissions: () => ["read"] });
  const second = Promise.withResolvers<Response>();
  await using http = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request, { remoteAddr }) => {
      const response = rooms.handler(request, { remoteAddr });
      // A connection can be upgraded once.
      second.resolve(rooms.handler(request, { remoteAddr }));
      return response;
    },
  );
  assertEquals((await answerTo(http.addr.port, GOOD)).status, 101);
  const response = await second.promise;
  assertEquals(response.status, 400);
  assertEquals(await response.text(), "Cannot upgrade the connection\n");
  const refused = rooms.connections().filter(({ clientId }) => clientId === null);
  assertEquals(refused.map(({ close }) => close?.rule), ["not-upgradable"]);
  await rooms.close();
});

Deno.test("a client on a Unix socket has an address too", async () => {
  const rooms = new RoomServer({ allowedHosts: [] });
  const remoteAddr: Deno.UnixAddr = { transport: "unix", path: "/run/x" };
  const request = new Request("http://localhost/ws", { headers: GOOD });
  const response = rooms.handler(request, { remoteAddr });
  assertEquals(response.status, 403);
  await response.body?.cancel();
  assertEquals(rooms.connections()[0].address, "local:0");
  await rooms.close();
});

Deno.test("closing reaches who is just being let in", async () => {
  let inHandshake = () => {};
  await using served = serveRooms({
    ...QUIET,
    permissions: () => {
      // After the check that the server isn't closing, before the connection is one.
      queueMicrotask(inHandshake);
      return ["read", "write"];
    },
  });
  let closing: Promise<void> | undefined;
  inHandshake = () => void (closing = served.rooms.close());
  const ann = await served.connect();
  assertEquals(await ann.closed, { code: 1012, reason: "Server is restarting" });
  await closing;
  assertEquals(served.rooms.getStats().totals.activeConnections, 0);
});

Deno.test("broadcasts pass over who is leaving", async () => {
  await using served = serveRooms({ ...QUIET, closeTimeoutMs: 5_000 });
  const [ann, bob] = [await served.connect(), await served.connect()];
  served.rooms.disconnect(ann.clientId);
  assertEquals(served.rooms.broadcastToAll({ type: "note" }), 1);
  assertEquals(served.rooms.sendToClient(ann.clientId, { type: "note" }), false);
  await bob.settle();
  assertEquals(bob.mailbox, [{ type: "note" }]);
});

Deno.test("closing: nobody is told of everybody who leaves", async () => {
  await using served = serveRooms(QUIET);
  const peers = await Promise.all([1, 2, 3].map(() => served.connect()));
  for (const peer of peers) await peer.join("lobby");
  await served.rooms.close();
  await Promise.all(peers.map((peer) => peer.closed));
  const types = peers.flatMap(({ mailbox }) => mailbox.map(({ type }) => type));
  assertEquals(types.includes("user_left"), false);
  assertEquals(served.rooms.getStats().totals.rooms, 0);
});
