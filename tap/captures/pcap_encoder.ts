import type { CaptureEvent, EndEvent, FrameEvent, OpenEvent } from "../../protocol/mod.ts";
import { concat } from "../byte_window.ts";
import type { CaptureEncoder } from "./capture_file.ts";
import { madeRequest, madeResponse } from "./head_text.ts";

const NOTHING = new Uint8Array(0);
const PCAP_MAGIC = 0xa1b2c3d4;
const PCAP_HEADER_BYTES = 24;
const PCAP_RECORD_BYTES = 16;
const SNAP_LENGTH = 262_144;
const LINK_ETHERNET = 1;

const ETHERNET_BYTES = 14;
const IPV4_BYTES = 20;
const IPV6_BYTES = 40;
const TCP_BYTES = 20;
const TCP = 6;
const TIME_TO_LIVE = 64;
const DONT_FRAGMENT = 0x4000;
const WINDOW = 0xffff;
/** Large segments, as on loopback: fewer packets, and no reader minds. */
const MOST_SEGMENT_BYTES = 32 * 1024;

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const PSH = 0x08;
const ACK = 0x10;

/** Locally administered addresses: nobody's network card has them. */
const CLIENT_MAC = Uint8Array.of(0x02, 0, 0, 0, 0, 0x01);
const SERVER_MAC = Uint8Array.of(0x02, 0, 0, 0, 0, 0x02);
/** Stands where an address isn't one of IP: TEST-NET-1 (RFC 5737). */
const UNKNOWN_ADDRESS = Uint8Array.of(192, 0, 2, 1);

interface Endpoint {
  address: Uint8Array;
  port: number;
  mac: Uint8Array;
  /** The sequence number of the next byte it sends. */
  sequence: number;
}

/** One connection as TCP. */
interface Link {
  client: Endpoint;
  server: Endpoint;
  request: Uint8Array | null;
  answered: boolean;
  refused: boolean;
}

/**
 * Writes a pcap file that Wireshark reads: Ethernet, IP and TCP with right checksums and sequence
 * numbers are made around the bytes. Heads that aren't known are made too, so that the frames are
 * understood; bytes of a payload that weren't kept are zeros.
 */
export class PcapEncoder implements CaptureEncoder {
  readonly #links = new Map<string, Link>();
  #identification = 0;

  begin(): Uint8Array {
    const header = new DataView(new ArrayBuffer(PCAP_HEADER_BYTES));
    header.setUint32(0, PCAP_MAGIC, true);
    header.setUint16(4, 2, true);
    header.setUint16(6, 4, true);
    header.setUint32(16, SNAP_LENGTH, true);
    header.setUint32(20, LINK_ETHERNET, true);
    return new Uint8Array(header.buffer);
  }

