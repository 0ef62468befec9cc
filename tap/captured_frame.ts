import { FIN_BIT, OPCODE_MASK, RSV1_BIT } from "../frames/header_layout.ts";
import { applyMask, Opcode } from "../frames/mod.ts";
import type { CompressedPart, FindingRecord, FrameEvent, FrameRecord } from "../protocol/mod.ts";
import { compressedRecord, PREVIEW_BYTES } from "./inflated_content.ts";
import { hideTextSecrets } from "./secrets.ts";
import { maskingKeyIn } from "./wire_header.ts";

const RSV_SHIFT = 4;
const RSV_MASK = 0x7;

/** A frame of a capture, with its bytes as they were stored. */
export interface CapturedFrame {
  /** Connection it belongs to. */
  readonly connection: string;
  /** Number of the frame in its connection, from 0. */
  readonly number: number;
  /** When its last byte came, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** `in` from the client, `out` from the server. */
  readonly direction: "in" | "out";
  /** Place in the order of all captured frames, from 0: what cursors count. */
  readonly place: number;
  /** Header and payload on the wire, as far as they were kept; not changed. */
  readonly stored: Uint8Array;
  readonly headerLength: number;
  readonly payloadLength: number;
  readonly findings: readonly FindingRecord[];
  /** What a fault does to it. */
  readonly fault: string | undefined;
  /** The compressed message that it belongs to. */
  readonly compressed: CompressedPart | undefined;
}

/** What the monitor shows of a frame. */
export function recordOf(frame: CapturedFrame): FrameRecord {
  const { connection, number, at, direction, stored, headerLength, payloadLength } = frame;
  const [first] = stored;
  return {
    connection,
    frame: number,
    at,
    direction,
    fin: (first & FIN_BIT) !== 0,
    rsv: first >> RSV_SHIFT & RSV_MASK,
    opcode: first & OPCODE_MASK,
    maskingKey: maskingKeyIn(stored.subarray(0, headerLength))?.toHex() ?? null,
    headerLength,
    length: payloadLength,
    preview: shownPayload(frame, PREVIEW_BYTES).toBase64(),
    findings: [...frame.findings],
    ...(frame.compressed ? { compressed: compressedRecord(frame.compressed) } : {}),
    ...(frame.fault === undefined ? {} : { fault: frame.fault }),
  };
}

/** A frame as capture files have it. */
export function eventOf(frame: CapturedFrame): FrameEvent {
  const { connection, number, at, direction, headerLength, payloadLength, findings } = frame;
  return {
    type: "frame",
    ...{ connection, frame: number, at, direction, headerLength },
    length: payloadLength,
    wire: wireBytes(frame, frame.stored.length),
    findings: [...findings],
    ...(frame.compressed ? { compressed: frame.compressed } : {}),
    ...(frame.fault === undefined ? {} : { fault: frame.fault }),
  };
}

/** A new array of the frame's first bytes on the wire, its secrets hidden. */
export function wireBytes(frame: CapturedFrame, length: number): Uint8Array {
  const { stored, headerLength } = frame;
  const wire = stored.slice(0, length);
  if (length <= headerLength || !mayShowSecrets(stored)) return wire;
  const payload = shownPayload(frame, length - headerLength);
  const key = maskingKeyIn(stored.subarray(0, headerLength));
  if (key) applyMask(payload, key);
  wire.set(payload, headerLength);
  return wire;
}

/** A new array of the payload's first bytes, unmasked, its secrets hidden. */
function shownPayload({ stored, headerLength }: CapturedFrame, length: number): Uint8Array {
  const payload = stored.slice(headerLength, headerLength + length);
  const key = maskingKeyIn(stored.subarray(0, headerLength));
  if (key) applyMask(payload, key);
  if (mayShowSecrets(stored)) hideTextSecrets(payload);
  return payload;
}

/** Text messages in one frame are stored as they came; of all others the secrets are hidden before. */
function mayShowSecrets([first]: Uint8Array): boolean {
  return (first & FIN_BIT) !== 0 && (first & OPCODE_MASK) === Opcode.TEXT &&
    (first & RSV1_BIT) === 0;
}
