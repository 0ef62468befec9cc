/**
 * What the compiler refuses of a typed client and server. Each `@ts-expect-error` fails
 * `deno check` where the line under it would be taken; nothing here runs but what is tested below.
 *
 * @module
 */
import * as v from "valibot";
import * as z from "zod";
import { assertEquals } from "@std/assert";
import {
  type ContentOf,
  defineContract,
  type PresenceOf,
  type RequestError,
  type RequestErrorOf,
  type RoomMessageOf,
} from "@/protocol/mod.ts";
import { RoomClient } from "@/client/mod.ts";
import { RoomServer } from "@/server/mod.ts";

/** `true` where two types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;

const contract = defineContract({
  rooms: {
    "chat:*": { message: v.object({ text: v.string() }), presence: v.object({ name: v.string() }) },
    "scores": { message: z.object({ score: z.number() }) },
    "files": { message: v.instance(Uint8Array) },
  },
  requests: {
    sum: { data: v.array(v.number()), reply: z.number() },
    now: { reply: v.number() },
    buy: {
      data: z.object({ item: z.string() }),
      reply: v.boolean(),
      errors: { sold_out: v.object({ left: v.number() }), closed: z.string() },
    },
    complete: { data: v.string(), chunk: v.object({ token: v.string() }) },
  },
});
type C = typeof contract;

const TYPES: {
  exact: Same<ContentOf<C, "scores">, { score: number }>;
  pattern: Same<ContentOf<C, "chat:1">, { text: string }>;
  unlisted: Same<ContentOf<C, "other">, never>;
  bytes: Same<ContentOf<C, "files">, Uint8Array<ArrayBuffer>>;
  open: Same<ContentOf<Record<never, never>, "any">, unknown>;
  presence: Same<PresenceOf<C, "chat:1">, { name: string }>;
  noPresence: Same<PresenceOf<C, "scores">, unknown>;
  delivered: Same<
    RoomMessageOf<C>["content"],
    { text: string } | { score: number } | Uint8Array<ArrayBuffer>
  >;
  errors: Same<
    RequestErrorOf<C, "buy">,
    RequestError<"sold_out", { left: number }> | RequestError<"closed", string>
  >;
} = {
  exact: true,
  pattern: true,
  unlisted: true,
  bytes: true,
  open: true,
  presence: true,
  noPresence: true,
  delivered: true,
  errors: true,
};

/** Never called: the compiler alone reads it. */
async function clientTypes(client: RoomClient<C>, room: string): Promise<void> {
  await client.publish("chat:1", { text: "hi" });
  await client.publish("scores", { score: 1 });
  await client.publish("files", new Uint8Array());
  // @ts-expect-error: no text
  await client.publish("chat:1", { score: 1 });
  // @ts-expect-error: a number is wanted
  await client.publish("scores", { score: "1" });
  // @ts-expect-error: bytes are wanted
  await client.publish("files", "text");
  // @ts-expect-error: the contract has no such room
  await client.publish("other", { text: "hi" });
  // @ts-expect-error: it may be a room that isn't in the contract
  await client.publish(room, { text: "hi" });

  const sum: number = await client.request("sum", [1, 2]);
  const now: number = await client.request("now");
  await client.request("sum", [1], { timeoutMs: 1, key: "k" });
  // @ts-expect-error: numbers are wanted
  await client.request("sum", ["1"]);
  // @ts-expect-error: data is wanted
  await client.request("sum");
  // @ts-expect-error: no such method
  await client.request("product", [1]);
  // @ts-expect-error: it streams
  await client.request("complete", "a");
  // @ts-expect-error: it doesn't stream
  client.stream("sum", [1]);
  // @ts-expect-error: the reply is a number
  const text: string = await client.request("sum", [1]);
  for await (const chunk of client.stream("complete", "a")) {
    const token: string = chunk.token;
    // @ts-expect-error: a chunk has no other field
    chunk.other;
    void token;
  }

  client.on("room_message", (message) => {
    if (message.room === "scores") {
      const score: number = message.content.score;
      // @ts-expect-error: this room has no text
      message.content.text;
      void score;
    }
  });
  const refused = {} as RequestErrorOf<C, "buy">;
  if (refused.code === "sold_out") {
    const left: number = refused.data.left;
    void left;
  }
  void [sum, now, text];
}

