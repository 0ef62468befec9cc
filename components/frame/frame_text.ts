import type { FrameRecord, InflatedRecord } from "../../protocol/monitor_records.ts";
import { closeCodeName } from "../../frames/close.ts";
import { isControl, Opcode } from "../../frames/opcodes.ts";
import { formatCount } from "../format.ts";

const RSV_BITS: readonly (readonly [number, string])[] = [[4, "RSV1"], [2, "RSV2"], [1, "RSV3"]];
const CONTROL_PICTURES = 0x2400;
const DELETE = 0x7f;
const DELETE_PICTURE = 0x2421;
const FIRST_PRINTABLE = 0x20;

const lenient = new TextDecoder();

/** Base64 to bytes. */
export function decodeBase64(base64: string): Uint8Array {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

/** The beginning of a frame's payload as one line: text as text, a close as its code, else hex. */
export function previewOf(record: FrameRecord): string {
  const inflated = record.compressed?.inflated;
  if (inflated) return inflatedPreview(inflated, record.compressed?.opcode);
  if (record.compressed?.hidden) return "hidden: it holds a secret, or might";
  const bytes = decodeBase64(record.preview);
  const more = record.length > bytes.length ? "…" : "";
  if (record.opcode === Opcode.CLOSE) return closePreview(bytes);
  // Compressed: no text to read in it.
  const compressed = record.rsv !== 0 || record.compressed !== undefined;
  if (record.opcode === Opcode.BINARY || compressed) return toHex(bytes) + more;
  if (isControl(record.opcode) && !looksLikeText(bytes)) return toHex(bytes) + more;
  return visible(lenient.decode(bytes)) + more;
}

/** The beginning of what came out of a compressed message. */
function inflatedPreview({ preview, length }: InflatedRecord, opcode: number | undefined): string {
  const bytes = decodeBase64(preview);
  const more = length > bytes.length ? "…" : "";
  return (opcode === Opcode.BINARY ? toHex(bytes) : visible(lenient.decode(bytes))) + more;
}

/** What the list says of a frame of a compressed message; empty for any other. */
export function compressedMark({ compressed }: FrameRecord): string {
  if (!compressed) return "";
  const { inflated, problem } = compressed;
  if (inflated) return `inflated ${formatCount(inflated.length)}${problem ? ", not whole" : ""}`;
  return problem ? "not inflated" : "compressed";
}

/** The bits that are set, by name: `FIN MASK`. */
export function flagsOf(record: FrameRecord): string {
  const flags = record.fin ? ["FIN"] : [];
  for (const [bit, name] of RSV_BITS) if ((record.rsv & bit) !== 0) flags.push(name);
  if (record.maskingKey !== null) flags.push("MASK");
  return flags.join(" ");
}

/** Text on one line: control characters as their pictures, so that none can hide. */
export function visible(text: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what this replaces
  return text.replace(/[\x00-\x1f\x7f]/g, (character) => {
    const code = character.charCodeAt(0);
    if (code === DELETE) return String.fromCharCode(DELETE_PICTURE);
    return String.fromCharCode(CONTROL_PICTURES + code);
  });
}

/** Text on its lines: every control character but tab and line feed as its picture. */
export function visibleLines(text: string): string {
  return text.split("\n").map((line) => line.split("\t").map(visible).join("\t")).join("\n");
}

/** Bytes as pairs of hexadecimal digits. */
export function toHex(bytes: Uint8Array, separator = " "): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(separator);
}

function closePreview(bytes: Uint8Array): string {
  if (bytes.length < 2) return bytes.length === 0 ? "no status" : toHex(bytes);
  const code = bytes[0] << 8 | bytes[1];
  const reason = visible(lenient.decode(bytes.subarray(2)));
  return reason === ""
    ? `${code} ${closeCodeName(code)}`
    : `${code} ${closeCodeName(code)} “${reason}”`;
}

function looksLikeText(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte >= FIRST_PRINTABLE && byte !== DELETE);
}
