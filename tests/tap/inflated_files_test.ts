import { assert, assertEquals } from "@std/assert";
import { createDeflater, encodeFrame } from "@/frames/mod.ts";
import type { CaptureEvent, FrameEvent } from "@/protocol/mod.ts";
import { captureEncoder, type CaptureFormat, readCapture, replay } from "@/tap/mod.ts";
import { concat, MASK, soon, startTap, text } from "./support.ts";
import { WsClient, WsEcho } from "./ws_peers.ts";

const utf8 = new TextEncoder();
const WORDS = ["hello ".repeat(30), '{"token":"abcdefghijklmnop"}', "hello ".repeat(31)];
const PLAIN_WORDS = [WORDS[0], WORDS[2], "Grüße ".repeat(10)];

/** What a tap sees of a `ws` client that says these words to an echo, compressed. */
async function captured(words: readonly string[], options = {}): Promise<CaptureEvent[]> {
  const perMessageDeflate = { threshold: 0, ...options };
  await using echo = await WsEcho.start({ perMessageDeflate });
  const { tap, port } = startTap({ target: echo.address, guard: false });
  await using _tap = tap;
  await using client = await WsClient.open(port, { perMessageDeflate });
  for (const word of words) {
    client.socket.send(word);
    assertEquals(text((await client.message()).data), text(utf8.encode(word)));
  }
  // A fragmented message with a ping in it.
  client.socket.send("in two ", { fin: false });
  client.socket.ping("p");
  client.socket.send("parts");
  await client.message();
  client.socket.close(1000);
  await soon(client.closed, "close");
  await tap.close();
  return tap.journal.read(tap.journal.start, { limit: 1_000 }).events;
}

function encoded(events: readonly CaptureEvent[], format: CaptureFormat): Uint8Array {
  const encoder = captureEncoder(format);
  const pieces = events.map((event) => encoder.add(event));
  return concat(encoder.begin(), ...pieces, encoder.end());
}

async function read(file: Uint8Array): Promise<CaptureEvent[]> {
  return await Array.fromAsync(readCapture([file]));
}

function framesOf(events: readonly CaptureEvent[]): FrameEvent[] {
  return events.filter((event): event is FrameEvent => event.type === "frame");
}

function contentOf({ compressed }: FrameEvent): string | undefined {
  return compressed?.inflated && new TextDecoder().decode(compressed.inflated.bytes);
}

Deno.test("JSONL holds the bytes on the wire and what came out of them", async () => {
  const events = await captured(WORDS);
  assertEquals(await read(encoded(events, "jsonl")), events);
});

Deno.test("HAR holds messages as they were before they were compressed", async () => {
  const events = await captured(PLAIN_WORDS);
  const { log } = JSON.parse(new TextDecoder().decode(encoded(events, "har")));
  const messages = log.entries[0]._webSocketMessages.filter(
    ({ opcode }: { opcode: number }) => opcode === 1,
  );
  const expected = [...PLAIN_WORDS.flatMap((word) => [word, word]), "in two parts", "in two parts"];
  assertEquals(messages.map(({ data }: { data: string }) => data), expected);
  assert(messages.every((message: object) => !("_compressed" in message)));
  // It is read back as frames that aren't compressed, which a server that agreed takes too.
  const frames = framesOf(await read(encoded(events, "har")));
  assert(frames.every(({ compressed }) => compressed === undefined));
});

Deno.test("pcap holds the bytes on the wire; reading inflates them again", async () => {
  const events = await captured(PLAIN_WORDS);
  const again = framesOf(await read(encoded(events, "pcap")));
  const once = framesOf(events);
  assertEquals(again.map(({ wire }) => wire), once.map(({ wire }) => wire));
  assertEquals(again.map(({ compressed }) => compressed), once.map(({ compressed }) => compressed));
  assertEquals(contentOf(again[0]), PLAIN_WORDS[0]);
});

Deno.test("a payload that was hidden breaks off what pcap can tell, and says so", async () => {
  const again = framesOf(await read(encoded(await captured(WORDS), "pcap")));
  const own = again.filter(({ direction }) => direction === "in");
  assertEquals(contentOf(own[0]), WORDS[0]);
  assert(!own.some((frame) => contentOf(frame)?.includes("abcdefgh")));
  assert(own[2].compressed?.problem !== undefined);
});

