import { assert, assertEquals, assertFalse } from "@std/assert";
import type { Connection } from "@/server/connection.ts";
import { Rooms } from "@/server/rooms.ts";
import { fakeConnection } from "./fakes.ts";
import { seeded } from "./seeded.ts";

Deno.test("join and leave tell whether they changed anything", () => {
  const rooms = new Rooms();
  const { connection } = fakeConnection();
  assertFalse(rooms.leave("a", connection));
  assert(rooms.join("a", connection));
  assertFalse(rooms.join("a", connection));
  assert(rooms.leave("a", connection));
  assertFalse(rooms.leave("a", connection));
});

Deno.test("an empty room goes with its last member", () => {
  const rooms = new Rooms();
  const [ann, bob] = [fakeConnection().connection, fakeConnection().connection];
  rooms.join("a", ann);
  rooms.join("a", bob);
  rooms.leave("a", ann);
  assertEquals([...rooms.names()], ["a"]);
  rooms.leave("a", bob);
  assertEquals([rooms.size, [...rooms.names()]], [0, []]);
});

Deno.test("a room that doesn't exist has no members, and asking doesn't make it", () => {
  const rooms = new Rooms();
  assertEquals(rooms.members("a").size, 0);
  assertEquals(rooms.size, 0);
});

Deno.test("members are in the order in which they came", () => {
  const rooms = new Rooms();
  const connections = Array.from({ length: 5 }, () => fakeConnection().connection);
  for (const connection of connections) rooms.join("a", connection);
  rooms.leave("a", connections[0]);
  rooms.join("a", connections[0]);
  assertEquals([...rooms.members("a")].map(({ id }) => id), [
    ...connections.slice(1).map(({ id }) => id),
    connections[0].id,
  ]);
});

Deno.test("the two maps stay in step whatever comes", () => {
  const random = seeded(7);
  const rooms = new Rooms();
  const connections = Array.from({ length: 8 }, () => fakeConnection().connection);
  const expected = new Set<string>();
  const names = ["a", "b", "c", "__proto__", "constructor"];
  for (let i = 0; i < 5_000; i++) {
    const connection = connections[Math.floor(random() * connections.length)];
    const room = names[Math.floor(random() * names.length)];
    const key = `${room} ${connection.id}`;
    if (random() < 0.5) {
      assertEquals(rooms.join(room, connection), !expected.has(key));
      expected.add(key);
    } else assertEquals(rooms.leave(room, connection), expected.delete(key));
    if (i % 50 === 0) assertEquals(memberships(rooms, names), [...expected].toSorted());
    if (i % 50 === 0) assertEquals(ownRooms(connections), [...expected].toSorted());
  }
});

function memberships(rooms: Rooms, names: string[]): string[] {
  return names.flatMap((room) => [...rooms.members(room)].map(({ id }) => `${room} ${id}`))
    .toSorted();
}

function ownRooms(connections: Connection[]): string[] {
  return connections.flatMap(({ id, rooms }) => [...rooms].map((room) => `${room} ${id}`))
    .toSorted();
}
