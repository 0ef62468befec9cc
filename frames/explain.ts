import { closeCodeName } from "./close.ts";
import { FrameDecoder } from "./decoder.ts";
import type { Finding } from "./errors.ts";
import {
  extendedLengthBytes,
  FIN_BIT,
  FIXED_HEADER_BYTES,
  LENGTH_MASK,
  MASK_BIT,
  MASKING_KEY_BYTES,
  OPCODE_MASK,
  RSV1_BIT,
  RSV2_BIT,
  RSV3_BIT,
} from "./header_layout.ts";
import { hexPairs } from "./hex.ts";
import { applyMask } from "./mask.ts";
import { isControl, Opcode, opcodeName } from "./opcodes.ts";
import { decodeText } from "./utf8.ts";

const BITS_PER_BYTE = 8;
const DEFAULT_PREVIEW_BYTES = 64;
const CLOSE_CODE_BYTES = 2;

/** Stable id of a field, for programs: what {@linkcode Field.name} is for people. */
export type FieldId =
  | "fin"
  | "rsv1"
  | "rsv2"
  | "rsv3"
  | "opcode"
  | "mask"
  | "payload-length"
  | "extended-length"
  | "masking-key"
  | "payload"
  | "close-code"
  | "close-reason";

/** One field of a frame: where it stands, what it holds, what that means. */
export interface Field {
  /** Stable id. */
  readonly id: FieldId;
  /** Name, as RFC 6455 writes it: `"FIN"`, `"opcode"`, `"payload length"`, `"masking key"` … */
  readonly name: string;
  /** First bit, counted from the frame's start, the most significant bit of a byte first. */
  readonly bitOffset: number;
  /** Size in bits, as far as the bytes are there. */
  readonly bitLength: number;
  /** First byte, counted from the frame's start. */
  readonly byteOffset: number;
  /** How many bytes it touches, as far as they are there. */
  readonly byteLength: number;
  /** The field's bits in their bytes, Wireshark style: `"1... ...."`; empty for the payload. */
  readonly pattern: string;
  /** The bytes on the wire in hex (`"81"`, `"37 fa 21 3d"`), of a payload the first ones. */
  readonly raw: string;
  /** The unmasked bytes in hex where the payload is masked, the first ones; otherwise absent. */
  readonly unmasked?: string;
  /** The value: `"1"`, `"0x1"`, `"256"`, `"37 fa 21 3d"`, a payload's text or hex. */
  readonly value: string;
  /** What the value means, in a sentence. */
  readonly meaning: string;
  /** Section of RFC 6455. */
  readonly section: string;
  /** Whether all its bytes are there. */
  readonly complete: boolean;
  /** The parts of a Close payload. */
  readonly children?: readonly Field[];
}

/** What {@linkcode explainFrame} says about a frame. */
export interface Explanation {
  /** The fields in the order of their bits; together they hold every bit of `length` bytes. */
  readonly fields: readonly Field[];
  /** Whether the frame's last byte is there. */
  readonly complete: boolean;
  /** The least number of bytes still missing: 0 when complete. */
  readonly missingBytes: number;
  /** What is missing, in a sentence; empty when complete. */
  readonly missing: string;
  /** The rules it breaks. */
  readonly findings: readonly Finding[];
  /** How many of the given bytes belong to this frame; the next frame begins there. */
  readonly length: number;
}

/** What {@linkcode explainFrame} may know besides the bytes. */
export interface ExplainOptions {
  /**
   * Who sent the frame, for the masking rule.
   *
   * @default the one whom the MASK bit fits
   */
  readonly sender?: "client" | "server";
  /**
   * Offset of the frame in its stream in bytes: findings' offsets count from the stream's start.
   *
   * @default 0
   */
  readonly offset?: number;
  /**
   * The findings, where a decoder has seen the stream; a frame alone can't show a broken order.
   *
   * @default what the frame shows by itself
   */
  readonly findings?: readonly Finding[];
  /**
   * Whether permessage-deflate was agreed on, which claims RSV1.
   *
   * @default false
   */
  readonly allowRsv1?: boolean;
  /**
   * Whether the message that a continuation belongs to is compressed: its own RSV1 doesn't tell.
   *
   * @default false
   */
  readonly compressed?: boolean;
  /**
   * How many bytes of the payload are written out as hex and text.
   *
   * @default 64
   */
  readonly previewBytes?: number;
}

