import { assert, assertEquals, assertRejects } from "@std/assert";
import type { CaptureEvent, EndEvent, FrameEvent } from "@/protocol/mod.ts";
import {
  captureEncoder,
  CaptureFileError,
  type CaptureFormat,
  captureFormatOf,
  type CaptureReadFileOptions,
  readCapture,
} from "@/tap/mod.ts";
import {
  concat,
  masked,
  plain,
  seeded,
  switchingProtocols,
  text,
  upgradeRequest,
} from "./support.ts";

const FOLDER = new URL("captures/", import.meta.url);

async function eventsOf(
  bytes: Uint8Array | Uint8Array[],
  options: CaptureReadFileOptions = {},
): Promise<CaptureEvent[]> {
  return await Array.fromAsync(readCapture(Array.isArray(bytes) ? bytes : [bytes], options));
}

async function fixture(name: string): Promise<CaptureEvent[]> {
  return await eventsOf(await Deno.readFile(new URL(name, FOLDER)));
}

function encoded(events: readonly CaptureEvent[], format: CaptureFormat): Uint8Array {
  const encoder = captureEncoder(format);
  return concat(encoder.begin(), ...events.map((event) => encoder.add(event)), encoder.end());
}

/** What both a tap and a sniffer see of a frame; frames of both directions may swap places. */
function frames(events: readonly CaptureEvent[], direction: "in" | "out") {
  return events.filter((event): event is FrameEvent => event.type === "frame")
    .filter((frame) => frame.direction === direction)
    .map(({ wire, length, headerLength, findings }) => ({
      ...{ wire: wire.toHex(), length, headerLength, findings },
    }));
}

function endOf(events: readonly CaptureEvent[]) {
  const { code, reason, clean, closedBy } = events.find(({ type }) => type === "end") as EndEvent;
  return { code, reason, clean, closedBy };
}

// Captured by tshark and dumpcap while the tap wrote tap.jsonl: the same traffic, seen twice.
for (
  const [name, own] of [
    ["ethernet.pcapng", "tap.jsonl"],
    ["cooked1.pcap", "tap.jsonl"],
    ["cooked2.pcapng", "tap.jsonl"],
    ["ipv6.pcapng", "tap6.jsonl"],
  ]
) {
  Deno.test(`${name}: a sniffer's capture has the frames that the tap saw`, async () => {
    const [sniffed, tapped] = [await fixture(name), await fixture(own)];
    for (const direction of ["in", "out"] as const) {
      assert(frames(tapped, direction).length > 5);
      assertEquals(frames(sniffed, direction), frames(tapped, direction));
    }
    assertEquals(endOf(sniffed), endOf(tapped));
    const [open] = sniffed;
    assert(open.type === "open");
    assertEquals(open.client, tapped[0].type === "open" ? tapped[0].client : "");
    const heads = (events: CaptureEvent[]) =>
      events.flatMap((event) => event.type === "head" ? text(event.bytes) : []);
    const hidden = heads(sniffed).map((head) =>
      head.replace("token=secret", "token=******").replace("id=1", "****")
    );
    assertEquals(hidden, heads(tapped));
  });
}

/** A connection with everything that captures have to carry. */
function sample(): CaptureEvent[] {
  const random = seeded(7);
  const connection = "1";
  const at = Date.UTC(2026, 0, 2) + 0.125;
  const client = "10.0.0.1:50000";
  const server = "[2001:db8::1]:8080";
  const frame = (number: number, direction: "in" | "out", wire: Uint8Array, length: number) => ({
    ...{ type: "frame" as const, connection, frame: number, at: at + number, direction, length },
    ...{ wire, headerLength: wire.length - length, findings: [] },
  });
  const large = Uint8Array.from({ length: 100_000 }, () => random() * 256);
  return [
    { type: "open", connection, at, client, server },
    { type: "head", connection, at, direction: "in", bytes: bytesOf(upgradeRequest()) },
    { type: "head", connection, at, direction: "out", bytes: bytesOf(switchingProtocols()) },
    frame(0, "in", masked("Grüße"), 7),
    frame(1, "out", plain("a", { fin: false }), 1),
    frame(2, "out", plain("p", { opcode: 9 }), 1),
    frame(3, "out", plain("b", { opcode: 0 }), 1),
    frame(4, "in", masked("p", { opcode: 10 }), 1),
    frame(5, "in", masked(large, { opcode: 2 }), large.length),
    frame(6, "out", plain(Uint8Array.of(0x03, 0xe8), { opcode: 8 }), 2),
    frame(7, "in", masked(Uint8Array.of(0x03, 0xe8), { opcode: 8 }), 2),
    {
      ...{ type: "end", connection, at: at + 9, code: 1000, reason: "", clean: true },
      ...{ closedBy: "server", endedBy: "server" },
    },
  ];
}