Deno.test("a line whose inflated bytes can't be is refused", async () => {
  const [good] = framesOf(await captured(["hello"]));
  const file = (compressed: unknown) =>
    utf8.encode(
      '{"roomscope":"capture","version":1}\n' +
        JSON.stringify({ ...good, wire: good.wire.toBase64(), compressed }) + "\n",
    );
  const bad: unknown[] = [
    {},
    { first: -1, opcode: 1 },
    { first: 0, opcode: 8 },
    { first: 0, opcode: 1, hidden: "yes" },
    { first: 0, opcode: 1, inflated: { length: 5 } },
    { first: 0, opcode: 1, inflated: { length: 5, bytes: "*" } },
    { first: 0, opcode: 1, inflated: { length: 1, bytes: "aGVsbG8=" } },
  ];
  for (const compressed of bad) {
    const error = await read(file(compressed)).then(() => null, (error) => error);
    assertEquals(error?.name, "CaptureFileError", JSON.stringify(compressed));
  }
  assertEquals((await read(file({ first: 0, opcode: 1 }))).length, 1);
});

const NOW: [name: string, options: object | false][] = [
  ["as then", {}],
  ["without context takeover", { clientNoContextTakeover: true, serverNoContextTakeover: true }],
  ["with small windows", { clientMaxWindowBits: 9, serverMaxWindowBits: 9 }],
  ["not compressing", false],
];

for (const [name, now] of NOW) {
  Deno.test(`a compressed capture is replayed to a server ${name}`, async () => {
    const events = await captured([...PLAIN_WORDS, ...PLAIN_WORDS]);
    const perMessageDeflate = now && { threshold: 0, ...now };
    await using echo = await WsEcho.start({ perMessageDeflate });
    const { tap, port } = startTap({ target: echo.address, guard: false });
    await using _tap = tap;
    const target = { hostname: "127.0.0.1", port };
    const result = await replay(events, { target, speed: 0, patienceMs: 2_000 });
    assertEquals(result.differences, []);
    const sent = framesOf(tap.journal.read(tap.journal.start, { limit: 1_000 }).events)
      .filter(({ direction }) => direction === "in");
    assert(sent.every(({ findings }) => findings.length === 0));
    assertEquals(sent[0].compressed !== undefined, now !== false);
    // Only where the terms are the same the very bytes went again.
    const own = framesOf(events).filter(({ direction }) => direction === "in");
    const same = own.every(({ wire }, i) => wire.toHex() === sent[i]?.wire.toHex());
    assertEquals(same, name === "as then");
  });
}

Deno.test("a hidden payload is sent as what is known of it, and others behind it are understood", async () => {
  const events = await captured(WORDS);
  await using echo = await WsEcho.start({ perMessageDeflate: { threshold: 0 } });
  const { differences } = await replay(events, {
    ...{ target: echo.address, speed: 0, patienceMs: 2_000 },
  });
  // The stars come back as they were captured.
  assertEquals(differences, []);
});

Deno.test("what comes back differently inside of a compressed message is told", async () => {
  const events = await captured(["hello there", "hello again"]);
  const other = events.map((event): CaptureEvent =>
    event.type !== "frame" || event.direction !== "out" || contentOf(event) !== "hello again"
      ? event
      : {
        ...event,
        compressed: {
          ...event.compressed!,
          inflated: { length: 11, bytes: utf8.encode("hello_agaIn") },
        },
      }
  );
  await using echo = await WsEcho.start({ perMessageDeflate: { threshold: 0 } });
  const { differences } = await replay(other, { target: echo.address, speed: 0 });
  assertEquals(differences.map(({ message }) => message), [
    "payload byte 5 is 20 in place of 5f",
  ]);
});

Deno.test("a message that isn't known to its end isn't made up", async () => {
  const deflater = createDeflater();
  const [whole, cut] = ["hello", "more than was kept"].map((word) => {
    const payload = deflater.deflate(utf8.encode(word));
    return encodeFrame(payload, { opcode: 1, rsv1: true, maskingKey: MASK });
  });
  const frame = (number: number, wire: Uint8Array, kept: string, length: number): FrameEvent => ({
    ...{ type: "frame", connection: "1", frame: number, at: 0, direction: "in", wire },
    ...{ headerLength: 6, length: wire.length - 6, findings: [] },
    compressed: { first: number, opcode: 1, inflated: { length, bytes: utf8.encode(kept) } },
  });
  await using echo = await WsEcho.start();
  const events = [frame(0, whole, "hello", 5), frame(1, cut, "more", 18)];
  const { sent, differences } = await replay(events, { target: echo.address, speed: 0 });
  assertEquals(sent, 1);
  assertEquals(differences[0], {
    frame: 1,
    message: "it can't be compressed anew: it is too long; 4 bytes of the message are known",
  });
});
