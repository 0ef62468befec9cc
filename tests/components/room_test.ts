import { assertEquals, assertStrictEquals } from "@std/assert";
import type { RoomJoined } from "../../protocol/server_messages.ts";
import { parseRoomHash } from "../../components/room/room_hash.ts";
import {
  contentText,
  hear,
  MAX_LINES,
  newTalk,
  notice,
  say,
  settle,
  shortId,
} from "../../components/room/room_talk.ts";

const ANNA = { clientId: "a", userId: "anna" };
const JOINED: RoomJoined = {
  type: "room_joined",
  room: "lobby",
  members: [ANNA],
  epoch: "e1",
  seq: 41,
};

Deno.test("joining brings members and position", () => {
  const talk = hear(newTalk("lobby"), JOINED, 1);
  assertEquals([talk.joined, talk.epoch, talk.seq], [true, "e1", 41]);
  assertEquals(talk.members, [ANNA]);
  const again = hear(talk, JOINED, 2);
  assertEquals(again.lines.map((line) => line.kind === "notice" && line.text), [
    "You joined",
    "You are back in the room",
  ]);
});

Deno.test("others come, talk and go", () => {
  let talk = hear(newTalk("lobby"), JOINED, 1);
  const bert = { room: "lobby", clientId: "b", userId: "bert" };
  talk = hear(talk, { type: "user_joined", ...bert }, 2);
  talk = hear(talk, { type: "user_joined", ...bert }, 2);
  assertEquals(talk.members.map(({ clientId }) => clientId), ["a", "b"]);
  talk = hear(talk, {
    type: "room_message",
    room: "lobby",
    from: "bert",
    clientId: "b",
    content: { typing: true },
    timestamp: 3,
    seq: 42,
  }, 3);
  assertEquals([talk.seq, talk.lines.at(-1)?.kind], [42, "message"]);
  talk = hear(talk, { type: "user_left", ...bert }, 4);
  assertEquals(talk.members, [ANNA]);
  talk = hear(talk, { type: "room_left", room: "lobby" }, 5);
  assertEquals([talk.joined, talk.members.length], [false, 0]);
});

Deno.test("what is about another room changes nothing", () => {
  const talk = newTalk("lobby");
  assertStrictEquals(hear(talk, { ...JOINED, room: "ops" }, 1), talk);
  assertStrictEquals(hear(talk, { type: "pong", timestamp: 1 }, 1), talk);
  const ack = { type: "ack", room: "lobby", id: "1", epoch: "e", seq: 1 } as const;
  assertStrictEquals(hear(talk, ack, 1), talk);
});

Deno.test("an own message is on its way, then acknowledged or refused", () => {
  let talk = say(say(newTalk("lobby"), "1", "one", 1), "2", "two", 2);
  talk = settle(talk, "1", { state: "acked", seq: 50 });
  talk = settle(talk, "2", { state: "refused", code: "content_too_long", message: "too long" });
  assertEquals(talk.lines.map((line) => line.kind === "own" && line.delivery.state), [
    "acked",
    "refused",
  ]);
  assertEquals(talk.seq, 50);
});

Deno.test("a talk keeps so many lines and no more", () => {
  let talk = newTalk("lobby");
  for (let count = 0; count < MAX_LINES + 20; count++) talk = notice(talk, count, String(count));
  assertEquals(talk.lines.length, MAX_LINES);
  assertEquals(talk.lines[0].at, 20);
});

Deno.test("ids are short, names stay, content is text", () => {
  assertEquals(shortId("3f2a77aa-1111-4222-8333-444455556666"), "3f2a77aa");
  assertEquals(shortId("anna"), "anna");
  assertEquals([contentText("hi"), contentText({ a: 1 })], ["hi", '{"a":1}']);
});

Deno.test("an address may name a room", () => {
  assertEquals(parseRoomHash("#room=doc%3A7"), "doc:7");
  assertEquals(parseRoomHash("#frame=1.2"), null);
  assertEquals(parseRoomHash(""), null);
});
