import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseClosePayload } from "@/frames/mod.ts";
import { DEFAULT_TAP_LIMITS, Tap, type TapLimits } from "@/tap/mod.ts";
import { isLoopback } from "@/tap/connection_slots.ts";
import { sweepInterval } from "@/tap/deadlines.ts";
import {
  LOOPBACK,
  masked,
  openRaw,
  plain,
  RawPeer,
  recordingEcho,
  recordingUpgrader,
  startTap,
  switchingProtocols,
  TcpTarget,
  text,
  until,
  upgradeRequest,
  upgradingTarget,
} from "./support.ts";

const SHORT_MS = 60;
const request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

Deno.test("limits: what isn't one is refused, what is given is shown", async () => {
  const target = { hostname: LOOPBACK, port: 1 };
  for (const bad of [-1, 1.5, NaN, Infinity]) {
    assertThrows(() => new Tap({ target, limits: { maxConnections: bad } }), RangeError);
  }
  const unknown = { maxFrames: 1 } as Partial<TapLimits>;
  assertThrows(() => new Tap({ target, limits: unknown }), TypeError, "maxFrames");
  await using tap = new Tap({ target, limits: { maxFragments: 7, maxHeadBytes: undefined } });
  assertEquals(tap.limits, { ...DEFAULT_TAP_LIMITS, maxFragments: 7 });
  await using open = new Tap({ target, guard: false });
  assertEquals([open.limits, open.guards, open.connections], [{}, false, 0]);
});

