import { assertEquals } from "@std/assert";
import { Server } from "./command.ts";
import { RawClient } from "./raw_client.ts";
import { until } from "./waiting.ts";

const MEMBERS = 8;
const EACH = 100;

Deno.test("every member sees the room's sequence without a gap, its own acks in their places", async () => {
  await using server = await Server.start(["--rate-limit", "0"]);
  const members: RawClient[] = [];
  for (let i = 0; i < MEMBERS; i++) members.push(await RawClient.join(server.port, "lobby"));
  for (let i = 0; i < EACH; i++) {
    for (const member of members) {
      member.say({ type: "room_message", room: "lobby", content: i, id: String(i) });
    }
  }
  const places = ({ mailbox }: RawClient) =>
    mailbox.flatMap(({ type, seq }) => type === "ack" || type === "room_message" ? [seq] : []);
  await until(() => members.every((m) => places(m).length === MEMBERS * EACH), "all is heard");
  const expected = Array.from({ length: MEMBERS * EACH }, (_, i) => i + 1);
  for (const member of members) assertEquals(places(member), expected);
  for (const member of members) member[Symbol.dispose]();
});
