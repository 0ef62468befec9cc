import { assert, assertEquals } from "@std/assert";
import { parseClosePayload } from "@/frames/mod.ts";
import {
  concat,
  masked,
  openRaw,
  plain,
  RawPeer,
  recordingUpgrader,
  soon,
  startTap,
  switchingProtocols,
  TcpTarget,
  until,
  upgradeRequest,
  upgradingTarget,
} from "./support.ts";
import { WsClient, WsEcho } from "./ws_peers.ts";

interface BadFrames {
  name: string;
  /** What comes before and is good. */
  good?: Uint8Array;
  bad: Uint8Array;
  code: number;
  rule: string;
}

const first = masked("Hel", { fin: false });
const closePayload = (...bytes: number[]) => masked(Uint8Array.from(bytes), { opcode: 8 });
const header = (hex: string) => Uint8Array.fromHex(hex.replaceAll(" ", ""));

const BAD_FRAMES: BadFrames[] = [
  { name: "an unmasked frame", bad: plain("hi"), code: 1002, rule: "mask-missing" },
  { name: "RSV1", bad: masked("x", { rsv1: true }), code: 1002, rule: "reserved-rsv1" },
  { name: "RSV2", bad: masked("x", { rsv2: true }), code: 1002, rule: "reserved-rsv2" },
  { name: "RSV3", bad: masked("x", { rsv3: true }), code: 1002, rule: "reserved-rsv3" },
  { name: "opcode 3", bad: masked("x", { opcode: 3 }), code: 1002, rule: "reserved-opcode" },
  { name: "opcode 11", bad: masked("x", { opcode: 11 }), code: 1002, rule: "reserved-opcode" },
  {
    name: "16 bits for a short length",
    bad: masked("x", { extendedLength: 2 }),
    code: 1002,
    rule: "length-not-minimal",
  },
  {
    name: "64 bits for a short length",
    bad: masked("x", { extendedLength: 8 }),
    code: 1002,
    rule: "length-not-minimal",
  },
  { name: "the top bit of a length", bad: header("82 ff 80"), code: 1002, rule: "length-high-bit" },
  {
    name: "a fragmented ping",
    bad: masked("x", { opcode: 9, fin: false }),
    code: 1002,
    rule: "control-fragmented",
  },
  {
    name: "a long ping",
    bad: masked("x".repeat(126), { opcode: 9 }),
    code: 1002,
    rule: "control-too-long",
  },
  {
    name: "a continuation of nothing",
    bad: masked("x", { opcode: 0 }),
    code: 1002,
    rule: "continuation-without-start",
  },
  {
    name: "a start inside a message",
    good: first,
    bad: masked("x"),
    code: 1002,
    rule: "start-inside-message",
  },
  {
    name: "text that isn't UTF-8",
    bad: masked(Uint8Array.of(0x61, 0xff)),
    code: 1007,
    rule: "text-not-utf8",
  },
  {
    name: "text cut inside a character",
    good: masked(Uint8Array.of(0xe2, 0x82), { fin: false }),
    bad: masked("", { opcode: 0 }),
    code: 1007,
    rule: "text-not-utf8",
  },
  { name: "half a close code", bad: closePayload(3), code: 1002, rule: "close-payload-one-byte" },
  { name: "close code 1005", bad: closePayload(3, 0xed), code: 1002, rule: "close-code-invalid" },
  { name: "close code 999", bad: closePayload(3, 0xe7), code: 1002, rule: "close-code-invalid" },
  {
    name: "a close reason that isn't UTF-8",
    bad: closePayload(3, 0xe8, 0xff),
    code: 1007,
    rule: "close-reason-not-utf8",
  },
  {
    name: "a message over the limit",
    bad: masked(new Uint8Array(70_000), { opcode: 2 }),
    code: 1009,
    rule: "frame-too-big",
  },
  {
    name: "a header that announces too much",
    bad: header("82 ff 00 00 00 00 7f ff ff ff"),
    code: 1009,
    rule: "frame-too-big",
  },
  {
    name: "fragments over the limit together",
    good: masked(new Uint8Array(40_000), { opcode: 2, fin: false }),
    bad: masked(new Uint8Array(40_000), { opcode: 0 }),
    code: 1009,
    rule: "message-too-big",
  },
  {
    name: "too many fragments",
    good: concat(first, ...Array(15).fill(masked("x", { opcode: 0, fin: false }))),
    bad: masked("x", { opcode: 0 }),
    code: 1009,
    rule: "too-many-fragments",
  },
  {
    name: "too many control frames",
    good: concat(...Array(20).fill(masked("", { opcode: 9 }))),
    bad: masked("", { opcode: 10 }),
    code: 1008,
    rule: "control-flood",
  },
];