/** Never called either. */
function serverTypes(rooms: RoomServer<C>): void {
  rooms.handle("sum", (numbers) => numbers.reduce((a, b) => a + b, 0));
  rooms.handle("now", () => Promise.resolve(1));
  rooms.handle("complete", async function* (prompt, { signal }) {
    signal.throwIfAborted();
    yield { token: prompt.toUpperCase() };
  });
  rooms.handle("buy", ({ item }, { refuse }) => {
    if (item === "last") refuse("sold_out", { left: 0 });
    // @ts-expect-error: the contract has no such error
    if (item === "x") refuse("broken");
    // @ts-expect-error: its data is an object
    if (item === "y") refuse("sold_out", 0);
    return true;
  });
  // @ts-expect-error: the reply is a number
  rooms.handle("sum", () => "3");
  // @ts-expect-error: it has to stream
  rooms.handle("complete", () => ({ token: "a" }));
  // @ts-expect-error: chunks are objects
  rooms.handle("complete", async function* () {
    yield "a";
  });
  // @ts-expect-error: no such method
  rooms.handle("product", () => 1);
  void rooms.publish("scores", { score: 1 });
  // @ts-expect-error: a score is wanted
  void rooms.publish("scores", {});
}

/** A pattern beside `*`: the more exact one holds. */
function precedence(
  client: RoomClient<
    {
      rooms: {
        "*": { message: v.GenericSchema<number> };
        "t:*": { message: v.GenericSchema<string> };
      };
    }
  >,
  room: string,
): void {
  void client.publish("t:1", "text");
  void client.publish("other", 1);
  // @ts-expect-error: in t: rooms there is text
  void client.publish("t:1", 1);
  // @ts-expect-error: nothing is a number and a text
  void client.publish(room, 1);
}

/** The contract is inferred where it is given. */
async function inferred(): Promise<void> {
  const rooms = new RoomServer({ contract, limits: { messagesPerSecond: 20 } });
  const client = new RoomClient("ws://localhost", { contract, maxAttempts: 1 });
  rooms.handle("sum", (numbers) => numbers.length);
  // @ts-expect-error: the reply is a number
  rooms.handle("sum", () => "3");
  const sum: number = await client.request("sum", [1]);
  // @ts-expect-error: a score is wanted
  await client.publish("scores", sum);
}

/** Without a contract anything goes, as before. */
function untyped(client: RoomClient, rooms: RoomServer): void {
  void client.publish("any", { a: 1 });
  void client.request("any", { a: 1 }, { timeoutMs: 5 }).then((reply: unknown) => reply);
  void client.stream("any");
  rooms.handle("any", (data: unknown) => data);
  rooms.handle("any", async function* () {
    yield 1;
  });
}

Deno.test("types: a typed client can't send what the server refuses", () => {
  assertEquals(Object.values(TYPES).every((same) => same), true);
  assertEquals(
    [clientTypes, serverTypes, inferred, precedence, untyped].map((one) => typeof one),
    Array(5).fill("function"),
  );
});

Deno.test("a schema that doesn't take its own output is refused by the compiler", () => {
  const toDate = v.pipe(v.string(), v.transform((text) => new Date(text)));
  // @ts-expect-error: it makes dates of strings
  defineContract({ requests: { at: { reply: toDate } } });
  // @ts-expect-error: the same in a room
  defineContract({ rooms: { r: { message: v.object({ at: toDate }) } } });
  const trimmed = defineContract({
    requests: { at: { reply: v.pipe(v.string(), v.trim()), data: v.optional(v.number(), 1) } },
  });
  assertEquals(Object.keys(trimmed.requests), ["at"]);
});
