import { assertEquals, assertThrows } from "@std/assert";
import { RoomClient } from "@/client/mod.ts";
import { serveRooms } from "../server/harness.ts";
import { Harness, rateLimited } from "./harness.ts";

const ROOM = "board";

function present(clientId: string, state: unknown) {
  return { clientId, userId: clientId, state };
}

/** What was sent about presence: `watch`, `unwatch`, or the state. */
function said(harness: Harness): unknown[] {
  return harness.socket.take().flatMap((message) => {
    if (message.type === "presence_set") return [message.state];
    return String(message.type).startsWith("presence_") ? [message.type] : [];
  });
}

Deno.test("presence begins with the room, and again on each link", async () => {
  await using harness = new Harness();
  const presence = harness.client.presence(ROOM);
  presence.set({ name: "Ann" });
  await harness.upIn([ROOM]);
  assertEquals(said(harness), ["presence_watch", { name: "Ann" }]);

  harness.socket.endWith(1006);
  harness.clock.tick(1_000);
  harness.up();
  harness.admit();
  assertEquals(said(harness), ["presence_watch", { name: "Ann" }]);
});

Deno.test("of many states the newest is sent, ten times a second at most", async () => {
  await using harness = new Harness();
  await harness.upIn([ROOM]);
  const presence = harness.client.presence(ROOM);
  assertEquals(said(harness), ["presence_watch"]);
  for (let x = 0; x < 20; x++) {
    presence.set(x);
    harness.clock.tick(25);
  }
  assertEquals(said(harness), [0, 3, 7, 11, 15, 19]);
  presence.set(19);
  harness.clock.tick(1_000);
  assertEquals(said(harness), []);
});

Deno.test("who is present follows what the server says", async () => {
  await using harness = new Harness();
  const socket = await harness.upIn([ROOM]);
  const { members, count } = harness.client.presence(ROOM);
  const states = () => [...members.value.values()].map(({ state }) => state);
  const room = ROOM;
  socket.receive({
    type: "presence_state",
    room,
    count: 2,
    members: [present("a", 1), present("b", 2)],
  });
  assertEquals([states(), count.value], [[1, 2], 2]);
  socket.receive({
    ...{ type: "presence_update", room, count: 2 },
    ...{ changed: [present("b", 3), present("c", 4)], removed: ["a"] },
  });
  assertEquals([states(), count.value], [[3, 4], 2]);
  socket.receive({ type: "presence_update", room, count: 500 });
  assertEquals([states(), count.value], [[], 500]);
  socket.receive({ type: "presence_update", room: "another", count: 1, changed: [], removed: [] });
  assertEquals(count.value, 500);
});

Deno.test("a refusal for speed is waited out, and slows nothing else down", async () => {
  await using harness = new Harness();
  const socket = await harness.upIn([ROOM]);
  harness.client.presence(ROOM).set(1);
  assertEquals(said(harness), ["presence_watch", 1]);
  socket.receive(rateLimited({ id: "presence", room: ROOM }, 400));
  void harness.client.publish(ROOM, "at once").catch(() => {});
  assertEquals(socket.take().map(({ type }) => type), ["room_message"]);
  harness.clock.tick(399);
  assertEquals(said(harness), []);
  harness.clock.tick(1);
  assertEquals(said(harness), ["presence_watch", 1]);
});

Deno.test("a state that is refused otherwise isn't sent again", async () => {
  await using harness = new Harness();
  const socket = await harness.upIn([ROOM]);
  const presence = harness.client.presence(ROOM);
  presence.set("too big");
  said(harness);
  socket.receive({ ...rateLimited({ id: "presence", room: ROOM }), code: "state_too_big" });
  harness.clock.tick(10_000);
  assertEquals(said(harness), []);
  presence.set("fine");
  assertEquals(said(harness), ["fine"]);
});

Deno.test("closing ends both", async () => {
  await using harness = new Harness();
  await harness.upIn([ROOM]);
  const presence = harness.client.presence(ROOM);
  presence.set(1);
  said(harness);
  presence.close();
  assertEquals(said(harness), [null, "presence_unwatch"]);
  presence.close();
  assertEquals(said(harness), []);
});

Deno.test("only JSON is a state", async () => {
  await using harness = new Harness();
  const presence = harness.client.presence(ROOM);
  assertThrows(() => presence.set(undefined), TypeError, "the state is undefined");
  assertThrows(() => presence.set(1n), TypeError);
});

Deno.test("two clients see each other through a real server", async () => {
  await using served = serveRooms();
  await using ann = new RoomClient(served.url);
  await using bob = new RoomClient(served.url);
  await Promise.all([ann.connect(), bob.connect()]);
  await Promise.all([ann.join(ROOM), bob.join(ROOM)]);
  ann.presence(ROOM).set({ name: "Ann" });
  const { members } = bob.presence(ROOM);
  const seen = (count: number) => {
    const { promise, resolve } = Promise.withResolvers<unknown[]>();
    members.subscribe((value) => {
      if (value.size === count) resolve([...value.values()].map(({ state }) => state));
    });
    return promise;
  };
  assertEquals(await seen(1), [{ name: "Ann" }]);
  await ann.leave(ROOM);
  assertEquals(await seen(0), []);
});
