import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  bytes,
  concat,
  LOOPBACK,
  masked,
  noise,
  plain,
  RawPeer,
  recordingEcho,
  seeded,
  soon,
  startTap,
  switchingProtocols,
  TcpTarget,
  text,
  until,
  upgradeRequest,
} from "./support.ts";
import { Tap } from "@/tap/mod.ts";

/** Sends bytes in pieces of random size while everything that comes back is read. */
async function exchange(port: number, sent: Uint8Array, random: () => number): Promise<Uint8Array> {
  using client = await RawPeer.connect({ port });
  const sending = (async () => {
    for (let at = 0; at < sent.length;) {
      const length = random() < 0.5 ? 1 + random() * 20 : 1 + random() * 70_000;
      await client.write(sent.subarray(at, at + length));
      at += Math.floor(length);
    }
    await client.conn.closeWrite();
  })();
  const back = await client.rest();
  await sending;
  return back;
}

function webSocketTraffic(random: () => number): Uint8Array {
  const payload = (length: number) => noise(length, random);
  return concat(
    bytes("GET /first HTTP/1.1\r\nHost: a\r\n\r\n"),
    bytes(upgradeRequest()),
    ...[0, 125, 126, 65_535, 65_536, 1_048_576].map((length) =>
      masked(payload(length), { opcode: 2 })
    ),
    masked("Hel", { fin: false }),
    masked("", { opcode: 9 }),
    masked("lo", { opcode: 0 }),
    masked(Uint8Array.of(0x03, 0xe8), { opcode: 8 }),
  );
}

const violations: Record<string, Uint8Array> = {
  "unmasked frames": plain("not masked"),
  "reserved opcodes and bits": masked("x", { opcode: 3, rsv1: true, rsv2: true, rsv3: true }),
  "a length that is no length": Uint8Array.of(0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5),
  "lengths that aren't minimal": masked("abc", { extendedLength: 8 }),
  "text that isn't UTF-8": masked(Uint8Array.of(0xff, 0xfe)),
  "frames behind a Close": concat(masked("", { opcode: 8 }), masked("more")),
};

Deno.test("without a guard every byte arrives unchanged, both ways, however it is cut", async (t) => {
  const { target, received } = recordingEcho();
  await using _target = target;
  const { tap, port } = startTap({ target: target.address, guard: false });
  await using _tap = tap;
  const random = seeded(1);
  const traffic: Record<string, Uint8Array> = {
    "WebSocket traffic of every length": webSocketTraffic(random),
    "nothing": new Uint8Array(0),
    "noise": noise(300_000, random),
    "a TLS hello": Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3),
    "HTTP/2": bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "requests with two lengths": bytes(
      "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nabc",
    ),
    "a head without end": bytes("GET / HTTP/1.1\r\nX: " + "y".repeat(100_000)),
    "pipelined requests beyond what is observed": bytes("GET / HTTP/1.1\r\n\r\n".repeat(80_000)),
  };
  for (const [name, sent] of Object.entries(traffic)) {
    await t.step(name, async () => {
      const index = received.length;
      const back = await exchange(port, sent, random);
      assertEquals(back.length, sent.length);
      assert(equal(back, sent), "what came back");
      await until(() => received[index]?.length === sent.length, "everything was recorded");
      assert(equal(received[index], sent), "what the target got");
    });
  }
});

Deno.test("violations pass an unguarded tap behind a real 101, both ways", async (t) => {
  const heard: Uint8Array[] = [];
  await using target = new TcpTarget(async (peer, index) => {
    await peer.head();
    await peer.write(concat(bytes(switchingProtocols()), ...Object.values(violations)));
    heard[index] = await peer.rest();
  });
  const { tap, port } = startTap({ target: target.address, guard: false });
  await using _tap = tap;
  for (const [name, sent] of Object.entries(violations)) {
    await t.step(name, async () => {
      const index = heard.length;
      using client = await RawPeer.connect({ port });
      await client.write(upgradeRequest());
      await client.write(sent);
      await client.conn.closeWrite();
      const expected = concat(bytes(switchingProtocols()), ...Object.values(violations));
      assertEquals(await client.rest(), expected);
      await until(() => heard.length > index, "the target heard the end");
      assertEquals(heard[index], sent);
    });
  }
  const findings = tap.capture.read(0, { limit: Infinity }).frames.flatMap((f) => f.findings);
  const rules = new Set(findings.map(({ rule }) => rule));
  for (const rule of ["mask-missing", "reserved-opcode", "length-not-minimal", "text-not-utf8"]) {
    assert(rules.has(rule), rule);
  }
});

Deno.test("a server that speaks first is heard", async () => {
  await using target = new TcpTarget(async (peer) => {
    await peer.write("220 hello\r\n");
    await peer.rest();
  });
  const { tap, port } = startTap({ target: target.address, guard: false });
  await using _tap = tap;
  using client = await RawPeer.connect({ port });
  assertEquals(text(await client.take(11)), "220 hello\r\n");
});

Deno.test("half-close passes in both directions", async (t) => {
  await t.step("the client's end reaches the server, whose answer still arrives", async () => {
    await using target = new TcpTarget(async (peer) => {
      const all = await peer.rest();
      await peer.write(`got ${all.length}`);
    });
    const { tap, port } = startTap({ target: target.address, guard: false });
    await using _tap = tap;
    using client = await RawPeer.connect({ port });
    await client.write("12345");
    await client.conn.closeWrite();
    assertEquals(text(await client.rest()), "got 5");
  });
  await t.step("the server's end reaches the client, which goes on sending", async () => {
    const heard = Promise.withResolvers<Uint8Array>();
    await using target = new TcpTarget(async (peer) => {
      await peer.conn.closeWrite();
      heard.resolve(await peer.rest());
    });
    const { tap, port } = startTap({ target: target.address, guard: false });
    await using _tap = tap;
    using client = await RawPeer.connect({ port });
    assertEquals((await client.rest()).length, 0);
    await client.write("still here");
    await client.conn.closeWrite();
    assertEquals(text(await soon(heard.promise, "the rest")), "still here");
  });
});

