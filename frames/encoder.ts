import {
  extendedLengthBytes,
  FIN_BIT,
  FIXED_HEADER_BYTES,
  LARGEST_16_BIT_LENGTH,
  LARGEST_7_BIT_LENGTH,
  LARGEST_CONTROL_PAYLOAD,
  LENGTH_IS_16_BIT,
  LENGTH_IS_64_BIT,
  MASK_BIT,
  MASKING_KEY_BYTES,
  RSV1_BIT,
  RSV2_BIT,
  RSV3_BIT,
} from "./header_layout.ts";
import { applyMask, keyWord, maskWords } from "./mask.ts";
import { isControl, isDefinedOpcode, opcodeName } from "./opcodes.ts";
import { Slab } from "./slab.ts";
import { BYTES_PER_WORD } from "./words.ts";

/** The largest payload in bytes whose frame lies in a slab with others. */
const LARGEST_SHARED_PAYLOAD = 2 * 1024;
const UTF8 = new TextEncoder();
const slab = new Slab();

/** What stands in the header that {@linkcode encodeFrame} and {@linkcode encodeHeader} make. */
export interface EncodeOptions {
  /** The opcode, one of {@linkcode Opcode}; 0 to 15 with `unchecked`. */
  readonly opcode: number;
  /**
   * Whether this is the last frame of its message.
   *
   * @default true
   */
  readonly fin?: boolean;
  /**
   * RSV1, which permessage-deflate sets on a compressed message's first frame (RFC 7692 §6).
   *
   * @default false
   */
  readonly rsv1?: boolean;
  /**
   * RSV2.
   *
   * @default false
   */
  readonly rsv2?: boolean;
  /**
   * RSV3.
   *
   * @default false
   */
  readonly rsv3?: boolean;
  /** Masking key, 4 bytes: a client gives a fresh random one for each frame, a server none (§5.3). */
  readonly maskingKey?: Uint8Array;
  /**
   * How many bytes of extended length to write: 0, 2 or 8. More than needed breaks §5.2 and is for
   * tests and the Lab.
   *
   * @default the fewest that hold the length
   */
  readonly extendedLength?: 0 | 2 | 8;
  /**
   * Encode also what no peer accepts: reserved opcodes, fragmented or long control frames, lengths
   * that aren't minimal. For tests and the Lab.
   *
   * @default false
   */
  readonly unchecked?: boolean;
}

/**
 * Encodes one frame. Pure: the masking key is a parameter, the payload isn't changed, and nobody else
 * holds the result's bytes. Source: RFC 6455 §5.2, §5.3.
 *
 * @param payload The payload; a string is encoded as UTF-8.
 * @param options The header: at least the opcode.
 * @returns The frame's bytes, ready to send. Small frames are views of a buffer that they share, so
 * don't transfer it to a worker: send a copy.
 * @throws {RangeError} If the opcode is reserved, a control frame is fragmented or longer than 125
 * bytes, or the extended length doesn't fit.
 * @throws {TypeError} If the masking key isn't 4 bytes long.
 *
 * @example The masked "Hello" of §5.7
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodeFrame, Opcode } from "@roomscope/roomscope/frames";
 *
 * const frame = encodeFrame("Hello", {
 *   opcode: Opcode.TEXT,
 *   maskingKey: Uint8Array.of(0x37, 0xfa, 0x21, 0x3d),
 * });
 * assertEquals(frame.toHex(), "818537fa213d7f9f4d5158");
 * ```
 */
export function encodeFrame(payload: Uint8Array | string, options: EncodeOptions): Uint8Array {
  const bytes = typeof payload === "string" ? UTF8.encode(payload) : payload;
  const length7 = checkedLengthField(bytes.length, options);
  return bytes.length <= LARGEST_SHARED_PAYLOAD
    ? encodeIntoSlab(bytes, length7, options)
    : encodeAlone(bytes, length7, options);
}

/**
 * Encodes the header of an unmasked frame, so that a large payload can be sent behind it without
 * being copied. Source: RFC 6455 §5.2.
 *
 * @param payloadLength Length of the payload in bytes: a whole number from 0 to 2⁵³ - 1.
 * @param options The header: at least the opcode, and no masking key, which would change the payload.
 * @returns The header, 2 to 10 bytes, as {@linkcode encodeFrame} makes it: don't transfer its buffer.
 * @throws {RangeError} As {@linkcode encodeFrame}, or if the length isn't such a number.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { encodeHeader, Opcode } from "@roomscope/roomscope/frames";
 *
 * const payload = new Uint8Array(65_536);
 * const header = encodeHeader(payload.length, { opcode: Opcode.BINARY });
 * assertEquals(header.toHex(), "827f0000000000010000");
 * // await writer.write(header);
 * // await writer.write(payload);
 * ```
 */
export function encodeHeader(
  payloadLength: number,
  options: Omit<EncodeOptions, "maskingKey">,
): Uint8Array {
  if (!Number.isSafeInteger(payloadLength) || payloadLength < 0) {
    throw new RangeError(`Cannot encode header: the payload's length is ${payloadLength}`);
  }
  const unmasked = { ...options, maskingKey: undefined };
  const length7 = checkedLengthField(payloadLength, unmasked);
  const length = headerLengthOf(length7, unmasked);
  const start = slab.reserve(length, 0);
  const header = new Uint8Array(slab.buffer, start, length);
  writeHeader(header, payloadLength, length7, unmasked);
  return header;
}

