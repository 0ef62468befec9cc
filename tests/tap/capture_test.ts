import { assert, assertEquals } from "@std/assert";
import type { FrameRecord } from "@/protocol/mod.ts";
import { applyMask, FrameDecoder } from "@/frames/mod.ts";
import type { Tap } from "@/tap/mod.ts";
import { WsClient, WsEcho } from "./ws_peers.ts";
import {
  bytes,
  concat,
  masked,
  openRaw,
  plain,
  RawPeer,
  soon,
  startTap,
  switchingProtocols,
  TcpTarget,
  text,
  until,
  upgradeRequest,
  upgradingTarget,
} from "./support.ts";

function records(tap: Tap, connection = "1"): FrameRecord[] {
  return tap.capture.read(0, { connection, limit: Infinity }).frames;
}

/** The payload of a captured frame, read in pieces and unmasked. */
function payloadOf(tap: Tap, { connection, frame, headerLength, length, maskingKey }: FrameRecord) {
  const pieces: Uint8Array[] = [];
  for (let offset = headerLength; offset < headerLength + length; offset += 100_000) {
    const piece = tap.capture.bytes(connection, frame, offset, 100_000);
    assertEquals(piece?.total, headerLength + length);
    pieces.push(piece!.bytes);
  }
  const payload = concat(...pieces);
  if (maskingKey) applyMask(payload, Uint8Array.fromHex(maskingKey));
  return payload;
}

for (const guard of [true, false]) {
  const mode = guard ? "with a guard" : "without a guard";
  // Room for the largest payload.
  const limits = { maxMessageBytes: 2 ** 20, maxUnfinishedBytes: 2 ** 20 };

  Deno.test(`what ws sends through the tap is echoed and captured, ${mode}`, async () => {
    await using echo = await WsEcho.start();
    const { tap, port } = startTap({ target: echo.address, guard, limits });
    await using _tap = tap;
    await using client = await WsClient.open(port);
    const payloads = [0, 125, 126, 65_535, 65_536, 1_048_576].map((length) =>
      Uint8Array.from({ length }, (_, i) => i % 251)
    );
    for (const payload of payloads) {
      client.socket.send(payload);
      assertEquals((await client.message()).data, payload);
    }
    client.socket.send("Grüße");
    assertEquals(text((await client.message()).data), text(new TextEncoder().encode("Grüße")));
    client.socket.close(4001, "bye");
    assertEquals(await soon(client.closed, "close"), { code: 4001, reason: "bye" });

    const captured = records(tap);
    assertEquals(captured.map(({ frame }) => frame), captured.map((_, i) => i));
    const sent = captured.filter(({ direction }) => direction === "in");
    const back = captured.filter(({ direction }) => direction === "out");
    const lengths = [0, 125, 126, 65_535, 65_536, 1_048_576, 7, 5];
    for (const side of [sent, back]) {
      assertEquals(side.map(({ length }) => length), lengths);
      assertEquals(side.map(({ opcode }) => opcode), [2, 2, 2, 2, 2, 2, 1, 8]);
      assert(side.every(({ fin, rsv, findings }) => fin && rsv === 0 && findings.length === 0));
      payloads.forEach((payload, i) => assertEquals(payloadOf(tap, side[i]), payload));
    }
    assertEquals(sent.map(({ headerLength }) => headerLength), [6, 6, 8, 8, 14, 14, 6, 6]);
    assertEquals(back.map(({ headerLength }) => headerLength), [2, 2, 4, 4, 10, 10, 2, 2]);
    assert(sent.every(({ maskingKey }) => /^[0-9a-f]{8}$/.test(maskingKey ?? "")));
    assert(back.every(({ maskingKey }) => maskingKey === null));
  });

  Deno.test(`fragments, pings and compression pass and are seen, ${mode}`, async () => {
    await using echo = await WsEcho.start({ perMessageDeflate: true });
    const { tap, port, told } = startTap({ target: echo.address, guard });
    await using _tap = tap;
    await using client = await WsClient.open(port, { perMessageDeflate: true });
    const { socket } = client;
    socket.send("one ", { fin: false, compress: false });
    socket.ping("are you there?");
    socket.send("message", { fin: true, compress: false });
    assertEquals(text((await client.message()).data), "one message");
    socket.send("x".repeat(5_000), { compress: true });
    assertEquals((await client.message()).data.length, 5_000);
    const pong = new Promise<void>((resolve) => socket.once("pong", () => resolve()));
    socket.ping("again");
    await soon(pong, "a pong");
    for (const peer of echo.wss.clients) peer.ping("from the server");
    await until(() => told.roundTrips.length === 1, "the round trip is told");
    assertEquals(told.roundTrips[0].id, "1");
    assert(told.roundTrips[0].milliseconds >= 0 && told.roundTrips[0].milliseconds < 2_000);
    const sent = records(tap).filter(({ direction }) => direction === "in");
    assertEquals(
      sent.map(({ opcode, fin, rsv }) => [opcode, fin, rsv]),
      [[1, false, 0], [9, true, 0], [0, true, 0], [1, true, 4], [9, true, 0], [10, true, 0]],
    );
    assert(records(tap).every(({ findings }) => findings.length === 0));
    assertEquals(told.cuts, []);
  });

  Deno.test(`requests before the upgrade and frames behind the heads, ${mode}`, async () => {
    await using target = new TcpTarget(async (peer) => {
      assert((await peer.head()).startsWith("GET /page "));
      await peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel\r\n");
      await peer.write("\r\n0\r\n\r\n");
      assert((await peer.head()).startsWith("POST /form "));
      assertEquals(text(await peer.take(5)), "a=b&c");
      await peer.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
      assert((await peer.head()).startsWith("HEAD / "));
      await peer.write("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n");
      await peer.head();
      // The first frame comes in the same segment as the 101.
      await peer.write(concat(bytes(switchingProtocols()), plain("hello")));
      await peer.write(plain(text(await peer.take(masked("early").length))));
      await peer.rest();
    });
    const { tap, port } = startTap({ target: target.address, guard });
    await using _tap = tap;
    using client = await RawPeer.connect({ port });
    // Everything in one segment, before anything is answered.
    await client.write(concat(
      bytes("GET /page HTTP/1.1\r\nHost: a\r\n\r\n"),
      bytes("POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\na=b&c"),
      bytes("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"),
      bytes(upgradeRequest()),
      masked("early"),
    ));
    for (const status of [200, 100, 204, 200, 101]) {
      if (status === 100) await client.take("5\r\nhel\r\n\r\n0\r\n\r\n".length);
      assert((await client.head()).startsWith(`HTTP/1.1 ${status}`), `${status}`);
    }
    assertEquals(text((await client.frame()).payload), "hello");
    await client.frame();
    assertEquals(
      records(tap).map(({ direction, preview }) => [direction, atob(preview)]).slice(0, 2).sort(),
      [["in", "early"], ["out", "hello"]],
    );
  });
}

