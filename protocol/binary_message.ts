import { MAX_MESSAGE_ID_LENGTH, type PublishRoomMessage } from "./client_messages.ts";
import { RoomName } from "./client_schemas.ts";
import type { ParseResult } from "./parse_message.ts";
import type { DeliveredRoomMessage } from "./server_messages.ts";
import * as v from "valibot";

/** A field of the binary envelope's header. Numbers are big-endian and unsigned. */
export interface EnvelopeField {
  /** First byte, counted from the beginning of the message. */
  offset: number;
  /** Number of bytes. */
  bytes: number;
  /** What it holds. */
  meaning: string;
}

/** The version of the envelope that this package writes and reads. */
export const ENVELOPE_VERSION = 1;

/** Flag of a message that a server delivers; without it a client publishes. */
export const ENVELOPE_DELIVERED = 0x01;

/**
 * The header of a binary message's envelope. After it stand, without a gap: room, id, client id and
 * user id of the publisher (all UTF-8, as long as the header says), then the payload.
 */
export const ENVELOPE_HEADER = {
  version: { offset: 0, bytes: 1, meaning: "Version of the envelope, 1" },
  flags: { offset: 1, bytes: 1, meaning: "0x01 delivered by a server; the other bits are 0" },
  roomBytes: { offset: 2, bytes: 2, meaning: "Length of the room's name in bytes" },
  idBytes: { offset: 4, bytes: 1, meaning: "Length of the message's id in bytes, 0 for none" },
  clientIdBytes: { offset: 5, bytes: 1, meaning: "Length of the publisher's client id in bytes" },
  fromBytes: { offset: 6, bytes: 2, meaning: "Length of the publisher's user id in bytes" },
  timestamp: { offset: 8, bytes: 8, meaning: "Delivered only: milliseconds since the Unix epoch" },
  seq: { offset: 16, bytes: 8, meaning: "Delivered only: the message's place in the room" },
} as const satisfies Record<string, EnvelopeField>;

/** Bytes of the header of a message that a client publishes: up to `timestamp`. */
export const PUBLISH_HEADER_BYTES = 8;

/** Bytes of the header of a message that a server delivers. */
export const DELIVERED_HEADER_BYTES = 24;

/** A publish with bytes for content. */
export type BinaryPublish = Omit<PublishRoomMessage, "content"> & {
  /** The payload. */
  content: Uint8Array;
};

/** A delivered message with bytes for content. */
export type BinaryDelivery = Omit<DeliveredRoomMessage, "content"> & {
  /** The payload. */
  content: Uint8Array;
  /** The publisher's id of it, in a replay for its publisher. */
  id?: string;
};

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Writes a publish as a binary message.
 *
 * @param message Room, id and payload.
 * @returns The bytes of the WebSocket message.
 * @throws {RangeError} If the room or the id is too long for the envelope.
 *
 * @example
 * ```ts
 * import { encodeBinaryPublish } from "@roomscope/roomscope/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const content = new Uint8Array([7]);
 * const bytes = encodeBinaryPublish({ type: "room_message", room: "r", id: "a", content });
 * assertEquals([...bytes], [1, 0, 0, 1, 1, 0, 0, 0, 114, 97, 7]);
 * ```
 */
export function encodeBinaryPublish(message: BinaryPublish): Uint8Array<ArrayBuffer> {
  return write(PUBLISH_HEADER_BYTES, 0, [message.room, message.id ?? "", "", ""], message.content)
    .bytes;
}

/**
 * Writes a delivered message as a binary message.
 *
 * @param message Room, publisher, place and payload.
 * @returns The bytes of the WebSocket message.
 * @throws {RangeError} If a text is too long for the envelope, or a number isn't a whole one.
 */
export function encodeBinaryDelivery(message: BinaryDelivery): Uint8Array<ArrayBuffer> {
  const { room, id = "", clientId, from, content, timestamp, seq } = message;
  const { bytes, view } = write(
    DELIVERED_HEADER_BYTES,
    ENVELOPE_DELIVERED,
    [room, id, clientId, from],
    content,
  );
  view.setBigUint64(ENVELOPE_HEADER.timestamp.offset, unsigned("timestamp", timestamp));
  view.setBigUint64(ENVELOPE_HEADER.seq.offset, unsigned("seq", seq));
  return bytes;
}

/**
 * Reads a binary message that a client sent.
 *
 * @param bytes The WebSocket message.
 * @returns The publish, its content a view into `bytes`; or the error code to answer with.
 */
export function parseClientBinary(bytes: Uint8Array): ParseResult<PublishRoomMessage> {
  return parse(bytes, PUBLISH_HEADER_BYTES, 0, ({ room, id, content }) => ({
    type: "room_message",
    room,
    content,
    ...(id === "" ? {} : { id }),
  }));
}

/**
 * Reads a binary message that a server sent.
 *
 * @param bytes The WebSocket message.
 * @returns The delivered message, its content a view into `bytes`; or what is wrong with it.
 */
