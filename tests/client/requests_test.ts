import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as v from "valibot";
import { RequestError, RoomError } from "../../client/mod.ts";
import { Harness, isPending, rateLimited } from "./harness.ts";

/** What a promise rejects with: its code, or its name. */
async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await assertRejects(() => promise) as Error & { code?: string };
  return error.code === undefined || error instanceof DOMException ? error.name : error.code;
}

const requestsOf = (h: Harness) => h.socket.take().filter(({ type }) => type === "request");
const types = (h: Harness) =>
  h.socket.take().map(({ type, n }) => n === undefined ? type : [type, n]);

Deno.test("a reply, the handler's own error, and the server's", async () => {
  await using h = new Harness();
  const socket = h.up();
  const replies = ["a", "b", "c"].map((method) => h.client.request(method, { method }));
  replies.forEach((reply) => reply.catch(() => {}));
  const sent = requestsOf(h);
  assertEquals(sent.map(({ method, data }) => [method, data]), [
    ["a", { method: "a" }],
    ["b", { method: "b" }],
    ["c", { method: "c" }],
  ]);
  assertEquals(new Set(sent.map(({ id }) => id)).size, 3);
  const [a, b, c] = sent.map(({ id }) => id);
  const failure = { code: "sold_out", data: { left: 0 } };
  socket.receive({ type: "error", code: "request_failed", message: "None left", id: b, failure });
  socket.receive({ type: "error", code: "internal_error", message: "The server failed", id: c });
  socket.receive({ type: "reply", id: a, data: 7 });
  socket.receive({ type: "reply", id: a, data: 8 });
  assertEquals(await replies[0], 7);
  const own = await assertRejects(() => replies[1], RequestError);
  assertEquals([own.code, own.message, own.data], ["sold_out", "None left", { left: 0 }]);
  const error = await assertRejects(() => replies[2], RoomError);
  assertEquals([error.code, error.id, error.message], [
    "internal_error",
    c,
    "Cannot request c: The server failed",
  ]);
});

Deno.test("no answer in time: rejected, and the server is told to stop", async () => {
  await using h = new Harness();
  h.up();
  const reply = h.client.request("slow", 1, { timeoutMs: 500 });
  const forever = h.client.request("forever", 1, { timeoutMs: 0 });
  const [{ id }] = requestsOf(h);
  h.clock.tick(499);
  assertEquals(await isPending(reply), true);
  h.clock.tick(1);
  assertEquals(await codeOf(reply), "timeout");
  assertEquals(h.socket.take(), [{ type: "cancel", id }]);
  h.socket.receive({ type: "reply", id, data: "too late" });
  assertEquals(await isPending(forever), true);
  forever.catch(() => {});
});

Deno.test("without a link a request waits, and may run out of time", async () => {
  await using h = new Harness();
  const waiting = h.client.request("a");
  const late = h.client.request("b", 1, { timeoutMs: 10 });
  h.clock.tick(10);
  assertEquals(await codeOf(late), "timeout");
  h.up();
  const sent = requestsOf(h);
  assertEquals(sent.map(({ method }) => method), ["a"]);
  h.socket.receive({ type: "reply", id: sent[0].id });
  assertEquals(await waiting, undefined);
});

Deno.test("a lost link: what was sent is lost, what wasn't goes out with the next", async () => {
  await using h = new Harness();
  h.up({ maxOpenRequests: 1 });
  const sent = h.client.request("sent");
  const queued = h.client.request("queued");
  const [{ id }] = requestsOf(h);
  h.socket.lose();
  assertEquals(await codeOf(sent), "outcome_unknown");
  h.clock.tick(1_000);
  h.up();
  const [next] = requestsOf(h);
  assertEquals(next.method, "queued");
  h.socket.receive({ type: "reply", id, data: "of another link" });
  assertEquals(await isPending(queued), true);
  h.socket.receive({ type: "reply", id: next.id, data: 1 });
  assertEquals(await queued, 1);
});

Deno.test("what has settled is let go of: its bytes, its key, its place with the signal", async () => {
  await using h = new Harness({ maxOutboxBytes: 300 });
  h.up();
  const { signal } = new AbortController();
  let listening = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: unknown[]) => {
    listening++;
    addEventListener.apply(signal, args as Parameters<typeof addEventListener>);
  };
  signal.removeEventListener = (...args: unknown[]) => {
    listening--;
    removeEventListener.apply(signal, args as Parameters<typeof removeEventListener>);
  };
  for (let round = 0; round < 10; round++) {
    const reply = h.client.request("m", "x".repeat(150), { signal, key: "k" });
    const [{ id }] = requestsOf(h);
    assertEquals(listening, 1);
    h.socket.receive({ type: "reply", id, data: round });
    assertEquals(await reply, round);
    assertEquals(listening, 0);
  }
});

