import { assert, assertEquals } from "@std/assert";
import type { CaptureEvent, FrameEvent } from "@/protocol/mod.ts";
import { captureEncoder, readCapture } from "@/tap/mod.ts";
import { TcpStream } from "@/tap/captures/tcp_stream.ts";
import {
  concat,
  masked,
  noise,
  plain,
  seeded,
  switchingProtocols,
  upgradeRequest,
} from "./support.ts";

const PCAP_HEADER = 24;
const RECORD = 16;
const ETHERNET = 14;

/** A packet of our own encoder, with its record header. */
interface Packet {
  record: Uint8Array;
  bytes: Uint8Array;
}

/** A WebSocket as packets; each frame is one. */
function packetsOf(server = "10.0.0.2:80", at = 1_000): Packet[] {
  const place = { connection: "1", at };
  const frame = (direction: "in" | "out", wire: Uint8Array, length: number): FrameEvent => ({
    ...{ type: "frame", ...place, frame: 0, direction, wire, length, findings: [] },
    headerLength: wire.length - length,
  });
  const head = (direction: "in" | "out", text: string): CaptureEvent => ({
    ...{ type: "head", ...place, direction, bytes: new TextEncoder().encode(text) },
  });
  const client = server.replace(/:80$/, ":5000");
  const events: CaptureEvent[] = [
    { type: "open", ...place, client, server },
    head("in", upgradeRequest()),
    head("out", switchingProtocols()),
    ...Array.from({ length: 5 }, (_, i) => frame("in", masked(`in ${i}`), 4)),
    ...Array.from({ length: 5 }, (_, i) => frame("out", plain(`out ${i}`), 5)),
    {
      ...{ type: "end", ...place, code: 1000, reason: "", clean: true },
      ...{ closedBy: "client", endedBy: "client" },
    },
  ];
  const encoder = captureEncoder("pcap");
  const file = concat(...events.map((event) => encoder.add(event)));
  const packets: Packet[] = [];
  for (let offset = 0; offset < file.length;) {
    const length = new DataView(file.buffer).getUint32(offset + 8, true);
    packets.push({
      record: file.slice(offset, offset + RECORD),
      bytes: file.slice(offset + RECORD, offset + RECORD + length),
    });
    offset += RECORD + length;
  }
  return packets;
}

/** The packets as a file, each with another link's header. */
function pcapFile(packets: Packet[], link = 1, relink = (bytes: Uint8Array) => bytes): Uint8Array {
  const header = captureEncoder("pcap").begin();
  new DataView(header.buffer).setUint32(20, link, true);
  const records = packets.map(({ record, bytes }) => {
    const packet = relink(bytes);
    const own = record.slice();
    new DataView(own.buffer).setUint32(8, packet.length, true);
    return concat(own, packet);
  });
  assertEquals(header.length, PCAP_HEADER);
  return concat(header, ...records);
}

/** The texts of a file's frames, per direction, and what was said. */
async function textsOf(file: Uint8Array) {
  const notices: string[] = [];
  const options = { onNotice: (notice: string) => void notices.push(notice) };
  const events = await Array.fromAsync(readCapture([file], options));
  const texts = events.flatMap((event) => {
    if (event.type !== "frame") return [];
    const bytes = event.wire.slice(event.headerLength);
    const key = event.wire.subarray(event.headerLength - 4, event.headerLength);
    if (event.direction === "in") bytes.forEach((byte, i) => bytes[i] = byte ^ key[i % 4]);
    return [new TextDecoder().decode(bytes)];
  });
  return { texts, notices, types: events.map(({ type }) => type) };
}

const ALL = ["in 0", "in 1", "in 2", "in 3", "in 4", "out 0", "out 1", "out 2", "out 3", "out 4"];

Deno.test("segments out of order, sent again, and overlapping", async () => {
  const packets = packetsOf();
  assertEquals((await textsOf(pcapFile(packets))).texts, ALL);
  // 0 to 2 the beginning, 3 and 4 the heads, 5 to 9 the client's frames.
  const order = [0, 1, 2, 3, 3, 4, 9, 7, 5, 5, 8, 6, 6, 9, 14, 13, 12, 11, 10, 10, 15, 16, 17, 18];
  const { texts, notices, types } = await textsOf(pcapFile(order.map((i) => packets[i])));
  assertEquals(texts, ALL);
  assertEquals(notices, []);
  assertEquals(types.filter((type) => type === "end").length, 1);
});

Deno.test("a segment that is missing ends what can be read, and is told", async () => {
  const packets = packetsOf().filter((_, i) => i !== 6);
  const { texts, notices } = await textsOf(pcapFile(packets));
  assertEquals(texts, ["in 0", ...ALL.slice(5)]);
  assertEquals(notices, ["1 TCP connections with missing segments, read up to there"]);
});

Deno.test("a capture that begins behind the handshake says so", async () => {
  const { texts, notices } = await textsOf(pcapFile(packetsOf().slice(5)));
  assertEquals(texts, []);
  assertEquals(notices, [
    "1 TCP connections whose beginning is missing",
    "There is no WebSocket in this capture",
  ]);
});

Deno.test("a capture that begins behind the SYN, with the request, is read", async () => {
  assertEquals((await textsOf(pcapFile(packetsOf().slice(3)))).texts, ALL);
  assertEquals((await textsOf(pcapFile(packetsOf().slice(1)))).texts, ALL);
});

Deno.test("TLS can't be read and is told", async () => {
  const packets = packetsOf();
  const request = packets[3].bytes;
  request.set([0x16, 0x03, 0x01], ETHERNET + 20 + 20);
  const { notices } = await textsOf(pcapFile(packets));
  assertEquals(notices[0], "1 TCP connections with TLS, which can't be read");
});

