import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { ReadyState } from "@/protocol/mod.ts";
import type { Connection } from "@/server/connection.ts";
import { Metrics } from "@/server/metrics.ts";
import { Outbound, outgoing, utf8Length } from "@/server/outbound.ts";
import { fakeConnection } from "./fakes.ts";

function make(maxQueuedBytes = 100) {
  const metrics = new Metrics();
  const slow: Connection[] = [];
  const outbound = new Outbound({ metrics, maxQueuedBytes, onSlow: (one) => slow.push(one) });
  return { metrics, slow, outbound };
}

const HELLO = outgoing({ type: "hello" });

Deno.test("a message is serialised once, whoever gets it", () => {
  const { outbound, metrics } = make();
  let serialised = 0;
  const message = outgoing({ type: "x", toJSON: () => ({ type: "x", serialised: ++serialised }) });
  const peers = [1, 2, 3].map(() => fakeConnection());
  for (const { connection } of peers) outbound.send(connection, message);
  assertEquals(serialised, 1);
  for (const { socket } of peers) assertStrictEquals(socket.sent[0], message.data);
  assertEquals(metrics.totals(0).messagesSent, 3);
  assertEquals(metrics.totals(0).bytesSent, 3 * message.bytes);
});

Deno.test("what isn't JSON is refused", () => {
  const cyclic: { type: string; self?: unknown } = { type: "x" };
  cyclic.self = cyclic;
  assertThrows(() => outgoing({ type: "x", self: cyclic }), TypeError);
  assertThrows(() => outgoing({ type: "x", value: 1n }), TypeError);
});

Deno.test("nothing goes to a connection that isn't open", () => {
  const { outbound, metrics } = make();
  const { CONNECTING, CLOSING, CLOSED } = ReadyState;
  for (const state of [CONNECTING, CLOSING, CLOSED]) {
    const { connection, socket } = fakeConnection({ state });
    outbound.send(connection, HELLO);
    assertEquals(socket.sent, []);
  }
  const { connection, socket } = fakeConnection();
  socket.readyState = WebSocket.CLOSING;
  outbound.send(connection, HELLO);
  assertEquals(socket.sent, []);
  connection.socket = null;
  outbound.send(connection, HELLO);
  assertEquals(metrics.totals(0).messagesSent, 0);
});

Deno.test("a watcher's messages count for itself alone", () => {
  const { outbound, metrics } = make();
  const { connection } = fakeConnection();
  connection.watching = true;
  outbound.send(connection, HELLO);
  assertEquals(connection.counters.messagesOut, 1);
  assertEquals(connection.counters.bytesOut, HELLO.bytes);
  assertEquals(metrics.totals(0).messagesSent, 0);
});

Deno.test("who reads too slowly is ended once, and not inside of a loop over members", async () => {
  const { outbound, slow, metrics } = make(100);
  const { connection, socket } = fakeConnection();
  socket.bufferedAmount = 100;
  outbound.send(connection, HELLO);
  assertEquals(connection.isSlow, false, "at the limit is not over it");
  socket.bufferedAmount = 101;
  outbound.send(connection, HELLO);
  outbound.send(connection, HELLO);
  assertEquals(slow, [], "later");
  await Promise.resolve();
  assertEquals(slow, [connection]);
  assertEquals(metrics.totals(0).slowConsumersClosed, 1);
});

Deno.test("one message over the bound is no reason to end who reads", async () => {
  const { outbound, slow } = make(100);
  const { connection, socket } = fakeConnection();
  outbound.send(connection, { data: "x".repeat(5_000), bytes: 5_000 });
  socket.bufferedAmount = 0;
  outbound.send(connection, HELLO);
  await Promise.resolve();
  assertEquals(slow, []);
});

Deno.test("0 lets any number of bytes wait", async () => {
  const { outbound, slow } = make(0);
  const { connection, socket } = fakeConnection();
  socket.bufferedAmount = 1e12;
  outbound.send(connection, HELLO);
  await Promise.resolve();
  assertEquals(slow, []);
});

Deno.test("UTF-8 lengths are those of an encoder", () => {
  const encoder = new TextEncoder();
  const texts = [
    "",
    "abc",
    "é",
    "€",
    "😀",
    "\u07ff\u0800\uffff",
    "a😀é€".repeat(50),
    "\u0000\u007f\u0080",
  ];
  for (const text of texts) assertEquals(utf8Length(text), encoder.encode(text).length, text);
  for (let unit = 0; unit < 0xd800; unit += 97) {
    const text = String.fromCharCode(unit);
    assert(utf8Length(text) === encoder.encode(text).length, `U+${unit.toString(16)}`);
  }
});