Deno.test("no more are open than the server takes", async () => {
  await using h = new Harness();
  h.up({ maxOpenRequests: 2 });
  const replies = [1, 2, 3].map((n) => h.client.request("m", n));
  const [first] = requestsOf(h);
  assertEquals(requestsOf(h), []);
  h.socket.receive({ type: "reply", id: first.id });
  assertEquals(requestsOf(h).map(({ data }) => data), [3]);
  replies.slice(1).forEach((reply) => reply.catch(() => {}));
});

Deno.test("a cancelled request keeps its place until the server says that it has ended", async () => {
  await using h = new Harness();
  h.up({ maxOpenRequests: 1 });
  const answers = [
    (id: unknown) => ({ type: "cancelled", id }),
    (id: unknown) => ({ type: "reply", id }),
    (id: unknown) => ({ type: "error", code: "internal_error", message: "No", id }),
  ];
  for (const answer of answers) {
    const stream = h.client.stream("s");
    const [{ id }] = requestsOf(h);
    await stream.return();
    const next = h.client.request("next");
    assertEquals(types(h), ["cancel"]);
    h.socket.receive({ type: "cancelled", id: "of nobody" });
    assertEquals(requestsOf(h), []);
    h.socket.receive(answer(id));
    const [request] = requestsOf(h);
    assertEquals(request.method, "next");
    h.socket.receive({ type: "reply", id: request.id, data: 1 });
    assertEquals(await next, 1);
  }
  const stream = h.client.stream("s");
  await stream.return();
  h.socket.lose();
  h.clock.tick(1_000);
  h.up({ maxOpenRequests: 1 });
  const next = h.client.request("on a new link");
  next.catch(() => {});
  assertEquals(requestsOf(h).map(({ method }) => method), ["on a new link"]);
});

Deno.test("refused for its rate it is sent again; its handler hasn't run", async () => {
  await using h = new Harness();
  h.up();
  const reply = h.client.request("m");
  const [{ id }] = requestsOf(h);
  h.socket.receive(rateLimited({ id }, 200));
  assertEquals(requestsOf(h), []);
  h.clock.tick(200);
  assertEquals(requestsOf(h).map((one) => one.id), [id]);
  h.socket.receive({ type: "reply", id, data: 1 });
  assertEquals(await reply, 1);
});

Deno.test("requests are paced, cancels and credits are not", async () => {
  await using h = new Harness();
  h.up({ messagesPerSecond: 2 });
  const stream = h.client.stream("s", 1, { window: 1 });
  const replies = [h.client.request("a"), h.client.request("b")];
  replies.forEach((reply) => reply.catch(() => {}));
  const [{ id }] = h.socket.take();
  h.socket.receive({ type: "stream_chunk", id, seq: 1, data: 1 });
  await stream.next();
  await stream.return();
  assertEquals(types(h), [["stream_credit", 1], "cancel"]);
  h.clock.tick(1_050);
  assertEquals(requestsOf(h).map(({ method }) => method), ["b"]);
});

Deno.test("what waited for a link goes out as joins, requests, publishes", async () => {
  await using h = new Harness();
  const pending = [h.client.join("a"), h.client.publish("a", 1), h.client.request("m")];
  pending.forEach((one) => one.catch(() => {}));
  h.up();
  h.admit();
  assertEquals(types(h), ["room_message"]);
  await using other = new Harness();
  await other.upIn(["a"], { messagesPerSecond: 1 });
  const more = [other.client.publish("a", 1), other.client.request("m")];
  more.forEach((one) => one.catch(() => {}));
  other.clock.tick(1_050);
  assertEquals(types(other), ["request"]);
  other.clock.tick(1_050);
  assertEquals(types(other), ["room_message"]);
});

