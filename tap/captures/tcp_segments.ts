import type { Packet } from "./pcap_packets.ts";

/** A TCP segment of a packet. */
export interface Segment {
  readonly at: number;
  /** `address:port`, an IPv6 address in brackets. */
  readonly from: string;
  readonly to: string;
  readonly sequence: number;
  readonly syn: boolean;
  readonly ack: boolean;
  readonly fin: boolean;
  readonly rst: boolean;
  readonly payload: Uint8Array;
}

/** Why a packet has no segment to give. */
export type NoSegment = "unknown link" | "fragment" | "broken" | "other";

const ETHER_IPV4 = 0x0800;
const ETHER_IPV6 = 0x86dd;
/** IEEE 802.1Q and 802.1ad tags, and the old double tag. */
const VLAN_TAGS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);
const ETHERNET_ADDRESSES = 12;
const VLAN_TAG_BYTES = 4;

const TCP = 6;
const IPV6_HEADER_BYTES = 40;
const IPV6_FRAGMENT = 44;
/** Hop-by-hop options, routing, destination options: each says its own length. */
const IPV6_EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 60]);
const FRAGMENT_OFFSET = 0x1fff;
const MORE_FRAGMENTS = 0x2000;

const TCP_HEADER_BYTES = 20;
const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;

/** Where the IP packet begins in a link's packet, by link type; -1 where there is none. */
const LINKS: Readonly<Record<number, (view: DataView) => number>> = {
  /** BSD loopback: an address family in the byte order of the machine that captured. */
  0: () => 4,
  1: (view) => behindEthernet(view, ETHERNET_ADDRESSES),
  12: () => 0,
  14: () => 0,
  101: () => 0,
  108: () => 4,
  /** Linux cooked, version 1 and 2: what follows is said at another place in each. */
  113: (view) => behindEthernet(view, 14),
  228: () => 0,
  229: () => 0,
  276: (view) => isIp(view.getUint16(0)) ? 20 : -1,
};

/** Finds the TCP segment in a packet. */
export function segmentOf({ at, link, bytes }: Packet): Segment | NoSegment {
  const start = Object.hasOwn(LINKS, link) ? LINKS[link] : null;
  if (!start) return "unknown link";
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const ip = start(view);
    return ip < 0 ? "other" : ipSegment(bytes.subarray(ip), at);
  } catch (error) {
    // A DataView throws where a header goes beyond what was captured.
    if (error instanceof RangeError) return "broken";
    throw error;
  }
}

/** Skips an EtherType and the VLAN tags before it. */
function behindEthernet(view: DataView, typeAt: number): number {
  let at = typeAt;
  while (VLAN_TAGS.has(view.getUint16(at))) at += VLAN_TAG_BYTES;
  return isIp(view.getUint16(at)) ? at + 2 : -1;
}

function isIp(etherType: number): boolean {
  return etherType === ETHER_IPV4 || etherType === ETHER_IPV6;
}

function ipSegment(bytes: Uint8Array, at: number): Segment | NoSegment {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint8(0) >> 4;
  if (version === 4) return ipv4Segment(view, bytes, at);
  return version === 6 ? ipv6Segment(view, bytes, at) : "other";
}

function ipv4Segment(view: DataView, bytes: Uint8Array, at: number): Segment | NoSegment {
  if (view.getUint8(9) !== TCP) return "other";
  const flags = view.getUint16(6);
  if ((flags & (FRAGMENT_OFFSET | MORE_FRAGMENTS)) !== 0) return "fragment";
  const header = (view.getUint8(0) & 0xf) * 4;
  // 0 stands there where the network card cuts the packet up later.
  const total = view.getUint16(2) || bytes.length;
  if (header < 20 || total < header) return "broken";
  const address = (from: number) => bytes.subarray(from, from + 4).join(".");
  const tcp = bytes.subarray(header, Math.min(total, bytes.length));
  return tcpSegment(tcp, { at, from: address(12), to: address(16) });
}

function ipv6Segment(view: DataView, bytes: Uint8Array, at: number): Segment | NoSegment {
  let next = view.getUint8(6);
  let start = IPV6_HEADER_BYTES;
  while (IPV6_EXTENSIONS.has(next)) {
    next = view.getUint8(start);
    start += (view.getUint8(start + 1) + 1) * 8;
  }
  if (next === IPV6_FRAGMENT) return "fragment";
  if (next !== TCP) return "other";
  // 0 stands there where the network card cuts the packet up later.
  const declared = view.getUint16(4) || bytes.length - IPV6_HEADER_BYTES;
  const end = Math.min(IPV6_HEADER_BYTES + declared, bytes.length);
  const address = (from: number) => `[${ipv6Text(view, from)}]`;
  return tcpSegment(bytes.subarray(start, end), { at, from: address(8), to: address(24) });
}

/** RFC 5952: the longest run of zero groups becomes `::`. */
function ipv6Text(view: DataView, from: number): string {
  const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(from + 2 * i).toString(16));
  const text = groups.join(":");
  const [longest] = [...text.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)]
    .map(([run]) => run).sort((a, b) => b.length - a.length);
  if (longest === undefined) return text;
  return text.replace(longest, ":").replace(/^:(?!:)/, "::").replace(/(?<!:):$/, "::");
}

function tcpSegment(
  bytes: Uint8Array,
  { at, from, to }: { at: number; from: string; to: string },
): Segment | NoSegment {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = (view.getUint8(12) >> 4) * 4;
  if (header < TCP_HEADER_BYTES || header > bytes.length) return "broken";
  const flags = view.getUint8(13);
  return {
    at,
    from: `${from}:${view.getUint16(0)}`,
    to: `${to}:${view.getUint16(2)}`,
    sequence: view.getUint32(4),
    syn: (flags & SYN) !== 0,
    ack: (flags & ACK) !== 0,
    fin: (flags & FIN) !== 0,
    rst: (flags & RST) !== 0,
    payload: bytes.subarray(header),
  };
}
