import { assert, assertEquals } from "@std/assert";
import type { PerMessageDeflateOptions } from "ws";
import { applyMask, createDeflater, createInflater, encodeFrame } from "@/frames/mod.ts";
import type { CaptureEvent, FrameEvent, FrameRecord } from "@/protocol/mod.ts";
import { parseFault, type Tap } from "@/tap/mod.ts";
import {
  bytes,
  concat,
  MASK,
  masked,
  RawPeer,
  startTap,
  switchingProtocols,
  TcpTarget,
  text,
  until,
  upgradeRequest,
} from "./support.ts";
import { WsClient, WsEcho } from "./ws_peers.ts";

const utf8 = new TextEncoder();
const DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate";

function records(tap: Tap, connection = "1"): FrameRecord[] {
  return tap.capture.read(0, { connection, limit: Infinity }).frames;
}

/** What came out of the message that a frame belongs to, read in pieces. */
function inflatedOf(tap: Tap, { connection, frame }: FrameRecord): Uint8Array | null {
  const pieces: Uint8Array[] = [];
  for (let offset = 0;; offset += 1_000) {
    const piece = tap.capture.bytes(connection, frame, offset, 1_000, "inflated");
    if (piece === null) return null;
    pieces.push(piece.bytes);
    if (offset + piece.bytes.length >= piece.kept) return concat(...pieces);
  }
}

/** The bytes of a frame as the ring has them. */
function wireOf(tap: Tap, { connection, frame }: FrameRecord): Uint8Array {
  return tap.capture.bytes(connection, frame, 0, 1e6)!.bytes;
}

/** The payload of a frame as the ring has it. */
function payloadOf(tap: Tap, record: FrameRecord): Uint8Array {
  const payload = wireOf(tap, record).slice(record.headerLength);
  if (record.maskingKey) applyMask(payload, Uint8Array.fromHex(record.maskingKey));
  return payload;
}

/** A server that agrees on permessage-deflate, says this, and reads to the end. */
function deflatingTarget(frames: Uint8Array[], answer = DEFLATE): TcpTarget {
  return new TcpTarget(async (peer) => {
    if (await peer.head() === "") return;
    await peer.write(concat(bytes(switchingProtocols([answer])), ...frames));
    await peer.rest();
  });
}

/** A client by hand that offers permessage-deflate; its handshake is done. */
async function openDeflating(port: number, offer = DEFLATE): Promise<RawPeer> {
  const peer = await RawPeer.connect({ port });
  await peer.write(upgradeRequest({ lines: [offer] }));
  await peer.head();
  return peer;
}

/** What a tap without a guard records of what a server says. */
async function recordedFrom(
  frames: Uint8Array[],
  options: { maxInflatedBytes?: number; answer?: string; offer?: string; redact?: boolean } = {},
): Promise<{ tap: Tap; records: FrameRecord[]; [Symbol.asyncDispose](): Promise<void> }> {
  const target = deflatingTarget(frames, options.answer);
  const { maxInflatedBytes, redact = false } = options;
  const limits = maxInflatedBytes === undefined ? {} : { maxInflatedBytes };
  const { tap, port } = startTap({ target: target.address, guard: false, limits, redact });
  using _client = await openDeflating(port, options.offer);
  await until(() => records(tap).length === frames.length, "every frame is captured");
  return {
    tap,
    records: records(tap),
    async [Symbol.asyncDispose]() {
      await tap.close({ graceMs: 0 });
      await target[Symbol.asyncDispose]();
    },
  };
}

const TERMS: [name: string, options: PerMessageDeflateOptions][] = [
  ["context takeover", {}],
  ["none from the server", { serverNoContextTakeover: true }],
  ["none from the client", { clientNoContextTakeover: true }],
  ["no context takeover", { serverNoContextTakeover: true, clientNoContextTakeover: true }],
  ["small windows", { serverMaxWindowBits: 9, clientMaxWindowBits: 10 }],
];