/** One view, one copy, and whole words masked: the slab lets payloads begin at a word's border. */
function encodeIntoSlab(payload: Uint8Array, length7: number, options: EncodeOptions): Uint8Array {
  const headerLength = headerLengthOf(length7, options);
  const start = slab.reserve(headerLength, payload.length);
  const frame = new Uint8Array(slab.buffer, start, headerLength + payload.length);
  writeHeader(frame, payload.length, length7, options);
  frame.set(payload, headerLength);
  if (options.maskingKey) {
    const from = (start + headerLength) / BYTES_PER_WORD;
    const to = from + Math.ceil(payload.length / BYTES_PER_WORD);
    maskWords(slab.words, keyWord(options.maskingKey), { from, to });
  }
  return frame;
}

function encodeAlone(payload: Uint8Array, length7: number, options: EncodeOptions): Uint8Array {
  const headerLength = headerLengthOf(length7, options);
  const frame = new Uint8Array(headerLength + payload.length);
  writeHeader(frame, payload.length, length7, options);
  frame.set(payload, headerLength);
  if (options.maskingKey) applyMask(frame.subarray(headerLength), options.maskingKey);
  return frame;
}

function headerLengthOf(length7: number, { maskingKey }: EncodeOptions): number {
  return FIXED_HEADER_BYTES + extendedLengthBytes(length7) + (maskingKey ? MASKING_KEY_BYTES : 0);
}

/** Writes the header to the front of `frame`. */
function writeHeader(
  frame: Uint8Array,
  payloadLength: number,
  length7: number,
  options: EncodeOptions,
): void {
  const { maskingKey } = options;
  const keyAt = FIXED_HEADER_BYTES + extendedLengthBytes(length7);
  frame[0] = firstByte(options);
  frame[1] = (maskingKey ? MASK_BIT : 0) | length7;
  // Big-endian; division, not shifts: a length may need 53 bits.
  let rest = payloadLength;
  for (let i = keyAt - 1; i >= FIXED_HEADER_BYTES; i--, rest = Math.floor(rest / 256)) {
    frame[i] = rest % 256;
  }
  if (maskingKey) { for (let i = 0; i < MASKING_KEY_BYTES; i++) frame[keyAt + i] = maskingKey[i]; }
}

function firstByte({ opcode, fin = true, rsv1, rsv2, rsv3 }: EncodeOptions): number {
  return (fin ? FIN_BIT : 0) | (rsv1 ? RSV1_BIT : 0) | (rsv2 ? RSV2_BIT : 0) |
    (rsv3 ? RSV3_BIT : 0) | opcode;
}

/** The 7-bit length of a header that may be encoded. */
function checkedLengthField(length: number, options: EncodeOptions): number {
  checkOptions(length, options);
  return lengthField(length, options);
}

/** The 7-bit length: the length itself, or the word that says how many bytes hold it. */
function lengthField(length: number, { extendedLength }: EncodeOptions): number {
  if (extendedLength === undefined) {
    // §5.2: "the minimal number of bytes MUST be used to encode the length"
    if (length <= LARGEST_7_BIT_LENGTH) return length;
    return length <= LARGEST_16_BIT_LENGTH ? LENGTH_IS_16_BIT : LENGTH_IS_64_BIT;
  }
  const most = { 0: LARGEST_7_BIT_LENGTH, 2: LARGEST_16_BIT_LENGTH, 8: Infinity }[extendedLength];
  if (!(length <= most)) {
    throw new RangeError(
      `Cannot encode frame: ${extendedLength} bytes of extended length don't hold ${length}`,
    );
  }
  if (extendedLength === 0) return length;
  return extendedLength === 2 ? LENGTH_IS_16_BIT : LENGTH_IS_64_BIT;
}

function checkOptions(length: number, options: EncodeOptions): void {
  const { opcode, maskingKey, fin = true, unchecked = false } = options;
  if (!Number.isInteger(opcode) || opcode < 0 || opcode > 0xf) {
    throw new RangeError(`Cannot encode frame: the opcode must be 0 to 15, it is ${opcode}`);
  }
  if (maskingKey && maskingKey.length !== MASKING_KEY_BYTES) {
    throw new TypeError(
      `Cannot encode frame: the masking key must have 4 bytes, it has ${maskingKey.length}`,
    );
  }
  if (unchecked) return;
  if (!isDefinedOpcode(opcode)) {
    throw new RangeError(`Cannot encode frame: the opcode is ${opcodeName(opcode)}`);
  }
  if (isControl(opcode)) checkControl(length, fin);
  if ((options.extendedLength ?? 0) > extendedLengthBytes(lengthField(length, { opcode }))) {
    throw new RangeError(`Cannot encode frame: extended length isn't needed for ${length} bytes`);
  }
}

function checkControl(length: number, fin: boolean): void {
  // §5.5: "All control frames MUST have a payload length of 125 bytes or less and MUST NOT be
  // fragmented."
  if (!fin) throw new RangeError("Cannot encode frame: a control frame is never fragmented");
  if (length > LARGEST_CONTROL_PAYLOAD) {
    throw new RangeError(
      `Cannot encode frame: a control payload has at most 125 bytes, this has ${length}`,
    );
  }
}
