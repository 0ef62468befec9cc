import { assert, assertEquals, assertLess } from "@std/assert";
import { Server } from "./command.ts";
import { handshake } from "./raw_client.ts";
import { assertServes, Pair } from "./talk.ts";
import { until, within } from "./waiting.ts";

const HEAD_TIMEOUT_MS = 500;
const HALF_HANDSHAKE = handshake().slice(0, 70);

/** Sends what a script says and reads to the end; returns what came. */
async function readToEnd(conn: Deno.Conn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4_096);
  let text = "";
  try {
    for (let n = await conn.read(buffer); n !== null; n = await conn.read(buffer)) {
      text += decoder.decode(buffer.subarray(0, n));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  }
  return text;
}

/** Sends one byte after the other as long as the connection takes them. */
async function drip(conn: Deno.Conn, text: string): Promise<void> {
  try {
    for (const byte of new TextEncoder().encode(text)) {
      await conn.write(Uint8Array.of(byte));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } catch {
    // The server has had enough.
  }
}

Deno.test("heads that never end are ended, and cost nobody anything", async () => {
  await using server = await Server.start(["--head-timeout-ms", String(HEAD_TIMEOUT_MS)]);
  using pair = await Pair.meet(server.port);
  const began = performance.now();
  const connect = () => Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const [silent, half, slow] = await Promise.all([connect(), connect(), connect()]);
  const dripping = drip(slow, handshake());
  await half.write(new TextEncoder().encode(HALF_HANDSHAKE));
  await pair.talk();
  const answers = Promise.all([silent, half, slow].map(readToEnd));
  const [nothing, ...refusals] = await within(5_000, answers, "the ends");
  assertLess(performance.now() - began, HEAD_TIMEOUT_MS + 2_000);
  assertEquals(nothing, "");
  for (const refusal of refusals) assert(refusal.startsWith("HTTP/1.1 408 "), refusal);
  for (const conn of [silent, half, slow]) conn.close();
  await dripping;
  await pair.talk();
});

Deno.test("two thousand half handshakes at once: those who are in talk on, the rest wait", async () => {
  await using server = await Server.start(["--head-timeout-ms", "1500"]);
  using pair = await Pair.meet(server.port);
  const head = new TextEncoder().encode(HALF_HANDSHAKE);
  const conns = await Promise.all(Array.from({ length: 2_100 }, async () => {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    await conn.write(head).catch(() => {});
    return conn;
  }));
  await pair.talk();
  const ends = await within(10_000, Promise.all(conns.map(readToEnd)), "the ends");
  for (const conn of conns) conn.close();
  assert(ends.every((end) => end === "" || /^HTTP\/1\.1 (408|503) /.test(end)));
  await until(() => server.descriptors() < 100, "descriptors are free again");
  await assertServes(server.port);
  await pair.talk();
});