Deno.test("bad frames end their connection with the right code, and nobody else's", async (t) => {
  const { target, heard } = recordingUpgrader();
  await using _target = target;
  const { tap, port, told } = startTap({
    target: target.address,
    limits: { maxFragments: 16, maxControlFramesPerSecond: 20 },
  });
  await using _tap = tap;
  using bystander = await openRaw(port);
  for (const [i, { name, good, bad, code, rule }] of BAD_FRAMES.entries()) {
    await t.step(`${name}: ${code}`, async () => {
      const index = i + 1;
      const before = concat(masked("good", { opcode: 2 }), good ?? new Uint8Array(0));
      using client = await openRaw(port);
      await client.write(concat(before, bad, masked("after")));
      const close = await client.frame();
      assertEquals([close.opcode, parseClosePayload(close.payload).code], [8, code]);
      assertEquals((await client.rest()).length, 0);
      client[Symbol.dispose]();
      assertEquals(await heard(index), before);
      const { id, reason } = told.cuts.at(-1)!;
      assertEquals([id, reason.code, reason.rule], [`${index + 1}`, code, rule]);
      // The capture shows the frame, with what is wrong, and the Close that answered it.
      const { frames } = tap.capture.read(0, { connection: id });
      const offender = frames.at(-2)!;
      assertEquals(offender.findings.map(({ rule, closeCode }) => [rule, closeCode]), [[
        rule,
        code,
      ]]);
      assert(offender.findings[0].offset < bad.length, "its offset is inside it");
      const captured = tap.capture.bytes(id, offender.frame, 0, 20)!;
      const stream = concat(bad, masked("after"));
      assertEquals(captured.bytes, stream.slice(0, captured.bytes.length));
      assertEquals([frames.at(-1)!.opcode, frames.at(-1)!.direction], [8, "out"]);
    });
  }
  assertEquals(told.cuts.length, BAD_FRAMES.length);
  const hello = masked("still here");
  await bystander.write(hello);
  await bystander.conn.closeWrite();
  assertEquals(await heard(0), hello);
});

Deno.test("frames go on whole, however they come", async () => {
  const { target, heard } = recordingUpgrader();
  await using _target = target;
  const { tap, port, told } = startTap({ target: target.address });
  await using _tap = tap;
  using client = await openRaw(port);
  const stream = concat(
    masked("x".repeat(300)),
    masked("", { opcode: 9 }),
    first,
    masked("lo", { opcode: 0 }),
    masked(new Uint8Array(65_536), { opcode: 2 }),
    closePayload(3, 0xe8),
  );
  for (const byte of stream.subarray(0, 350)) await client.write(Uint8Array.of(byte));
  await client.write(stream.subarray(350));
  // What follows a Close is dropped, and breaks nothing.
  await client.write(masked("after the end"));
  await client.conn.closeWrite();
  assertEquals(await heard(0), stream);
  assertEquals(told.cuts, []);
});

Deno.test("a frame that isn't whole stays here", async () => {
  const { target, heard } = recordingUpgrader();
  await using _target = target;
  const { tap, port } = startTap({ target: target.address });
  await using _tap = tap;
  using client = await openRaw(port);
  const whole = masked("whole");
  await client.write(concat(whole, masked("never finished").subarray(0, -1)));
  await client.conn.closeWrite();
  assertEquals(await heard(0), whole);
});

Deno.test("limits that are off let everything through", async () => {
  await using echo = await WsEcho.start();
  const limits = { maxMessageBytes: 0, maxUnfinishedBytes: 0, maxFragments: 0 };
  const { tap, port } = startTap({ target: echo.address, limits });
  await using _tap = tap;
  await using client = await WsClient.open(port);
  const large = new Uint8Array(3_000_000).fill(7);
  client.socket.send(large);
  assertEquals((await client.message()).data.length, large.length);
  // Of a large frame only a part is kept.
  const [frame] = tap.capture.read(0).frames;
  const { total, kept } = tap.capture.bytes("1", frame.frame, 0, 1)!;
  assert(total === large.length + 14 && kept < total, `${kept} of ${total}`);
});

Deno.test("ws's own client behind a guard: too large a message is 1009", async () => {
  await using echo = await WsEcho.start();
  const { tap, port, told } = startTap({ target: echo.address });
  await using _tap = tap;
  await using client = await WsClient.open(port);
  client.socket.send(new Uint8Array(65_537));
  assertEquals((await soon(client.closed, "close")).code, 1009);
  assertEquals(told.cuts.map(({ reason }) => reason.rule), ["frame-too-big"]);
});

Deno.test("cut: with a Close frame between two frames", async () => {
  const { target, heard } = recordingUpgrader();
  await using _target = target;
  const { tap, port, told } = startTap({ target: target.address });
  await using _tap = tap;
  using client = await openRaw(port);
  tap.cut("1", { code: 1013, reason: "Too slow", rule: "slow-consumer" });
  tap.cut("1", { code: 1000, reason: "again" });
  tap.cut("99", { code: 1000, reason: "nobody" });
  const close = await client.frame();
  assertEquals(parseClosePayload(close.payload), { code: 1013, reason: "Too slow" });
  assertEquals((await client.rest()).length, 0);
  // Nothing of the client goes on any more.
  await client.write(masked("late")).catch(() => {});
  client[Symbol.dispose]();
  assertEquals((await heard(0)).length, 0);
  assertEquals(told.cuts, []);
  await until(() => tap.connections === 0, "it has ended");
});

