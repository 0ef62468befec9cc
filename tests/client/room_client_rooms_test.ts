import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type PublishReceipt, RoomError } from "../../client/mod.ts";
import { ack, Harness, isPending, joined, rateLimited } from "./harness.ts";

/** What was sent, in short. */
function sent({ socket }: Harness): string[] {
  return socket.take().map(({ type, room, content }) =>
    type === "room_message" ? `${room}: ${content}` : `${type} ${room ?? ""}`
  );
}

/** Publishes and expects nothing. */
function say(h: Harness, room: string, contents: unknown[]): Promise<PublishReceipt>[] {
  return contents.map((content) => {
    const published = h.client.publish(room, content);
    published.catch(() => {});
    return published;
  });
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => promise, RoomError)).code;
}

Deno.test("a publish resolves with its place when the ack comes", async () => {
  await using h = new Harness();
  const socket = await h.upIn(["lobby"]);
  const published = h.client.publish("lobby", { text: "Hi" });
  assertEquals(h.client.outbox.messages, 1);
  const [message] = socket.take();
  assertEquals([message.type, message.room, message.content], ["room_message", "lobby", {
    text: "Hi",
  }]);
  assert(typeof message.id === "string" && message.id.length <= 64);
  assert(await isPending(published));
  socket.receive(ack(message, 8));
  assertEquals(await published, { room: "lobby", id: message.id, epoch: "e1", seq: 8 });
  assertEquals(h.client.outbox, { messages: 0, bytes: 0 });
});

Deno.test("every publish has an id of its own, in every client", async () => {
  await using one = new Harness();
  await using two = new Harness();
  const ids = new Set<unknown>();
  for (const h of [one, two]) {
    await h.upIn(["a"]);
    say(h, "a", [1, 2, 3]);
    for (const { id } of h.socket.take()) ids.add(id);
  }
  assertEquals(ids.size, 6);
});

Deno.test("a refused publish rejects with the server's code", async () => {
  await using h = new Harness();
  const socket = await h.upIn(["lobby"]);
  const [published] = say(h, "lobby", ["x"]);
  const [{ id }] = socket.take();
  socket.receive({ type: "error", code: "content_too_long", message: "Too long", id });
  const error = await assertRejects(() => published, RoomError, "Cannot publish: Too long");
  assertEquals([error.code, error.room, error.id], ["content_too_long", "lobby", id]);
});

Deno.test("what the server would refuse isn't sent", async () => {
  await using h = new Harness();
  await h.upIn(["lobby"], { maxMessageBytes: 200 });
  const deep = JSON.parse("[".repeat(64) + "]".repeat(64));
  assertEquals(await codeOf(h.client.publish("elsewhere", "x")), "not_a_member");
  assertEquals(await codeOf(h.client.publish("lobby", undefined)), "invalid_message");
  assertEquals(await codeOf(h.client.publish("lobby", deep)), "too_deep");
  assertEquals(await codeOf(h.client.publish("lobby", "ä".repeat(100))), "message_too_big");
  assertEquals(await codeOf(h.client.join("")), "invalid_message");
  assertEquals(await codeOf(h.client.join("a\nb")), "invalid_message");
  await assertRejects(() => h.client.publish("lobby", 1n), TypeError);
  assertEquals(h.socket.sent, []);
});

Deno.test("rooms are joined again on each link, and what waits follows in order", async () => {
  await using h = new Harness();
  await h.upIn(["a", "b"]);
  h.socket.lose();
  const published = [
    ...say(h, "b", ["b1"]),
    ...say(h, "a", ["a1"]),
    ...say(h, "b", ["b2"]),
  ];
  h.clock.tick(100);
  const socket = h.up();
  assertEquals(sent(h), ["join_room a", "join_room b"]);
  socket.receive(joined("b"));
  assertEquals(sent(h), ["b: b1", "b: b2"]);
  socket.receive(joined("a"));
  assertEquals(sent(h), ["a: a1"]);
  assertEquals(h.client.rooms, ["a", "b"]);
  assert(await isPending(Promise.race(published)));
});

