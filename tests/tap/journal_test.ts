import { assert, assertEquals } from "@std/assert";
import type { CaptureEvent, EndEvent } from "@/protocol/mod.ts";
import type { Tap } from "@/tap/mod.ts";
import { WsClient, WsEcho } from "./ws_peers.ts";
import {
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

function events(tap: Tap): CaptureEvent[] {
  return tap.journal.read(tap.journal.start, { limit: Infinity }).events;
}

async function endOf(tap: Tap): Promise<EndEvent> {
  const find = () => events(tap).find((event) => event.type === "end");
  await until(() => find() !== undefined, "the connection's end is noted");
  return find() as EndEvent;
}

/** What an end says, but for its time. */
function facts({ code, reason, clean, closedBy, endedBy }: EndEvent) {
  return [code, reason, clean, closedBy, endedBy];
}

for (const guard of [true, false]) {
  const mode = guard ? "with a guard" : "without a guard";

  Deno.test(`a connection's events come in order, ${mode}`, async () => {
    await using echo = await WsEcho.start();
    const { tap, port } = startTap({ target: echo.address, guard });
    await using _tap = tap;
    await using client = await WsClient.open(port);
    client.socket.send("hello");
    await client.message();
    client.socket.close(4001, "bye");
    await client.closed;
    const end = await endOf(tap);
    const [open, ...rest] = events(tap);
    assert(open.type === "open");
    assertEquals(open.server, `127.0.0.1:${echo.port}`);
    assert(/^127\.0\.0\.1:\d+$/.test(open.client));
    assertEquals(
      rest.map((event) =>
        event.type === "frame" ? `${event.direction} ${event.frame}` : event.type
      ),
      ["head", "head", "in 0", "out 1", "in 2", "out 3", "end"],
    );
    assertEquals(facts(end).slice(0, 4), [4001, "bye", true, "client"]);
  });

  Deno.test(`both heads are kept, their secrets hidden, ${mode}`, async () => {
    const forged = switchingProtocols(["Set-Cookie: id=1"]);
    await using target = new TcpTarget(async (peer) => {
      await peer.head();
      await peer.write(forged);
      await peer.rest();
    });
    const { tap, port } = startTap({ target: target.address, guard });
    await using _tap = tap;
    using client = await RawPeer.connect({ port });
    const request = upgradeRequest({ lines: ["Cookie: id=1"] });
    await client.write(request);
    assertEquals(await client.head(), forged);
    const [first, second, ...more] = tap.capture.heads("1");
    assertEquals(more, []);
    assertEquals([first.direction, second.direction], ["in", "out"]);
    assertEquals(text(first.bytes), request.replace("id=1", "****"));
    assertEquals(text(second.bytes), forged.replace("id=1", "****"));
    tap.setExcluded("1", true);
    assertEquals(tap.capture.heads("1"), []);
    assertEquals(events(tap), []);
  });

  Deno.test(`the server closes first, ${mode}`, async () => {
    await using target = upgradingTarget(async (peer) => {
      await peer.write(plain(Uint8Array.of(0x03, 0xe9), { opcode: 8 }));
      await peer.take(masked("", { opcode: 8 }).length);
    });
    const { tap, port } = startTap({ target: target.address, guard });
    await using _tap = tap;
    using client = await openRaw(port);
    await client.frame();
    await client.write(masked("", { opcode: 8 }));
    await client.rest();
    client.conn.close();
    assertEquals(facts(await endOf(tap)), [1001, "", true, "server", "server"]);
  });

  Deno.test(`a link that is lost ends with 1006, ${mode}`, async () => {
    await using target = upgradingTarget(async (peer) => void await peer.rest());
    const { tap, port } = startTap({ target: target.address, guard });
    await using _tap = tap;
    const client = await openRaw(port);
    await client.write(masked("x"));
    client.conn.close();
    assertEquals(facts(await endOf(tap)), [1006, "", false, null, "client"]);
  });

  Deno.test(`a refused handshake has its head and its reason, ${mode}`, async () => {
    await using target = new TcpTarget(async (peer) => {
      await peer.head();
      await peer.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    });
    const { tap, port } = startTap({ target: target.address, guard });
    await using _tap = tap;
    using client = await RawPeer.connect({ port });
    await client.write(upgradeRequest());
    await client.head();
    client.conn.close();
    const { failure } = await endOf(tap);
    assertEquals([failure?.status, failure?.rule], [403, "server-refused"]);
    assert(text(tap.capture.heads("1")[1].bytes).startsWith("HTTP/1.1 403 "));
  });
}

Deno.test("what the guard cuts ends by the tap, with the rule", async () => {
  await using target = upgradingTarget(async (peer) => void await peer.rest());
  const { tap, port } = startTap({ target: target.address });
  await using _tap = tap;
  using client = await openRaw(port);
  await client.write(plain("not masked"));
  await client.frame();
  client.conn.close();
  const end = await endOf(tap);
  assertEquals([end.rule, end.endedBy, end.closedBy, end.clean], [
    "mask-missing",
    "tap",
    "server",
    false,
  ]);
});

Deno.test("a reader that was too slow is told how many frames it missed", async () => {
  await using echo = await WsEcho.start();
  const { tap, port } = startTap({ target: echo.address, capture: { maxFrames: 4 } });
  await using _tap = tap;
  await using client = await WsClient.open(port);
  const say = async (word: string) => {
    client.socket.send(word);
    await client.message();
  };
  await say("a");
  const first = tap.journal.read(tap.journal.start, { limit: 100 });
  assertEquals(first.events.length, 5);
  for (const word of ["b", "c", "d"]) await say(word);
  const second = tap.journal.read(first.cursor, { limit: 3 });
  const shapes = (list: readonly CaptureEvent[]) =>
    list.map((event) => event.type === "frame" ? event.frame : event);
  assertEquals(shapes(second.events), [{ type: "gap", frames: 2 }, 4, 5, 6]);
  assert(second.more);
  const third = tap.journal.read(second.cursor, { limit: 3 });
  assertEquals([shapes(third.events), third.more], [[7], false]);
  assertEquals(tap.journal.read(third.cursor, { limit: 3 }).events, []);
});

Deno.test("subscribers are woken until they end it", async () => {
  await using echo = await WsEcho.start();
  const { tap, port } = startTap({ target: echo.address });
  await using _tap = tap;
  let calls = 0;
  const woken = Promise.withResolvers<void>();
  const unsubscribe = tap.journal.subscribe(() => {
    calls++;
    woken.resolve();
  });
  await using client = await WsClient.open(port);
  await soon(woken.promise, "a call");
  unsubscribe();
  const before = calls;
  client.socket.send("a");
  await client.message();
  assertEquals(calls, before);
});
