import { assertEquals } from "@std/assert";
import { closePayload, Opcode } from "@/frames/mod.ts";
import { Server } from "./command.ts";
import { monitorCookie, Watcher } from "./monitor.ts";
import { frame, RawClient } from "./raw_client.ts";
import { Pair } from "./talk.ts";
import { until, within } from "./waiting.ts";

async function sendClose(client: RawClient, code: number): Promise<void> {
  await client.send(frame(closePayload(code), { opcode: Opcode.CLOSE }));
}

/** Every way in which a client's link can end. */
const ENDINGS: Record<string, (client: RawClient) => unknown> = {
  "a Close": (client) => sendClose(client, 1000),
  "two Closes": (client) => sendClose(client, 4001).then(() => sendClose(client, 4002)),
  "a FIN": (client) => client.conn.closeWrite(),
  "a lost link": (client) => client[Symbol.dispose](),
  "half a frame": (client) =>
    client.send(frame("half").subarray(0, 7)).then(() => client[Symbol.dispose]()),
  "a violation": (client) => client.send(frame("hi", { opcode: 0x3 })),
  "a violation, then a lost link": (client) =>
    client.send(frame("hi", { opcode: 0x3 })).then(() => client[Symbol.dispose]()),
  "too many messages": async (client) => {
    for (let i = 0; i < 80 && !client.hasEnded; i++) await client.send(frame("garbage"));
  },
  "a message that is too big": (client) => client.send(frame("x".repeat(70_000))),
  "a Close while messages pour": async (client) => {
    for (let i = 0; i < 5; i++) client.say({ type: "leave_room", room: "lobby" });
    await sendClose(client, 1000);
  },
};

for (const args of [[], ["--no-tap"]]) {
  Deno.test(`each end counts once, whatever it is (${args})`, async () => {
    await using server = await Server.start([...args, "--idle-timeout-ms", "60000"]);
    using pair = await Pair.meet(server.port);
    const cookie = await monitorCookie(server.port);
    const clients: RawClient[] = [];
    for (const [name, end] of Object.entries(ENDINGS)) {
      if (args.length > 0 && name.includes("violation")) continue;
      const client = await RawClient.join(server.port, "lobby");
      const viewer = await RawClient.open(server.port, { lines: [`Cookie: ${cookie}`] });
      await viewer.say({ type: "monitor_start", topics: ["metrics"] });
      await viewer.next("monitor_snapshot");
      clients.push(client, viewer);
      await end(client);
      await end(viewer);
    }
    const members = clients.length / 2;
    for (let i = 0; i < members; i++) await pair.bob.next("user_left");
    await within(10_000, Promise.all(clients.map((client) => client.ended)), "every end");
    await until(async () => {
      const { viewers, totals } = await server.stats();
      return viewers === 0 && totals.activeConnections === 2;
    }, "only two are left");
    const { totals } = await server.stats();
    assertEquals(totals.totalConnections, 2 + members);
    assertEquals(pair.bob.mailbox.filter(({ type }) => type === "user_left"), []);
    await pair.talk();
    for (const client of clients) client[Symbol.dispose]();
  });
}

Deno.test("Deno's second close event after an idle timeout changes nothing", async () => {
  await using server = await Server.start(["--no-tap", "--idle-timeout-ms", "400"]);
  using pair = await Pair.meet(server.port);
  using mute = await RawClient.join(server.port, "lobby", { answersPings: false });
  assertEquals((await mute.ended).code, 1001);
  await pair.bob.next("user_left");
  await pair.talk();
  assertEquals((await server.stats()).totals.activeConnections, 2);
  assertEquals(pair.bob.mailbox.filter(({ type }) => type === "user_left"), []);
});

Deno.test("a client that never answers a Close is cut all the same", async () => {
  await using server = await Server.start(["--max-refused-messages", "1"]);
  using pair = await Pair.meet(server.port);
  using watcher = await Watcher.open(server.port);
  using eve = await RawClient.join(server.port, "lobby", { answersClose: false });
  for (let i = 0; i < 20; i++) await eve.send(frame("garbage"));
  assertEquals((await within(3_000, eve.ended, "the cut")).code, 1008);
  await pair.bob.next("user_left");
  const { close } = await watcher.record(({ close, state }) => close?.code === 1008 && state === 3);
  assertEquals(close?.by, "server");
  await pair.talk();
});