/**
 * Explains the first frame of some bytes: every bit belongs to a field, and every field says what its
 * value means and which section defines it. A frame cut anywhere is explained as far as it goes.
 * Never throws on bytes. Source: RFC 6455 §5.2.
 *
 * @param bytes The frame as on the wire; what follows it is left alone.
 * @param options What is known besides.
 * @returns The fields, what is missing, and what is wrong.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { explainFrame } from "@roomscope/roomscope/frames";
 *
 * const { fields, complete } = explainFrame(Uint8Array.of(0x81, 0x02, 0x48, 0x69));
 * assertEquals(complete, true);
 * assertEquals(fields.map((field) => `${field.name}=${field.value}`).join(" "),
 *   "FIN=1 RSV1=0 RSV2=0 RSV3=0 opcode=0x1 MASK=0 payload length=2 payload=Hi");
 * assertEquals(fields[0].pattern, "1... ....");
 * ```
 */
export function explainFrame(bytes: Uint8Array, options: ExplainOptions = {}): Explanation {
  const layout = measure(bytes);
  const fields = [
    ...firstByteFields(bytes, options),
    ...secondByteFields(bytes),
    ...extendedLengthFields(bytes, layout),
    ...maskingKeyFields(bytes, layout),
    ...payloadFields(bytes, layout, options),
  ];
  const missingBytes = Math.max(layout.frameEnd - bytes.length, 0);
  return {
    fields,
    complete: missingBytes === 0,
    missingBytes,
    missing: missingSentence(layout, missingBytes),
    findings: options.findings ?? findingsAlone(bytes, options),
    length: Math.min(layout.frameEnd, bytes.length),
  };
}

/** Where the parts of the frame lie, as far as the bytes tell; ends are offsets in bytes. */
interface Layout {
  readonly opcode: number;
  readonly masked: boolean;
  readonly lengthEnd: number;
  readonly headerEnd: number;
  /** `null` while the header doesn't tell. */
  readonly payloadLength: number | null;
  /** The frame's end; while its length isn't known, the least it can be. */
  readonly frameEnd: number;
}

function measure(bytes: Uint8Array): Layout {
  const second = bytes.length > 1 ? bytes[1] : 0;
  const masked = (second & MASK_BIT) !== 0;
  const length7 = second & LENGTH_MASK;
  const lengthEnd = FIXED_HEADER_BYTES + extendedLengthBytes(length7);
  const headerEnd = lengthEnd + (masked ? MASKING_KEY_BYTES : 0);
  const payloadLength = bytes.length < lengthEnd ? null : readLength(bytes, lengthEnd, length7);
  const frameEnd = headerEnd + (payloadLength ?? 0);
  return { opcode: bytes[0] & OPCODE_MASK, masked, lengthEnd, headerEnd, payloadLength, frameEnd };
}

function readLength(bytes: Uint8Array, lengthEnd: number, length7: number): number {
  if (lengthEnd === FIXED_HEADER_BYTES) return length7;
  return readUint(bytes.subarray(FIXED_HEADER_BYTES, lengthEnd));
}

