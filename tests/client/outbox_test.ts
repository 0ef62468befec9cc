import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Outbox } from "../../client/outbox.ts";
import { RoomError } from "../../client/errors.ts";

function filled(names: string[], limits = { maxOutbox: 100, maxOutboxBytes: 1_000 }) {
  const outbox = new Outbox(limits);
  const settled = names.map((id) => outbox.add({ room: id[0], id, data: "xx" }));
  for (const promise of settled) promise.catch(() => {});
  return { outbox, settled };
}

/** Sends whatever may be sent. */
function drain(outbox: Outbox, rooms = "ab"): string[] {
  const ids: string[] = [];
  for (;;) {
    const entry = outbox.next((room) => rooms.includes(room));
    if (entry === undefined) return ids;
    outbox.markSent(entry);
    ids.push(entry.id);
  }
}

Deno.test("messages go out in the order in which they were published", () => {
  const { outbox } = filled(["a1", "b1", "a2", "b2"]);
  assertEquals(drain(outbox), ["a1", "b1", "a2", "b2"]);
});

Deno.test("a room that has to wait doesn't hold another up", () => {
  const { outbox } = filled(["a1", "b1", "a2"]);
  assertEquals(drain(outbox, "b"), ["b1"]);
  assertEquals(drain(outbox), ["a1", "a2"]);
});

Deno.test("refused ones go back to their places", () => {
  const { outbox } = filled(["a1", "b1", "a2", "a3", "a4"]);
  assertEquals(drain(outbox), ["a1", "b1", "a2", "a3", "a4"]);
  for (const id of ["a3", "a2", "a4"]) outbox.requeue(id);
  assertEquals(drain(outbox), ["a2", "a3", "a4"]);
  assertEquals(outbox.requeue("nobody"), undefined);
});

Deno.test("a refused one waits for the outcome of those that were sent behind it", () => {
  const { outbox } = filled(["a1", "a2", "b1"]);
  drain(outbox);
  outbox.requeue("a1");
  outbox.add({ room: "a", id: "a3", data: "" }).catch(() => {});
  assertEquals(drain(outbox), []);
  outbox.requeue("a2");
  assertEquals(drain(outbox), ["a1", "a2", "a3"]);
});

Deno.test("queued and sent ones count, settled ones don't", () => {
  const { outbox } = filled(["a1", "a2"], { maxOutbox: 2, maxOutboxBytes: 1_000 });
  const full = () => outbox.add({ room: "a", id: "a3", data: "" });
  assertEquals(assertThrows(full, RoomError).code, "outbox_full");
  drain(outbox);
  assertThrows(full, RoomError, "it holds 2 messages");
  assertEquals(outbox.settle("a1")?.id, "a1");
  assertEquals([outbox.size, outbox.bytes], [1, 2]);
  full().catch(() => {});
  assertEquals([outbox.size, outbox.bytes], [2, 2]);
});

Deno.test("bytes are bounded as UTF-8", () => {
  const { outbox } = filled(["a1"], { maxOutbox: 9, maxOutboxBytes: 6 });
  outbox.add({ room: "a", id: "a2", data: "ä" });
  const error = assertThrows(() => outbox.add({ room: "a", id: "a3", data: "äx" }), RoomError);
  assertEquals([error.code, error.room, error.id], ["outbox_full", "a", "a3"]);
  assertEquals(error.message.endsWith("it holds 4 bytes and the message has 3"), true);
});

Deno.test("a lost link leaves the queued ones and rejects the sent ones", async () => {
  const { outbox, settled } = filled(["a1", "b1", "a2"]);
  drain(outbox, "b");
  outbox.rejectSent();
  const error = await assertRejects(() => settled[1], RoomError);
  assertEquals([error.code, error.room, error.id], ["outcome_unknown", "b", "b1"]);
  assertEquals([outbox.size, outbox.bytes], [2, 4]);
  assertEquals(outbox.settle("b1"), undefined);
  assertEquals(drain(outbox), ["a1", "a2"]);
});

Deno.test("queued ones of one room can be rejected alone", async () => {
  const { outbox, settled } = filled(["a1", "b1", "a2"]);
  outbox.rejectQueued({ code: "left", why: "gone" }, ({ room }) => room === "a");
  for (const promise of [settled[0], settled[2]]) {
    await assertRejects(() => promise, RoomError, "Cannot publish: gone");
  }
  assertEquals(drain(outbox), ["b1"]);
});
