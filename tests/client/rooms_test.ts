import { assertEquals, assertRejects } from "@std/assert";
import type { ErrorMessage, RoomJoined } from "../../protocol/mod.ts";
import { RoomError } from "../../client/errors.ts";
import { Rooms } from "../../client/rooms.ts";

function answer(room = "a"): RoomJoined {
  return { type: "room_joined", room, members: [], epoch: "e", seq: 1 };
}

function refusal(code: ErrorMessage["code"], room = "a"): ErrorMessage {
  return { type: "error", code, message: "No", room };
}

/** Does what is due, and says what. */
function steps(rooms: Rooms, now = 0): string[] {
  const done: string[] = [];
  for (let step = rooms.nextStep(now); step !== undefined; step = rooms.nextStep(now)) {
    rooms.markAsked(step);
    done.push(`${step.type} ${step.room}`);
  }
  return done;
}

async function member(): Promise<Rooms> {
  const rooms = new Rooms();
  const join = rooms.join("a");
  steps(rooms);
  rooms.joined(answer());
  await join;
  return rooms;
}

Deno.test("a join is asked for once, however many wait for it", async () => {
  const rooms = new Rooms();
  const joins = [rooms.join("a"), rooms.join("a")];
  assertEquals(steps(rooms), ["join_room a"]);
  assertEquals(rooms.mayPublish("a", 0), false);
  rooms.joined(answer());
  assertEquals(await Promise.all(joins), [answer(), answer()]);
  assertEquals(rooms.mayPublish("a", 0), true);
  assertEquals(steps(rooms), []);
});

Deno.test("joining again asks again", async () => {
  const rooms = await member();
  const again = rooms.join("a");
  assertEquals(steps(rooms), ["join_room a"]);
  rooms.joined({ ...answer(), seq: 5 });
  assertEquals((await again).seq, 5);
});

Deno.test("rooms are asked for again on each link, in the order of their joins", async () => {
  const rooms = await member();
  const second = rooms.join("b");
  rooms.linkLost();
  assertEquals(rooms.mayPublish("a", 0), false);
  assertEquals(rooms.wanted, ["a", "b"]);
  assertEquals(steps(rooms), ["join_room a", "join_room b"]);
  rooms.joined(answer("b"));
  assertEquals(await second, answer("b"));
});

Deno.test("a leave ends with its answer, or with the link, or at once", async () => {
  const rooms = await member();
  await rooms.leave("nowhere");
  const left = rooms.leave("a");
  assertEquals([rooms.isWanted("a"), rooms.mayPublish("a", 0)], [false, false]);
  assertEquals(steps(rooms), ["leave_room a"]);
  assertEquals(rooms.left("a"), false);
  await left;
  assertEquals(rooms.left("a"), false);

  const others = await member();
  const leaves = [others.leave("a"), others.leave("a")];
  steps(others);
  others.linkLost();
  await Promise.all(leaves);
  assertEquals(steps(others), []);
});

Deno.test("a leave before the join's answer rejects the join and still leaves", async () => {
  const rooms = new Rooms();
  const join = rooms.join("a");
  steps(rooms);
  const left = rooms.leave("a");
  assertEquals((await assertRejects(() => join, RoomError)).code, "left");
  rooms.joined(answer());
  assertEquals(steps(rooms), ["leave_room a"]);
  rooms.left("a");
  await left;
});

Deno.test("a leave before the join was sent sends nothing", async () => {
  const rooms = new Rooms();
  const join = rooms.join("a");
  await rooms.leave("a");
  await assertRejects(() => join, RoomError, "Cannot join the room: the client left it first");
  assertEquals(steps(rooms), []);
});

