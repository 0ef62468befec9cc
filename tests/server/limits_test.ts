import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import type { ConnectionControl, CutReason } from "@/protocol/mod.ts";
import { serveRooms } from "./harness.ts";

Deno.test("the eleventh message of a second is refused with the time to wait", async () => {
  await using served = serveRooms();
  const ann = await served.connect();
  for (let i = 0; i < 11; i++) ann.send({ type: "leave_room", room: `room ${i}` });
  const error = await ann.next("error");
  assertEquals(error.code, "rate_limited");
  assertEquals(error.room, "room 10");
  assertGreater(error.retryAfterMs!, 0);
  assertLessOrEqual(error.retryAfterMs!, 1_000);
});

Deno.test("a refused publish says which one it was", async () => {
  await using served = serveRooms({ limits: { messagesPerSecond: 1 } });
  const ann = await served.connect();
  await ann.join("lobby");
  ann.send({ type: "room_message", room: "lobby", content: 1, id: "m1" });
  const error = await ann.next("error");
  assertEquals([error.code, error.id, error.room], ["rate_limited", "m1", "lobby"]);
});

Deno.test("who goes on when refused is closed with 1008, and nobody else", async () => {
  await using served = serveRooms({ limits: { maxRefusedMessages: 5 } });
  const [ann, bob] = [await served.connect(), await served.connect()];
  for (let i = 0; i < 30; i++) ann.socket.send("garbage");
  assertEquals(await ann.closed, { code: 1008, reason: "Too many messages" });
  const codes = ann.mailbox.map((message) => message.code);
  assertEquals(codes.filter((code) => code === "bad_json").length, 10);
  assertEquals(codes.filter((code) => code === "rate_limited").length, 6);
  await bob.settle();
});

Deno.test("0 switches the rate limit off", async () => {
  await using served = serveRooms({ limits: { messagesPerSecond: 0 } });
  const ann = await served.connect();
  for (let i = 0; i < 200; i++) ann.send({ type: "leave_room", room: "lobby" });
  await ann.settle();
  assertEquals(ann.mailbox.filter((message) => message.type === "room_left").length, 200);
});

Deno.test("a heartbeat in step is free, faster ones count like any message", async () => {
  await using served = serveRooms({ limits: { messagesPerSecond: 2 }, heartbeatMs: 30_000 });
  const ann = await served.connect();
  for (let i = 0; i < 4; i++) ann.send({ type: "ping", timestamp: i });
  const error = await ann.next("error");
  assertEquals(error.code, "rate_limited");
  assertEquals(served.rooms.getStats().totals.messagesReceived, 4);
});

Deno.test("a message over the size limit: its error, then 1009", async () => {
  await using served = serveRooms({ limits: { maxMessageBytes: 1_000 } });
  const ann = await served.connect();
  ann.socket.send(`{"type":"leave_room","room":"${"é".repeat(499)}"}`);
  assertEquals((await ann.next("error")).code, "message_too_big");
  assertEquals((await ann.closed).code, 1009);
});

Deno.test("rooms of one client have a limit; leaving one makes room", async () => {
  await using served = serveRooms({ limits: { maxRoomsPerClient: 2, messagesPerSecond: 0 } });
  const ann = await served.connect();
  await ann.join("1");
  await ann.join("2");
  ann.send({ type: "join_room", room: "3" });
  assertEquals((await ann.next("error")).code, "too_many_rooms");
  await ann.join("2");
  ann.send({ type: "leave_room", room: "1" });
  await ann.join("3");
});

Deno.test("who can't read what piles up is ended, and the others get everything", async () => {
  const control = new FakeControl();
  await using served = serveRooms({
    limits: { messagesPerSecond: 0, maxQueuedBytes: 200_000 },
    control,
  });
  const [slow, ann] = [await served.connect(), await served.connect()];
  await slow.join("lobby");
  await ann.join("lobby");
  slow.socket.pause();
  const content = "x".repeat(50_000);
  let sent = 0;
  while (control.cuts.length === 0) {
    await served.rooms.publish("lobby", content);
    sent += 1;
    // Lets the sockets write: without it the fast member's queue would fill as well.
    await ann.next("room_message");
  }
  assertEquals(control.cuts[0].reason, { code: 1013, reason: "Reads too slowly" });
  await served.rooms.publish("lobby", "last");
  const last = await ann.next("room_message");
  assertEquals([last.content, last.seq], ["last", sent + 1]);
  assertEquals(served.rooms.getStats().totals.slowConsumersClosed, 1);
  slow.socket.resume();
});

Deno.test("connections have limits in all and per address, loopback excepted", async () => {
  const control = new FakeControl("192.0.2.7");
  await using served = serveRooms({
    limits: { connectionsPerAddress: 2, maxConnections: 3 },
    control,
  });
  await served.connect();
  await served.connect();
  assertEquals(await statusOf(served.port), 429);
  control.hostname = "127.0.0.1";
  await served.connect();
  assertEquals(await statusOf(served.port), 503);
  const { errors } = served.rooms.getStats().totals;
  assertEquals([errors["address-full"], errors["server-full"]], [1, 1]);
});

async function statusOf(port: number): Promise<number> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await conn.write(
    new TextEncoder().encode(
      "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    ),
  );
  // Deno.serve says `connection: close` and doesn't: ending the connection is the tap's part.
  const buffer = new Uint8Array(1_024);
  const head = new TextDecoder().decode(buffer.subarray(0, await conn.read(buffer) ?? 0));
  assert(/connection: close/i.test(head));
  return Number(head.split(" ")[1]);
}

/** What a tap is for the server: it knows who comes and can cut. */
class FakeControl implements ConnectionControl {
  readonly guards = true;
  readonly redacts = false;
  readonly limits = {};
  observer: ConnectionControl["observer"] = null;
  readonly cuts: { id: string; reason: CutReason }[] = [];
  #lastId = 0;

  constructor(public hostname: string = "192.0.2.1") {}

  identify(port: number) {
    return { id: String(++this.#lastId), hostname: this.hostname, port };
  }

  cut(id: string, reason: CutReason): void {
    this.cuts.push({ id, reason });
    this.observer?.cut(id, reason);
  }

  setExcluded(): void {}
}
