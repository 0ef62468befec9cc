import { assertEquals } from "@std/assert";
import type { Pong } from "../../protocol/mod.ts";
import { Handlers } from "../../client/handlers.ts";

const PONG: Pong = { type: "pong", timestamp: 1 };

Deno.test("handlers of a type are called in order, and not after their end", () => {
  const handlers = new Handlers(() => {});
  const calls: string[] = [];
  const end = handlers.on("pong", () => calls.push("first"));
  handlers.on("pong", (message) => calls.push(`second ${message.timestamp}`));
  handlers.on("ack", () => calls.push("never"));
  handlers.emit(PONG);
  end();
  end();
  handlers.emit(PONG);
  handlers.emit({ type: "room_left", room: "a" });
  assertEquals(calls, ["first", "second 1", "second 1"]);
});

Deno.test("one that throws or rejects is reported, and the others are called", async () => {
  const reports: string[] = [];
  const handlers = new Handlers((error, source) => reports.push(`${source}: ${error}`));
  let called = 0;
  handlers.on("pong", () => {
    throw "thrown";
  });
  handlers.on("pong", () => Promise.reject("rejected"));
  handlers.on("pong", () => called++);
  handlers.emit(PONG);
  await Promise.resolve();
  assertEquals(called, 1);
  assertEquals(reports, ["a handler for pong: thrown", "a handler for pong: rejected"]);
});
