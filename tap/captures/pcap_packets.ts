import { ByteReader } from "./byte_reader.ts";
import { type ByteSource, CaptureFileError, type ReadSettings } from "./capture_file.ts";

/** A packet of a capture, with the header of its link. */
export interface Packet {
  /** When, in milliseconds since the Unix epoch, with fractions. */
  readonly at: number;
  /** Link-layer type (LINKTYPE_…). */
  readonly link: number;
  readonly bytes: Uint8Array;
}

const PCAP_MICROSECONDS = 0xa1b2c3d4;
const PCAP_NANOSECONDS = 0xa1b23c4d;
const PCAP_HEADER_BYTES = 24;
const PCAP_RECORD_BYTES = 16;
/** The other bits of the header's last field are about frame check sequences. */
const LINK_TYPE_BITS = 0x0fff_ffff;

const SECTION_BLOCK = 0x0a0d0d0a;
const INTERFACE_BLOCK = 1;
const OLD_PACKET_BLOCK = 2;
const SIMPLE_PACKET_BLOCK = 3;
const ENHANCED_PACKET_BLOCK = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const BLOCK_FRAMING_BYTES = 12;
const MOST_INTERFACES = 1_024;

const OPTION_END = 0;
const OPTION_TIME_RESOLUTION = 9;
const OPTION_TIME_OFFSET = 14;
const MILLISECONDS = 1_000;
const TWO_32 = 2 ** 32;

/** Whether bytes are the beginning of a pcap or pcapng file. */
export function isPcap(start: Uint8Array): boolean {
  if (start.length < 4) return false;
  const view = viewOf(start);
  return [view.getUint32(0), view.getUint32(0, true)].some((magic) =>
    magic === PCAP_MICROSECONDS || magic === PCAP_NANOSECONDS || magic === SECTION_BLOCK
  );
}

/** Reads the packets of a pcap or pcapng file. */
export async function* readPackets(
  source: ByteSource,
  settings: ReadSettings,
): AsyncGenerator<Packet> {
  const reader = new ByteReader(source);
  const start = await reader.peek(4);
  if (start.length === 4 && viewOf(start).getUint32(0) === SECTION_BLOCK) {
    yield* new PcapngReader(reader, settings).packets();
  } else {
    yield* classicPackets(reader, settings);
  }
}

async function* classicPackets(
  reader: ByteReader,
  { limits, onNotice }: ReadSettings,
): AsyncGenerator<Packet> {
  const header = await reader.take(PCAP_HEADER_BYTES);
  if (!header) throw new CaptureFileError("Cannot read pcap: its header is not whole");
  const view = viewOf(header);
  const little = [PCAP_MICROSECONDS, PCAP_NANOSECONDS].includes(view.getUint32(0, true));
  const magic = view.getUint32(0, little);
  if (magic !== PCAP_MICROSECONDS && magic !== PCAP_NANOSECONDS) {
    throw new CaptureFileError(`Cannot read pcap: it begins with 0x${magic.toString(16)}`);
  }
  const perSecond = magic === PCAP_NANOSECONDS ? 1e9 : 1e6;
  const link = view.getUint32(20, little) & LINK_TYPE_BITS;
  for (let number = 1;; number++) {
    const record = await reader.take(PCAP_RECORD_BYTES);
    if (!record) break;
    const fields = viewOf(record);
    const length = fields.getUint32(8, little);
    if (length > limits.maxRecordBytes) {
      throw new CaptureFileError(`Cannot read packet ${number}: it claims ${length} bytes`);
    }
    const bytes = await reader.take(length);
    if (!bytes) return onNotice(`Packet ${number} breaks off`);
    const seconds = fields.getUint32(0, little) + fields.getUint32(4, little) / perSecond;
    yield { at: seconds * MILLISECONDS, link, bytes };
  }
  if ((await reader.peek(1)).length > 0) onNotice("The file ends inside of a packet's header");
}

interface Interface {
  link: number;
  unitsPerSecond: number;
  offsetSeconds: number;
  snapLength: number;
}

/** Reads the blocks of a pcapng file. */
class PcapngReader {
  readonly #reader: ByteReader;
  readonly #settings: ReadSettings;
  #little = false;
  #interfaces: Interface[] = [];
  #block = 0;

  constructor(reader: ByteReader, settings: ReadSettings) {
    this.#reader = reader;
    this.#settings = settings;
  }

  async *packets(): AsyncGenerator<Packet> {
    for (this.#block = 1;; this.#block++) {
      const start = await this.#reader.peek(BLOCK_FRAMING_BYTES);
      if (start.length === 0) return;
      if (start.length < BLOCK_FRAMING_BYTES) return this.#brokenOff();
      const body = await this.#takeBlock(start);
      if (!body) return this.#brokenOff();
      const packet = this.#read(body.type, body.view);
      if (packet) yield packet;
    }
  }