Deno.test("what was published before any link goes out with it", async () => {
  await using h = new Harness();
  const join = h.client.join("a");
  const [published] = say(h, "a", ["early"]);
  const socket = h.up();
  assertEquals(sent(h), ["join_room a"]);
  socket.receive(joined("a"));
  assertEquals((await join).seq, 7);
  const [message] = socket.take();
  socket.receive(ack(message, 8));
  assertEquals((await published).seq, 8);
});

Deno.test("sent and not acknowledged when the link is lost: outcome unknown, never resent", async () => {
  await using h = new Harness();
  await h.upIn(["a"], { messagesPerSecond: 3 });
  const published = say(h, "a", ["1", "2", "3", "4"]);
  assertEquals(sent(h), ["a: 1", "a: 2"]);
  h.socket.lose();
  assertEquals(await codeOf(published[0]), "outcome_unknown");
  assertEquals(await codeOf(published[1]), "outcome_unknown");
  assert(await isPending(Promise.race(published.slice(2))));
  h.clock.tick(100);
  h.up();
  h.admit();
  assertEquals(sent(h), ["a: 3", "a: 4"]);
});

Deno.test("the outbox takes so much, with or without a link, and says so", async () => {
  await using h = new Harness({ maxOutbox: 3 });
  const socket = await h.upIn(["a"]);
  say(h, "a", ["1"]);
  const [first] = socket.take();
  socket.receive(ack(first, 1));
  const sentOnes = say(h, "a", ["2", "3", "4"]);
  assertEquals(await codeOf(h.client.publish("a", "5")), "outbox_full");
  socket.lose();
  for (const published of sentOnes) assertEquals(await codeOf(published), "outcome_unknown");
  say(h, "a", ["6", "7", "8"]);
  const error = await assertRejects(() => h.client.publish("a", "9"), RoomError);
  assertEquals(error.message, "Cannot publish: the outbox is full, it holds 3 messages");
});

Deno.test("what was queued and is too big for the server isn't sent", async () => {
  await using h = new Harness();
  h.client.join("a");
  const [big] = say(h, "a", ["x".repeat(300), "small"]);
  h.up({ maxMessageBytes: 200 });
  assertEquals(await codeOf(big), "message_too_big");
  h.admit();
  assertEquals(sent(h), ["a: small"]);
});

Deno.test("messages keep to the advertised rate, joins included", async () => {
  await using h = new Harness();
  h.up({ messagesPerSecond: 4 });
  const joins = ["a", "b"].map((room) => h.client.join(room));
  h.admit();
  await Promise.all(joins);
  say(h, "a", ["1", "2", "3", "4", "5", "6", "7"]);
  assertEquals(sent(h), ["a: 1", "a: 2"]);
  h.clock.tick(1_000);
  assertEquals(sent(h), []);
  h.clock.tick(50);
  assertEquals(sent(h), ["a: 3", "a: 4", "a: 5", "a: 6"]);
  h.clock.tick(1_050);
  assertEquals(sent(h), ["a: 7"]);
});

Deno.test("a refused message is sent again when it may be, with all behind it, in order", async () => {
  await using h = new Harness();
  const socket = await h.upIn(["a", "b"]);
  const published = say(h, "a", ["1", "2", "3"]);
  const messages = socket.take();
  socket.receive(ack(messages[0], 1));
  socket.receive(rateLimited({ id: messages[1].id, room: "a" }, 400));
  socket.receive(rateLimited({ id: messages[2].id, room: "a" }, 400));
  say(h, "a", ["4"]);
  h.clock.tick(399);
  assertEquals(sent(h), []);
  h.clock.tick(1);
  const again = socket.take();
  assertEquals(again.map(({ content }) => content), ["2", "3", "4"]);
  assertEquals(again[0].id, messages[1].id);
  for (const [index, message] of again.entries()) socket.receive(ack(message, index + 2));
  assertEquals((await Promise.all(published)).map(({ seq }) => seq), [1, 2, 3]);
});