for (const guard of [true, false]) {
  for (const [name, terms] of TERMS) {
    const mode = guard ? "with a guard" : "without a guard";
    Deno.test(`what ws compresses is shown inflated, both ways: ${name}, ${mode}`, async () => {
      const perMessageDeflate = { threshold: 0, ...terms };
      await using echo = await WsEcho.start({ perMessageDeflate });
      const { tap, port, told } = startTap({ target: echo.address, guard });
      await using _tap = tap;
      await using client = await WsClient.open(port, { perMessageDeflate });
      const words = ["again and again ", "Grüße, ", "{}", ""].map((word, i) => word.repeat(40 * i));
      for (const word of [...words, ...words]) {
        client.socket.send(word);
        assertEquals(text((await client.message()).data), text(utf8.encode(word)));
      }
      const noise = crypto.getRandomValues(new Uint8Array(40_000));
      client.socket.send(noise);
      assertEquals((await client.message()).data, noise);
      const sent = [...words, ...words].map((word) => utf8.encode(word));
      for (const direction of ["in", "out"]) {
        const side = records(tap).filter((record) => record.direction === direction);
        assertEquals(side.length, 9);
        assert(side.every(({ rsv, findings }) => rsv === 4 && findings.length === 0));
        [...sent, noise].forEach((message, i) => {
          assertEquals(inflatedOf(tap, side[i]), message);
          const { compressed, frame } = side[i];
          assertEquals(compressed, {
            first: frame,
            opcode: i === 8 ? 2 : 1,
            inflated: {
              length: message.length,
              kept: message.length,
              preview: message.subarray(0, 64).toBase64(),
            },
          });
        });
      }
      assertEquals(told.cuts, []);
    });
  }
}

Deno.test("fragments lead to their message, control frames between them to nothing", async () => {
  const perMessageDeflate = { threshold: 0 };
  await using echo = await WsEcho.start({ perMessageDeflate });
  const { tap, port } = startTap({ target: echo.address });
  await using _tap = tap;
  await using client = await WsClient.open(port, { perMessageDeflate });
  const parts = ["first, ", "second, ", "third"].map((part) => part.repeat(20));
  client.socket.send("plain", { compress: false });
  parts.forEach((part, i) => {
    client.socket.send(part, { fin: i === 2 });
    client.socket.ping(`${i}`);
  });
  for (let i = 0; i < 2; i++) await client.message();
  const sent = records(tap).filter(({ direction }) => direction === "in");
  assertEquals(sent.map(({ opcode, rsv, compressed }) => [opcode, rsv, compressed?.first]), [
    [1, 0, undefined],
    ...[[1, 4, 1], [9, 0, undefined], [0, 0, 1], [9, 0, undefined], [0, 0, 1], [9, 0, undefined]],
  ]);
  const whole = utf8.encode(parts.join(""));
  for (const i of [1, 3, 5]) assertEquals(inflatedOf(tap, sent[i]), whole);
  for (const i of [0, 2]) assertEquals(inflatedOf(tap, sent[i]), null);
  assertEquals(sent.map(({ compressed }) => compressed?.inflated?.length), [
    ...Array(5).fill(undefined),
    whole.length,
    undefined,
  ]);
});

Deno.test("a connection without the extension holds nothing of all that", async () => {
  await using echo = await WsEcho.start();
  const { tap, port } = startTap({ target: echo.address });
  await using _tap = tap;
  await using client = await WsClient.open(port, { perMessageDeflate: false });
  client.socket.send("x".repeat(5_000));
  await client.message();
  assert(records(tap).every((record) => !("compressed" in record)));
  assertEquals(tap.capture.bytes("1", 0, 0, 10, "inflated"), null);
  assertEquals(tap.capture.stats.keptBytes, 8 + 4 + 2 * 5_000);
});

Deno.test("secrets are hidden in what came out, and the payload that holds them whole", async () => {
  const deflater = createDeflater();
  const message = (json: string, opcode = 1) =>
    encodeFrame(deflater.deflate(utf8.encode(json)), { opcode, rsv1: true });
  const token = '{"type":"auth","token":"0123456789abcdef0123456789abcdef"}';
  const harmless = '{"type":"join","tokens":"0123456789abcdef"}';
  const frames = [message(harmless), message(token), message(token), message(token, 2)];
  await using shown = await recordedFrom(frames);
  const hidden = token.replace(/[0-9a-f]{32}/, "*".repeat(32));
  const texts = shown.records.map((record) => text(inflatedOf(shown.tap, record)!));
  assertEquals(texts, [harmless, hidden, hidden, token]);
  assertEquals(shown.records.map(({ compressed }) => compressed?.hidden), [
    ...[undefined, true, true, undefined],
  ]);
  for (const [i, record] of shown.records.entries()) {
    const secret = i === 1 || i === 2;
    const stars = utf8.encode("*".repeat(record.length));
    assertEquals(wireOf(shown.tap, record).slice(2), secret ? stars : frames[i].slice(2));
  }
});