Deno.test("a join overtakes a leave that wasn't sent, and follows one that was", async () => {
  const rooms = await member();
  const unsent = rooms.leave("a");
  const kept = rooms.join("a");
  await unsent;
  assertEquals(steps(rooms), ["join_room a"]);
  rooms.joined(answer());
  await kept;

  const sent = rooms.leave("a");
  assertEquals(steps(rooms), ["leave_room a"]);
  const back = rooms.join("a");
  assertEquals(steps(rooms), []);
  assertEquals(rooms.left("a"), false);
  await sent;
  assertEquals(steps(rooms), ["join_room a"]);
  rooms.joined(answer());
  await back;
});

Deno.test("a refused join rejects and is forgotten", async () => {
  const rooms = new Rooms();
  const join = rooms.join("a");
  steps(rooms);
  assertEquals(rooms.refused(refusal("forbidden"), 0), false);
  const error = await assertRejects(() => join, RoomError, "Cannot join the room: No");
  assertEquals([error.code, error.room], ["forbidden", "a"]);
  assertEquals(rooms.wanted, []);
});

Deno.test("a refused rejoin loses the room; a member's refused question doesn't", async () => {
  const rooms = await member();
  const again = rooms.join("a");
  steps(rooms);
  assertEquals(rooms.refused(refusal("forbidden"), 0), false);
  await assertRejects(() => again, RoomError);
  assertEquals(rooms.mayPublish("a", 0), true);

  rooms.linkLost();
  steps(rooms);
  assertEquals(rooms.refused(refusal("forbidden"), 0), true);
  assertEquals(rooms.wanted, []);
});

Deno.test("a join or leave that was too fast is asked again when it may be", async () => {
  const rooms = new Rooms();
  const join = rooms.join("a");
  steps(rooms);
  assertEquals(rooms.refused(refusal("rate_limited"), 500), false);
  assertEquals([steps(rooms, 499), rooms.nextHoldEnd(499)], [[], 500]);
  assertEquals([steps(rooms, 500), rooms.nextHoldEnd(500)], [["join_room a"], Infinity]);
  rooms.joined(answer());
  await join;
  const left = rooms.leave("a");
  steps(rooms, 500);
  rooms.refused(refusal("rate_limited"), 900);
  assertEquals(steps(rooms, 900), ["leave_room a"]);
  rooms.refused(refusal("internal_error"), 0);
  await left;
  assertEquals(steps(rooms, 900), []);
});

Deno.test("a join that was too fast and isn't wanted any more is dropped", async () => {
  const rooms = new Rooms();
  rooms.join("a").catch(() => {});
  steps(rooms);
  const left = rooms.leave("a");
  rooms.refused(refusal("rate_limited"), 500);
  await left;
  assertEquals(steps(rooms, 500), []);
});

Deno.test("a refused join that isn't wanted any more ends the leave", async () => {
  const rooms = new Rooms();
  rooms.join("a").catch(() => {});
  steps(rooms);
  const left = rooms.leave("a");
  assertEquals(rooms.refused(refusal("forbidden"), 0), false);
  await left;
});

Deno.test("the server can put a member out, and it stays out", async () => {
  const rooms = await member();
  assertEquals(rooms.left("a"), true);
  assertEquals([rooms.wanted, steps(rooms)], [[], []]);
});

Deno.test("answers to nobody's question change nothing", async () => {
  const rooms = await member();
  rooms.joined(answer("b"));
  rooms.joined({ ...answer(), seq: 9 });
  assertEquals(rooms.left("b"), false);
  assertEquals(rooms.refused(refusal("forbidden"), 0), false);
  assertEquals(rooms.refused(refusal("forbidden", "b"), 0), false);
  rooms.hold("b", 5);
  assertEquals(rooms.wanted, ["a"]);
});

Deno.test("a client that stops rejects joins and remembers the rooms that it was in", async () => {
  const rooms = await member();
  const join = rooms.join("b");
  rooms.stopped({ code: "stopped", why: "enough" });
  await assertRejects(() => join, RoomError, "Cannot join the room: enough");
  assertEquals(rooms.wanted, ["a"]);
});
