/** Requests spoken by npm's `ws` by hand, against the server's rules. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as v from "valibot";
import { RequestError, RoomServer, type RoomServerOptions } from "@/server/mod.ts";
import { type Peer, serveRooms } from "./harness.ts";

const QUIET: RoomServerOptions = { limits: { messagesPerSecond: 0 } };
const limits = (given: RoomServerOptions["limits"]): RoomServerOptions => ({
  limits: { messagesPerSecond: 0, ...given },
});

async function errorOf(peer: Peer): Promise<Record<string, unknown>> {
  const { type: _, ...error } = await peer.next("error");
  return error;
}

/** What `console.error` was told while something runs. */
async function logged(run: () => Promise<void>): Promise<string> {
  const { error } = console;
  const lines: string[] = [];
  console.error = (...args: unknown[]) => lines.push(args.map(String).join(" "));
  try {
    await run();
  } finally {
    console.error = error;
  }
  return lines.join("\n");
}

/** A promise that a handler waits for, and what became of its signal. */
function gate() {
  const opened = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<DOMException>();
  const wait = (signal: AbortSignal) => {
    signal.addEventListener("abort", () => aborted.resolve(signal.reason));
    return opened.promise;
  };
  return { open: opened.resolve, aborted: aborted.promise, wait };
}

Deno.test("a handler's value is the reply, with who asked in its context", async () => {
  await using served = serveRooms(QUIET);
  served.rooms.handle("echo", (data, { clientId, userId, permissions }) => {
    return Promise.resolve({ data, clientId, userId, permissions });
  });
  served.rooms.handle("nothing", () => {});
  const ann = await served.connect();
  ann.send({ type: "request", id: "1", method: "echo", data: { a: [1] } });
  const { clientId } = ann;
  assertEquals<unknown>(await ann.next("reply"), {
    type: "reply",
    id: "1",
    data: { data: { a: [1] }, clientId, userId: clientId, permissions: ["read", "write"] },
  });
  ann.send({ type: "request", id: "1", method: "nothing" });
  assertEquals<unknown>(await ann.next("reply"), { type: "reply", id: "1" });
});

Deno.test("what a handler throws is logged and not told; its own errors are told", async () => {
  await using served = serveRooms(QUIET);
  const { rooms } = served;
  rooms.handle("throws", () => {
    throw new Error("secret: the database's password");
  });
  rooms.handle("rejects", () => Promise.reject(new Error("secret")));
  rooms.handle("cyclic", () => {
    const value: Record<string, unknown> = {};
    return Object.assign(value, { value });
  });
  rooms.handle("bigint", () => 1n);
  rooms.handle("deep", () => JSON.parse("[".repeat(63) + "]".repeat(63)));
  rooms.handle("refuses", (_data, { refuse }) => refuse("sold_out", { left: 0 }, "None left"));
  rooms.handle("refuses oddly", () => {
    throw new RequestError("odd", "Odd", 1n);
  });
  const ann = await served.connect();
  const text = await logged(async () => {
    for (const method of ["throws", "rejects", "cyclic", "bigint", "deep", "refuses oddly"]) {
      ann.send({ type: "request", id: method, method });
      assertEquals(await errorOf(ann), {
        code: "internal_error",
        message: "The server could not do that",
        id: method,
      });
    }
  });
  assertEquals(text.split("Cannot handle request ").length - 1, 6, text);
  ann.send({ type: "request", id: "r", method: "refuses" });
  assertEquals(await errorOf(ann), {
    code: "request_failed",
    message: "None left",
    id: "r",
    failure: { code: "sold_out", data: { left: 0 } },
  });
  assertEquals(rooms.getStats().totals.errors, { internal_error: 6, request_failed: 1 });
});

Deno.test("unknown methods, among them those that every object has", async () => {
  await using served = serveRooms(QUIET);
  const remove = served.rooms.handle("gone", () => 1);
  remove();
  const ann = await served.connect();
  for (const method of ["no", "gone", "toString", "__proto__", "constructor"]) {
    ann.send({ type: "request", id: "1", method });
    assertEquals((await errorOf(ann)).code, "unknown_method", method);
  }
});

Deno.test("a method asks for a permission: write where nothing is said", async () => {
  await using served = serveRooms({ ...QUIET, permissions: () => ["read"] });
  served.rooms.handle("write", () => 1);
  served.rooms.handle("read", () => 2, { permission: "read" });
  served.rooms.handle("admin", () => 3, { permission: "admin" });
  served.rooms.handle("any", () => 4, { permission: null });
  const ann = await served.connect();
  for (const method of ["write", "admin"]) {
    ann.send({ type: "request", id: method, method });
    assertEquals(await errorOf(ann), {
      code: "forbidden",
      message: "The permission for that is missing",
      id: method,
    });
  }
  for (const [method, data] of [["read", 2], ["any", 4]] as const) {
    ann.send({ type: "request", id: method, method });
    assertEquals((await ann.next("reply")).data, data);
  }
});

