import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { ReadyState, VERSION } from "@/protocol/mod.ts";
import { serveRooms } from "./harness.ts";

const QUIET = { limits: { messagesPerSecond: 0 } };

Deno.test("welcome tells who one is and what is allowed", async () => {
  await using served = serveRooms({ heartbeatMs: 12_000 });
  const ws = new WebSocket(served.url);
  const welcome = await new Promise<Record<string, unknown>>((resolve) => {
    ws.onmessage = ({ data }) => resolve(JSON.parse(data));
  });
  ws.close();
  await new Promise((resolve) => ws.onclose = resolve);
  assertEquals(welcome.type, "welcome");
  assertEquals(welcome.version, VERSION);
  assertEquals(welcome.heartbeatMs, 12_000);
  assertMatch(String(welcome.clientId), /^[0-9a-f-]{36}$/);
  assertMatch(String(welcome.session), /^[\w-]{43}$/);
  assertEquals(welcome.permissions, ["read", "write"]);
  assertEquals(welcome.limits, {
    messagesPerSecond: 10,
    maxMessageBytes: 65_536,
    maxContentLength: 1_000,
    maxRoomsPerClient: 100,
    maxRoomNameLength: 128,
    maxOpenRequests: 16,
  });
});

Deno.test("members of a room talk, in one order, and the publisher gets an ack instead", async () => {
  await using served = serveRooms(QUIET);
  const [ann, bob, eve] = await Promise.all([served.connect(), served.connect(), served.connect()]);
  const alone = await ann.join("lobby");
  assertEquals(alone.members, [{ clientId: ann.clientId, userId: ann.clientId }]);
  assertEquals(alone.seq, 0);
  const both = await bob.join("lobby");
  assertEquals(both.members.map((member) => member.clientId), [ann.clientId, bob.clientId]);
  assertEquals(both.epoch, alone.epoch);
  assertEquals((await ann.next("user_joined")).clientId, bob.clientId);

  ann.send({ type: "room_message", room: "lobby", content: { text: "hi" }, id: "m1" });
  const ack = await ann.next("ack");
  assertEquals(ack, { type: "ack", room: "lobby", id: "m1", epoch: alone.epoch, seq: 1 });
  const message = await bob.next("room_message");
  assertEquals(message.content, { text: "hi" });
  assertEquals([message.from, message.clientId, message.seq], [ann.clientId, ann.clientId, 1]);
  assert(Math.abs(message.timestamp - Date.now()) < 60_000);

  bob.send({ type: "room_message", room: "lobby", content: null });
  assertEquals((await ann.next("room_message")).seq, 2);
  await eve.settle();
  await bob.settle();
  assertEquals(eve.mailbox, [], "who isn't a member hears nothing");
  assertEquals(bob.mailbox, [], "without an id there is no ack, and no echo");
});

Deno.test("joining and leaving twice is harmless; the others are told once", async () => {
  await using served = serveRooms(QUIET);
  const [ann, bob] = [await served.connect(), await served.connect()];
  await ann.join("lobby");
  await bob.join("lobby");
  await bob.join("lobby");
  bob.send({ type: "leave_room", room: "lobby" });
  await bob.next("room_left");
  bob.send({ type: "leave_room", room: "lobby" });
  await bob.next("room_left");
  await ann.settle();
  assertEquals(ann.mailbox.map((message) => message.type), ["user_joined", "user_left"]);
  assertEquals(served.rooms.getStats().totals.rooms, 1);
});

Deno.test("only members publish", async () => {
  await using served = serveRooms(QUIET);
  const ann = await served.connect();
  ann.send({ type: "room_message", room: "lobby", content: "hi", id: "x" });
  const error = await ann.next("error");
  assertEquals([error.code, error.id, error.room], ["not_a_member", "x", "lobby"]);
});

Deno.test("a room keeps its epoch and sequence while it is empty", async () => {
  await using served = serveRooms(QUIET);
  const ann = await served.connect();
  const first = await ann.join("lobby");
  await served.rooms.publish("lobby", "news");
  ann.send({ type: "leave_room", room: "lobby" });
  await ann.next("room_left");
  const again = await ann.join("lobby");
  assertEquals([again.epoch, again.seq], [first.epoch, 1]);
});

Deno.test("since is answered without history: recovered only if nothing was missed", async () => {
  await using served = serveRooms(QUIET);
  const ann = await served.connect();
  const { epoch } = await ann.join("lobby");
  await served.rooms.publish("lobby", "news");
  const answers = [];
  for (const since of [{ epoch, seq: 1 }, { epoch, seq: 0 }, { epoch: "other", seq: 1 }]) {
    ann.send({ type: "join_room", room: "lobby", since });
    const { recovered, missed, reason } = await ann.next("room_joined");
    answers.push([recovered, missed, reason]);
  }
  assertEquals(answers, [
    [true, 0, undefined],
    [false, undefined, "too_old"],
    [false, undefined, "epoch_changed"],
  ]);
});

