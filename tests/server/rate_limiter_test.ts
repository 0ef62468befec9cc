import { assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { RateLimiter } from "@/server/mod.ts";
import { seeded } from "./seeded.ts";

Deno.test("the window slides: room comes back event by event", () => {
  const limiter = new RateLimiter(3, 1_000);
  const answers = [0, 400, 800, 900, 999, 1_000, 1_001, 1_400].map((now) => limiter.take(now));
  assertEquals(answers, [0, 0, 0, 100, 1, 0, 399, 0]);
});

Deno.test("a refused event takes no room", () => {
  const limiter = new RateLimiter(1, 1_000);
  assertEquals(limiter.take(0), 0);
  for (let now = 1; now < 1_000; now++) assertEquals(limiter.take(now), 1_000 - now);
  assertEquals(limiter.take(1_000), 0);
});

Deno.test("0 means any number", () => {
  const limiter = new RateLimiter(0, 1_000);
  for (let i = 0; i < 1_000; i++) assertEquals(limiter.take(0), 0);
});

Deno.test("what isn't a limit is refused", () => {
  for (const limit of [-1, 1.5, NaN, Infinity]) {
    assertThrows(() => new RateLimiter(limit, 1_000), RangeError, "Cannot limit");
  }
});

Deno.test("random arrivals: never more than the limit in any window, and the wait is exact", () => {
  const random = seeded(42);
  for (let round = 0; round < 50; round++) {
    const limit = 1 + Math.floor(random() * 12);
    const windowMs = 50 + Math.floor(random() * 500);
    const limiter = new RateLimiter(limit, windowMs);
    const taken: number[] = [];
    for (let now = 0, i = 0; i < 500; i++) {
      now += Math.floor(random() * random() * windowMs / 2);
      const inWindow = taken.filter((time) => time > now - windowMs);
      const wait = limiter.take(now);
      assertEquals(wait === 0, inWindow.length < limit, `round ${round}, event ${i}`);
      if (wait === 0) taken.push(now);
      else assertEquals(now + wait, inWindow[0] + windowMs);
    }
  }
});

Deno.test("a high limit costs what is in the window, not what ever came", () => {
  const limiter = new RateLimiter(Number.MAX_SAFE_INTEGER, 1_000);
  const before = heapUsed();
  // 10 a second for eleven days: kept whole, the times alone would be 80 MB.
  for (let i = 0; i < 10_000_000; i++) limiter.take(i * 100);
  assertLessOrEqual(heapUsed() - before, 20_000_000);
  assertEquals(limiter.take(1e12), 0);
});

function heapUsed(): number {
  return Deno.memoryUsage().heapUsed;
}
