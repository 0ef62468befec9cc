import { assertEquals } from "@std/assert";
import { Heartbeat } from "../../client/heartbeat.ts";
import { FakeClock } from "./fake_clock.ts";

function setUp() {
  const clock = new FakeClock();
  const log: string[] = [];
  const pings: number[] = [];
  const heartbeat = new Heartbeat(clock, 10_000, {
    ping: (timestamp) => {
      pings.push(timestamp);
      log.push(`ping ${clock.elapsed()}`);
    },
    dead: () => log.push(`dead ${clock.elapsed()}`),
  });
  const pong = () => heartbeat.pong(pings.at(-1)!);
  return { clock, heartbeat, log, pings, pong };
}

Deno.test("pings go out in step with the interval, however long the pongs take", () => {
  const { clock, heartbeat, log, pong } = setUp();
  heartbeat.start(30_000);
  clock.tick(30_000);
  assertEquals(heartbeat.roundTripMs, null);
  clock.tick(400);
  pong();
  assertEquals(heartbeat.roundTripMs, 400);
  clock.tick(29_600);
  pong();
  clock.tick(30_000);
  assertEquals(log, ["ping 30000", "ping 60000", "ping 90000"]);
  heartbeat.stop();
  assertEquals([clock.pending, heartbeat.roundTripMs], [0, null]);
});

Deno.test("no pong in 10 s means that the link is dead", () => {
  const { clock, heartbeat, log } = setUp();
  heartbeat.start(30_000);
  clock.tick(39_999);
  assertEquals(log, ["ping 30000"]);
  clock.tick(1);
  assertEquals(log, ["ping 30000", "dead 40000"]);
});

Deno.test("a pong for another ping isn't one", () => {
  const { clock, heartbeat, log, pings } = setUp();
  heartbeat.pong(5);
  heartbeat.start(30_000);
  clock.tick(30_000);
  heartbeat.pong(pings[0] + 1);
  clock.tick(10_000);
  assertEquals(log.at(-1), "dead 40000");
});

Deno.test("a check asks at once, and only one question stands at a time", () => {
  const { clock, heartbeat, log, pong } = setUp();
  heartbeat.check();
  heartbeat.start(30_000);
  clock.tick(1_000);
  heartbeat.check();
  heartbeat.check();
  pong();
  clock.tick(30_000);
  assertEquals(log, ["ping 1000", "ping 31000"]);
});

Deno.test("after a sleep the pong gets a second chance, and only one", () => {
  const { clock, heartbeat, log, pong } = setUp();
  heartbeat.start(30_000);
  clock.tick(30_000);
  clock.sleep(3_600_000);
  assertEquals(log, ["ping 30000", "ping 3630000"]);
  pong();
  clock.tick(30_000);
  clock.sleep(3_600_000);
  clock.tick(10_000);
  assertEquals(log.slice(2), ["ping 3660000", "ping 7260000", "dead 7270000"]);
});

Deno.test("a refusal is a sign of life", () => {
  const { clock, heartbeat, log } = setUp();
  heartbeat.start(30_000);
  heartbeat.refused();
  clock.tick(30_000);
  heartbeat.refused();
  clock.tick(30_000);
  assertEquals(log, ["ping 30000", "ping 60000"]);
});

Deno.test("a pong that took longer than the interval is followed by a ping at once", () => {
  const { clock, heartbeat, log, pong } = setUp();
  heartbeat.start(1_000);
  clock.tick(4_000);
  pong();
  clock.tick(0);
  assertEquals(log, ["ping 1000", "ping 4000"]);
});