Deno.test("a long refusal in one room holds the others up for a second at most", async () => {
  await using h = new Harness();
  const socket = await h.upIn(["a", "b"]);
  say(h, "a", ["a1"]);
  const [{ id }] = socket.take();
  socket.receive(rateLimited({ id, room: "a" }, 5_000));
  say(h, "b", ["b1"]);
  say(h, "a", ["a2"]);
  assertEquals(sent(h), []);
  h.clock.tick(1_050);
  assertEquals(sent(h), ["b: b1"]);
  h.clock.tick(3_950);
  assertEquals(sent(h), ["a: a1", "a: a2"]);
});

Deno.test("a refusal without a time is retried after a second, an endless one after a minute", async () => {
  await using h = new Harness({ heartbeatMs: 0 });
  const socket = await h.upIn(["a"]);
  say(h, "a", ["1"]);
  socket.receive(rateLimited({ id: socket.take()[0].id, room: "a" }));
  h.clock.tick(999);
  assertEquals(socket.sent, []);
  h.clock.tick(1);
  socket.receive(rateLimited({ id: socket.take()[0].id, room: "a" }, 1e12));
  h.clock.tick(59_999);
  assertEquals(socket.sent, []);
  h.clock.tick(1);
  assertEquals(sent(h), ["a: 1"]);
});

Deno.test("a join that was too fast is asked again", async () => {
  await using h = new Harness();
  const socket = h.up();
  const join = h.client.join("a");
  assertEquals(sent(h), ["join_room a"]);
  socket.receive(rateLimited({ room: "a" }, 200));
  assertEquals(sent(h), []);
  h.clock.tick(200);
  h.admit();
  assertEquals((await join).room, "a");
});

Deno.test("a refused join rejects, and so does what was published behind it", async () => {
  await using h = new Harness();
  const socket = h.up();
  const lost: string[] = [];
  h.client.on("room_lost", ({ room }) => lost.push(room));
  const join = h.client.join("a");
  const [published] = say(h, "a", ["x"]);
  socket.receive({ type: "error", code: "forbidden", message: "No", room: "a" });
  assertEquals([await codeOf(join), await codeOf(published)], ["forbidden", "forbidden"]);
  assertEquals([h.client.rooms, lost], [[], []]);
});

Deno.test("a refused rejoin is told, and its publishes reject", async () => {
  await using h = new Harness();
  await h.upIn(["a"]);
  const lost: string[] = [];
  h.client.on("room_lost", ({ room, error }) => lost.push(`${room}: ${error.message}`));
  h.socket.lose();
  const [published] = say(h, "a", ["x"]);
  h.clock.tick(100);
  const socket = h.up();
  socket.receive({ type: "error", code: "forbidden", message: "No", room: "a" });
  assertEquals(lost, ["a: Cannot stay in the room: No"]);
  assertEquals(await codeOf(published), "forbidden");
  assertEquals(h.client.rooms, []);
});

Deno.test("a client that the server puts out is told and doesn't come back", async () => {
  await using h = new Harness();
  const socket = await h.upIn(["a"]);
  const lost: string[] = [];
  h.client.on("room_lost", ({ error }) => lost.push(error.code));
  socket.receive({ type: "room_left", room: "a" });
  assertEquals([lost, h.client.rooms, sent(h)], [["not_a_member"], [], []]);
});

Deno.test("leaving ends the membership, and what waited for the room", async () => {
  await using h = new Harness();
  const socket = await h.upIn(["a"], { messagesPerSecond: 2 });
  const published = say(h, "a", ["1", "2"]);
  assertEquals(sent(h), ["a: 1"]);
  const left = h.client.leave("a");
  assertEquals(await codeOf(published[1]), "left");
  assertEquals(await codeOf(h.client.publish("a", "3")), "not_a_member");
  h.clock.tick(1_050);
  assertEquals(sent(h), ["leave_room a"]);
  assert(await isPending(left));
  socket.receive({ type: "room_left", room: "a" });
  await left;
  await h.client.leave("never joined");
  socket.lose();
  h.clock.tick(100);
  h.up();
  assertEquals(sent(h), []);
});