/** A big-endian whole number; over 2^53 the nearest that a number can hold. */
function readUint(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

function firstByteFields(bytes: Uint8Array, options: ExplainOptions): Field[] {
  if (bytes.length === 0) return [];
  const first = bytes[0];
  const fin = (first & FIN_BIT) !== 0;
  const opcode = first & OPCODE_MASK;
  return [
    bitField(bytes, { id: "fin", name: "FIN", byte: 0, mask: FIN_BIT }, {
      meaning: fin ? "last frame of its message" : "more fragments follow",
    }),
    bitField(bytes, { id: "rsv1", name: "RSV1", byte: 0, mask: RSV1_BIT }, {
      ...rsv1Meaning(first, options),
    }),
    bitField(
      bytes,
      { id: "rsv2", name: "RSV2", byte: 0, mask: RSV2_BIT },
      reservedMeaning(first & RSV2_BIT),
    ),
    bitField(
      bytes,
      { id: "rsv3", name: "RSV3", byte: 0, mask: RSV3_BIT },
      reservedMeaning(first & RSV3_BIT),
    ),
    bitField(bytes, { id: "opcode", name: "opcode", byte: 0, mask: OPCODE_MASK }, {
      value: `0x${opcode.toString(16)}`,
      meaning: `${opcodeName(opcode)}, a ${isControl(opcode) ? "control" : "data"} frame`,
    }),
  ];
}

/** RFC 7692 §6: it is the "Per-Message Compressed" bit, where the extension was agreed on. */
function rsv1Meaning(
  first: number,
  { allowRsv1 = false, compressed = false }: ExplainOptions,
): { meaning: string; section?: string } {
  const set = (first & RSV1_BIT) !== 0;
  const opcode = first & OPCODE_MASK;
  if (!allowRsv1) {
    const claimed = "an extension's; permessage-deflate marks compressed messages with it";
    return { meaning: set ? claimed : "no extension uses it here" };
  }
  const section = "RFC 7692 §6";
  if (isControl(opcode)) {
    return {
      meaning: set ? "set where it must not be" : "control frames are never compressed",
      section,
    };
  }
  if (opcode !== Opcode.CONTINUATION) {
    return { meaning: `the message is ${set ? "" : "not "}compressed`, section };
  }
  if (set) return { meaning: "set where it must not be", section };
  const inherited = `the message's first frame says that it is ${
    compressed ? "" : "not "
  }compressed`;
  return { meaning: inherited, section };
}

function reservedMeaning(bit: number): { meaning: string } {
  return { meaning: bit ? "reserved, and set" : "reserved" };
}

function secondByteFields(bytes: Uint8Array): Field[] {
  if (bytes.length < FIXED_HEADER_BYTES) return [];
  const masked = (bytes[1] & MASK_BIT) !== 0;
  const length7 = bytes[1] & LENGTH_MASK;
  return [
    bitField(bytes, { id: "mask", name: "MASK", byte: 1, mask: MASK_BIT }, {
      meaning: masked ? "the payload is masked, as a client's is" : "not masked, as a server's is",
    }),
    bitField(bytes, { id: "payload-length", name: "payload length", byte: 1, mask: LENGTH_MASK }, {
      meaning: lengthMeaning(length7),
    }),
  ];
}

function lengthMeaning(length7: number): string {
  const extended = extendedLengthBytes(length7);
  if (extended === 0) return bytesText(length7);
  return `the next ${extended} bytes hold the length`;
}

function extendedLengthFields(bytes: Uint8Array, { lengthEnd, payloadLength }: Layout): Field[] {
  const field = { id: "extended-length", name: "extended payload length" } as const;
  return byteFields(bytes, FIXED_HEADER_BYTES, lengthEnd, (raw) => ({
    ...field,
    pattern: bitPattern(raw),
    value: payloadLength === null ? hexPairs(raw) : exactUint(raw),
    meaning: payloadLength === null ? "a length that isn't whole" : bytesText(payloadLength),
    section: "5.2",
  }));
}

/** Exact also where a number isn't. */
function exactUint(bytes: Uint8Array): string {
  return bytes.reduce((value, byte) => value * 256n + BigInt(byte), 0n).toString();
}

function maskingKeyFields(bytes: Uint8Array, { lengthEnd, headerEnd }: Layout): Field[] {
  return byteFields(bytes, lengthEnd, headerEnd, (raw) => ({
    id: "masking-key",
    name: "masking key",
    pattern: bitPattern(raw),
    value: hexPairs(raw),
    meaning: "XORed with the payload, byte by byte",
    section: "5.3",
  }));
}

function payloadFields(bytes: Uint8Array, layout: Layout, options: ExplainOptions): Field[] {
  const { previewBytes = DEFAULT_PREVIEW_BYTES } = options;
  const { headerEnd, frameEnd, opcode } = layout;
  const compressed = isCompressed(bytes[0], options);
  return byteFields(bytes, headerEnd, frameEnd, (raw) => {
    const plain = unmaskedPreview(bytes, layout, { from: headerEnd, raw, previewBytes });
    return {
      id: "payload",
      name: "payload",
      pattern: "",
      raw: preview(raw, previewBytes),
      ...(layout.masked && { unmasked: preview(plain, previewBytes) }),
      value: payloadValue(opcode, plain, { cut: raw.length > plain.length, compressed }),
      meaning: `${bytesText(layout.payloadLength!)} of ${compressed ? "compressed " : ""}${
        opcodeName(opcode)
      } payload`,
      section: compressed ? "RFC 7692 §7.2" : payloadSection(opcode),
      ...(opcode === Opcode.CLOSE && { children: closeFields(bytes, layout) }),
    };
  });
}

/** Whether the payload is DEFLATE data: a part of it says nothing as text. */
function isCompressed(first: number, { allowRsv1, compressed }: ExplainOptions): boolean {
  const opcode = first & OPCODE_MASK;
  if (!allowRsv1 || isControl(opcode)) return false;
  return opcode === Opcode.CONTINUATION ? compressed ?? false : (first & RSV1_BIT) !== 0;
}

function payloadSection(opcode: number): string {
  if (!isControl(opcode)) return "5.6";
  const sections: Readonly<Record<number, string>> = {
    [Opcode.CLOSE]: "5.5.1",
    [Opcode.PING]: "5.5.2",
    [Opcode.PONG]: "5.5.3",
  };
  return sections[opcode] ?? "5.5";
}

function payloadValue(
  opcode: number,
  plain: Uint8Array,
  { cut, compressed }: { cut: boolean; compressed: boolean },
): string {
  if (compressed || opcode === Opcode.BINARY || opcode === Opcode.CLOSE) {
    return hexPairs(plain) + (cut ? " …" : "");
  }
  // A preview may end inside a character: that one is left out, it isn't invalid.
  return cut ? `${new TextDecoder().decode(plain, { stream: true })}…` : decodeText(plain);
}

/** §5.5.1: a 2-byte code in network byte order, and a reason. */
function closeFields(bytes: Uint8Array, layout: Layout): Field[] {
  const { headerEnd, frameEnd } = layout;
  const codeEnd = Math.min(headerEnd + CLOSE_CODE_BYTES, frameEnd);
  const plainOf = (raw: Uint8Array, from: number) =>
    unmaskedPreview(bytes, layout, { from, raw, previewBytes: raw.length });
  const code = byteFields(bytes, headerEnd, codeEnd, (raw) => {
    const plain = plainOf(raw, headerEnd);
    const whole = plain.length === CLOSE_CODE_BYTES;
    return {
      id: "close-code",
      name: "close code",
      pattern: bitPattern(raw),
      ...(layout.masked && { unmasked: hexPairs(plain) }),
      value: whole ? String(readUint(plain)) : hexPairs(plain),
      meaning: whole ? closeCodeName(readUint(plain)) : "half of a close code",
      section: "7.4",
    };
  });
  const reason = byteFields(bytes, codeEnd, frameEnd, (raw) => {
    const plain = plainOf(raw, codeEnd);
    return {
      id: "close-reason",
      name: "close reason",
      pattern: "",
      ...(layout.masked && { unmasked: hexPairs(plain) }),
      value: decodeText(plain),
      meaning: "why, for people who debug",
      section: "7.1.6",
    };
  });
  return [...code, ...reason];
}

/** The first bytes of a part of the payload, unmasked. */
function unmaskedPreview(
  bytes: Uint8Array,
  { masked, lengthEnd, headerEnd }: Layout,
  { from, raw, previewBytes }: { from: number; raw: Uint8Array; previewBytes: number },
): Uint8Array {
  const plain = raw.slice(0, previewBytes);
  if (masked) applyMask(plain, bytes.slice(lengthEnd, headerEnd), from - headerEnd);
  return plain;
}

interface BitPlace {
  readonly id: FieldId;
  readonly name: string;
  /** The byte that holds the bits, and which of them. */
  readonly byte: 0 | 1;
  readonly mask: number;
}

function bitField(
  bytes: Uint8Array,
  { id, name, byte, mask }: BitPlace,
  { value, meaning, section = "5.2" }: { value?: string; meaning: string; section?: string },
): Field {
  const lowestBit = mask & -mask;
  return {
    id,
    name,
    bitOffset: byte * BITS_PER_BYTE + Math.clz32(mask) - (32 - BITS_PER_BYTE),
    bitLength: Math.clz32(lowestBit) - Math.clz32(mask) + 1,
    byteOffset: byte,
    byteLength: 1,
    pattern: maskedPattern(bytes[byte], mask),
    raw: hexPairs(bytes.subarray(byte, byte + 1)),
    value: value ?? String((bytes[byte] & mask) / lowestBit),
    meaning,
    section,
    complete: true,
  };
}

/** `.000 0101`: the bits under the mask, points for the others. */
function maskedPattern(byte: number, mask: number): string {
  let pattern = "";
  for (let bit = FIN_BIT; bit > 0; bit >>= 1) {
    pattern += mask & bit ? (byte & bit ? "1" : "0") : ".";
    if (bit === RSV3_BIT) pattern += " ";
  }
  return pattern;
}

function bitPattern(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => maskedPattern(byte, 0xff)).join(" ");
}

