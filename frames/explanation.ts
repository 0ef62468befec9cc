import type { Finding } from "./errors.ts";

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
