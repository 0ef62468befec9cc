import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { type ConnectionRecord, ReadyState } from "@/protocol/mod.ts";
import { ConnectionRegistry } from "@/server/registry.ts";
import { advance, fakeConnection } from "./fakes.ts";

Deno.test("a live connection is found by its number and by its client", () => {
  const registry = new ConnectionRegistry();
  const { connection } = fakeConnection();
  registry.add(connection);
  assertStrictEquals(registry.byId(connection.id), connection);
  assertStrictEquals(registry.byClientId(connection.clientId), connection);
  assertEquals([...registry.live()], [connection]);
  registry.end(connection);
  assertEquals(registry.byId(connection.id), undefined);
  assertEquals(registry.byClientId(connection.clientId), undefined);
  assertEquals(registry.size, 0);
});

Deno.test("an ended connection stays as its record", () => {
  const registry = new ConnectionRegistry();
  const { connection } = fakeConnection();
  registry.add(connection);
  assertEquals(registry.record(connection.id)?.state, ReadyState.OPEN);
  advance(connection, ReadyState.CLOSED);
  registry.end(connection);
  assertEquals(registry.record(connection.id)?.state, ReadyState.CLOSED);
  assertEquals(registry.ids(), [connection.id]);
});

Deno.test("ending twice counts once", () => {
  const registry = new ConnectionRegistry();
  const [first, second] = [fakeConnection().connection, fakeConnection().connection];
  for (const connection of [first, second]) registry.add(connection);
  registry.end(first);
  registry.end(first);
  assertEquals([registry.size, registry.countOf("192.0.2.1")], [1, 1]);
});

Deno.test("connections are counted per address", () => {
  const registry = new ConnectionRegistry();
  const here = [1, 2, 3].map(() => fakeConnection({ hostname: "192.0.2.7" }).connection);
  const there = fakeConnection({ hostname: "192.0.2.8" }).connection;
  for (const connection of [...here, there]) registry.add(connection);
  assertEquals([registry.countOf("192.0.2.7"), registry.countOf("192.0.2.8")], [3, 1]);
  for (const connection of here) registry.end(connection);
  assertEquals([registry.countOf("192.0.2.7"), registry.countOf("192.0.2.8")], [0, 1]);
  assertEquals(registry.countOf("192.0.2.9"), 0);
});

Deno.test("a watcher has no record, neither alive nor ended", () => {
  const registry = new ConnectionRegistry();
  const { connection } = fakeConnection();
  connection.watching = true;
  registry.add(connection);
  assertEquals(registry.record(connection.id), null);
  registry.end(connection);
  assertEquals([registry.record(connection.id), registry.ids()], [null, []]);
});

Deno.test("of what has ended the last 500 stay, and listeners learn what went", () => {
  const registry = new ConnectionRegistry();
  const touched: string[] = [];
  const stop = registry.onChange((id) => touched.push(id));
  for (let i = 0; i < 502; i++) registry.addEnded(endedRecord(`e${i}`));
  assertEquals(registry.ids().length, 500);
  assertEquals([registry.record("e0"), registry.record("e1")], [null, null]);
  assert(registry.record("e2") !== null);
  assertEquals(touched.filter((id) => id === "e0").length, 2, "when it came and when it went");
  stop();
  registry.touch("e5");
  assertEquals(touched.includes("e501"), true);
  assertEquals(touched.filter((id) => id === "e5").length, 1, "who has stopped isn't told");
});

Deno.test("the ended come before the live", () => {
  const registry = new ConnectionRegistry();
  const { connection } = fakeConnection();
  registry.add(connection);
  registry.addEnded(endedRecord("e"));
  assertEquals(registry.ids(), ["e", connection.id]);
});

function endedRecord(id: string): ConnectionRecord {
  const { connection } = fakeConnection({ id, state: ReadyState.CLOSED });
  return connection.record();
}