Deno.test("what this version lacks is said, not ignored", async () => {
  await using served = serveRooms(QUIET);
  const ann = await served.connect();
  ann.send({ type: "resume", session: "x" });
  assertEquals((await ann.next("error")).code, "session_unknown");
  assertEquals(served.rooms.getStats().totals.reconnections, 1);
  ann.send({ type: "auth", token: "x" });
  assertEquals((await ann.next("error")).code, "auth_unsupported");
});

Deno.test("bad messages get their error code and nobody else notices", async (t) => {
  await using served = serveRooms(QUIET);
  const [ann, bob] = [await served.connect(), await served.connect()];
  await ann.join("lobby");
  await bob.join("lobby");
  const bad: [string, string, string][] = [
    ["not JSON", "hello", "bad_json"],
    ["a number", "1", "unknown_type"],
    ["null", "null", "unknown_type"],
    ["no type", "{}", "unknown_type"],
    ["unknown type", '{"type":"shout"}', "unknown_type"],
    ["a prototype's name as type", '{"type":"__proto__"}', "unknown_type"],
    ["missing field", '{"type":"join_room"}', "invalid_message"],
    ["wrong field", '{"type":"join_room","room":7}', "invalid_message"],
    ["empty room", '{"type":"join_room","room":""}', "invalid_message"],
    ["control character", '{"type":"join_room","room":"a\\u0000"}', "invalid_message"],
    [
      "room too long",
      JSON.stringify({ type: "join_room", room: "x".repeat(129) }),
      "room_name_too_long",
    ],
    ["missing content", '{"type":"room_message","room":"lobby"}', "invalid_message"],
    [
      "long content",
      JSON.stringify({ type: "room_message", room: "lobby", content: "x".repeat(1_001) }),
      "content_too_long",
    ],
    [
      "nested too deep",
      `{"type":"room_message","room":"lobby","content":${"[".repeat(64)}${"]".repeat(64)}}`,
      "too_deep",
    ],
    ["no finite timestamp", '{"type":"ping","timestamp":1e999}', "invalid_message"],
  ];
  for (const [name, text, code] of bad) {
    await t.step(name, async () => {
      ann.socket.send(text);
      assertEquals((await ann.next("error")).code, code);
    });
  }
  await bob.settle();
  assertEquals(bob.mailbox, []);
  bob.send({ type: "room_message", room: "lobby", content: "still here" });
  assertEquals((await ann.next("room_message")).content, "still here");
  assertEquals(served.rooms.getStats().totals.errors.bad_json, 1);
});

Deno.test("broadcastToRoom, broadcastToAll and sendToClient reach who they name", async () => {
  await using served = serveRooms(QUIET);
  const [ann, bob, eve] = await Promise.all([served.connect(), served.connect(), served.connect()]);
  await ann.join("lobby");
  await bob.join("lobby");
  await ann.next("user_joined");
  assertEquals(
    served.rooms.broadcastToRoom("lobby", { type: "note" }, { except: ann.clientId }),
    1,
  );
  assertEquals(served.rooms.broadcastToAll({ type: "all" }), 3);
  assert(served.rooms.sendToClient(eve.clientId, { type: "you" }));
  assertEquals(served.rooms.sendToClient("nobody", { type: "you" }), false);
  await Promise.all([ann.settle(), bob.settle(), eve.settle()]);
  const types = [ann, bob, eve].map((peer) => peer.mailbox.map((message) => message.type));
  assertEquals(types, [["all"], ["note", "all"], ["all", "you"]]);
});

Deno.test("close drains: 1012 to everyone, no more handshakes, and it is harmless twice", async () => {
  await using served = serveRooms(QUIET);
  const [ann, bob] = [await served.connect(), await served.connect()];
  const closing = served.rooms.close();
  const refused = await fetch(served.url.replace("ws", "http"), {
    headers: { upgrade: "websocket" },
  });
  assertEquals(refused.status, 503);
  await refused.body?.cancel();
  assertEquals((await ann.closed).code, 1012);
  assertEquals((await bob.closed).code, 1012);
  await Promise.all([closing, served.rooms.close()]);
  assertEquals(served.rooms.getStats().totals.activeConnections, 0);
});

Deno.test("records and counters say what a client did", async () => {
  await using served = serveRooms(QUIET);
  const ann = await served.connect({ headers: { "user-agent": "x".repeat(1_000) } });
  await ann.join("lobby");
  const [record] = served.rooms.connections();
  assertEquals(record.clientId, ann.clientId);
  assertEquals(record.state, ReadyState.OPEN);
  assertEquals(record.rooms, ["lobby"]);
  assertEquals(record.userAgent?.length, 256);
  assertMatch(record.address, /^127\.0\.0\.1:\d+$/);
  assertEquals([record.counters.messagesIn, record.counters.messagesOut], [1, 2]);
  const { totals } = served.rooms.getStats();
  assertEquals([totals.totalConnections, totals.activeConnections, totals.rooms], [1, 1, 1]);
  assertEquals(totals.messagesReceived, 1);
  assertEquals(totals.bytesReceived, '{"type":"join_room","room":"lobby"}'.length);
  assertNotEquals(totals.bytesSent, 0);
});