  #brokenOff(): void {
    this.#settings.onNotice(`Block ${this.#block} breaks off`);
  }

  async #takeBlock(start: Uint8Array): Promise<{ type: number; view: DataView } | null> {
    const view = viewOf(start);
    if (view.getUint32(0) === SECTION_BLOCK) this.#beginSection(view);
    const length = view.getUint32(4, this.#little);
    if (length < BLOCK_FRAMING_BYTES || length % 4 !== 0) {
      throw this.#error(`its length is ${length}`);
    }
    if (length > this.#settings.limits.maxRecordBytes) {
      throw this.#error(`it claims ${length} bytes`);
    }
    const type = view.getUint32(0, this.#little);
    const block = await this.#reader.take(length);
    return block && { type, view: viewOf(block.subarray(8, length - 4)) };
  }

  #beginSection(view: DataView): void {
    this.#interfaces = [];
    this.#little = view.getUint32(8, true) === BYTE_ORDER_MAGIC;
    if (view.getUint32(8, this.#little) !== BYTE_ORDER_MAGIC) {
      throw this.#error("its byte-order magic is unknown");
    }
  }

  #read(type: number, view: DataView): Packet | null {
    if (type === INTERFACE_BLOCK) this.#addInterface(view);
    if (type === ENHANCED_PACKET_BLOCK) {
      return this.#packet(view, { interfaceId: this.#uint32(view, 0), header: 20 });
    }
    if (type === OLD_PACKET_BLOCK) {
      if (view.byteLength < 20) throw this.#error("it is too short");
      return this.#packet(view, { interfaceId: view.getUint16(0, this.#little), header: 20 });
    }
    return type === SIMPLE_PACKET_BLOCK ? this.#simplePacket(view) : null;
  }

  #addInterface(view: DataView): void {
    if (view.byteLength < 8) throw this.#error("it is too short");
    if (this.#interfaces.length >= MOST_INTERFACES) {
      throw this.#error("there are too many interfaces");
    }
    const own: Interface = {
      link: view.getUint16(0, this.#little),
      snapLength: view.getUint32(4, this.#little),
      unitsPerSecond: 1e6,
      offsetSeconds: 0,
    };
    for (let at = 8; at + 4 <= view.byteLength;) {
      const code = view.getUint16(at, this.#little);
      const length = view.getUint16(at + 2, this.#little);
      if (code === OPTION_END || at + 4 + length > view.byteLength) break;
      if (code === OPTION_TIME_RESOLUTION && length >= 1) {
        own.unitsPerSecond = unitsPerSecond(view.getUint8(at + 4));
      }
      if (code === OPTION_TIME_OFFSET && length >= 8) {
        own.offsetSeconds = Number(view.getBigInt64(at + 4, this.#little));
      }
      at += 4 + length + (4 - length % 4) % 4;
    }
    this.#interfaces.push(own);
  }

  #packet(
    view: DataView,
    { interfaceId, header }: { interfaceId: number; header: number },
  ): Packet {
    const own = this.#interfaces[interfaceId];
    if (!own) throw this.#error(`its interface ${interfaceId} is unknown`);
    const length = this.#uint32(view, 12);
    if (header + length > view.byteLength) throw this.#error(`its packet claims ${length} bytes`);
    const units = this.#uint32(view, 4) * TWO_32 + this.#uint32(view, 8);
    const seconds = own.offsetSeconds + units / own.unitsPerSecond;
    return {
      at: seconds * MILLISECONDS,
      link: own.link,
      bytes: new Uint8Array(view.buffer, view.byteOffset + header, length),
    };
  }

  /** A simple packet has no time. */
  #simplePacket(view: DataView): Packet {
    const [own] = this.#interfaces;
    if (!own) throw this.#error("its interface 0 is unknown");
    const original = this.#uint32(view, 0);
    const kept = Math.min(original, own.snapLength || Infinity, view.byteLength - 4);
    const bytes = new Uint8Array(view.buffer, view.byteOffset + 4, kept);
    return { at: 0, link: own.link, bytes };
  }

  #uint32(view: DataView, at: number): number {
    if (at + 4 > view.byteLength) throw this.#error("it is too short");
    return view.getUint32(at, this.#little);
  }

  #error(what: string): CaptureFileError {
    return new CaptureFileError(`Cannot read pcapng block ${this.#block}: ${what}`);
  }
}

/** pcapng §4.2: the highest bit chooses between a power of two and a power of ten. */
function unitsPerSecond(resolution: number): number {
  return resolution & 0x80 ? 2 ** (resolution & 0x7f) : 10 ** resolution;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