Deno.test("ports that are used again are another connection", async () => {
  const again = packetsOf("10.0.0.2:80", 5_000);
  // Another initial sequence number, as every real system takes.
  const { texts, types } = await textsOf(pcapFile([...packetsOf(), ...again]));
  assertEquals(texts, [...ALL, ...ALL]);
  assertEquals(types.filter((type) => type === "open").length, 2);
});

const IPV6 = "[fe80::1]:80";
const cooked1 = (bytes: Uint8Array) => concat(new Uint8Array(14), bytes.subarray(12));
const cooked2 = (bytes: Uint8Array) =>
  concat(bytes.subarray(12, 14), new Uint8Array(18), bytes.subarray(ETHERNET));
const tagged = (bytes: Uint8Array) =>
  concat(bytes.subarray(0, 12), Uint8Array.of(0x88, 0xa8, 0, 1, 0x81, 0, 0, 2), bytes.subarray(12));
const padded = (bytes: Uint8Array) => concat(bytes, new Uint8Array(9));
const family = (head: number[]) => (bytes: Uint8Array) =>
  concat(Uint8Array.from(head), bytes.subarray(ETHERNET));
const raw = (bytes: Uint8Array) => bytes.subarray(ETHERNET);

const LINKS: [name: string, link: number, server: string, relink: (b: Uint8Array) => Uint8Array][] =
  [
    ["Ethernet with padding", 1, "10.0.0.2:80", padded],
    ["Ethernet with two VLAN tags", 1, "10.0.0.2:80", tagged],
    ["Ethernet, IPv6", 1, IPV6, padded],
    ["BSD loopback, little-endian", 0, "10.0.0.2:80", family([2, 0, 0, 0])],
    ["BSD loopback, IPv6", 0, IPV6, family([0, 0, 0, 30])],
    ["OpenBSD loopback", 108, "10.0.0.2:80", family([0, 0, 0, 2])],
    ["raw IP", 101, "10.0.0.2:80", raw],
    ["raw IPv4", 228, "10.0.0.2:80", raw],
    ["raw IPv6", 229, IPV6, raw],
    ["Linux cooked 1", 113, IPV6, cooked1],
    ["Linux cooked 2", 276, "10.0.0.2:80", cooked2],
  ];

for (const [name, link, server, relink] of LINKS) {
  Deno.test(`links: ${name}`, async () => {
    const file = pcapFile(packetsOf(server), link, relink);
    assertEquals((await textsOf(file)).texts, ALL);
  });
}

Deno.test("packets that aren't TCP, or break off, are passed over and counted", async () => {
  const packets = packetsOf();
  const change = (change: (bytes: Uint8Array) => void): Packet => {
    const bytes = packets[5].bytes.slice();
    change(bytes);
    return { record: packets[5].record, bytes };
  };
  const others = [
    change((bytes) => bytes[12] = 0x11), // ARP or the like
    change((bytes) => bytes[ETHERNET + 9] = 17), // UDP
    change((bytes) => bytes[ETHERNET] = 0x95), // no IP
    change((bytes) => bytes[ETHERNET + 6] = 0x20), // a fragment
    change((bytes) => bytes[ETHERNET] = 0x41), // too short a header
    change((bytes) => bytes[ETHERNET + 20 + 12] = 0xf0), // longer than the packet
    { record: packets[5].record, bytes: packets[5].bytes.slice(0, 30) },
  ];
  const { texts, notices } = await textsOf(pcapFile([...others, ...packets]));
  assertEquals(texts, ALL);
  assertEquals(notices, [
    "1 IP fragments, which aren't put together",
    "3 packets that break off or aren't what they claim",
  ]);
  assertEquals(
    (await textsOf(pcapFile(packets, 147))).notices[0],
    "19 packets of a link that isn't known",
  );
});

Deno.test("a file that ends inside of a packet is read up to there", async () => {
  const file = pcapFile(packetsOf());
  const { texts, notices } = await textsOf(file.subarray(0, -1));
  assertEquals(texts, ALL);
  assertEquals(notices, ["Packet 19 breaks off"]);
});

Deno.test("a stream in any order is the stream, across the wrap of its numbers", () => {
  const random = seeded(11);
  for (let round = 0; round < 200; round++) {
    const bytes = noise(1 + random() * 500, random);
    const first = (2 ** 32 - Math.floor(random() * 300)) >>> 0;
    const pieces: { at: number; bytes: Uint8Array }[] = [];
    for (let at = 0; at < bytes.length;) {
      const length = 1 + Math.floor(random() * 40);
      const before = Math.min(at, Math.floor(random() * 10));
      pieces.push({ at: at - before, bytes: bytes.subarray(at - before, at + length) });
      at += length;
    }
    pieces.push(...pieces.filter(() => random() < 0.2));
    pieces.sort(() => random() - 0.5);
    const stream = new TcpStream(10_000);
    stream.begin((first - 1) >>> 0);
    const read = concat(
      ...pieces.flatMap((piece) => stream.take((first + piece.at) >>> 0, piece.bytes)),
    );
    assertEquals(read, bytes);
    assert(!stream.incomplete && !stream.lost);
    stream.end(first + bytes.length);
    assert(stream.finished);
  }
});

Deno.test("what waits for a lost segment is bounded", () => {
  const stream = new TcpStream(100);
  stream.begin(0);
  assertEquals(stream.take(10, new Uint8Array(90)), []);
  assert(!stream.lost);
  assertEquals(stream.take(200, new Uint8Array(90)), []);
  assert(stream.lost);
  assertEquals(stream.take(1, new Uint8Array(9)), []);
});