Deno.test("a secret cut into frames leaves none of its bytes, wherever the cut is", async () => {
  const token = '{"type":"auth","token":"s3cr3t-s3cr3t-0123456789","n":1}';
  const payload = createDeflater().deflate(utf8.encode(token));
  const cuts = Array.from({ length: payload.length + 1 }, (_, i) => i);
  for (const noTakeover of [DEFLATE + "; server_no_context_takeover"]) {
    const frames = cuts.flatMap((cut) => [
      encodeFrame(payload.slice(0, cut), { opcode: 1, rsv1: true, fin: false }),
      encodeFrame(payload.slice(cut), { opcode: 0 }),
    ]);
    await using shown = await recordedFrom(frames, { answer: noTakeover });
    for (const cut of cuts) {
      const [first, last] = shown.records.slice(2 * cut, 2 * cut + 2);
      assertEquals(
        text(inflatedOf(shown.tap, first)!),
        token.replace(/s3cr3t-s3cr3t-0123456789/, "*".repeat(24)),
      );
      // Whoever inflates what is left of the payloads gets no further than the secret's beginning.
      const left = payloadOf(shown.tap, first);
      const visible = first.compressed?.hidden ? new Uint8Array(0) : left;
      const before = inflateAsFarAsItGoes(visible);
      assert(token.startsWith(before), before);
      assert(!before.includes("s3"), before);
      assert(last.compressed?.hidden || cut === payload.length, `cut at ${cut}`);
    }
  }
});

function inflateAsFarAsItGoes(payload: Uint8Array): string {
  return text(createInflater().push(payload, 1e6).output);
}

Deno.test("redacted, nothing of a compressed message can be read", async () => {
  const payload = createDeflater().deflate(utf8.encode("some words"));
  const frame = encodeFrame(payload, { opcode: 1, rsv1: true });
  await using shown = await recordedFrom([frame], { redact: true });
  const [record] = shown.records;
  assertEquals(text(inflatedOf(shown.tap, record)!), "*".repeat(10));
  assertEquals(text(payloadOf(shown.tap, record)), "*".repeat(payload.length));
  assertEquals(record.compressed?.hidden, true);
});

Deno.test("a bomb is shown up to the limit, and the rest of the connection says why it isn't", async () => {
  const deflater = createDeflater();
  const bomb = deflater.deflate(new Uint8Array(20_000_000));
  const later = deflater.deflate(utf8.encode("later, and more later"));
  const frames = [bomb, later].map((payload) => encodeFrame(payload, { opcode: 2, rsv1: true }));
  assert(bomb.length < 25_000, `${bomb.length}`);
  await using shown = await recordedFrom(frames, { maxInflatedBytes: 100_000 });
  const [first, second] = shown.records;
  const why = "inflating stopped at the limit of 100000 bytes";
  assertEquals(first.compressed, {
    ...{ first: 0, opcode: 2, problem: why },
    inflated: { length: 100_000, kept: 100_000, preview: new Uint8Array(64).toBase64() },
  });
  assertEquals(second.compressed, {
    ...{ first: 1, opcode: 2 },
    problem: `it may refer to an earlier message, and of that ${why}`,
  });
  assertEquals(inflatedOf(shown.tap, second), null);
  // The sender broke no rule: only the view ends there.
  assertEquals(shown.records.flatMap(({ findings }) => findings), []);
  // Whole on the wire, since nobody can hide a secret in binary.
  assertEquals(payloadOf(shown.tap, first), bomb);
  assert(shown.tap.capture.stats.keptBytes <= bomb.length + later.length + 20 + 100_000);
});

Deno.test("without context takeover a message behind a bomb is inflated", async () => {
  const answer = DEFLATE + "; server_no_context_takeover";
  const deflater = createDeflater({ contextTakeover: false });
  const frames = [new Uint8Array(1_000_000), utf8.encode("after")].map((message) =>
    encodeFrame(deflater.deflate(message), { opcode: 2, rsv1: true })
  );
  await using shown = await recordedFrom(frames, { answer, maxInflatedBytes: 1_000 });
  assertEquals(shown.records.map(({ compressed }) => compressed?.inflated?.length), [1_000, 5]);
  assertEquals(shown.records.map(({ compressed }) => compressed?.problem !== undefined), [
    true,
    false,
  ]);
});