Deno.test("an unguarded connection whose upgrade was refused is read on", async () => {
  await using target = new TcpTarget(async (peer) => {
    await peer.head();
    await peer.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    await peer.head();
    await peer.write(switchingProtocols());
    await peer.write(plain("second try"));
    await peer.rest();
  });
  const { tap, port, told } = startTap({ target: target.address, guard: false });
  await using _tap = tap;
  using client = await RawPeer.connect({ port });
  await client.write(upgradeRequest() + upgradeRequest());
  await client.head();
  await client.take(2);
  await client.head();
  await client.frame();
  assertEquals(told.failures.map(({ id, status, by }) => [id, status, by]), [["1", 403, "server"]]);
  assertEquals(records(tap, "2").map(({ preview }) => atob(preview)), ["second try"]);
});

Deno.test("secrets are hidden in the capture and nowhere else", async () => {
  const heard = Promise.withResolvers<Uint8Array>();
  const sent = concat(
    masked('{"type":"auth","tok', { fin: false }),
    masked('en":"geh', { opcode: 0, fin: false }),
    masked("ping", { opcode: 9 }),
    masked('eim\\"!","n":1}', { opcode: 0 }),
    masked('{"session":"s3cret"}', { opcode: 2 }),
  );
  await using target = upgradingTarget(async (peer) => {
    await peer.write(plain('{"type":"welcome","session":"0123"}'));
    heard.resolve(await peer.take(sent.length));
    await peer.rest();
  });
  const { tap, port } = startTap({ target: target.address });
  await using _tap = tap;
  using client = await openRaw(port);
  assertEquals(text((await client.frame()).payload), '{"type":"welcome","session":"0123"}');
  await client.write(sent);
  assertEquals(await soon(heard.promise, "what the target heard"), sent);
  assertEquals(records(tap).map(({ preview }) => atob(preview)), [
    '{"type":"welcome","session":"****"}',
    '{"type":"auth","tok',
    'en":"***',
    "ping",
    '******","n":1}',
    '{"session":"s3cret"}',
  ]);
  // The wire bytes are hidden too, masked with the frame's own key.
  const wire = tap.capture.bytes("1", 4, 0, 100)!;
  const [frame] = new FrameDecoder({ sender: "client", mode: "lenient" }).decode(wire.bytes);
  assertEquals(text(frame.payload), '******","n":1}');
});

Deno.test("redact hides every payload and keeps lengths and close codes", async () => {
  await using echo = await WsEcho.start();
  const { tap, port } = startTap({ target: echo.address, redact: true });
  await using _tap = tap;
  await using client = await WsClient.open(port);
  client.socket.send("content");
  assertEquals(text((await client.message()).data), "content");
  client.socket.close(4001, "bye");
  await client.closed;
  assert(tap.redacts);
  const previews = records(tap).map(({ preview }) => atob(preview));
  assertEquals(previews, ["*******", "*******", "\x0f\xa1***", "\x0f\xa1***"]);
});

Deno.test("an excluded connection leaves no trace, until it is taken in again", async () => {
  await using echo = await WsEcho.start();
  const { tap, port } = startTap({ target: echo.address });
  await using _tap = tap;
  await using watcher = await WsClient.open(port);
  await using other = await WsClient.open(port);
  const say = async (client: WsClient, word: string) => {
    client.socket.send(word);
    await client.message();
  };
  await say(watcher, "before");
  await say(other, "a");
  tap.setExcluded("1", true);
  assertEquals(tap.capture.stats.seen, 2);
  await say(watcher, "while");
  await say(other, "b");
  assertEquals(tap.capture.read(0).frames.map(({ connection }) => connection), [
    "2",
    "2",
    "2",
    "2",
  ]);
  tap.setExcluded("1", false);
  await say(watcher, "after");
  assertEquals(records(tap, "1").map(({ frame, preview }) => [frame, atob(preview)]), [
    [4, "after"],
    [5, "after"],
  ]);
  const { seen, kept, discarded } = tap.capture.stats;
  assertEquals([seen, kept, discarded], [6, 6, 0]);
  tap.setExcluded("no such connection", true);
});
