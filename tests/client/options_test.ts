import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { RoomClient } from "../../client/mod.ts";
import { settingsOf } from "../../client/options.ts";
import { checkClose, tooBig, webSocketUrl } from "../../client/checks.ts";
import { systemClock } from "../../client/clock.ts";

Deno.test("the defaults are the ones of the specification", () => {
  const settings = settingsOf({ maxAttempts: undefined });
  assertEquals(settings.maxAttempts, 5);
  assertEquals([settings.minDelayMs, settings.baseDelayMs, settings.maxDelayMs], [
    100,
    1_000,
    30_000,
  ]);
  assertEquals([settings.stableAfterMs, settings.pongTimeoutMs], [10_000, 10_000]);
  assertEquals([settings.maxOutbox, settings.heartbeatMs], [256, undefined]);
  assertStrictEquals(settings.WebSocket, WebSocket);
  assertStrictEquals(settings.clock, systemClock);
});

Deno.test("numbers out of range are refused", () => {
  assertThrows(() => settingsOf({ maxAttempts: -1 }), RangeError, "maxAttempts is -1");
  assertThrows(() => settingsOf({ heartbeatMs: NaN }), RangeError, "heartbeatMs is NaN");
  assertEquals(settingsOf({ maxAttempts: Infinity, heartbeatMs: 0 }).heartbeatMs, 0);
});

Deno.test("without any WebSocket constructor there is no client", () => {
  const original = globalThis.WebSocket;
  try {
    Reflect.deleteProperty(globalThis, "WebSocket");
    assertThrows(() => new RoomClient("ws://test"), TypeError, "no WebSocket constructor");
  } finally {
    Object.defineProperty(globalThis, "WebSocket", {
      value: original,
      configurable: true,
      writable: true,
      enumerable: false,
    });
  }
});

Deno.test("errors go to the console unless told otherwise, also those of onError", () => {
  const lines: unknown[][] = [];
  const original = console.error;
  console.error = (...line: unknown[]) => void lines.push(line);
  try {
    settingsOf({}).report("oops", "a handler");
    settingsOf({
      onError: () => {
        throw "worse";
      },
    }).report("oops", "a handler");
  } finally {
    console.error = original;
  }
  assertEquals(lines, [
    ["Roomscope: a handler threw", "oops"],
    ["Roomscope: onError threw", "worse"],
    ["Roomscope: a handler threw", "oops"],
  ]);
});

Deno.test("addresses become what every WebSocket takes", () => {
  assertEquals(webSocketUrl("http://localhost:8000/ws#here"), "ws://localhost:8000/ws");
  assertEquals(webSocketUrl(new URL("https://example.com/ws?a=1")), "wss://example.com/ws?a=1");
  assertThrows(() => webSocketUrl("/ws"), TypeError);
  assertThrows(() => webSocketUrl("ftp://example.com"), TypeError, "scheme is ftp:");
});

Deno.test("in a page an address may be relative", () => {
  Object.defineProperty(globalThis, "location", {
    value: { href: "https://example.com/rooms/" },
    configurable: true,
  });
  try {
    assertEquals(webSocketUrl("/ws"), "wss://example.com/ws");
  } finally {
    Reflect.deleteProperty(globalThis, "location");
  }
});

Deno.test("close codes and reasons that a WebSocket wouldn't take are refused", () => {
  for (const code of [1000, 3000, 4999]) checkClose(code, "é".repeat(61) + "!");
  for (const code of [0, 999, 1001, 1005, 1006, 2999, 5000, 3000.5, NaN]) {
    assertThrows(() => checkClose(code, ""), RangeError, `code is ${code}`);
  }
  assertThrows(() => checkClose(1000, "é".repeat(62)), RangeError, "reason has 124 bytes");
});

Deno.test("a limit of 0 is none", () => {
  assertEquals([tooBig(9, 0), tooBig(9, 9), tooBig(10, 9)?.code], [null, null, "message_too_big"]);
});