  add(event: CaptureEvent): Uint8Array {
    if (event.type === "gap") return NOTHING;
    if (event.type === "open") return concat(this.#open(event));
    const packets = this.#links.has(event.connection) ? [] : this.#open(unknownOpening(event));
    const link = this.#links.get(event.connection) as Link;
    if (event.type === "head") packets.push(...this.#head(link, event));
    if (event.type === "frame") packets.push(...this.#frame(link, event));
    if (event.type === "end") packets.push(...this.#end(link, event));
    return concat(packets);
  }

  end(): Uint8Array {
    return NOTHING;
  }

  /** The three packets of a TCP connection's beginning. */
  #open({ connection, client, server, at }: OpenEvent): Uint8Array[] {
    const link: Link = {
      client: endpointOf(client, CLIENT_MAC),
      server: endpointOf(server, SERVER_MAC),
      ...{ request: null, answered: false, refused: false },
    };
    matchFamilies(link);
    this.#links.set(connection, link);
    const packets = [this.#packet(link, { fromClient: true, flags: SYN, at })];
    link.client.sequence = next(link.client.sequence, 1);
    packets.push(this.#packet(link, { fromClient: false, flags: SYN | ACK, at }));
    link.server.sequence = next(link.server.sequence, 1);
    packets.push(this.#packet(link, { fromClient: true, flags: ACK, at }));
    return packets;
  }

  #head(
    link: Link,
    { direction, bytes, at }: { direction: "in" | "out"; bytes: Uint8Array; at: number },
  ): Uint8Array[] {
    if (direction === "in") link.request = bytes;
    else link.answered = true;
    return this.#data(link, { fromClient: direction === "in", bytes, at });
  }

  #frame(link: Link, event: FrameEvent): Uint8Array[] {
    const { at, direction } = event;
    const packets: Uint8Array[] = [];
    if (link.request === null) {
      const bytes = madeRequest("unknown");
      packets.push(...this.#head(link, { direction: "in", bytes, at }));
    }
    if (!link.answered) {
      const bytes = madeResponse(link.request);
      packets.push(...this.#head(link, { direction: "out", bytes, at }));
    }
    const bytes = wholeFrame(event);
    packets.push(...this.#data(link, { fromClient: direction === "in", bytes, at }));
    return packets;
  }

  /** Both sides end, the one that did so first; a lost link is a reset. */
  #end(link: Link, { connection, at, endedBy, clean, failure }: EndEvent): Uint8Array[] {
    this.#links.delete(connection);
    const first = endedBy === "client";
    if (!clean && !failure) {
      return [this.#packet(link, { fromClient: first, flags: RST | ACK, at })];
    }
    return [first, !first].flatMap((fromClient) => {
      const fin = this.#packet(link, { fromClient, flags: FIN | ACK, at });
      const sender = fromClient ? link.client : link.server;
      sender.sequence = next(sender.sequence, 1);
      return [fin, this.#packet(link, { fromClient: !fromClient, flags: ACK, at })];
    });
  }

  #data(
    link: Link,
    { fromClient, bytes, at }: { fromClient: boolean; bytes: Uint8Array; at: number },
  ): Uint8Array[] {
    const packets: Uint8Array[] = [];
    const sender = fromClient ? link.client : link.server;
    for (let from = 0; from < bytes.length; from += MOST_SEGMENT_BYTES) {
      const payload = bytes.subarray(from, from + MOST_SEGMENT_BYTES);
      packets.push(this.#packet(link, { fromClient, flags: PSH | ACK, at, payload }));
      sender.sequence = next(sender.sequence, payload.length);
    }
    return packets;
  }

  #packet(
    link: Link,
    { fromClient, flags, at, payload = NOTHING }: {
      fromClient: boolean;
      flags: number;
      at: number;
      payload?: Uint8Array;
    },
  ): Uint8Array {
    const [from, to] = fromClient ? [link.client, link.server] : [link.server, link.client];
    const isV6 = from.address.length > 4;
    const ipBytes = isV6 ? IPV6_BYTES : IPV4_BYTES;
    const length = ETHERNET_BYTES + ipBytes + TCP_BYTES + payload.length;
    const bytes = new Uint8Array(PCAP_RECORD_BYTES + length);
    const at32 = (offset: number, size?: number) => new DataView(bytes.buffer, offset, size);
    writeRecord(at32(0, PCAP_RECORD_BYTES), at, length);
    writeEthernet(bytes.subarray(PCAP_RECORD_BYTES), { from: from.mac, to: to.mac, isV6 });
    const ipAt = PCAP_RECORD_BYTES + ETHERNET_BYTES;
    const tcpLength = TCP_BYTES + payload.length;
    const addresses = { from: from.address, to: to.address, tcpLength };
    if (isV6) writeIpv6(bytes.subarray(ipAt, ipAt + ipBytes), addresses);
    else writeIpv4(bytes.subarray(ipAt, ipAt + ipBytes), addresses, this.#identification++);
    const tcp = bytes.subarray(ipAt + ipBytes);
    tcp.set(payload, TCP_BYTES);
    writeTcp(tcp, { from, to, flags });
    return bytes;
  }
}

/** An event came of a connection whose beginning isn't in the capture. */
function unknownOpening({ connection, at }: { connection: string; at: number }): OpenEvent {
  return { type: "open", connection, at, client: "127.0.0.1:0", server: "127.0.0.1:80" };
}

function wholeFrame({ wire, headerLength, length }: FrameEvent): Uint8Array {
  if (wire.length === headerLength + length) return wire;
  const whole = new Uint8Array(headerLength + length);
  whole.set(wire);
  return whole;
}

function writeRecord(view: DataView, at: number, length: number): void {
  const microseconds = Math.round(at * 1_000);
  view.setUint32(0, Math.floor(microseconds / 1e6), true);
  view.setUint32(4, microseconds % 1e6, true);
  view.setUint32(8, length, true);
  view.setUint32(12, length, true);
}

function writeEthernet(
  bytes: Uint8Array,
  { from, to, isV6 }: { from: Uint8Array; to: Uint8Array; isV6: boolean },
): void {
  bytes.set(to);
  bytes.set(from, 6);
  bytes.set(isV6 ? [0x86, 0xdd] : [0x08, 0x00], 12);
}

interface IpParts {
  from: Uint8Array;
  to: Uint8Array;
  tcpLength: number;
}

function writeIpv4(bytes: Uint8Array, { from, to, tcpLength }: IpParts, id: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  view.setUint8(0, 0x45);
  view.setUint16(2, IPV4_BYTES + tcpLength);
  view.setUint16(4, id & 0xffff);
  view.setUint16(6, DONT_FRAGMENT);
  view.setUint8(8, TIME_TO_LIVE);
  view.setUint8(9, TCP);
  bytes.set(from, 12);
  bytes.set(to, 16);
  view.setUint16(10, checksum([bytes]));
}

function writeIpv6(bytes: Uint8Array, { from, to, tcpLength }: IpParts): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  view.setUint8(0, 0x60);
  view.setUint16(4, tcpLength);
  view.setUint8(6, TCP);
  view.setUint8(7, TIME_TO_LIVE);
  bytes.set(from, 8);
  bytes.set(to, 24);
}

function writeTcp(
  bytes: Uint8Array,
  { from, to, flags }: { from: Endpoint; to: Endpoint; flags: number },
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  view.setUint16(0, from.port);
  view.setUint16(2, to.port);
  view.setUint32(4, from.sequence);
  view.setUint32(8, (flags & ACK) === 0 ? 0 : to.sequence);
  view.setUint8(12, TCP_BYTES / 4 << 4);
  view.setUint8(13, flags);
  view.setUint16(14, WINDOW);
  view.setUint16(16, checksum([from.address, to.address, lengthAndProtocol(bytes.length), bytes]));
}

/** The end of TCP's pseudo header; the same sum for IPv4 and IPv6. */
function lengthAndProtocol(length: number): Uint8Array {
  return Uint8Array.of(length >>> 24, length >>> 16, length >>> 8, length, 0, 0, 0, TCP);
}

/** The Internet checksum (RFC 1071); all pieces but the last have an even length. */
function checksum(pieces: readonly Uint8Array[]): number {
  let sum = 0;
  for (const piece of pieces) {
    for (let i = 0; i < piece.length; i += 2) sum += piece[i] << 8 | (piece[i + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

function next(sequence: number, by: number): number {
  return (sequence + by) >>> 0;
}

function endpointOf(text: string, mac: Uint8Array): Endpoint {
  const match = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3] ?? 0);
  const address = ipv6Bytes(match?.[1] ?? "") ?? ipv4Bytes(match?.[2] ?? "") ?? UNKNOWN_ADDRESS;
  return { address, port: port <= 0xffff ? port : 0, mac, sequence: mac[mac.length - 1] * 1_000 };
}

/** One packet can't go from IPv4 to IPv6: the IPv4 address is written as IPv6 then. */
function matchFamilies({ client, server }: Link): void {
  if (client.address.length === server.address.length) return;
  for (const endpoint of [client, server]) {
    if (endpoint.address.length === 4) endpoint.address = mapped(endpoint.address);
  }
}

/** RFC 4291 §2.5.5.2: `::ffff:a.b.c.d`. */
function mapped(ipv4: Uint8Array): Uint8Array {
  return concat([new Uint8Array(10), Uint8Array.of(0xff, 0xff), ipv4]);
}

function ipv4Bytes(text: string): Uint8Array | null {
  const name = text === "localhost" ? "127.0.0.1" : text;
  const parts = name.split(".").map((part) => /^\d{1,3}$/.test(part) ? Number(part) : 256);
  return parts.length === 4 && parts.every((part) => part < 256) ? Uint8Array.from(parts) : null;
}

function ipv6Bytes(text: string): Uint8Array | null {
  if (!text.includes(":")) return null;
  const host = URL.parse(`http://[${text}]`)?.hostname.slice(1, -1);
  if (host === undefined) return null;
  const [head, tail] = host.split("::").map((half) => half === "" ? [] : half.split(":"));
  const zeros = tail === undefined ? [] : Array(8 - head.length - tail.length).fill("0");
  const groups = [...head, ...zeros, ...tail ?? []];
  return Uint8Array.from(groups.flatMap((group) => {
    const value = parseInt(group, 16);
    return [value >> 8, value & 0xff];
  }));
}