Deno.test("a signal ends a request: before it, while it waits, and when it is sent", async () => {
  await using h = new Harness();
  assertEquals(
    await codeOf(h.client.request("a", 1, { signal: AbortSignal.abort() })),
    "AbortError",
  );
  const waits = new AbortController();
  const waiting = h.client.request("a", 1, { signal: waits.signal });
  waits.abort(new RequestError("mine"));
  assertEquals(await codeOf(waiting), "mine");
  h.up();
  assertEquals(h.socket.take(), [], "nothing of it is sent");
  const sends = new AbortController();
  const sent = h.client.request("a", 1, { signal: sends.signal });
  const [{ id }] = requestsOf(h);
  sends.abort();
  assertEquals(await codeOf(sent), "AbortError");
  assertEquals(h.socket.take(), [{ type: "cancel", id }]);
  const early = h.client.stream("a", 1, { signal: AbortSignal.abort() });
  assertEquals(await codeOf(early.next()), "AbortError");
});

Deno.test("a newer request with the same key ends the older one", async () => {
  await using h = new Harness();
  h.up();
  const first = h.client.stream("complete", "a", { key: "line" });
  const other = h.client.request("other", 1, { key: "other" });
  const second = h.client.stream("complete", "ab", { key: "line" });
  const [one, , three] = h.socket.take().filter(({ type }) => type === "request");
  assertEquals(await codeOf(first.next()), "superseded");
  assertEquals(await first.next(), { done: true, value: undefined });
  h.socket.receive({ type: "stream_chunk", id: one.id, seq: 1, data: "of the older" });
  h.socket.receive({ type: "stream_chunk", id: three.id, seq: 1, data: "abc" });
  assertEquals(await second.next(), { done: false, value: "abc" });
  assertEquals(await isPending(other), true);
  other.catch(() => {});
  h.socket.receive({ type: "stream_chunk", id: three.id, seq: 2, data: "that nobody took" });
  const third = h.client.request("complete", "abc", { key: "line" });
  third.catch(() => {});
  assertEquals(await codeOf(second.next()), "superseded");
});

Deno.test("chunks come in order, then the error that followed them, once", async () => {
  await using h = new Harness();
  h.up();
  const stream = h.client.stream("s");
  const [{ id, credit }] = requestsOf(h);
  assertEquals(credit, 16);
  for (const seq of [1, 2]) h.socket.receive({ type: "stream_chunk", id, seq, data: seq * 10 });
  h.socket.receive({ type: "error", code: "internal_error", message: "The server failed", id });
  assertEquals(await stream.next(), { done: false, value: 10 });
  assertEquals(await stream.next(), { done: false, value: 20 });
  assertEquals(await codeOf(stream.next()), "internal_error");
  assertEquals(await stream.next(), { done: true, value: undefined });
});

Deno.test("chunks that wait survive a lost link, and then it is told", async () => {
  await using h = new Harness();
  h.up();
  const stream = h.client.stream("s");
  const [{ id }] = requestsOf(h);
  h.socket.receive({ type: "stream_chunk", id, seq: 1, data: 1 });
  h.socket.lose();
  assertEquals(await stream.next(), { done: false, value: 1 });
  assertEquals(await codeOf(stream.next()), "outcome_unknown");
});

Deno.test("a credit goes out for each half window that was taken, none after the end", async () => {
  await using h = new Harness();
  h.up();
  const stream = h.client.stream("s", 1, { window: 4 });
  const [{ id, credit }] = requestsOf(h);
  assertEquals(credit, 4);
  for (const seq of [1, 2, 3, 4]) h.socket.receive({ type: "stream_chunk", id, seq, data: seq });
  assertEquals(types(h), [], "nothing was taken yet");
  await stream.next();
  assertEquals(types(h), []);
  await stream.next();
  assertEquals(h.socket.take(), [{ type: "stream_credit", id, n: 2 }]);
  await stream.next();
  await stream.next();
  assertEquals(h.socket.take(), [{ type: "stream_credit", id, n: 2 }]);
  for (const seq of [5, 6]) h.socket.receive({ type: "stream_chunk", id, seq, data: seq });
  h.socket.receive({ type: "stream_end", id });
  await stream.next();
  await stream.next();
  assertEquals(await stream.next(), { done: true, value: undefined });
  assertEquals(types(h), []);
});

