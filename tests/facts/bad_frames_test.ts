import { assertEquals } from "@std/assert";
import { Opcode } from "@/frames/mod.ts";
import { Server } from "./command.ts";
import { Watcher } from "./monitor.ts";
import { frame, RawClient } from "./raw_client.ts";
import { Pair } from "./talk.ts";

const BAD_UTF8 = Uint8Array.of(0xce, 0xba, 0xed, 0xa0, 0x80);

/** Bytes of a client, and the close code that RFC 6455 asks for. */
const OFFENCES: Record<string, [code: number, ...bytes: Uint8Array[]]> = {
  "an unmasked frame": [1002, frame("hi", { maskingKey: undefined })],
  "a reserved opcode": [1002, frame("hi", { opcode: 0x3 })],
  "a reserved control opcode": [1002, frame("", { opcode: 0xb })],
  "RSV1 without an extension": [1002, withFirstByte(frame("hi"), 0xc1)],
  "a ping of 126 bytes": [1002, frame(new Uint8Array(126), { opcode: Opcode.PING })],
  "a ping in fragments": [1002, frame("hi", { opcode: Opcode.PING, fin: false })],
  "a continuation of nothing": [1002, frame("hi", { opcode: Opcode.CONTINUATION })],
  "a message inside a message": [1002, frame("a", { fin: false }), frame("b")],
  "a length not in the fewest bytes": [1002, Uint8Array.of(0x81, 0xfe, 0, 1, 0, 0, 0, 0, 0x20)],
  "a length with the top bit": [1002, Uint8Array.of(0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0)],
  "a Close of one byte": [1002, frame("x", { opcode: Opcode.CLOSE })],
  "a Close with 1005": [1002, frame(Uint8Array.of(0x03, 0xed), { opcode: Opcode.CLOSE })],
  "bad UTF-8": [1007, frame(BAD_UTF8)],
  "bad UTF-8 over two fragments": [
    1007,
    frame(BAD_UTF8.subarray(0, 3), { fin: false }),
    frame(BAD_UTF8.subarray(3), { opcode: Opcode.CONTINUATION }),
  ],
  "a header that announces 300 MiB": [
    1009,
    Uint8Array.of(0x82, 0xff, 0, 0, 0, 0, 0x12, 0xc0, 0, 0),
  ],
};

Deno.test("offending frames end their own link with the right code; the room goes on", async (t) => {
  await using server = await Server.start(["--rate-limit", "0"]);
  using pair = await Pair.meet(server.port);
  using watcher = await Watcher.open(server.port);
  for (const [name, [code, ...bytes]] of Object.entries(OFFENCES)) {
    await t.step(name, async () => {
      using eve = await RawClient.join(server.port, "lobby");
      const { clientId } = await pair.bob.next("user_joined");
      for (const piece of bytes) await eve.send(piece);
      await pair.talk();
      assertEquals((await eve.ended).code, code);
      assertEquals((await pair.bob.next("user_left")).clientId, clientId);
      await pair.talk();
      const { close } = await watcher.record((r) => r.clientId === clientId && r.state === 3);
      assertEquals([close?.code, close?.by], [code, "guard"]);
    });
  }
  const { activeConnections } = (await server.stats()).totals;
  assertEquals(activeConnections, 2);
});

function withFirstByte(bytes: Uint8Array, first: number): Uint8Array {
  bytes[0] = first;
  return bytes;
}