Deno.test("ids are the client's own: twice is refused, two clients don't meet", async () => {
  await using served = serveRooms(QUIET);
  const gates = [gate(), gate()];
  let calls = 0;
  served.rooms.handle("wait", async (data, { signal, clientId }) => {
    await gates[calls++].wait(signal);
    return [data, clientId];
  });
  const [ann, bob] = [await served.connect(), await served.connect()];
  ann.send({ type: "request", id: "1", method: "wait", data: "ann" });
  ann.send({ type: "request", id: "1", method: "wait", data: "again" });
  assertEquals((await errorOf(ann)).code, "duplicate_id");
  bob.send({ type: "request", id: "1", method: "wait", data: "bob" });
  bob.send({ type: "cancel", id: "no such" });
  await bob.settle();
  assertEquals(calls, 2);
  gates[1].open();
  assertEquals((await bob.next("reply")).data, ["bob", bob.clientId]);
  await ann.settle();
  assertEquals(ann.mailbox.filter(({ type }) => type === "reply"), []);
  gates[0].open();
  assertEquals((await ann.next("reply")).data, ["ann", ann.clientId]);
});

Deno.test("the number of open requests is limited, also of those that were cancelled", async () => {
  await using served = serveRooms(limits({ maxOpenRequests: 2 }));
  const gates: ReturnType<typeof gate>[] = [];
  served.rooms.handle("wait", async (_data, { signal }) => {
    gates.push(gate());
    await gates.at(-1)!.wait(signal);
    return "done";
  });
  const ann = await served.connect();
  for (const id of ["1", "2"]) ann.send({ type: "request", id, method: "wait" });
  ann.send({ type: "cancel", id: "1" });
  ann.send({ type: "request", id: "3", method: "wait" });
  assertEquals(await errorOf(ann), {
    code: "too_many_requests",
    message: "Too many requests are open",
    id: "3",
  });
  assertEquals((await gates[0].aborted).name, "AbortError");
  ann.send({ type: "request", id: "1", method: "wait" });
  assertEquals((await errorOf(ann)).code, "duplicate_id");
  gates[0].open();
  assertEquals(await ann.next("cancelled"), { type: "cancelled", id: "1" });
  ann.send({ type: "request", id: "3", method: "wait" });
  await ann.settle();
  assertEquals(gates.length, 3);
  gates[1].open();
  gates[2].open();
  assertEquals((await ann.next("reply")).id, "2", "a cancelled one gets no answer");
  assertEquals((await ann.next("reply")).id, "3");
});

Deno.test("a handler that takes too long: the caller is told, the signal aborts", async () => {
  await using served = serveRooms({ ...QUIET, handlerTimeoutMs: 20 });
  const slow = gate();
  served.rooms.handle("slow", async (_data, { signal }) => {
    await slow.wait(signal);
    return "too late";
  });
  const ann = await served.connect();
  ann.send({ type: "request", id: "1", method: "slow" });
  assertEquals(await errorOf(ann), {
    code: "request_timeout",
    message: "The handler took too long",
    id: "1",
  });
  assertEquals((await slow.aborted).name, "TimeoutError");
  slow.open();
  await ann.settle();
  assertEquals(ann.mailbox, [], "what it returns then goes nowhere");
});

Deno.test("a lost link aborts what it asked for, streams as well", async () => {
  await using served = serveRooms(QUIET);
  const [one, two] = [gate(), gate()];
  let ended = 0;
  served.rooms.handle("wait", (_data, { signal }) => one.wait(signal));
  served.rooms.handle("stream", async function* (_data, { signal }) {
    try {
      two.wait(signal);
      while (true) yield 1;
    } finally {
      ended++;
    }
  });
  const ann = await served.connect();
  ann.send({ type: "request", id: "1", method: "wait" });
  ann.send({ type: "request", id: "2", method: "stream", credit: 3 });
  await ann.next("stream_chunk");
  ann.socket.terminate();
  const reasons = await Promise.all([one.aborted, two.aborted]);
  assertEquals(reasons.map(({ message }) => message), Array(2).fill("The caller's link is lost"));
  await served.until(() => ended === 1);
  one.open();
});