type Described =
  & Pick<Field, "id" | "name" | "pattern" | "value" | "meaning" | "section">
  & Partial<Field>;

/** A field of whole bytes from `from` to `to`, as far as they are there; none if there are none. */
function byteFields(
  bytes: Uint8Array,
  from: number,
  to: number,
  describe: (raw: Uint8Array) => Described,
): Field[] {
  const end = Math.min(to, bytes.length);
  if (from >= end) return [];
  const raw = bytes.subarray(from, end);
  const described = describe(raw);
  return [{
    ...described,
    bitOffset: from * BITS_PER_BYTE,
    bitLength: raw.length * BITS_PER_BYTE,
    byteOffset: from,
    byteLength: raw.length,
    raw: described.raw ?? hexPairs(raw),
    meaning: described.meaning +
      (end < to ? ` (${raw.length} of ${bytesText(to - from)} there)` : ""),
    complete: end === to,
  }];
}

function preview(bytes: Uint8Array, previewBytes: number): string {
  return hexPairs(bytes.subarray(0, previewBytes)) + (bytes.length > previewBytes ? " …" : "");
}

function bytesText(count: number): string {
  return count === 1 ? "1 byte" : `${count} bytes`;
}

function missingSentence({ payloadLength }: Layout, missingBytes: number): string {
  if (missingBytes === 0) return "";
  const count = bytesText(missingBytes);
  return payloadLength === null
    ? `at least ${count} more: the header isn't whole`
    : `${count} more`;
}

/** What a lenient decoder finds in this frame; a continuation is taken as being in its place. */
function findingsAlone(bytes: Uint8Array, options: ExplainOptions): readonly Finding[] {
  if (bytes.length === 0) return [];
  const { allowRsv1, offset = 0 } = options;
  const masked = bytes.length > 1 && (bytes[1] & MASK_BIT) !== 0;
  const decoder = new FrameDecoder({
    sender: options.sender ?? (masked ? "client" : "server"),
    mode: "lenient",
    allowRsv1,
    maxMessageBytes: Infinity,
    maxKeptPayloadBytes: 0,
    continues: (bytes[0] & OPCODE_MASK) === Opcode.CONTINUATION ? Opcode.BINARY : undefined,
  });
  const [frame] = decoder.decode(bytes);
  const findings = frame?.findings ?? decoder.partial()?.findings ?? [];
  return findings.map((finding) => ({ ...finding, offset: finding.offset + offset }));
}
