import { assert, assertEquals } from "@std/assert";
import * as v from "valibot";
import type { Contract, PresenceMember } from "@/protocol/mod.ts";
import { type Peer, serveRooms } from "./harness.ts";

const ROOM = "lobby";

async function inRoom(peers: Peer[]): Promise<void> {
  for (const peer of peers) await peer.join(ROOM);
}

function set(peer: Peer, state: unknown, more: Record<string, unknown> = {}): void {
  peer.send({ type: "presence_set", room: ROOM, state, ...more });
}

async function watch(peer: Peer) {
  peer.send({ type: "presence_watch", room: ROOM });
  return await peer.next("presence_state");
}

function states(members: PresenceMember[] | undefined): unknown[] | undefined {
  return members?.map(({ state }) => state);
}

Deno.test("a watcher hears who is present, who comes, changes and goes", async () => {
  await using served = serveRooms();
  const [ann, bob, eve] = await Promise.all([1, 2, 3].map(() => served.connect()));
  await inRoom([ann, bob, eve]);
  set(ann, { name: "Ann" });
  await ann.settle();
  const { count, members } = await watch(bob);
  assertEquals([count, members], [1, [{
    clientId: ann.clientId,
    userId: ann.clientId,
    state: { name: "Ann" },
  }]]);

  set(eve, { name: "Eve" });
  const came = await bob.next("presence_update");
  assertEquals([came.count, states(came.changed), came.removed], [2, [{ name: "Eve" }], []]);
  set(eve, null);
  assertEquals((await bob.next("presence_update")).removed, [eve.clientId]);
  ann.send({ type: "leave_room", room: ROOM });
  const left = await bob.next("presence_update");
  assertEquals([left.count, left.removed], [0, [ann.clientId]]);
});

Deno.test("changes are told together, ten times a second at most, the last state last", async () => {
  await using served = serveRooms({ limits: { messagesPerSecond: 0 } });
  const [ann, bob] = await Promise.all([served.connect(), served.connect()]);
  await inRoom([ann, bob]);
  await watch(bob);
  const started = performance.now();
  let sent = 0;
  while (performance.now() - started < 450) {
    set(ann, ++sent);
    await ann.settle();
    await new Promise((resolve) => setTimeout(resolve, 45));
  }
  const updates: unknown[] = [];
  while (updates.at(-1) !== sent) {
    updates.push((await bob.next("presence_update")).changed?.[0].state);
  }
  const most = Math.ceil((performance.now() - started) / 100) + 1;
  assert(updates.length <= most && updates.length < sent, `${updates.length} of ${sent}`);
});

Deno.test("the same state again is no news", async () => {
  await using served = serveRooms();
  const [ann, bob] = await Promise.all([served.connect(), served.connect()]);
  await inRoom([ann, bob]);
  await watch(bob);
  set(ann, { x: 1 });
  assertEquals(states((await bob.next("presence_update")).changed), [{ x: 1 }]);
  set(ann, { x: 1 });
  await ann.settle();
  set(ann, { x: 2 });
  assertEquals(states((await bob.next("presence_update")).changed), [{ x: 2 }]);
});

Deno.test("a lost link is no news before the grace is over", async () => {
  await using served = serveRooms({ presenceGraceMs: 150 });
  const [ann, bob] = await Promise.all([served.connect(), served.connect()]);
  await inRoom([ann, bob]);
  set(ann, "here");
  await ann.settle();
  await watch(bob);
  const lost = performance.now();
  ann.socket.terminate();
  await bob.next("user_left");
  assert(performance.now() - lost < 150, "membership ends at once");
  const gone = await bob.next("presence_update");
  assert(performance.now() - lost > 140, "presence has its grace");
  assertEquals([gone.count, gone.removed], [0, [ann.clientId]]);
});