Deno.test("replies, chunks and errors that are too big", async () => {
  await using served = serveRooms(limits({ maxReplyBytes: 100 }));
  const { rooms } = served;
  rooms.handle("reply", (data) => "x".repeat(Number(data)));
  rooms.handle("error", (data, { refuse }) => refuse("code", "x".repeat(Number(data))));
  let ended = false;
  rooms.handle("chunk", async function* () {
    try {
      yield "small";
      yield "x".repeat(200);
    } finally {
      ended = true;
    }
  });
  const ann = await served.connect();
  const overhead = JSON.stringify({ type: "reply", id: "1", data: "" }).length;
  ann.send({ type: "request", id: "1", method: "reply", data: 100 - overhead });
  assertEquals((await ann.next("reply")).data, "x".repeat(100 - overhead));
  ann.send({ type: "request", id: "1", method: "reply", data: 101 - overhead });
  assertEquals((await errorOf(ann)).message, "Cannot reply: it has 101 bytes, 100 are allowed");
  ann.send({ type: "request", id: "1", method: "error", data: 99 });
  assertEquals((await errorOf(ann)).code, "reply_too_big");
  ann.send({ type: "request", id: "2", method: "chunk", credit: 9 });
  assertEquals((await ann.next("stream_chunk")).data, "small");
  assertEquals((await errorOf(ann)).code, "reply_too_big");
  await served.until(() => ended);
});

Deno.test("a generator is asked for no more than there is credit for", async () => {
  await using served = serveRooms(QUIET);
  let made = 0;
  served.rooms.handle("count", async function* (upTo) {
    while (made < Number(upTo)) yield ++made;
  });
  const ann = await served.connect();
  ann.send({ type: "request", id: "s", method: "count", data: 5, credit: 2 });
  assertEquals((await ann.next("stream_chunk")).seq, 1);
  assertEquals(await ann.next("stream_chunk"), {
    type: "stream_chunk",
    id: "s",
    seq: 2,
    data: 2,
  });
  await ann.settle();
  assertEquals([made, ann.mailbox], [2, []]);
  ann.send({ type: "stream_credit", id: "s", n: 1 });
  assertEquals((await ann.next("stream_chunk")).data, 3);
  await ann.settle();
  assertEquals([made, ann.mailbox], [3, []]);
  ann.send({ type: "stream_credit", id: "s", n: 2 });
  assertEquals((await ann.next("stream_chunk")).data, 4);
  assertEquals((await ann.next("stream_chunk")).data, 5);
  ann.send({ type: "stream_credit", id: "s", n: 1 });
  assertEquals<unknown>(await ann.next("stream_end"), { type: "stream_end", id: "s" });
});

Deno.test("a credit for more than was sent is refused and gives nothing", async () => {
  await using served = serveRooms(QUIET);
  let made = 0;
  served.rooms.handle("count", async function* () {
    while (true) yield ++made;
  });
  const ann = await served.connect();
  ann.send({ type: "request", id: "s", method: "count", credit: 2 });
  await ann.next("stream_chunk");
  await ann.next("stream_chunk");
  ann.send({ type: "stream_credit", id: "s", n: 1_024 });
  assertEquals(await errorOf(ann), {
    code: "invalid_message",
    message: "Cannot take the credit: n is 1024, 2 chunks are out",
    id: "s",
  });
  await ann.settle();
  assertEquals(made, 2);
  ann.send({ type: "cancel", id: "s" });
  ann.send({ type: "stream_credit", id: "s", n: 1 });
  await ann.settle();
  assertEquals(ann.mailbox, [{ type: "cancelled", id: "s" }], "a credit too late is harmless");
});

Deno.test("a stream's bytes on the way are limited whatever its credit", async () => {
  await using served = serveRooms(limits({ maxStreamBytes: 10_000 }));
  let made = 0;
  served.rooms.handle("large", async function* () {
    while (true) yield `${++made}`.padEnd(4_000, "x");
  });
  const ann = await served.connect();
  ann.send({ type: "request", id: "s", method: "large", credit: 1_024 });
  await ann.next("stream_chunk");
  await ann.settle();
  assertEquals(made, 3);
  ann.send({ type: "stream_credit", id: "s", n: 3 });
  await served.until(() => made === 6);
  await ann.settle();
  assertEquals(made, 6);
});

