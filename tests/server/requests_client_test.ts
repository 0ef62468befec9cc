/** `RoomClient` against `RoomServer`, over a real socket. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import * as v from "valibot";
import * as z from "zod";
import { RequestError, RoomClient, type RoomClientOptions, type RoomError } from "@/client/mod.ts";
import { type Contract, defineContract, type OpenContract } from "@/protocol/mod.ts";
import {
  type Draft,
  InProcessBackplane,
  type Position,
  RoomServer,
  type RoomServerOptions,
} from "@/server/mod.ts";

/** A server and clients of it, until disposed. */
class Rooms<C extends Contract = OpenContract> implements AsyncDisposable {
  readonly server: RoomServer<C>;
  readonly url: string;
  readonly #http: Deno.HttpServer<Deno.NetAddr>;
  readonly #clients: RoomClient<C>[] = [];
  readonly #contract: C | undefined;

  constructor(options: RoomServerOptions<C> = {}) {
    const limits = { messagesPerSecond: 0, ...options.limits };
    this.server = new RoomServer<C>({ closeTimeoutMs: 500, ...options, limits });
    this.#contract = options.contract;
    this.#http = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      (request, info) => this.server.handler(request, info),
    );
    this.url = `ws://127.0.0.1:${this.#http.addr.port}/ws`;
  }

  async connect(options: RoomClientOptions<C> = {}): Promise<RoomClient<C>> {
    const contract = this.#contract === undefined ? {} : { contract: this.#contract };
    const client = new RoomClient<C>(this.url, { ...contract, ...options });
    this.#clients.push(client);
    await client.connect();
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.server.close();
    await this.#http.shutdown();
  }
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => promise) as RoomError).code;
}

/** A round trip: what was sent before has been dealt with. */
const settle = (client: RoomClient) => client.request("settle");

Deno.test("a slow consumer: the generator is never further ahead than the window", async () => {
  await using rooms = new Rooms();
  let made = 0;
  rooms.server.handle("settle", () => {});
  rooms.server.handle("count", async function* () {
    while (true) yield ++made;
  });
  const client = await rooms.connect();
  for (const window of [1, 2, 7, 16]) {
    made = 0;
    let taken = 0;
    for await (const chunk of client.stream("count", undefined, { window })) {
      assertEquals(chunk, ++taken);
      await settle(client);
      assert(made <= taken + window, `${made} made, ${taken} taken, window ${window}`);
      if (taken === 50) break;
    }
    await settle(client);
    const atEnd = made;
    await settle(client);
    assertEquals(made, atEnd, "the generator has ended");
  }
});

Deno.test("2,000 chunks arrive whole and in order, through any window", async () => {
  await using rooms = new Rooms();
  rooms.server.handle("count", async function* (upTo) {
    for (let n = 0; n < Number(upTo); n++) yield n;
  });
  const client = await rooms.connect();
  const streams = [1, 5, 1_024].map((window) =>
    Array.fromAsync(client.stream("count", 2_000, { window }))
  );
  for (const chunks of await Promise.all(streams)) {
    assertEquals(chunks, Array.from({ length: 2_000 }, (_, n) => n));
  }
});

Deno.test("completion as one types: a newer request ends the older generator", async () => {
  await using rooms = new Rooms();
  const ended: string[] = [];
  rooms.server.handle("complete", async function* (prefix, { signal }) {
    try {
      for (let n = 0; n < 3; n++) yield `${prefix}${n}`;
      await new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason))
      );
    } finally {
      ended.push(String(prefix));
    }
  });
  const client = await rooms.connect();
  let before: Promise<string> | undefined;
  for (const prefix of ["a", "ab", "abc"]) {
    const stream = client.stream("complete", prefix, { key: "line" });
    if (before !== undefined) assertEquals(await before, "superseded");
    assertEquals(await stream.next(), { done: false, value: `${prefix}0` });
    assertEquals((await stream.next()).value, `${prefix}1`);
    assertEquals((await stream.next()).value, `${prefix}2`);
    before = codeOf(stream.next());
  }
  await client.request("none").catch(() => {});
  assertEquals(ended, ["a", "ab"]);
  await client.close();
  assertEquals(await before, "outcome_unknown");
});

Deno.test("a request behind a cancel isn't held up by the network's patience", async () => {
  await using rooms = new Rooms();
  rooms.server.handle("count", async function* () {
    for (let n = 0;; n++) yield n;
  });
  const client = await rooms.connect();
  const times: number[] = [];
  for (let round = 0; round < 21; round++) {
    const began = performance.now();
    for await (const _ of client.stream("count")) break;
    times.push(performance.now() - began);
  }
  // Without an answer to `cancel` its acknowledgement is delayed by 40 ms, and Nagle's algorithm
  // holds back what is sent behind it.
  const median = times.toSorted((a, b) => a - b)[10];
  assert(median < 35, `${median} ms`);
});

Deno.test("a lost link rejects what is open and aborts its handlers", async () => {
  await using rooms = new Rooms();
  const aborted = Promise.withResolvers<string>();
  rooms.server.handle("wait", (_data, { signal }) => {
    signal.addEventListener("abort", () => aborted.resolve(signal.reason.message));
    return new Promise(() => {});
  });
  rooms.server.handle("ready", () => true);
  const client = await rooms.connect();
  const reply = client.request("wait");
  reply.catch(() => {});
  const { clientId } = client.welcome!;
  await client.request("ready");
  rooms.server.disconnect(clientId, { code: 4_321, name: "x", reason: "", reconnect: "later" });
  assertEquals(await codeOf(reply), "outcome_unknown");
  assertEquals(await aborted.promise, "The caller's link is lost");
});