Deno.test("above the limit members and presence are counted, below they are listed anew", async () => {
  await using served = serveRooms({ limits: { maxListedMembers: 10 }, presenceGraceMs: 0 });
  const peers = await Promise.all(Array.from({ length: 12 }, () => served.connect()));
  const [first, ...others] = peers;
  const last = others.pop()!;
  await inRoom([first, ...others]);
  assertEquals((await first.next("room_members")).count, 11);
  const joined = await last.join(ROOM);
  assertEquals([joined.members, joined.count], [
    [{ clientId: last.clientId, userId: last.clientId }],
    12,
  ]);
  await watch(first);
  for (const peer of peers) set(peer, "here");
  await Promise.all(peers.map((peer) => peer.settle()));
  let update = await first.next("presence_update");
  while (update.count < 12) update = await first.next("presence_update");
  assertEquals([update.changed, update.removed], [undefined, undefined]);
  assertEquals((await watch(last)).members, undefined);

  for (const peer of others.slice(0, 3)) peer.socket.terminate();
  const listed = await first.next("presence_state");
  assertEquals([listed.count, listed.members?.length], [9, 9]);
  let members = await last.next("room_members");
  while (members.members === undefined) members = await last.next("room_members");
  assertEquals(members.members.length, 9);
});

Deno.test("what is no member's, too big or too much is refused with the id that came", async () => {
  await using served = serveRooms({ limits: { maxPresenceBytes: 20, maxRefusedMessages: 0 } });
  const ann = await served.connect();
  const refusal = async () => {
    const { code, id, room } = await ann.next("error");
    return [code, id, room];
  };
  set(ann, 1, { id: "p1" });
  assertEquals(await refusal(), ["not_a_member", "p1", ROOM]);
  ann.send({ type: "presence_watch", room: ROOM, id: "p2" });
  assertEquals(await refusal(), ["not_a_member", "p2", ROOM]);
  await ann.join(ROOM);
  set(ann, "x".repeat(19), { id: "p3" });
  assertEquals(await refusal(), ["state_too_big", "p3", ROOM]);
  for (let i = 0; i < 20; i++) set(ann, i, { id: `q${i}` });
  const [code, id] = await refusal();
  assertEquals([code, id], ["rate_limited", "q17"]);
  ann.send({ type: "room_message", room: ROOM, content: "another budget", id: "m1" });
  assertEquals((await ann.next("ack")).id, "m1");
});

Deno.test("who may not write has no presence, who may not read doesn't watch", async () => {
  const may = { current: ["read"] as ("read" | "write")[] };
  await using served = serveRooms({ permissions: () => may.current });
  const reader = await served.connect();
  await reader.join(ROOM);
  set(reader, 1);
  assertEquals((await reader.next("error")).code, "forbidden");
  assertEquals((await watch(reader)).count, 0);
});

Deno.test("a state that isn't what was agreed on is refused; what its schema puts out is told", async () => {
  const contract = {
    rooms: { "*": { presence: v.object({ name: v.pipe(v.string(), v.trim()) }) } },
  } satisfies Contract;
  await using served = serveRooms({ contract });
  const ann = await served.connect();
  await ann.join(ROOM);
  set(ann, { name: 7 }, { id: "p1" });
  const { code, id } = await ann.next("error");
  assertEquals([code, id], ["invalid_data", "p1"]);
  set(ann, { name: " Ann " });
  await ann.settle();
  assertEquals(states((await watch(ann)).members), [{ name: "Ann" }]);
  set(ann, null);
  assertEquals((await ann.next("presence_update")).count, 0);
});

Deno.test("a watcher that has left hears no more", async () => {
  await using served = serveRooms();
  const [ann, bob] = await Promise.all([served.connect(), served.connect()]);
  await inRoom([ann, bob]);
  await watch(bob);
  bob.send({ type: "leave_room", room: ROOM });
  await bob.next("room_left");
  set(ann, 1);
  await ann.settle();
  await bob.settle();
  assertEquals(bob.mailbox.filter(({ type }) => type === "presence_update"), []);
});