function bytesOf(head: string): Uint8Array {
  return new TextEncoder().encode(head);
}

Deno.test("JSONL gives back every event", async () => {
  const extra: CaptureEvent[] = [
    { type: "gap", frames: 3 },
    {
      ...sample()[3] as FrameEvent,
      connection: "2",
      fault: "held",
      findings: [{ rule: "a", section: "5", closeCode: 1002, offset: 1, message: "b" }],
    },
    {
      ...sample().at(-1) as EndEvent,
      connection: "2",
      rule: "a",
      failure: { status: 400, rule: "b", message: "c" },
    },
  ];
  const events = [...sample(), ...extra];
  const bytes = encoded(events, "jsonl");
  assertEquals(await eventsOf(bytes), events);
  for (const size of [1, 7, 4096]) {
    const pieces = Array.from(
      { length: Math.ceil(bytes.length / size) },
      (_, i) => bytes.subarray(i * size, (i + 1) * size),
    );
    if (size > 1 || pieces.length < 200_000) assertEquals(await eventsOf(pieces), events);
  }
});

Deno.test("an appended JSONL file holds two captures, one that breaks off holds its beginning", async () => {
  const once = encoded(sample(), "jsonl");
  const twice = await eventsOf(concat(once, once));
  assertEquals(twice.length, 2 * sample().length);
  assertEquals(
    new Set(twice.map((event) => event.type === "gap" ? "" : event.connection)),
    new Set(["1", "2.1"]),
  );
  const notices: string[] = [];
  const cut = await eventsOf(once.subarray(0, -20), { onNotice: (notice) => notices.push(notice) });
  assertEquals(cut.length, sample().length - 1);
  assert(/Line 13 breaks off/.test(notices[0]), notices[0]);
});

Deno.test("pcap gives back frames, heads, times and the end", async () => {
  const events = await eventsOf(encoded(sample(), "pcap"));
  const shape = (list: CaptureEvent[]) => list.map((event) => ({ ...event, at: 0 }));
  const expected = sample().map((event) =>
    event.type === "open" ? { ...event, client: "[::ffff:a00:1]:50000" } : event
  );
  assertEquals(shape(events), shape(expected));
  for (const [i, event] of events.entries()) {
    if (event.type !== "gap" && event.type !== "end") {
      const { at } = sample()[i] as FrameEvent;
      assert(Math.abs(event.at - at) < 0.002, `${event.at} is not ${at}`);
    }
  }
});

Deno.test("HAR has messages as Chromium has them, and is read back as messages", async () => {
  const bytes = encoded(sample(), "har");
  const { log } = JSON.parse(new TextDecoder().decode(bytes));
  assertEquals([log.version, log.creator.name, log.pages], ["1.2", "Roomscope", []]);
  const [entry] = log.entries;
  assertEquals(entry._resourceType, "websocket");
  assertEquals(entry.request.url, "ws://localhost/ws");
  assertEquals([entry.response.status, entry.response.statusText], [101, "Switching Protocols"]);
  const messages = entry._webSocketMessages;
  assertEquals(
    messages.map((message: { type: string; opcode: number }) => [message.type, message.opcode]),
    [
      ["send", 1],
      ["receive", 9],
      ["receive", 1],
      ["send", 10],
      ["send", 2],
      ["receive", 8],
      ["send", 8],
    ],
  );
  assertEquals([messages[0].data, messages[2].data], ["Grüße", "ab"]);
  assertEquals(messages[0].time, (Date.UTC(2026, 0, 2) + 0.125) / 1_000);
  const back = await eventsOf(bytes);
  const payloads = frames(back, "in").map(({ length }) => length);
  assertEquals(payloads, [7, 1, 100_000, 2]);
  assertEquals(endOf(back), { code: 1000, reason: "", clean: true, closedBy: "server" });
  assert(back.every((event) => event.type !== "frame" || event.findings.length === 0));
});