Deno.test("cancel ends the generator, wherever it stands", async () => {
  await using served = serveRooms(QUIET);
  const ends: string[] = [];
  const stuck = gate();
  served.rooms.handle("yields", async function* () {
    try {
      while (true) yield 1;
    } finally {
      ends.push("yields");
    }
  });
  served.rooms.handle("awaits", async function* (_data, { signal }) {
    try {
      yield 1;
      await stuck.wait(signal);
      yield 2;
    } finally {
      ends.push("awaits");
    }
  });
  const ann = await served.connect();
  for (const method of ["yields", "awaits"]) {
    ann.send({ type: "request", id: method, method, credit: 2 });
    await ann.next("stream_chunk");
    ann.send({ type: "cancel", id: method });
    await ann.settle();
    ann.mailbox.length = 0;
  }
  await stuck.aborted;
  assertEquals(ends, ["yields"]);
  stuck.open();
  assertEquals((await ann.next("cancelled")).id, "awaits");
  assertEquals([ends, ann.mailbox], [["yields", "awaits"], []]);
});

Deno.test("errors in the middle of a stream come after its chunks", async () => {
  await using served = serveRooms(QUIET);
  served.rooms.handle("fails", async function* (own) {
    yield 1;
    yield 2;
    throw own ? new RequestError("half_done") : new Error("secret");
  });
  const ann = await served.connect();
  ann.send({ type: "request", id: "1", method: "fails", data: true, credit: 9 });
  await ann.settle();
  assertEquals(ann.mailbox.map(({ type, data }) => [type, data]), [
    ["stream_chunk", 1],
    ["stream_chunk", 2],
    ["error", undefined],
  ]);
  assertEquals((await errorOf(ann)).failure, { code: "half_done" });
  await logged(async () => {
    ann.send({ type: "request", id: "2", method: "fails", credit: 9 });
    assertEquals((await errorOf(ann)).code, "internal_error");
  });
});

Deno.test("a stream's handler has its time for each chunk, not while nobody takes one", async () => {
  await using served = serveRooms({ ...QUIET, handlerTimeoutMs: 30 });
  const slow = gate();
  served.rooms.handle("slow second", async function* (_data, { signal }) {
    yield 1;
    await slow.wait(signal);
    yield 2;
  });
  const ann = await served.connect();
  ann.send({ type: "request", id: "1", method: "slow second", credit: 1 });
  await ann.next("stream_chunk");
  await new Promise((resolve) => setTimeout(resolve, 60));
  await ann.settle();
  assertEquals(ann.mailbox, [], "no time runs while there is no credit");
  ann.send({ type: "stream_credit", id: "1", n: 1 });
  assertEquals((await errorOf(ann)).code, "request_timeout");
  slow.open();
});

Deno.test("a stream without a credit is refused, one value with a credit is one chunk", async () => {
  await using served = serveRooms(QUIET);
  let started = false;
  served.rooms.handle("stream", async function* () {
    started = true;
    yield 1;
  });
  served.rooms.handle("value", () => 7);
  const ann = await served.connect();
  ann.send({ type: "request", id: "1", method: "stream" });
  assertEquals((await errorOf(ann)).code, "only_streams");
  assertEquals(started, false);
  ann.send({ type: "request", id: "2", method: "value", credit: 1 });
  assertEquals((await ann.next("stream_chunk")).data, 7);
  assertEquals((await ann.next("stream_end")).id, "2");
});

Deno.test("a ReadableStream is a stream too, and is cancelled with it", async () => {
  await using served = serveRooms(QUIET);
  const cancelled = Promise.withResolvers<void>();
  served.rooms.handle("readable", () => {
    let n = 0;
    return new ReadableStream({
      pull: (controller) => controller.enqueue(++n),
      cancel: () => cancelled.resolve(),
    }, { highWaterMark: 0 });
  });
  const ann = await served.connect();
  ann.send({ type: "request", id: "1", method: "readable", credit: 1 });
  assertEquals((await ann.next("stream_chunk")).data, 1);
  ann.send({ type: "cancel", id: "1" });
  await cancelled.promise;
});

Deno.test("ending what one has begun is free of the rate limit, and nothing more is", async () => {
  await using served = serveRooms({ limits: { messagesPerSecond: 5, maxRefusedMessages: 0 } });
  served.rooms.handle("count", async function* (upTo) {
    for (let n = 1; n <= Number(upTo); n++) yield n;
  });
  served.rooms.handle("value", () => 1);
  const ann = await served.connect();
  ann.send({ type: "request", id: "s", method: "count", data: 100, credit: 1 });
  for (let n = 1; n <= 100; n++) {
    assertEquals((await ann.next("stream_chunk")).data, n);
    ann.send({ type: "stream_credit", id: "s", n: 1 });
  }
  await ann.next("stream_end");
  ann.send({ type: "request", id: "v", method: "value" });
  await ann.next("reply");
  // Two requests have ended: a cancel of each may still be on its way.
  for (let round = 0; round < 2; round++) ann.send({ type: "cancel", id: "v" });
  for (let round = 0; round < 3; round++) ann.send({ type: "cancel", id: "v" });
  ann.send({ type: "cancel", id: "v" });
  assertEquals((await ann.next("error")).code, "rate_limited");
});

