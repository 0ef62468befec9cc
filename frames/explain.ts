import { FrameDecoder } from "./decoder.ts";
import type { Finding } from "./errors.ts";
import { bitField, bitPattern, byteFields, bytesText } from "./explain_field.ts";
import { payloadFields } from "./explain_payload.ts";
import type { ExplainOptions, Explanation, Field } from "./explanation.ts";
import { type Layout, measure } from "./frame_layout.ts";
import {
  extendedLengthBytes,
  FIN_BIT,
  FIXED_HEADER_BYTES,
  LENGTH_MASK,
  MASK_BIT,
  OPCODE_MASK,
  RSV1_BIT,
  RSV2_BIT,
  RSV3_BIT,
} from "./header_layout.ts";
import { hexPairs } from "./hex.ts";
import { isControl, Opcode, opcodeName } from "./opcodes.ts";

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
