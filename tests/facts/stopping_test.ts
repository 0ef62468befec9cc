import { assert, assertEquals, assertLess } from "@std/assert";
import { LONGEST_STOP_MS, Server } from "./command.ts";
import { RawClient } from "./raw_client.ts";
import { Pair } from "./talk.ts";
import { until, within } from "./waiting.ts";

/** So that a reader that stalls isn't cut before. */
const UNBOUNDED = ["--rate-limit", "0", "--max-queued-bytes", "0"];
/** 24 MB: more than the kernel's buffers take. */
const MESSAGES = 800;
const CONTENT = Array.from({ length: 300 }, () => "x".repeat(100));

/** Connects again and again until the port is closed; returns what came of each attempt. */
async function keepKnocking(port: number, on: (client: RawClient) => void): Promise<void> {
  while (true) {
    const client = await RawClient.connect(port).catch(() => null);
    if (client === null) return;
    on(client);
    if (client.status !== 101) await client.ended;
  }
}

for (const args of [[], ["--no-tap"]]) {
  Deno.test(`handshakes that arrive while it stops end, all of them (${args})`, async () => {
    await using server = await Server.start(args);
    const clients: RawClient[] = [];
    const knocking = Array.from(
      { length: 30 },
      () => keepKnocking(server.port, (client) => clients.push(client)),
    );
    await until(() => clients.length > 60, "clients come and come");
    const stopped = server.stop();
    await within(LONGEST_STOP_MS, Promise.all([stopped, ...knocking]), "the port to close");
    const endings = await within(1_000, Promise.all(clients.map((c) => c.ended)), "every end");
    const open = clients.flatMap(({ status }, i) => status === 101 ? [endings[i].code] : []);
    assertEquals(new Set(open), new Set([1012]));
    assert(clients.every(({ status }) => [0, 101, 503].includes(status)));
    for (const client of clients) client[Symbol.dispose]();
  });
}

/** Stops a server with clients that don't play along. */
async function stopAmongTheUnwilling(args: readonly string[]): Promise<void> {
  await using server = await Server.start([...args, ...UNBOUNDED]);
  using pair = await Pair.meet(server.port);
  using mute = await RawClient.open(server.port, { answersClose: false });
  using stalled = await RawClient.join(server.port, "lobby");
  stalled.pause();
  using halfHead = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await halfHead.write(new TextEncoder().encode("GET /ws HTTP/1.1\r\nHost: loc"));
  using keptAlive = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await keptAlive.write(
    new TextEncoder().encode("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"),
  );
  for (let i = 0; i < MESSAGES; i++) {
    pair.ann.say({ type: "room_message", room: "lobby", content: CONTENT, id: "1" });
    await pair.ann.next("ack");
  }
  const began = performance.now();
  const stopped = server.stop();
  assertEquals((await pair.ann.ended).code, 1012);
  assertEquals((await pair.bob.ended).code, 1012);
  server.signal("SIGTERM");
  server.signal("SIGINT");
  await stopped;
  assertLess(performance.now() - began, LONGEST_STOP_MS);
  assertEquals((await mute.ended).code, 1012);
  stalled.resume();
  await stalled.ended;
}

Deno.test("it stops in bounded time, whoever doesn't play along, with the tap and without", async () => {
  await Promise.all([[], ["--no-tap"]].map(stopAmongTheUnwilling));
});

Deno.test("when it stops, members aren't told of each other's end", async () => {
  await using server = await Server.start();
  const members: RawClient[] = [];
  for (let i = 0; i < 30; i++) members.push(await RawClient.join(server.port, "lobby"));
  await server.stop();
  for (const member of members) {
    assertEquals((await member.ended).code, 1012);
    assertEquals(member.mailbox.filter(({ type }) => type === "user_left"), []);
  }
});

Deno.test("a server that nobody uses stops at once, signalled twice", async () => {
  await using server = await Server.start();
  const began = performance.now();
  const stopped = server.stop();
  server.signal("SIGTERM");
  await stopped;
  assertLess(performance.now() - began, 2_000);
});