Deno.test("a reset of either side ends the other, and nothing else", async (t) => {
  const { target } = recordingEcho();
  await using _target = target;
  const { tap, port } = startTap({ target: target.address, guard: false });
  await using _tap = tap;
  using bystander = await RawPeer.connect({ port });
  await bystander.write("a");
  await bystander.take(1);

  await t.step("the client's", async () => {
    const { connect } = await import("node:net");
    const socket = connect(port, LOOPBACK);
    await new Promise<void>((resolve) => socket.once("connect", resolve));
    await until(() => tap.connections === 2, "the tap has it");
    await target.arrived(2);
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.resetAndDestroy();
    await closed;
    await until(() => tap.connections === 1, "the tap has let go of it");
  });
  await t.step("the server's", async () => {
    using client = await RawPeer.connect({ port });
    await client.write("b");
    await client.take(1);
    target.conns.at(-1)?.close();
    assertEquals((await client.rest()).length, 0);
  });
  await bystander.write("c");
  assertEquals(text(await bystander.take(1)), "c");
});

Deno.test("a slow reader slows its writer", async () => {
  const flood = new Uint8Array(64 * 1024);
  let written = 0;
  await using target = new TcpTarget(async ({ conn }) => {
    for (;;) written += await conn.write(flood);
  });
  const { tap, port } = startTap({ target: target.address, guard: false });
  await using _tap = tap;
  using client = await RawPeer.connect({ port });
  await client.take(1);
  // The kernel's buffers fill; then no more is written, although the target could.
  let last = -1;
  while (written !== last) {
    last = written;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  assert(written < 32 * 1024 * 1024, `${written} bytes piled up`);
  // Reading makes room again.
  await client.take(8 * 1024 * 1024);
  await until(() => written > last, "the writer went on");
});

Deno.test("a target that can't be reached is a 502", async (t) => {
  const gone = Deno.listen({ hostname: LOOPBACK, port: 0 });
  const address = { hostname: LOOPBACK, port: gone.addr.port };
  gone.close();
  for (const guard of [true, false]) {
    await t.step(guard ? "with a guard" : "without a guard", async () => {
      const { tap, port, told } = startTap({ target: address, guard });
      await using _tap = tap;
      using client = await RawPeer.connect({ port });
      await client.write(upgradeRequest());
      const response = text(await client.rest());
      assert(response.startsWith("HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n"), response);
      assertEquals(told.failures.map(({ by, status, id }) => ({ by, status, id })), [
        { by: "network", status: 502, id: "1" },
      ]);
    });
  }
  await t.step("a client that says nothing is let go", async () => {
    const { tap, port } = startTap({ target: address, guard: false });
    await using _tap = tap;
    using client = await RawPeer.connect({ port });
    assertEquals((await client.rest()).length, 0);
  });
});

Deno.test("the client behind an inner connection is known before its first byte arrives", async () => {
  const { promise, resolve } = Promise.withResolvers<unknown[]>();
  await using target = new TcpTarget(async (peer) => {
    const { port } = peer.conn.remoteAddr;
    await peer.head();
    const first = tap.identify(port);
    await peer.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    await peer.head();
    const second = tap.identify(port);
    await peer.write(switchingProtocols());
    await peer.rest();
    peer.conn.close();
    await until(() => tap.identify(port) === undefined, "the port is forgotten");
    resolve([first, second, tap.identify(port)]);
  });
  const { tap, port } = startTap({ target: target.address });
  await using _tap = tap;
  const client = await RawPeer.connect({ port });
  const own = client.conn.localAddr as Deno.NetAddr;
  await client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.head();
  await client.write(upgradeRequest());
  await client.head();
  client[Symbol.dispose]();
  const peer = { hostname: LOOPBACK, port: own.port };
  assertEquals(await soon(promise, "the target"), [
    { id: "", ...peer },
    { id: "1", ...peer },
    undefined,
  ]);
  assertEquals(tap.identify(1), undefined);
});

Deno.test("listening: a taken port and a second listen are the caller's errors", async () => {
  const { target } = recordingEcho();
  await using _target = target;
  const { tap, port } = startTap({ target: target.address });
  await using _tap = tap;
  await using second = new Tap({ target: target.address });
  assertThrows(() => second.listen({ hostname: LOOPBACK, port }), Deno.errors.AddrInUse);
  assertThrows(() => tap.listen({ hostname: LOOPBACK, port: 0 }), TypeError);
  // A failed listen leaves the tap as it was.
  second.listen({ hostname: LOOPBACK, port: 0 });
});

Deno.test("close: idle connections end at once, others get their grace, the rest is cut", async () => {
  const { target } = recordingEcho();
  await using _target = target;
  const { tap, port } = startTap({ target: target.address, guard: false });
  using idle = await RawPeer.connect({ port });
  using busy = await RawPeer.connect({ port });
  await busy.write("GET / HTTP/1.1\r\n");
  await busy.take(5);
  await target.arrived(2);
  const closed = tap.close({ graceMs: 60_000 });
  assertEquals((await idle.rest()).length, 0);
  await busy.conn.closeWrite();
  await busy.rest();
  await soon(closed, "the tap to close");
  assertEquals(tap.connections, 0);
  assert(await RawPeer.connect({ port }).then(() => false, () => true), "nobody listens");
});

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
