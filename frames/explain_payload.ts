import { closeCodeName } from "./close.ts";
import { bitPattern, byteFields, bytesText, preview } from "./explain_field.ts";
import type { ExplainOptions, Field } from "./explanation.ts";
import { type Layout, readUint } from "./frame_layout.ts";
import { OPCODE_MASK, RSV1_BIT } from "./header_layout.ts";
import { hexPairs } from "./hex.ts";
import { applyMask } from "./mask.ts";
import { isControl, Opcode, opcodeName } from "./opcodes.ts";
import { decodeText } from "./utf8.ts";

const DEFAULT_PREVIEW_BYTES = 64;
const CLOSE_CODE_BYTES = 2;

export function payloadFields(bytes: Uint8Array, layout: Layout, options: ExplainOptions): Field[] {
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