Deno.test("a contract: data that doesn't fit is refused, an answer that doesn't is the server's fault", async () => {
  const contract = {
    requests: {
      double: { data: v.pipe(v.number(), v.maxValue(9)), reply: v.number() },
      stream: { data: v.unknown(), chunk: v.object({ token: v.string() }) },
      buy: { errors: { sold_out: v.object({ left: v.number() }) } },
      later: { data: v.objectAsync({}) },
    },
  };
  await using served = serveRooms({ ...QUIET, contract });
  const rooms = served.rooms;
  rooms.handle("double", (n) => n === 3 ? "six" : Number(n) * 2);
  rooms.handle("stream", async function* () {
    yield { token: "a", secret: "dropped" };
    yield { token: 7 };
  });
  rooms.handle("buy", (code, { refuse }) => refuse(String(code), { left: 0, more: 1 }));
  rooms.handle("later", () => 1);
  assertThrows(() => rooms.handle("other", () => 1), TypeError, "the contract has no other");
  const ann = await served.connect();
  ann.send({ type: "request", id: "1", method: "double", data: 2 });
  assertEquals((await ann.next("reply")).data, 4);
  for (const data of [10, "2", undefined]) {
    ann.send({ type: "request", id: "1", method: "double", data });
    const error = await errorOf(ann);
    assertEquals([error.code, error.id], ["invalid_data", "1"]);
  }
  const text = await logged(async () => {
    ann.send({ type: "request", id: "1", method: "double", data: 3 });
    assertEquals((await errorOf(ann)).code, "internal_error");
    ann.send({ type: "request", id: "2", method: "stream", credit: 9 });
    assertEquals((await ann.next("stream_chunk")).data, { token: "a" });
    assertEquals((await errorOf(ann)).code, "internal_error");
    ann.send({ type: "request", id: "3", method: "buy", data: "sold_out" });
    assertEquals((await errorOf(ann)).failure, { code: "sold_out", data: { left: 0 } });
    ann.send({ type: "request", id: "4", method: "buy", data: "other" });
    assertEquals((await errorOf(ann)).code, "internal_error");
    ann.send({ type: "request", id: "5", method: "later", data: {} });
    assertEquals((await errorOf(ann)).code, "internal_error");
  });
  for (const part of ["reply is wrong", "chunk is wrong", "no error other", "asynchronous"]) {
    assert(text.includes(part), `${part} in ${text}`);
  }
});

Deno.test("a contract: room messages are what their schema puts out, from the server as well", async () => {
  const contract = { rooms: { "chat:*": { message: v.object({ text: v.string() }) } } };
  await using served = serveRooms({ ...QUIET, contract });
  const [ann, bob] = [await served.connect(), await served.connect()];
  for (const peer of [ann, bob]) {
    await peer.join("chat:1");
    await peer.join("other");
  }
  const say = (room: string, content: unknown) =>
    ann.send({ type: "room_message", room, content, id: "m" });
  say("chat:1", { text: "hi", admin: true });
  assertEquals((await bob.next("room_message")).content, { text: "hi" });
  await ann.next("ack");
  for (const [room, content] of [["chat:1", { text: 7 }], ["chat:1", "hi"], ["other", {}]]) {
    say(room as string, content);
    const error = await errorOf(ann);
    assertEquals([error.code, error.id, error.room], ["invalid_data", "m", room]);
  }
  const typed = served.rooms as unknown as RoomServer<typeof contract>;
  assertEquals((await typed.publish("chat:1", { text: "from the server" })).seq, 2);
  const wrong = await served.rooms.publish("chat:1", { text: 1 }).catch((error) => error);
  assert(wrong instanceof TypeError);
});

Deno.test("handlers are registered once, under a name that a message can hold", () => {
  const rooms = new RoomServer();
  const remove = rooms.handle("a", () => 1);
  assertThrows(() => rooms.handle("a", () => 2), TypeError, "there is a handler for a");
  remove();
  const removeSecond = rooms.handle("a", () => 2);
  remove();
  assertThrows(() => rooms.handle("a", () => 3), TypeError, "there is a handler for a");
  removeSecond();
  for (const name of ["", "x".repeat(129)]) {
    assertThrows(() => rooms.handle(name, () => 1), RangeError);
  }
});