const contract = defineContract({
  rooms: {
    "chat:*": { message: v.object({ text: v.pipe(v.string(), v.maxLength(5)) }) },
    "bytes": { message: v.instance(Uint8Array) },
  },
  requests: {
    sum: { data: z.array(z.number()), reply: z.number() },
    buy: {
      data: v.object({ item: v.string() }),
      errors: { sold_out: z.object({ left: z.number() }) },
    },
    tokens: { data: z.string(), chunk: v.object({ token: v.string() }) },
  },
});

Deno.test("one contract, valibot and zod in it, types and checks both sides", async () => {
  await using rooms = new Rooms({ contract });
  rooms.server.handle("sum", (numbers) => numbers.reduce((a, b) => a + b, 0));
  rooms.server.handle("buy", ({ item }, { refuse }) => refuse("sold_out", { left: item.length }));
  rooms.server.handle("tokens", async function* (text) {
    for (const token of text.split(" ")) yield { token };
  });
  const [ann, bob] = [await rooms.connect(), await rooms.connect()];
  assertEquals(await ann.request("sum", [1, 2, 3]), 6);
  const error = await assertRejects(() => ann.request("buy", { item: "tea" }), RequestError);
  assertEquals([error.code, error.data], ["sold_out", { left: 3 }]);
  const tokens: string[] = [];
  for await (const { token } of ann.stream("tokens", "to be or")) tokens.push(token);
  assertEquals(tokens, ["to", "be", "or"]);

  await Promise.all([ann, bob].map((client) => client.join("chat:1")));
  const heard = new Promise<string>((resolve) =>
    bob.on("room_message", (message) => {
      if ("text" in message.content) resolve(message.content.text);
    })
  );
  // @ts-expect-error: a number is no text
  assertEquals(await codeOf(ann.publish("chat:1", { text: 1 })), "invalid_data");
  assertEquals(await codeOf(ann.publish("chat:1", { text: "too long" })), "invalid_data");
  await ann.publish("chat:1", { text: "hi" });
  assertEquals(await heard, "hi");
});

Deno.test("bytes are a room's messages like any other: ack, seq, limits, the others' order", async () => {
  await using rooms = new Rooms({ limits: { maxMessageBytes: 2_000 } });
  const [ann, bob] = [await rooms.connect(), await rooms.connect()];
  await Promise.all([ann, bob].map((client) => client.join("bytes")));
  const heard: unknown[] = [];
  const all = Promise.withResolvers<void>();
  bob.on("room_message", ({ content, from, clientId, seq, timestamp }) => {
    assert(Math.abs(timestamp - Date.now()) < 60_000);
    heard.push([content, from, clientId, seq]);
    if (heard.length === 5) all.resolve();
  });
  const bytes = Uint8Array.from({ length: 1_500 }, (_, n) => n % 256);
  const acks = await Promise.all([
    ann.publish("bytes", bytes),
    ann.publish("bytes", "text between"),
    ann.publish("bytes", new Uint8Array()),
  ]);
  assertEquals(acks.map(({ seq }) => seq), [1, 2, 3]);
  const own = new Uint8Array([1, 2]);
  const published = rooms.server.publish("bytes", own);
  own.fill(9);
  assertEquals((await published).seq, 4);
  await ann.publish("bytes", new Uint16Array([1]).subarray(0) as unknown as Uint8Array);
  await all.promise;
  const { clientId } = ann.welcome!;
  assertEquals(heard, [
    [bytes, clientId, clientId, 1],
    ["text between", clientId, clientId, 2],
    [new Uint8Array(), clientId, clientId, 3],
    [new Uint8Array([1, 2]), "server", "server", 4],
    [{ 0: 1 }, clientId, clientId, 5],
  ]);
  assertEquals(await codeOf(ann.publish("bytes", new Uint8Array(2_000))), "message_too_big");
  assertEquals(await codeOf(ann.publish("elsewhere", new Uint8Array(1))), "not_a_member");
  assertEquals(bob.invalidMessages, 0);
});

Deno.test("bytes that the server publishes are its own from then on", async () => {
  class Late extends InProcessBackplane {
    override async publish(room: string, draft: Draft): Promise<Position> {
      await Promise.resolve();
      return await super.publish(room, draft);
    }
  }
  await using rooms = new Rooms({ backplane: new Late() });
  const client = await rooms.connect();
  await client.join("bytes");
  const heard = new Promise((resolve) =>
    client.on("room_message", ({ content }) => resolve(content))
  );
  const bytes = new Uint8Array([1, 2]);
  const published = rooms.server.publish("bytes", bytes);
  bytes.fill(9);
  await published;
  assertEquals(await heard, new Uint8Array([1, 2]));
});

Deno.test("a binary message's contract is checked on its bytes", async () => {
  await using rooms = new Rooms({ contract });
  const client = await rooms.connect();
  await client.join("bytes");
  assertEquals((await client.publish("bytes", new Uint8Array([1]))).seq, 1);
  // @ts-expect-error: bytes are wanted
  assertEquals(await codeOf(client.publish("bytes", "text")), "invalid_data");
});