export function parseServerBinary(bytes: Uint8Array): ParseResult<BinaryDelivery> {
  return parse(bytes, DELIVERED_HEADER_BYTES, ENVELOPE_DELIVERED, (envelope, view) => {
    const { room, id, clientId, from, content } = envelope;
    return {
      type: "room_message",
      room,
      from,
      clientId,
      content,
      timestamp: safeNumber("timestamp", view),
      seq: safeNumber("seq", view),
      ...(id === "" ? {} : { id }),
    };
  });
}

/** The texts of an envelope and what stands behind them. */
interface Envelope {
  room: string;
  id: string;
  clientId: string;
  from: string;
  content: Uint8Array;
}

/** A peer's fault, on its way to {@linkcode parse}. */
class EnvelopeFault extends Error {}

function write(
  headerBytes: number,
  flags: number,
  texts: [room: string, id: string, clientId: string, from: string],
  content: Uint8Array,
): { bytes: Uint8Array<ArrayBuffer>; view: DataView } {
  const [room, id, clientId, from] = texts.map((text) => encoder.encode(text));
  const parts = [room, id, clientId, from, content];
  const bytes = new Uint8Array(headerBytes + parts.reduce((sum, { length }) => sum + length, 0));
  const view = new DataView(bytes.buffer);
  setNumber(view, "version", ENVELOPE_VERSION);
  setNumber(view, "flags", flags);
  setNumber(view, "roomBytes", room.length);
  setNumber(view, "idBytes", id.length);
  setNumber(view, "clientIdBytes", clientId.length);
  setNumber(view, "fromBytes", from.length);
  let offset = headerBytes;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return { bytes, view };
}

type SmallField = Exclude<keyof typeof ENVELOPE_HEADER, "timestamp" | "seq">;

function setNumber(view: DataView, name: SmallField, value: number): void {
  const { offset, bytes } = ENVELOPE_HEADER[name];
  const most = 2 ** (8 * bytes) - 1;
  if (value > most) {
    throw new RangeError(`Cannot encode the message: ${name} is at most ${most}, it is ${value}`);
  }
  if (bytes === 1) view.setUint8(offset, value);
  else view.setUint16(offset, value);
}

function getNumber(view: DataView, name: SmallField): number {
  const { offset, bytes } = ENVELOPE_HEADER[name];
  return bytes === 1 ? view.getUint8(offset) : view.getUint16(offset);
}

function unsigned(name: string, value: number): bigint {
  if (Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  throw new RangeError(`Cannot encode the message: ${name} is ${value}`);
}

/** Reads and checks; what is wrong becomes the answer, nothing is thrown. */
function parse<T>(
  bytes: Uint8Array,
  headerBytes: number,
  flags: number,
  make: (envelope: Envelope, view: DataView) => T,
): ParseResult<T> {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return { ok: true, message: make(read(bytes, view, headerBytes, flags), view) };
  } catch (error) {
    if (!(error instanceof EnvelopeFault)) throw error;
    return {
      ok: false,
      code: "invalid_message",
      error: `Cannot read the binary message: ${error.message}`,
    };
  }
}

function read(bytes: Uint8Array, view: DataView, headerBytes: number, flags: number): Envelope {
  if (bytes.length < headerBytes) {
    throw new EnvelopeFault(`it has ${bytes.length} bytes, its header ${headerBytes}`);
  }
  const version = getNumber(view, "version");
  if (version !== ENVELOPE_VERSION) throw new EnvelopeFault(`version is ${version}`);
  const found = getNumber(view, "flags");
  if (found !== flags) throw new EnvelopeFault(`flags are 0x${found.toString(16)}`);
  let offset = headerBytes;
  const text = (name: string, length: number): string => {
    if (offset + length > bytes.length) throw new EnvelopeFault(`${name} ends after the message`);
    offset += length;
    return decode(name, bytes.subarray(offset - length, offset));
  };
  const room = checkedRoom(text("room", getNumber(view, "roomBytes")));
  const id = checkedId(text("id", getNumber(view, "idBytes")));
  const clientId = text("clientId", getNumber(view, "clientIdBytes"));
  const from = text("from", getNumber(view, "fromBytes"));
  if (flags === 0 && (clientId !== "" || from !== "")) {
    throw new EnvelopeFault("a client names no publisher");
  }
  return { room, id, clientId, from, content: bytes.subarray(offset) };
}

function decode(name: string, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new EnvelopeFault(`${name} is not UTF-8`);
  }
}

function checkedRoom(room: string): string {
  if (v.is(RoomName, room)) return room;
  throw new EnvelopeFault("its room's name is empty, too long or has a control character");
}

function checkedId(id: string): string {
  if (id.length <= MAX_MESSAGE_ID_LENGTH) return id;
  throw new EnvelopeFault(`its id has ${id.length} UTF-16 units`);
}

function safeNumber(name: "timestamp" | "seq", view: DataView): number {
  const value = Number(view.getBigUint64(ENVELOPE_HEADER[name].offset));
  if (Number.isSafeInteger(value)) return value;
  throw new EnvelopeFault(`${name} is ${value}`);
}
