/** Binary room messages, spoken by npm's `ws` by hand. */
import { assertEquals } from "@std/assert";
import { parseServerBinary } from "@/protocol/mod.ts";
import { serveRooms } from "./harness.ts";

const QUIET = { limits: { messagesPerSecond: 0 } };

/** The envelope as `docs/protocol.md` has it, written without our encoder. */
function envelope(room: string, id: string, payload: number[]): Uint8Array {
  const [name, key] = [room, id].map((text) => new TextEncoder().encode(text));
  return new Uint8Array([
    ...[1, 0, name.length >> 8, name.length & 0xff, key.length, 0, 0, 0],
    ...[...name, ...key, ...payload],
  ]);
}

Deno.test("a publish by hand: ack to the sender, the same bytes to each of the others", async () => {
  await using served = serveRooms(QUIET);
  const peers = await Promise.all([1, 2, 3].map(() => served.connect()));
  for (const peer of peers) await peer.join("r☃m");
  const [ann, ...others] = peers;
  const heard = others.map(({ socket }) => {
    socket.removeAllListeners("message");
    return new Promise<[Uint8Array, boolean]>((resolve) =>
      socket.once(
        "message",
        (data, isBinary) => resolve([new Uint8Array(data as Buffer), isBinary]),
      )
    );
  });
  ann.socket.send(envelope("r☃m", "m1", [0, 200, 255]));
  const { epoch: _, ...ack } = await ann.next("ack");
  assertEquals<unknown>(ack, { type: "ack", room: "r☃m", id: "m1", seq: 1 });
  const [[first, isBinary], [second]] = await Promise.all(heard);
  assertEquals([first, isBinary], [second, true]);
  const result = parseServerBinary(first);
  const message = result.ok ? result.message : undefined;
  assertEquals<unknown>({ ...message, timestamp: 0 }, {
    type: "room_message",
    room: "r☃m",
    from: ann.clientId,
    clientId: ann.clientId,
    content: new Uint8Array([0, 200, 255]),
    timestamp: 0,
    seq: 1,
  });
});

Deno.test("what a text may not, bytes may not: membership, permission, rate, size, shape", async () => {
  const readers = new Set<string>();
  await using served = serveRooms({
    limits: { messagesPerSecond: 4, maxMessageBytes: 100 },
    permissions: (request) =>
      readers.has(request.headers.get("user-agent") ?? "") ? ["read"] : ["read", "write"],
  });
  const ann = await served.connect();
  ann.socket.send(envelope("lobby", "m1", [1]));
  const error = await ann.next("error");
  assertEquals([error.code, error.room, error.id], ["not_a_member", "lobby", "m1"]);
  for (const bytes of [new Uint8Array(), new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0])]) {
    ann.socket.send(bytes);
    assertEquals((await ann.next("error")).code, "invalid_message");
  }
  await ann.join("lobby");
  ann.socket.send(envelope("lobby", "m2", [1]));
  const refused = await ann.next("error");
  assertEquals([refused.code, refused.id], ["rate_limited", "m2"]);

  readers.add("reader");
  const bob = await served.connect({ headers: { "user-agent": "reader" } });
  await bob.join("lobby");
  bob.socket.send(envelope("lobby", "m3", [1]));
  assertEquals((await bob.next("error")).code, "forbidden");
  bob.socket.send(new Uint8Array(101));
  assertEquals((await bob.next("error")).code, "message_too_big");
  assertEquals((await bob.closed).code, 1009);
});
