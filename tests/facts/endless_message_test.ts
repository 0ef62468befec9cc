import { assertEquals, assertLess } from "@std/assert";
import { Opcode } from "@/frames/mod.ts";
import { Server } from "./command.ts";
import { frame, RawClient } from "./raw_client.ts";
import { Pair } from "./talk.ts";
import { within } from "./waiting.ts";

const ENDLESS_BYTES = 300 * 1024 * 1024;
const MOST_GROWTH = 48 * 1024 * 1024;
const PIECE = new Uint8Array(32 * 1024).fill(0x20);

/** Begins a message and goes on with it until the peer takes no more; returns how much it took. */
async function sendEndless(
  client: RawClient,
  piece: Uint8Array,
  afterPiece: () => void,
): Promise<number> {
  const begin = frame(piece, { fin: false });
  const more = frame(piece, { fin: false, opcode: Opcode.CONTINUATION });
  await client.send(begin);
  let sent = 0;
  while (sent < ENDLESS_BYTES && !client.hasEnded) {
    await client.send(more);
    sent += more.length;
    afterPiece();
  }
  return sent;
}

for (
  const [what, piece] of [
    ["fragments without end", PIECE],
    ["empty fragments without end", new Uint8Array(0)],
  ] as const
) {
  Deno.test(`${what} end with 1009, in bounded memory`, async () => {
    await using server = await Server.start();
    using pair = await Pair.meet(server.port);
    using eve = await RawClient.join(server.port, "lobby");
    const before = server.residentBytes();
    let most = before;
    const sample = () => most = Math.max(most, server.residentBytes());
    const sending = sendEndless(eve, piece, sample);
    const sent = await within(15_000, sending, "the end of an endless message");
    sample();
    assertEquals((await eve.ended).code, 1009);
    assertLess(sent, ENDLESS_BYTES);
    assertLess(most - before, MOST_GROWTH);
    await pair.talk();
    await pair.bob.next("user_left");
  });
}

Deno.test("a frame of 300 MiB that is announced and sent is never held", async () => {
  await using server = await Server.start();
  using pair = await Pair.meet(server.port);
  using eve = await RawClient.join(server.port, "lobby");
  const before = server.residentBytes();
  await eve.send(Uint8Array.of(0x82, 0xff, 0, 0, 0, 0, 0x12, 0xc0, 0, 0, 1, 2, 3, 4));
  let sent = 0;
  for (; sent < ENDLESS_BYTES && !eve.hasEnded; sent += PIECE.length) await eve.send(PIECE);
  assertEquals((await eve.ended).code, 1009);
  assertLess(server.residentBytes() - before, MOST_GROWTH);
  await pair.talk();
});