Deno.test("a client that stops rejects what waits, and remembers its rooms", async () => {
  await using h = new Harness({ maxAttempts: 0 });
  await h.upIn(["a"]);
  const join = h.client.join("b");
  h.socket.take();
  const queued = h.client.publish("b", "x");
  const sentOne = h.client.publish("a", "y");
  h.socket.lose();
  assertEquals(await codeOf(join), "stopped");
  assertEquals(await codeOf(queued), "stopped");
  assertEquals(await codeOf(sentOne), "outcome_unknown");
  assertEquals(await codeOf(h.client.publish("a", "z")), "stopped");
  assertEquals(await codeOf(h.client.join("a")), "stopped");
  h.up();
  assertEquals(sent(h), ["join_room a"]);
});

Deno.test("close() settles everything", async () => {
  await using h = new Harness();
  await h.upIn(["a"], { messagesPerSecond: 2 });
  const [sentOne, queued] = say(h, "a", ["1", "2"]);
  const join = h.client.join("b");
  const left = h.client.leave("a");
  const closed = h.client.close();
  assertEquals(await codeOf(sentOne), "outcome_unknown");
  assertEquals(await codeOf(queued), "left");
  assertEquals(await codeOf(join), "closed");
  await left;
  h.socket.endWith(1000);
  await closed;
  assertEquals(await codeOf(h.client.join("c")), "closed");
  assertEquals(await codeOf(h.client.publish("a", "3")), "closed");
  assertThrows(() => h.client.send({ type: "monitor_stop" }), RoomError, "there is no link");
  assertEquals(h.client.outbox, { messages: 0, bytes: 0 });
});

Deno.test("nothing is handed to a socket that is closing", async () => {
  await using h = new Harness();
  const socket = await h.upIn(["a"]);
  socket.readyState = 2;
  const [published] = say(h, "a", ["1"]);
  socket.endWith(1012);
  assert(await isPending(published));
  h.clock.tick(100);
  h.up();
  h.admit();
  assertEquals(sent(h), ["a: 1"]);
});

Deno.test("direct messages go out in order, at the advertised rate, on this link alone", async () => {
  await using h = new Harness({ maxOutbox: 1 });
  assertThrows(() => h.client.send({ type: "monitor_stop" }), RoomError, "there is no link");
  h.up({ messagesPerSecond: 2 });
  h.client.send({ type: "monitor_start", topics: ["metrics"] });
  h.client.send({ type: "monitor_stop" });
  h.client.send({ type: "frame_get", connection: "1", frame: 1, offset: 0, length: 9 });
  const full = assertThrows(() => h.client.send({ type: "monitor_stop" }), RoomError);
  assertEquals(full.code, "outbox_full");
  assertEquals(sent(h), ["monitor_start ", "monitor_stop "]);
  const invalid = assertThrows(
    () => h.client.send({ type: "frame_get", connection: "", frame: 1, offset: 0, length: 9 }),
    RoomError,
  );
  assertEquals(invalid.code, "invalid_message");
  h.clock.tick(1_050);
  assertEquals(sent(h), ["frame_get "]);
  h.client.send({ type: "monitor_stop" });
  h.client.send({ type: "monitor_stop" });
  h.socket.take();
  h.socket.lose();
  h.clock.tick(100);
  h.up();
  assertEquals(sent(h), []);
});

Deno.test("a handler for welcome can send on each link", async () => {
  await using h = new Harness();
  h.client.on("welcome", () => h.client.send({ type: "monitor_start", topics: ["frames"] }));
  await h.upIn([]);
  assertEquals(sent(h), []);
  h.socket.lose();
  h.clock.tick(100);
  h.up();
  assertEquals(sent(h), ["monitor_start "]);
});

Deno.test("messages of others reach the handlers", async () => {
  await using h = new Harness();
  const socket = await h.upIn(["a"]);
  const heard: unknown[] = [];
  h.client.on("room_message", ({ from, content, seq }) => heard.push([from, content, seq]));
  socket.receive({
    type: "room_message",
    room: "a",
    from: "ann",
    clientId: "c2",
    content: [1],
    timestamp: 1,
    seq: 8,
  });
  assertEquals(heard, [["ann", [1], 8]]);
});