Deno.test("what a text holds behind a break is hidden, what was read before it stays", async () => {
  const good = createDeflater().deflate(utf8.encode("readable up to here"));
  // A block of type 3 stands where the flush would be.
  const broken = concat(good.slice(0, -1), Uint8Array.of(0x06), bytes("token in clear"));
  const frames = [broken, good].map((payload) => encodeFrame(payload, { opcode: 1, rsv1: true }));
  await using shown = await recordedFrom(frames);
  const [first, second] = shown.records;
  assertEquals(text(inflatedOf(shown.tap, first)!), "readable up to here");
  assertEquals(first.findings.map(({ rule, closeCode }) => [rule, closeCode]), [
    ["deflate-invalid", 1007],
  ]);
  assert(first.compressed?.problem?.startsWith("the compressed data is broken"));
  assertEquals(first.compressed?.hidden, true);
  const left = payloadOf(shown.tap, first);
  const behind = first.findings[0].offset - first.headerLength + 1;
  assert(behind >= good.length && behind <= good.length + 1, `${behind}`);
  assertEquals(left.slice(0, behind), broken.slice(0, behind));
  assertEquals(text(left.slice(behind)), "*".repeat(left.length - behind));
  assertEquals(second.compressed?.hidden, true);
  assertEquals(text(payloadOf(shown.tap, second)), "*".repeat(good.length));
  assert(second.compressed?.problem?.includes("earlier message"));
});

Deno.test("text is judged when it is inflated, and what follows is inflated all the same", async () => {
  const deflater = createDeflater();
  const messages = [Uint8Array.of(0x61, 0xff), Uint8Array.of(0x61, 0xe2, 0x82), utf8.encode("aé")];
  const frames = messages.map((message) =>
    encodeFrame(deflater.deflate(message), { opcode: 1, rsv1: true })
  );
  await using shown = await recordedFrom(frames);
  assertEquals(
    shown.records.map(({ findings }) => findings.map(({ rule, closeCode }) => [rule, closeCode])),
    [[["text-not-utf8", 1007]], [["text-not-utf8", 1007]], []],
  );
  shown.records.forEach((record, i) => assertEquals(inflatedOf(shown.tap, record), messages[i]));
});

Deno.test("RSV1 is accepted only where the answer is one to the offer", async () => {
  const payload = createDeflater().deflate(utf8.encode("hello"));
  const frame = encodeFrame(payload, { opcode: 2, rsv1: true });
  const handshakes: [offer: string, answer: string, claimed: boolean][] = [
    [DEFLATE, DEFLATE, true],
    [DEFLATE, "X-None: 1", false],
    ["X-None: 1", DEFLATE, false],
    [DEFLATE, DEFLATE + "; client_max_window_bits=10", false],
    [DEFLATE + "; client_max_window_bits", DEFLATE + "; client_max_window_bits=10", true],
    [DEFLATE, DEFLATE + ", permessage-deflate", false],
  ];
  for (const [offer, answer, claimed] of handshakes) {
    await using shown = await recordedFrom([frame], { offer, answer });
    const [{ findings, compressed }] = shown.records;
    assertEquals(findings.map(({ rule }) => rule), claimed ? [] : ["reserved-rsv1"], answer);
    assertEquals(compressed !== undefined, claimed);
  }
});

Deno.test("a guard lets no message through that inflates to too much or to no text", async (t) => {
  const deflater = () => createDeflater();
  const cases = [
    {
      name: "a bomb",
      bad: new Uint8Array(2_000_000),
      opcode: 2,
      code: 1009,
      rule: "inflated-too-big",
    },
    { name: "no text", bad: Uint8Array.of(0xff), opcode: 1, code: 1007, rule: "text-not-utf8" },
  ];
  for (const { name, bad, opcode, code, rule } of cases) {
    await t.step(name, async () => {
      const heard = Promise.withResolvers<Uint8Array>();
      await using target = new TcpTarget(async (peer) => {
        await peer.head();
        await peer.write(switchingProtocols([DEFLATE]));
        heard.resolve(await peer.rest());
      });
      const limits = { maxInflatedBytes: 1_000_000 };
      const { tap, port, told } = startTap({ target: target.address, limits });
      await using _tap = tap;
      using client = await openDeflating(port);
      const compress = deflater();
      const [good, wrong] = [utf8.encode("good"), bad].map((message) =>
        encodeFrame(compress.deflate(message), { opcode, rsv1: true, maskingKey: MASK })
      );
      await client.write(concat(good, wrong, masked("after")));
      assertEquals((await client.frame()).opcode, 8);
      assertEquals(await heard.promise, good);
      assertEquals(told.cuts.map(({ reason }) => [reason.code, reason.rule]), [[code, rule]]);
      const offender = records(tap)[1];
      assertEquals(offender.findings.map((finding) => finding.rule), [rule]);
      assertEquals(inflatedOf(tap, offender), bad.slice(0, 1_000_000));
    });
  }
});