Deno.test("leaving the loop cancels; a loop that ends by itself doesn't", async () => {
  await using h = new Harness();
  h.up();
  const left = h.client.stream("s");
  const [{ id }] = requestsOf(h);
  h.socket.receive({ type: "stream_chunk", id, seq: 1, data: 1 });
  for await (const chunk of left) if (chunk === 1) break;
  assertEquals(h.socket.take(), [{ type: "cancel", id }]);
  assertEquals(await left.next(), { done: true, value: undefined });
  await left.return();
  const ended = h.client.stream("s");
  const [next] = requestsOf(h);
  h.socket.receive({ type: "stream_end", id: next.id });
  for await (const _ of ended) throw new Error("There is no chunk");
  await ended[Symbol.asyncDispose]();
  assertEquals(types(h), []);
});

Deno.test("two who wait get two chunks; return() lets both go", async () => {
  await using h = new Harness();
  h.up();
  const stream = h.client.stream("s");
  const [{ id }] = requestsOf(h);
  const taken = [stream.next(), stream.next(), stream.next()];
  for (const seq of [1, 2]) h.socket.receive({ type: "stream_chunk", id, seq, data: seq });
  await stream.return();
  assertEquals(await Promise.all(taken), [
    { done: false, value: 1 },
    { done: false, value: 2 },
    { done: true, value: undefined },
  ]);
});

Deno.test("a stream's time runs only while somebody waits for a chunk", async () => {
  await using h = new Harness();
  h.up();
  const stream = h.client.stream("s", 1, { timeoutMs: 500 });
  const [{ id }] = requestsOf(h);
  h.clock.tick(5_000);
  h.socket.receive({ type: "stream_chunk", id, seq: 1, data: 1 });
  assertEquals(await stream.next(), { done: false, value: 1 });
  const next = stream.next();
  h.clock.tick(499);
  h.socket.receive({ type: "stream_chunk", id, seq: 2, data: 2 });
  assertEquals(await next, { done: false, value: 2 });
  const silent = stream.next();
  silent.catch(() => {});
  h.clock.tick(500);
  assertEquals(await codeOf(silent), "timeout");
  assertEquals(types(h), ["cancel"]);
});

Deno.test("what a server shouldn't send ends the request", async () => {
  await using h = new Harness();
  h.up();
  const gap = h.client.stream("s");
  const reply = h.client.stream("s");
  const streams = h.client.request("r");
  const ends = h.client.request("r");
  const [a, b, c, d] = requestsOf(h).map(({ id }) => id);
  h.socket.receive({ type: "stream_chunk", id: a, seq: 1, data: 1 });
  h.socket.receive({ type: "stream_chunk", id: a, seq: 3, data: 3 });
  h.socket.receive({ type: "reply", id: b, data: 1 });
  h.socket.receive({ type: "stream_chunk", id: c, seq: 1, data: 1 });
  h.socket.receive({ type: "stream_end", id: d });
  assertEquals(await gap.next(), { done: false, value: 1 });
  assertEquals(await codeOf(gap.next()), "invalid_data");
  assertEquals(await codeOf(reply.next()), "invalid_data");
  assertEquals(await codeOf(streams), "invalid_data");
  assertEquals(await codeOf(ends), "invalid_data");
});

Deno.test("answers to nobody's request are harmless", async () => {
  await using h = new Harness();
  const socket = h.up();
  socket.receive({ type: "reply", id: "x" });
  socket.receive({ type: "stream_chunk", id: "x", seq: 1 });
  socket.receive({ type: "stream_end", id: "x" });
  assertEquals([h.client.invalidMessages, h.status, h.errors], [0, "connected", []]);
});

Deno.test("bounds: how many are open, their bytes, one message's size, its depth, the options", async () => {
  await using h = new Harness({ maxOutbox: 2, maxOutboxBytes: 300 });
  const kept = [h.client.request("a"), h.client.request("b")];
  kept.forEach((one) => one.catch(() => {}));
  assertEquals(await codeOf(h.client.request("c")), "outbox_full");
  await using other = new Harness({ maxOutboxBytes: 300 });
  assertEquals(await codeOf(other.client.request("c", "x".repeat(300))), "outbox_full");
  const big = other.client.request("c", "x".repeat(150));
  big.catch(() => {});
  other.up({ maxMessageBytes: 100 });
  assertEquals(await codeOf(big), "message_too_big");
  assertEquals(await codeOf(other.client.request("c", "x".repeat(100))), "message_too_big");
  const deep = JSON.parse("[".repeat(64) + "]".repeat(64));
  assertEquals(await codeOf(other.client.request("c", deep)), "too_deep");
  assertEquals(await codeOf(other.client.request("")), "invalid_message");
  await assertRejects(() => other.client.request("c", 1n), TypeError);
  assertEquals(await codeOf(other.client.stream("c", deep).next()), "too_deep");
  for (const window of [0, 1.5, 1_025, NaN]) {
    assertThrows(() => other.client.stream("s", 1, { window }), RangeError, "window");
  }
  await assertRejects(() => other.client.request("s", 1, { timeoutMs: -1 }), RangeError);
});

