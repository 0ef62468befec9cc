import { assert, assertEquals, assertLess } from "@std/assert";
import { Server } from "./command.ts";
import { Watcher } from "./monitor.ts";
import { RawClient } from "./raw_client.ts";
import { until, within } from "./waiting.ts";

const MESSAGES = 3_200;
/** A batch of 300 kB is well below what may be queued for a reader that reads. */
const BATCH = 10;
/** 96 MB in all: more than the kernel's buffers take, and much more than may be queued. */
const CONTENT = Array.from({ length: 300 }, () => "x".repeat(100));
/** The capture's ring and the heap take 80 MiB with or without the reader that stalls. */
const MOST_GROWTH = 128 * 1024 * 1024;
const MOST_GROWTH_WITHOUT_TAP = 48 * 1024 * 1024;

/** Publishes numbered messages, a batch at a time as they are acknowledged. */
async function flood(client: RawClient, afterBatch = () => {}): Promise<void> {
  for (let sent = 0; sent < MESSAGES; sent += BATCH) {
    for (let i = sent; i < sent + BATCH; i++) {
      client.say({ type: "room_message", room: "lobby", content: [i, CONTENT], id: String(i) });
    }
    for (let i = 0; i < BATCH; i++) await client.next("ack");
    afterBatch();
  }
}

/** Takes a flood in; returns whether every message came once and in order. */
async function hearAll(client: RawClient): Promise<void> {
  for (let i = 0; i < MESSAGES; i++) {
    const { content } = await client.next("room_message");
    assertEquals((content as unknown[])[0], i);
  }
}

Deno.test("a reader that stalls is cut with 1013; memory stays, the others get everything", async () => {
  await using server = await Server.start(["--rate-limit", "0"]);
  using watcher = await Watcher.open(server.port);
  using ann = await RawClient.join(server.port, "lobby");
  using bob = await RawClient.join(server.port, "lobby");
  using slow = await RawClient.join(server.port, "lobby");
  slow.pause();
  const before = server.residentBytes();
  let most = before;
  await within(
    30_000,
    Promise.all([flood(ann, () => most = Math.max(most, server.residentBytes())), hearAll(bob)]),
    "the flood",
  );
  const { close } = await watcher.record((record) => record.close?.code === 1013);
  assertEquals(close?.by, "server");
  assertLess(most - before, MOST_GROWTH);
  const { totals } = await server.stats();
  assertEquals([totals.slowConsumersClosed, totals.activeConnections], [1, 2]);
  slow.resume();
  await within(5_000, slow.ended, "the end of the link");
  await bob.next("user_left");
});

Deno.test("without the tap a stalled reader is let go of, and no more is queued for it", async () => {
  await using server = await Server.start(["--rate-limit", "0", "--no-tap"]);
  using ann = await RawClient.join(server.port, "lobby");
  using bob = await RawClient.join(server.port, "lobby");
  using slow = await RawClient.join(server.port, "lobby");
  slow.pause();
  const before = server.residentBytes();
  await within(30_000, Promise.all([flood(ann), hearAll(bob)]), "the flood");
  assertLess(server.residentBytes() - before, MOST_GROWTH_WITHOUT_TAP);
  const { totals } = await server.stats();
  assertEquals([totals.slowConsumersClosed, totals.activeConnections], [1, 2]);
  slow.resume();
  assertEquals((await within(5_000, slow.ended, "the end of the link")).code, 1013);
});

Deno.test("a page that a client doesn't read holds nobody up", async () => {
  await using server = await Server.start();
  const conns = await Promise.all(
    Array.from({ length: 20 }, () => Deno.connect({ hostname: "127.0.0.1", port: server.port })),
  );
  const request = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100));
  await Promise.all(conns.map((conn) => conn.write(request)));
  using ann = await RawClient.join(server.port, "lobby");
  await ann.settle();
  assert(server.residentBytes() < 400 * 1024 * 1024);
  for (const conn of conns) conn.close();
  await until(async () => (await server.stats()).totals.activeConnections === 1, "it counts one");
});
