import { assertEquals, assertThrows } from "@std/assert";
import { DEFAULT_LIMITS, RoomServer, type RoomServerOptions } from "@/server/mod.ts";
import { roomServerLimits } from "@/server/options.ts";

Deno.test("limits: what isn't given is the default", () => {
  assertEquals(roomServerLimits({}), { ...DEFAULT_LIMITS });
  const given = { limits: { messagesPerSecond: 0, maxMessageBytes: undefined } };
  assertEquals(roomServerLimits(given as RoomServerOptions), {
    ...DEFAULT_LIMITS,
    messagesPerSecond: 0,
  });
});

Deno.test("limits and times that aren't whole numbers from 0 are refused by name", () => {
  for (const value of [-1, 0.5, NaN, Infinity, "10" as unknown as number]) {
    for (const name of Object.keys(DEFAULT_LIMITS)) {
      assertThrows(() => new RoomServer({ limits: { [name]: value } }), RangeError, name);
    }
    for (const name of ["heartbeatMs", "idleTimeoutMs", "closeTimeoutMs"]) {
      assertThrows(() => new RoomServer({ [name]: value }), RangeError, name);
    }
  }
});

Deno.test("a time that no timer can wait is refused", () => {
  assertThrows(() => new RoomServer({ heartbeatMs: 2 ** 31 }), RangeError, "2147483647");
  assertEquals(new RoomServer({ heartbeatMs: 2 ** 31 - 1 }).getStats().totals.rooms, 0);
});

Deno.test("a limit that there isn't is a mistake worth telling", () => {
  for (const name of ["messagePerSecond", "toString"]) {
    const limits = { [name]: 1 } as RoomServerOptions["limits"];
    assertThrows(() => new RoomServer({ limits }), TypeError, name);
  }
});
