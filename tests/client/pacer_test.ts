import { assertEquals } from "@std/assert";
import { Pacer } from "../../client/pacer.ts";

Deno.test("a sliding second lets so many messages through and no more", () => {
  const pacer = new Pacer();
  pacer.reset(3);
  const times: number[] = [];
  for (let now = 0; times.length < 9; now += 10) {
    if (pacer.wait(now) > 0) continue;
    pacer.record(now);
    times.push(now);
    now -= 10;
  }
  for (let i = 3; i < times.length; i++) assertEquals(times[i] - times[i - 3] >= 1_000, true);
  assertEquals(times.slice(0, 4), [0, 0, 0, 1_050]);
});

Deno.test("0 means any rate, and a fraction still lets one through", () => {
  const pacer = new Pacer();
  for (let i = 0; i < 100; i++) pacer.record(0);
  assertEquals(pacer.wait(0), 0);
  pacer.reset(0.5);
  assertEquals(pacer.wait(0), 0);
  pacer.record(0);
  assertEquals(pacer.wait(0), 1_050);
});

Deno.test("a refusal holds everything, a second at most, until the next link", () => {
  const pacer = new Pacer();
  pacer.reset(10);
  pacer.refused(0, 300);
  assertEquals(pacer.wait(100), 200);
  pacer.refused(0, 60_000);
  assertEquals(pacer.wait(0), 1_050);
  pacer.reset(10);
  assertEquals(pacer.wait(0), 0);
});