Deno.test("HAR as Chromium exports it", async () => {
  const har = {
    log: {
      version: "1.2",
      entries: [
        { startedDateTime: "2026-01-01T00:00:00.000Z", request: { url: "http://a/" } },
        {
          _resourceType: "websocket",
          _webSocketMessages: [
            { type: "send", time: 1767225600.5, opcode: 1, data: "hi" },
            { type: "receive", time: 1767225600.75, opcode: 2, data: "AQID" },
          ],
          startedDateTime: "2026-01-01T00:00:00.000Z",
          time: 1_000,
          serverIPAddress: "::1",
          request: {
            url: "wss://example.com/chat?a=b",
            headers: [{ name: "Sec-WebSocket-Key", value: "dGhlIHNhbXBsZSBub25jZQ==" }],
          },
          response: { status: 101, statusText: "Switching Protocols", headers: [] },
        },
      ],
    },
  };
  const events = await eventsOf(bytesOf(JSON.stringify(har)));
  assertEquals(events.map(({ type }) => type), ["open", "head", "head", "frame", "frame", "end"]);
  const [open, request, response, first, second] = events;
  assert(open.type === "open" && request.type === "head" && response.type === "head");
  assert(first.type === "frame" && second.type === "frame");
  assertEquals(open.server, "[::1]:443");
  assert(text(request.bytes).startsWith("GET /chat?a=b HTTP/1.1\r\nHost: example.com\r\n"));
  assert(text(response.bytes).includes("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
  assertEquals([first.at, first.wire.toHex()], [
    1767225600500,
    "82".replace("2", "1") + "82000000006869",
  ]);
  assertEquals([second.direction, second.wire.toHex()], ["out", "8203010203"]);
});

Deno.test("every format is converted to every other", async () => {
  for (const from of ["jsonl", "har", "pcap"] as const) {
    for (const to of ["jsonl", "har", "pcap"] as const) {
      const events = await eventsOf(encoded(await eventsOf(encoded(sample(), from)), to));
      const lossless = from !== "har" && to !== "har";
      const lengths = frames(events, "in").map(({ length }) => length);
      assertEquals(lengths, [7, 1, 100_000, 2], `${from} to ${to}`);
      assertEquals(frames(events, "out").length, lossless ? 4 : 3, `${from} to ${to}`);
    }
  }
});

Deno.test("what isn't there is made: heads, an opening, bytes that weren't kept", async () => {
  const [, , , first] = sample() as [unknown, unknown, unknown, FrameEvent];
  const cut = { ...first, wire: first.wire.subarray(0, 8) };
  const events = await eventsOf(
    encoded([cut, { type: "gap", frames: 2 }, { ...first, frame: 1 }], "pcap"),
  );
  assertEquals(events.map(({ type }) => type), ["open", "head", "head", "frame", "frame", "end"]);
  const har = JSON.parse(text(encoded([cut], "har")));
  assertEquals(har.log.entries[0]._webSocketMessages[0]._truncated, true);
});

Deno.test("compressed text is no text", () => {
  const wire = plain(Uint8Array.of(0xf2, 0x48), { rsv1: true });
  const event = { ...sample()[3] as FrameEvent, wire, headerLength: 2, length: 2 };
  const [message] = JSON.parse(text(encoded([event], "har"))).log.entries[0]._webSocketMessages;
  assertEquals([message.opcode, message.data, message._compressed], [2, "8kg=", true]);
});

const JSONL = '{"roomscope":"capture","version":1}\n';
const OPEN = '{"type":"open","connection":"1","at":0,"client":"a","server":"b"}\n';
const BAD: [what: string, bytes: string | Uint8Array, message: RegExp][] = [
  ["nothing", "", /it is empty/],
  ["another kind", "hello", /neither JSONL, HAR, pcap nor pcapng/],
  ["a newer version", '{"roomscope":"capture","version":2}\n', /line 1: its format is version 2/],
  ["a header without version", '{"roomscope":"capture"}\n', /line 1: version/],
  ["no JSON", JSONL + "{oops\n" + OPEN, /line 2: it is not JSON: "\{oops"/],
  ["an unknown event", JSONL + '{"type":"dance"}\n', /line 2: type/],
  ["a missing field", JSONL + '{"type":"open","connection":"1"}\n', /line 2: at/],
  [
    "bytes that aren't base64",
    JSONL + '{"type":"head","connection":"1","at":0,"direction":"in","bytes":"?"}\n',
    /line 2: bytes/,
  ],
  [
    "a frame longer than it says",
    JSONL +
    '{"type":"frame","connection":"1","frame":0,"at":0,"direction":"in","headerLength":2,"length":0,"wire":"gQAA","findings":[]}\n',
    /line 2: a frame of 2 and 0 bytes can't have 3/,
  ],
  ["HAR without entries", '{"log":{}}', /log\.entries is missing/],
  [
    "a HAR entry whose date is none",
    `{"log":{"entries":[{"_webSocketMessages":[],"startedDateTime":"soon","request":{"url":"a"},"response":{}}]}}`,
    /entry 0: startedDateTime is no date: soon/,
  ],
  ["HAR that is cut", '{"log":{"entries":[', /it is not JSON/],
  [
    "a HAR entry without a date",
    '{"log":{"entries":[{"_webSocketMessages":[]}]}}',
    /entry 0: startedDateTime/,
  ],
  [
    "a HAR message without data",
    '{"log":{"entries":[{"_webSocketMessages":[{"type":"send"}],"startedDateTime":"2026-01-01","request":{"url":"a"},"response":{}}]}}',
    /entry 0: _webSocketMessages\.0\.time/,
  ],
  ["pcap without its header", Uint8Array.of(0xd4, 0xc3, 0xb2, 0xa1, 0), /its header is not whole/],
  [
    "a packet that claims too much",
    concat(
      captureEncoder("pcap").begin(),
      new Uint8Array(8),
      Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0),
    ),
    /packet 1: it claims 4294967295 bytes/,
  ],
  [
    "pcapng of an unknown byte order",
    Uint8Array.of(10, 13, 13, 10, 28, 0, 0, 0, 1, 2, 3, 4),
    /block 1: its byte-order magic/,
  ],
  [
    "a pcapng block without a length",
    Uint8Array.of(10, 13, 13, 10, 0, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a),
    /block 1: its length is 0/,
  ],
  [
    "a packet of no interface",
    concat(section(), block(6, new Uint8Array(20))),
    /block 2: its interface 0 is unknown/,
  ],
];

function section(): Uint8Array {
  return block(0x0a0d0d0a, Uint8Array.of(0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0));
}

/** A pcapng block, little-endian. */
function block(type: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(body.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, bytes.length, true);
  bytes.set(body, 8);
  view.setUint32(bytes.length - 4, bytes.length, true);
  return bytes;
}

for (const [what, bytes, message] of BAD) {
  Deno.test(`a bad file: ${what}`, async () => {
    const given = typeof bytes === "string" ? bytesOf(bytes) : bytes;
    const error = await assertRejects(() => eventsOf(given), CaptureFileError);
    assert(message.test((error as Error).message), (error as Error).message);
  });
}

Deno.test("limits hold before anything is kept", async () => {
  const jsonl = encoded(sample(), "jsonl");
  const two = concat(jsonl, jsonl);
  const cases: [Uint8Array, CaptureReadFileOptions["limits"], RegExp][] = [
    [jsonl, { maxRecordBytes: 200 }, /line 3: it has more than 200 bytes/],
    [two, { maxConnections: 1 }, /there are more than 1 connections/],
    [encoded(sample(), "har"), { maxHarBytes: 100 }, /it has more than 100 bytes/],
    [encoded(sample(), "pcap"), { maxRecordBytes: 300 }, /it claims \d+ bytes/],
    [encoded([...sample(), ...sample()], "pcap"), { maxConnections: 1 }, /more than 1 connections/],
  ];
  for (const [bytes, limits = {}, message] of cases) {
    const error = await assertRejects(() => eventsOf(bytes, { limits }), CaptureFileError);
    assert(message.test((error as Error).message), (error as Error).message);
  }
  const negative = await assertRejects(
    () => eventsOf(jsonl, { limits: { maxConnections: -1 } }),
    RangeError,
  );
  assert((negative as Error).message.includes("maxConnections must be 0 or more"));
  assertEquals((await eventsOf(jsonl, { limits: { maxRecordBytes: 0 } })).length, sample().length);
});

Deno.test("cut or changed anywhere, a file is read or refused, and nothing else happens", async () => {
  const random = seeded(3);
  const short = sample().filter((event) => event.type !== "frame" || event.length < 1_000);
  for (const format of ["jsonl", "har", "pcap"] as const) {
    const bytes = encoded(short, format);
    for (let i = 0; i < 400; i++) {
      const mutated = bytes.slice(0, random() < 0.3 ? random() * bytes.length : bytes.length);
      for (let n = random() * 4; n > 0 && mutated.length > 0; n--) {
        mutated[Math.floor(random() * mutated.length)] = random() * 256;
      }
      await eventsOf(mutated).catch((error) => {
        if (!(error instanceof CaptureFileError)) throw error;
      });
    }
  }
});

Deno.test("names of files tell their format", () => {
  assertEquals(["a.HAR", "b.jsonl", "c.pcap", "d.pcapng", "e"].map(captureFormatOf), [
    ...["har", "jsonl", "pcap", null, null],
  ]);
});