Deno.test("a head that never ends", async (t) => {
  const { target, received } = recordingEcho();
  await using _target = target;
  const limits = { headTimeoutMs: SHORT_MS };
  const { tap, port, told } = startTap({ target: target.address, limits });
  await using _tap = tap;
  await t.step("gets 408", async () => {
    using client = await RawPeer.connect({ port });
    await client.write("GET / HTTP/1.1\r\nX: y");
    assert(text(await client.rest()).startsWith("HTTP/1.1 408 "));
  });
  await t.step("also when it drips", async () => {
    using client = await RawPeer.connect({ port });
    const dripping = (async () => {
      for (const char of "GET / HTTP/1.1\r\n" + "X: y\r\n".repeat(10_000)) {
        await client.write(char);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })().catch(() => {});
    assert((await client.head()).startsWith("HTTP/1.1 408 "));
    client[Symbol.dispose]();
    await dripping;
  });
  await t.step("that was to be a WebSocket is told", async () => {
    using client = await RawPeer.connect({ port });
    await client.write(upgradeRequest().slice(0, -2));
    await client.rest();
    assertEquals(told.failures.map(({ rule, status }) => [rule, status]), [["head-timeout", 408]]);
  });
  await t.step("that never begins is cut without a word", async () => {
    using client = await RawPeer.connect({ port });
    assertEquals((await client.rest()).length, 0);
  });
  assertEquals(received.length, 0);
});

Deno.test("bodies, answers and pauses have their time", async (t) => {
  const silent = () =>
    new TcpTarget(async (peer) => {
      await peer.rest();
    });
  await t.step("a body that never ends: 408", async () => {
    await using target = silent();
    const limits = { bodyTimeoutMs: SHORT_MS };
    const { tap, port } = startTap({ target: target.address, limits });
    await using _tap = tap;
    using client = await RawPeer.connect({ port });
    await client.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
    assert(text(await client.rest()).startsWith("HTTP/1.1 408 "));
  });
  await t.step("a handshake that is never answered: 504", async () => {
    await using target = silent();
    const limits = { handshakeTimeoutMs: SHORT_MS };
    const { tap, port, told } = startTap({ target: target.address, limits });
    await using _tap = tap;
    using client = await RawPeer.connect({ port });
    await client.write(upgradeRequest());
    assert(text(await client.rest()).startsWith("HTTP/1.1 504 "));
    assertEquals(told.failures.map(({ rule }) => rule), ["handshake-timeout"]);
  });
  await t.step("a pause between requests: cut", async () => {
    await using target = new TcpTarget(async (peer) => {
      while (await peer.head() !== "") await peer.write("HTTP/1.1 204 No Content\r\n\r\n");
    });
    const limits = { keepAliveTimeoutMs: SHORT_MS };
    const { tap, port } = startTap({ target: target.address, limits });
    await using _tap = tap;
    using client = await RawPeer.connect({ port });
    for (let i = 0; i < 3; i++) {
      await client.write(request);
      assert((await client.head()).startsWith("HTTP/1.1 204 "));
    }
    assertEquals((await client.rest()).length, 0);
  });
  await t.step("a later head: its time begins with its first byte", async () => {
    await using target = new TcpTarget(async (peer) => {
      while (await peer.head() !== "") await peer.write("HTTP/1.1 204 No Content\r\n\r\n");
    });
    const limits = { headTimeoutMs: SHORT_MS };
    const { tap, port } = startTap({ target: target.address, limits });
    await using _tap = tap;
    using client = await RawPeer.connect({ port });
    await client.write(request);
    await client.head();
    await client.write("GET /");
    assert(text(await client.rest()).startsWith("HTTP/1.1 408 "));
  });
  await t.step("a connection that isn't understood any more: cut", async () => {
    await using target = new TcpTarget(async (peer) => {
      await peer.head();
      await peer.write("nonsense\r\n\r\n");
      await peer.rest();
    });
    const limits = { keepAliveTimeoutMs: SHORT_MS };
    const { tap, port } = startTap({ target: target.address, limits });
    await using _tap = tap;
    using client = await RawPeer.connect({ port });
    await client.write(request);
    assertEquals(text(await client.rest()), "nonsense\r\n\r\n");
  });
});

Deno.test("a client that doesn't take its response is cut", async () => {
  const ended = Promise.withResolvers<void>();
  await using target = new TcpTarget(async ({ conn }) => {
    await conn.read(new Uint8Array(1_000));
    await conn.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\n"));
    const flood = new Uint8Array(64 * 1024);
    try {
      for (;;) await conn.write(flood);
    } catch {
      ended.resolve();
    }
  });
  const limits = { stalledResponseMs: SHORT_MS };
  const { tap, port } = startTap({ target: target.address, limits });
  await using _tap = tap;
  using client = await RawPeer.connect({ port });
  await client.write(request);
  await ended.promise;
  await until(() => tap.connections === 0, "it is gone");
});

Deno.test("a WebSocket whose client is silent is cut with 1001; signs of life keep it", async () => {
  const { target } = recordingUpgrader();
  await using _target = target;
  const limits = { idleTimeoutMs: 200 };
  const { tap, port, told } = startTap({ target: target.address, limits });
  await using _tap = tap;
  using silent = await openRaw(port);
  using alive = await openRaw(port);
  let living = true;
  const pongs = (async () => {
    while (living) {
      await alive.write(masked("", { opcode: 10 }));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  const { code, reason } = parseClosePayload((await silent.frame()).payload);
  assertEquals([code, reason], [1001, "No sign of life for 0.2 s"]);
  assertEquals(told.cuts.map(({ id, reason }) => [id, reason.rule]), [["1", "idle-timeout"]]);
  living = false;
  await pongs;
});

Deno.test("after both Close frames, or the server's end, a connection ends soon", async (t) => {
  const close = Uint8Array.of(0x03, 0xe8);
  await t.step("both Close frames", async () => {
    await using target = upgradingTarget(async (peer) => {
      await peer.take(masked(close, { opcode: 8 }).length);
      await peer.write(plain(close, { opcode: 8 }));
      await peer.rest();
    });
    const { tap, port } = startTap({
      target: target.address,
      limits: { closeTimeoutMs: SHORT_MS },
    });
    await using _tap = tap;
    using client = await openRaw(port);
    await client.write(masked(close, { opcode: 8 }));
    await client.frame();
    assertEquals((await client.rest()).length, 0);
    await until(() => tap.connections === 0, "it has ended");
  });
  await t.step("the server's end", async () => {
    await using target = upgradingTarget(() => Promise.resolve());
    const { tap, port } = startTap({
      target: target.address,
      limits: { closeTimeoutMs: SHORT_MS },
    });
    await using _tap = tap;
    using client = await openRaw(port);
    assertEquals((await client.rest()).length, 0);
    await until(() => tap.connections === 0, "it has ended");
  });
});

Deno.test("connections per address, loopback excepted unless asked for", async () => {
  const { target } = recordingUpgrader();
  await using _target = target;
  const limits = { connectionsPerAddress: 2 };
  const excepted = startTap({ target: target.address, limits });
  await using _excepted = excepted.tap;
  for (let i = 0; i < 4; i++) {
    using client = await openRaw(excepted.port);
    await client.write(masked("hello"));
  }

  const { tap, port, told } = startTap({ target: target.address, limits, limitLoopback: true });
  await using _tap = tap;
  const first = await openRaw(port);
  using _second = await openRaw(port);
  using third = await RawPeer.connect({ port });
  await third.write(upgradeRequest());
  const answer = text(await third.rest());
  assertEquals(told.refusals, ["connections-per-address"]);
  assert(answer.startsWith("HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\n"), answer);
  first[Symbol.dispose]();
  await until(() => tap.connections === 1, "one has left");
  using fourth = await openRaw(port);
  await fourth.write(masked("hello"));
});

Deno.test("connections in all: one more gets 503, also if it says nothing", async () => {
  const { target } = recordingUpgrader();
  await using _target = target;
  const { tap, port } = startTap({ target: target.address, limits: { maxConnections: 1 } });
  await using _tap = tap;
  using _first = await openRaw(port);
  using second = await RawPeer.connect({ port });
  assert((await second.head()).startsWith("HTTP/1.1 503 Service Unavailable\r\nConnection: close"));
  // A crowd of them is turned away without waiting for anybody to read.
  const crowd = await Promise.all(Array.from({ length: 100 }, () => RawPeer.connect({ port })));
  const answers = await Promise.all(crowd.map((peer) => peer.rest()));
  assert(answers.every((answer) => answer.length === 0 || text(answer).startsWith("HTTP/1.1 503")));
  assert(answers.some((answer) => answer.length === 0));
  crowd.forEach((peer) => peer[Symbol.dispose]());
  assertEquals(tap.connections, 1);
});

Deno.test("unfinished handshakes: one more gets 503, finished ones don't count", async () => {
  const go = Promise.withResolvers<void>();
  await using target = new TcpTarget(async (peer, index) => {
    await peer.head();
    if (index === 1) await go.promise;
    await peer.write(switchingProtocols());
    await peer.rest();
  });
  const limits = { maxUnfinishedHandshakes: 2 };
  const { tap, port } = startTap({ target: target.address, limits });
  await using _tap = tap;
  using _open = await openRaw(port);
  using waiting = await RawPeer.connect({ port });
  await waiting.write(upgradeRequest());
  await target.arrived(2);
  using _silent = await RawPeer.connect({ port });
  await until(() => tap.connections === 3, "three are there");
  using fourth = await RawPeer.connect({ port });
  assert((await fourth.head()).startsWith("HTTP/1.1 503 "));
  go.resolve();
  await waiting.head();
  using fifth = await openRaw(port);
  await fifth.write(masked("hello"));
});

Deno.test("loopback addresses are known in each spelling", () => {
  for (const address of ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"]) {
    assert(isLoopback(address), address);
  }
  for (const address of ["10.0.0.1", "::2", "128.0.0.1", "fe80::1", "1127.0.0.1"]) {
    assert(!isLoopback(address), address);
  }
});

Deno.test("deadlines are looked at often enough for the shortest of them", () => {
  const limits = (headTimeoutMs: number) => sweepInterval({ ...DEFAULT_TAP_LIMITS, headTimeoutMs });
  assertEquals([limits(1), limits(100), limits(10_000), limits(0)], [5, 25, 750, 750]);
});