Deno.test("closing: what was sent is unknown, what waited is closed, nothing is taken after", async () => {
  await using h = new Harness();
  h.up({ maxOpenRequests: 2 });
  const sent = h.client.request("sent");
  const stream = h.client.stream("stream");
  const waiting = h.client.request("waiting");
  const closed = h.client.close();
  assertEquals(await codeOf(sent), "outcome_unknown");
  assertEquals(await codeOf(stream.next()), "outcome_unknown");
  assertEquals(await codeOf(waiting), "closed");
  assertEquals(await codeOf(h.client.request("late")), "closed");
  h.socket.endWith(1000);
  await closed;
});

Deno.test("a contract: what doesn't fit isn't sent, and isn't taken", async () => {
  const contract = {
    requests: {
      double: {
        data: v.number(),
        reply: v.number(),
        errors: { sold_out: v.object({ left: v.number() }) },
      },
      tokens: { data: v.unknown(), chunk: v.string() },
      later: { reply: v.pipeAsync(v.number(), v.checkAsync(() => true)) },
    },
    rooms: { "chat": { message: v.string() }, "later": { message: v.objectAsync({}) } },
  };
  await using h = new Harness({ contract });
  await h.upIn(["chat", "other", "later"]);
  const { client } = h;
  for (const wrong of [client.request("double", "2"), client.stream("double", "2").next()]) {
    assertEquals(await codeOf(wrong), "invalid_data");
  }
  assertEquals(await codeOf(client.publish("chat", 7)), "invalid_data");
  assertEquals(await codeOf(client.publish("other", "x")), "invalid_data");
  await assertRejects(() => client.publish("later", {}), TypeError, "asynchronous");
  assertEquals(h.socket.take(), []);

  const wrongReply = client.request("double", 2);
  const wrongError = client.request("double", 2);
  const rightError = client.request("double", 2);
  const wrongChunk = client.stream("tokens");
  const later = client.request("later");
  for (const one of [wrongReply, wrongError, rightError, later]) one.catch(() => {});
  const [a, b, c, d, e] = requestsOf(h).map(({ id }) => id);
  const refusal = (id: unknown, data: unknown) => ({
    ...{ type: "error", code: "request_failed", message: "No", id },
    failure: { code: "sold_out", data },
  });
  h.socket.receive({ type: "reply", id: a, data: "4" });
  h.socket.receive(refusal(b, { left: "0" }));
  h.socket.receive(refusal(c, { left: 0, more: 1 }));
  h.socket.receive({ type: "stream_chunk", id: d, seq: 1, data: "a" });
  h.socket.receive({ type: "stream_chunk", id: d, seq: 2, data: 2 });
  h.socket.receive({ type: "reply", id: e, data: 1 });
  assertEquals(await codeOf(wrongReply), "invalid_data");
  assertEquals(await codeOf(wrongError), "invalid_data");
  assertEquals((await assertRejects(() => rightError, RequestError)).data, { left: 0 });
  assertEquals(await wrongChunk.next(), { done: false, value: "a" });
  assertEquals(await codeOf(wrongChunk.next()), "invalid_data");
  assertEquals(types(h), ["cancel"]);
  await assertRejects(() => later, TypeError, "asynchronous");

  const heard: unknown[] = [];
  client.on("room_message", ({ content }) => heard.push(content));
  client.on("invalid", ({ code, error }) => heard.push(`${code}: ${error}`));
  const said = (room: string, content: unknown, seq: number) =>
    h.socket.receive({
      ...{ type: "room_message", room, from: "x", clientId: "x", content, timestamp: 1, seq },
    });
  said("chat", "hi", 1);
  said("chat", 7, 2);
  said("later", {}, 1);
  assertEquals(heard.length, 3);
  assertEquals(heard[0], "hi");
  assertEquals(String(heard[1]).startsWith("invalid_data: Cannot take room_message: "), true);
  assertEquals(String(heard[2]), "invalid_data: Cannot take room_message: its schema threw");
  assertEquals(h.errors.map(([, source]) => source), ["the contract's schema"]);
});
