/**
 * The opcodes that RFC 6455 defines. 0x3 to 0x7 are reserved for further data frames, 0xB to 0xF
 * for further control frames. Source: RFC 6455 §5.2, §11.8.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Opcode } from "@roomscope/roomscope/frames";
 *
 * assertEquals(Opcode.PING, 0x9);
 * ```
 */
export const Opcode = {
  /** A further fragment of the message begun before. */
  CONTINUATION: 0x0,
  /** A text message, or its first fragment. */
  TEXT: 0x1,
  /** A binary message, or its first fragment. */
  BINARY: 0x2,
  /** The sender's part of the closing handshake. */
  CLOSE: 0x8,
  /** "Are you there?" */
  PING: 0x9,
  /** The answer to a ping, or an unasked sign of life. */
  PONG: 0xa,
} as const;

/** One of the six opcodes of {@linkcode Opcode}. */
export type Opcode = typeof Opcode[keyof typeof Opcode];

const CONTROL_BIT = 0x8;

const NAMES: Readonly<Record<number, string>> = {
  [Opcode.CONTINUATION]: "continuation",
  [Opcode.TEXT]: "text",
  [Opcode.BINARY]: "binary",
  [Opcode.CLOSE]: "close",
  [Opcode.PING]: "ping",
  [Opcode.PONG]: "pong",
};

/**
 * The name of an opcode, for people. Source: RFC 6455 §5.2.
 *
 * @param opcode The opcode, 0 to 15.
 * @returns `"text"`, `"ping"` …, and `"reserved 0x3"` for one that isn't defined.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { opcodeName } from "@roomscope/roomscope/frames";
 *
 * assertEquals(opcodeName(0x1), "text");
 * assertEquals(opcodeName(0xb), "reserved 0xb");
 * ```
 */
export function opcodeName(opcode: number): string {
  return NAMES[opcode] ?? `reserved 0x${opcode.toString(16)}`;
}

/**
 * Whether an opcode belongs to a control frame (close, ping, pong and the reserved 0xB to 0xF).
 * Source: RFC 6455 §5.5.
 *
 * @param opcode The opcode, 0 to 15.
 * @returns `true` for 0x8 to 0xF.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { isControl, Opcode } from "@roomscope/roomscope/frames";
 *
 * assert(isControl(Opcode.PONG));
 * assert(!isControl(Opcode.TEXT));
 * ```
 */
export function isControl(opcode: number): boolean {
  // "Control frames are identified by opcodes where the most significant bit of the opcode is 1."
  return (opcode & CONTROL_BIT) !== 0;
}

/**
 * Whether RFC 6455 defines an opcode. Source: RFC 6455 §5.2.
 *
 * @param opcode The opcode, 0 to 15.
 * @returns `false` for the reserved 0x3 to 0x7 and 0xB to 0xF.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { isDefinedOpcode } from "@roomscope/roomscope/frames";
 *
 * assert(isDefinedOpcode(0x0));
 * assert(!isDefinedOpcode(0x3));
 * ```
 */
export function isDefinedOpcode(opcode: number): boolean {
  return opcode in NAMES;
}
