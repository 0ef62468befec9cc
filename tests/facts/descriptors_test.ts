import { assertEquals, assertGreater, assertLess, assertStringIncludes } from "@std/assert";
import { Server } from "./command.ts";
import { RawClient } from "./raw_client.ts";
import { assertServes, Pair } from "./talk.ts";
import { until, within } from "./waiting.ts";

const DESCRIPTORS = 128;
/** The runtime keeps a few for itself; with so few left nothing more can be accepted. */
const SPARE = 3;

/** Connects and says nothing. */
async function crowd(port: number, count: number): Promise<Deno.TcpConn[]> {
  const attempts = await Promise.allSettled(
    Array.from({ length: count }, () => Deno.connect({ hostname: "127.0.0.1", port })),
  );
  return attempts.flatMap((attempt) => attempt.status === "fulfilled" ? [attempt.value] : []);
}

for (const args of [["--max-connections", "0"], ["--max-connections", "0", "--no-tap"]]) {
  Deno.test(`out of file descriptors: who is in stays, then all are served (${args})`, async () => {
    await using server = await Server.start(args, { descriptors: DESCRIPTORS });
    using pair = await Pair.meet(server.port);
    const crowds: Deno.TcpConn[] = [];
    await until(async () => {
      crowds.push(...await crowd(server.port, 40));
      return server.descriptors() >= DESCRIPTORS - SPARE || server.printed.includes("open files");
    }, "descriptors run out");
    assertGreater(crowds.length, DESCRIPTORS / 2);
    for (let i = 0; i < 3; i++) await pair.talk();
    for (const conn of crowds) conn.close();
    await until(() => server.descriptors() < DESCRIPTORS / 2, "descriptors are free again");
    await until(() => assertServes(server.port).then(() => true, () => false), "it serves again");
    await pair.talk();
  });
}

Deno.test("handshakes with no descriptor left for the inner side are refused, not hung", async () => {
  await using server = await Server.start(["--max-connections", "0"], { descriptors: DESCRIPTORS });
  using pair = await Pair.meet(server.port);
  const clients: RawClient[] = [];
  while (clients.filter((client) => client.status !== 101).length < 3) {
    clients.push(await RawClient.connect(server.port));
  }
  assertGreater(clients.filter((client) => client.status === 101).length, 10);
  await pair.talk();
  for (const client of clients) client[Symbol.dispose]();
  await Promise.all(clients.map((client) => client.ended));
  await until(() => assertServes(server.port).then(() => true, () => false), "it serves again");
  await pair.talk();
});

Deno.test("the default limit keeps descriptors in reserve and says 503", async () => {
  await using server = await Server.start([], { descriptors: DESCRIPTORS });
  assertStringIncludes(server.printed, "at most 9 connections");
  using pair = await Pair.meet(server.port);
  const clients: RawClient[] = [];
  for (let i = 0; i < 7; i++) clients.push(await RawClient.open(server.port));
  const refused = await Promise.all(
    Array.from({ length: 20 }, () => RawClient.connect(server.port)),
  );
  assertEquals(new Set(refused.map((client) => client.status)), new Set([503]));
  assertLess(server.descriptors(), DESCRIPTORS);
  await pair.talk();
  for (const client of [...clients, ...refused]) client[Symbol.dispose]();
  await until(() => assertServes(server.port).then(() => true, () => false), "it serves again");
  await within(5_000, Promise.all(clients.map((client) => client.ended)), "the ends");
});