Deno.test("cut: codes that may not be sent, reasons that are too long", async () => {
  const { target } = recordingUpgrader();
  await using _target = target;
  const { tap, port } = startTap({ target: target.address });
  await using _tap = tap;
  using nameless = await openRaw(port);
  tap.cut("1", { code: 1006, reason: "lost" });
  assertEquals((await nameless.frame()).payloadLength, 0);
  using wordy = await openRaw(port);
  tap.cut("2", { code: 1008, reason: "€".repeat(100) + "\ud800" });
  const { reason } = parseClosePayload((await wordy.frame()).payload);
  assertEquals(reason, "€".repeat(41));
});

Deno.test("cut: inside a server's frame its end is awaited", async () => {
  const go = Promise.withResolvers<void>();
  const frame = plain(new Uint8Array(1_000), { opcode: 2 });
  await using target = upgradingTarget(async (peer) => {
    await peer.write(frame.subarray(0, 500));
    await go.promise;
    await peer.write(concat(frame.subarray(500), plain("never seen")));
    await peer.rest();
  });
  const { tap, port } = startTap({ target: target.address });
  await using _tap = tap;
  using client = await openRaw(port);
  assertEquals(await client.take(500), frame.slice(0, 500));
  tap.cut("1", { code: 1001, reason: "" });
  go.resolve();
  assertEquals(await client.take(504), frame.slice(500));
  assertEquals(parseClosePayload((await client.frame()).payload).code, 1001);
  assertEquals((await client.rest()).length, 0);
});

Deno.test("cut: a server that doesn't end its frame, or ends instead, delays it a second at most", async (t) => {
  for (const ends of [false, true]) {
    await t.step(ends ? "ends" : "stays", async () => {
      const go = Promise.withResolvers<void>();
      await using target = upgradingTarget(async (peer) => {
        await peer.write(plain("half").subarray(0, 3));
        await go.promise;
        if (ends) await peer.conn.closeWrite();
        await peer.rest();
      });
      const { tap, port } = startTap({ target: target.address });
      await using _tap = tap;
      using client = await openRaw(port);
      await client.take(3);
      tap.cut("1", { code: 1001, reason: "" });
      go.resolve();
      assertEquals((await client.rest()).length, 0);
      await until(() => tap.connections === 0, "both sides are cut");
    });
  }
});

Deno.test("cut: a client that reads nothing is removed all the same", async () => {
  const blocked = Promise.withResolvers<void>();
  const cut = Promise.withResolvers<void>();
  await using target = upgradingTarget(async ({ conn }) => {
    const flood = plain(new Uint8Array(60_000), { opcode: 2 });
    let written = 0;
    const sending = (async () => {
      for (;;) {
        for (let at = 0; at < flood.length;) at += written = await conn.write(flood.subarray(at));
      }
    })();
    let last = -1;
    while (written !== last) {
      last = written;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    blocked.resolve();
    await sending.catch(() => cut.resolve());
  });
  const { tap, port } = startTap({ target: target.address });
  await using _tap = tap;
  using _stalled = await openRaw(port);
  using other = await openRaw(port);
  await soon(blocked.promise, "the stall");
  tap.cut("1", { code: 1013, reason: "Too slow" });
  await soon(cut.promise, "the server's write to end");
  await until(() => tap.connections === 1, "the stalled one has gone");
  assert((await other.take(10)).length === 10, "the other goes on");
});

Deno.test("cut: behind a server's Close no second one is sent; before the 101 there is none", async () => {
  await using target = new TcpTarget(async (peer, index) => {
    await peer.head();
    if (index === 0) await peer.write(switchingProtocols());
    if (index === 0) await peer.write(plain(Uint8Array.of(0x03, 0xe8), { opcode: 8 }));
    await peer.rest();
  });
  const { tap, port, told } = startTap({ target: target.address });
  await using _tap = tap;
  using closed = await openRaw(port);
  await closed.frame();
  tap.cut("1", { code: 1001, reason: "" });
  assertEquals((await closed.rest()).length, 0);

  using connecting = await RawPeer.connect({ port });
  await connecting.write(upgradeRequest());
  await target.arrived(2);
  tap.cut("2", { code: 1001, reason: "Not now" });
  assertEquals((await connecting.rest()).length, 0);
  assertEquals(told.failures.map(({ id, status, rule }) => [id, status, rule]), [["2", 0, "cut"]]);
});

Deno.test("cut: without a guard not a byte is added", async () => {
  const { target } = recordingUpgrader();
  await using _target = target;
  const { tap, port } = startTap({ target: target.address, guard: false });
  await using _tap = tap;
  using client = await openRaw(port);
  tap.cut("1", { code: 1001, reason: "" });
  assertEquals((await client.rest()).length, 0);
});

Deno.test("a tap that closes tells its WebSockets 1001", async () => {
  await using echo = await WsEcho.start();
  const { tap, port, told } = startTap({ target: echo.address });
  await using client = await WsClient.open(port);
  await tap.close({ graceMs: 20 });
  assertEquals((await soon(client.closed, "close")).code, 1001);
  assertEquals(told.cuts, []);
});