Deno.test("a connection that is taken in again in a message's middle shows none of it", async () => {
  const perMessageDeflate = { threshold: 0 };
  await using echo = await WsEcho.start({ perMessageDeflate });
  const { tap, port } = startTap({ target: echo.address });
  await using _tap = tap;
  await using client = await WsClient.open(port, { perMessageDeflate });
  client.socket.send('{"tok', { fin: false });
  client.socket.ping();
  await until(() => records(tap).length >= 2, "the fragment is captured");
  tap.setExcluded("1", true);
  client.socket.send('en":"sec', { fin: false });
  const pong = new Promise<void>((resolve) => client.socket.once("pong", () => resolve()));
  client.socket.ping();
  await pong;
  tap.setExcluded("1", false);
  client.socket.send('ret"}');
  assertEquals(text((await client.message()).data), '{"token":"secret"}');
  client.socket.send("next");
  await client.message();
  const sent = records(tap).filter(({ direction, opcode }) => direction === "in" && opcode < 8);
  const [rest, next] = sent.slice(-2);
  assertEquals(rest.compressed?.problem, "its beginning wasn't captured");
  assertEquals([rest.compressed?.hidden, rest.compressed?.inflated], [true, undefined]);
  assertEquals(text(payloadOf(tap, rest)), "*".repeat(rest.length));
  assertEquals(text(inflatedOf(tap, next)!), "next");
});

Deno.test("the ring counts inflated bytes, keeps a bounded part, and lets go of them", async () => {
  const target = await WsEcho.start({ perMessageDeflate: { threshold: 0 } });
  await using _target = target;
  const capture = { maxBytes: 30_000, maxPayloadBytes: 10_000 };
  const { tap, port } = startTap({ target: target.address, guard: false, capture });
  await using _tap = tap;
  await using client = await WsClient.open(port, { perMessageDeflate: { threshold: 0 } });
  for (let i = 0; i < 4; i++) {
    client.socket.send("abcd".repeat(5_000));
    await client.message();
    assert(tap.capture.stats.keptBytes <= 30_000);
  }
  const [last] = records(tap).slice(-1);
  assertEquals([last.compressed?.inflated?.length, last.compressed?.inflated?.kept], [
    20_000,
    10_000,
  ]);
  assertEquals(inflatedOf(tap, last)?.length, 10_000);
  assertEquals(records(tap).length, 2);
});

/** Everything that a journal holds. */
function eventsOf(tap: Tap): CaptureEvent[] {
  return tap.journal.read(tap.journal.start, { limit: 10_000 }).events;
}

Deno.test("the journal gives events with what came out, in their own memory", async () => {
  const frame = encodeFrame(createDeflater().deflate(utf8.encode("hello")), {
    ...{ opcode: 1, rsv1: true },
  });
  await using shown = await recordedFrom([frame]);
  const event = eventsOf(shown.tap).find((event): event is FrameEvent => event.type === "frame");
  assertEquals(event?.wire, frame);
  assertEquals(event?.compressed, {
    ...{ first: 0, opcode: 1, inflated: { length: 5, bytes: utf8.encode("hello") } },
  });
});

Deno.test("what faults are done to is inflated as it was sent", async () => {
  const perMessageDeflate = { threshold: 0 };
  await using echo = await WsEcho.start({ perMessageDeflate });
  const faults = [parseFault("dir=in latency=1ms")];
  const { tap, port } = startTap({ target: echo.address, guard: false, faults });
  await using _tap = tap;
  await using client = await WsClient.open(port, { perMessageDeflate });
  client.socket.send("slowly ".repeat(20));
  await client.message();
  for (const record of records(tap)) {
    assertEquals(text(inflatedOf(tap, record)!), "slowly ".repeat(20));
  }
  assertEquals(records(tap).length, 2);
});
