import { DecodedFrame } from "./frame.ts";
import type { Finding } from "./errors.ts";
import {
  FIN_BIT,
  FIXED_HEADER_BYTES,
  LARGEST_16_BIT_LENGTH,
  LARGEST_7_BIT_LENGTH,
  LENGTH_IS_16_BIT,
  LENGTH_IS_64_BIT,
  MASK_BIT,
  MASKING_KEY_BYTES,
} from "./header_layout.ts";
import { applyMask } from "./mask.ts";
import { Opcode } from "./opcodes.ts";
import { Utf8Validator } from "./utf8.ts";
import { BYTES_PER_WORD, NON_ASCII_IN_WORD } from "./words.ts";

/** First bytes of a message in one frame: FIN, no RSV bit. */
const PLAIN_TEXT = FIN_BIT | Opcode.TEXT;
const PLAIN_BINARY = FIN_BIT | Opcode.BINARY;
const EXTENDED_LENGTH_BYTES = 2;
/** A frame's length stands in so many bytes; a shorter rest of a chunk isn't looked at here. */
const LOOKED_AT_BYTES = FIXED_HEADER_BYTES + EXTENDED_LENGTH_BYTES;

/**
 * A typed array of its own costs half a microsecond, a view on one a tenth of that. Small frames
 * therefore share slabs: each is written once, into a place of its own, and is a view of it.
 */
const SLAB_BYTES = 32 * 1024;
/** The largest payload in bytes that goes into a slab. */
const LARGEST_SHARED_PAYLOAD = 2 * 1024;
/** Up to this many bytes a loop copies and unmasks quicker than two calls do. */
const LOOP_UP_TO_BYTES = 256;

const NO_FINDINGS: readonly Finding[] = Object.freeze([]);

let slab = new DataView(new ArrayBuffer(0));
let slabUsed = 0;

/**
 * The common frame at once: a small message in one frame, whole in the chunk. What is asked here is
 * just what keeps every rule; anything else is left to the decoder's states, which find what is
 * wrong. Without this the decoder does the same, several times slower; so nothing is allocated here
 * but the frame and its payload, and what was measured of it is kept in fields.
 *
 * ```
 * slab:  … | header | payload | …        a frame's payload is a view; its header lies right before it
 * ```
 */
export class PlainFrameReader {
  readonly #masked: boolean;
  readonly #maskBit: number;
  readonly #shortHeaderLength: number;
  readonly #mostBytes: number;
  readonly #mostCopied: number;
  readonly #utf8 = new Utf8Validator();
  #chunk: Uint8Array | null = null;
  #view: DataView = slab;
  #headerLength = 0;
  #payloadLength = 0;

  /** Reads frames that are `masked`: with a payload of up to `mostBytes`, or `mostKept` to copy it. */
  constructor(masked: boolean, { mostBytes, mostKept }: { mostBytes: number; mostKept: number }) {
    this.#masked = masked;
    this.#maskBit = masked ? MASK_BIT : 0;
    this.#shortHeaderLength = FIXED_HEADER_BYTES + (masked ? MASKING_KEY_BYTES : 0);
    // A whole number, or every comparison would be one of doubles.
    this.#mostBytes = Math.min(mostBytes, LARGEST_16_BIT_LENGTH);
    this.#mostCopied = Math.min(mostBytes, mostKept, LARGEST_SHARED_PAYLOAD);
  }

  /** Size in bytes of the frame that was read last. */
  get length(): number {
    return this.#headerLength + this.#payloadLength;
  }

  /** The frame that begins at `start`, which is `offset` in the stream; `null` if it isn't plain. */
  read(chunk: Uint8Array, start: number, offset: number): DecodedFrame | null {
    if (!this.#measure(chunk, start) || this.#payloadLength > this.#mostCopied) return null;
    if (chunk !== this.#chunk) this.#enter(chunk);
    const payload = this.#copy(start);
    if (payload === null) return null;
    return new DecodedFrame({
      first: chunk[start],
      masked: this.#masked,
      headerLength: this.#headerLength,
      payloadLength: this.#payloadLength,
      payload,
      offset,
      findings: NO_FINDINGS,
    });
  }

  /**
   * How many plain frames stand behind one another from `start` on; nothing is copied.
   *
   * @returns How many, and where the last one ends.
   */
  skip(chunk: Uint8Array, start: number): { count: number; end: number } {
    if (chunk !== this.#chunk) this.#enter(chunk);
    let count = 0;
    let end = start;
    while (this.#measure(chunk, end) && this.#isSound(end)) {
      count++;
      end += this.#headerLength + this.#payloadLength;
    }
    return { count, end };
  }

  /** Lets go of the chunk. */
  leave(): void {
    this.#chunk = null;
    this.#view = slab;
  }

  #enter(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
  }

  /** Whether a plain frame begins here, and is whole; then its lengths are known. */
  #measure(chunk: Uint8Array, start: number): boolean {
    if (start + LOOKED_AT_BYTES > chunk.length) return false;
    const first = chunk[start];
    if (first !== PLAIN_TEXT && first !== PLAIN_BINARY) return false;
    // The wrong MASK bit makes this larger than any 7-bit length.
    const length7 = chunk[start + 1] ^ this.#maskBit;
    if (length7 >= LENGTH_IS_64_BIT) return false;
    let headerLength = this.#shortHeaderLength;
    let payloadLength = length7;
    if (length7 === LENGTH_IS_16_BIT) {
      headerLength += EXTENDED_LENGTH_BYTES;
      payloadLength = chunk[start + 2] << 8 | chunk[start + 3];
      if (payloadLength <= LARGEST_7_BIT_LENGTH) return false;
    }
    this.#headerLength = headerLength;
    this.#payloadLength = payloadLength;
    return payloadLength <= this.#mostBytes &&
      start + headerLength + payloadLength <= chunk.length;
  }

  /** Header and unmasked payload, copied into the slab; `null` if it is text and not UTF-8. */
  #copy(start: number): Uint8Array | null {
    const at = reserve(this.length);
    const headerLength = this.#headerLength;
    for (let i = 0; i < headerLength; i++) slab.setUint8(at + i, this.#view.getUint8(start + i));
    const payloadAt = at + headerLength;
    const payload = new Uint8Array(slab.buffer, payloadAt, this.#payloadLength);
    const isAscii = this.#payloadLength <= LOOP_UP_TO_BYTES
      ? this.#copyByLoop(start + headerLength, payloadAt)
      : this.#copyByCalls(start + headerLength, payload);
    if (isAscii || this.#view.getUint8(start) === PLAIN_BINARY) return payload;
    this.#utf8.reset();
    return this.#utf8.check(payload, 0) < 0 ? payload : null;
  }

  /** Two words at a time, wherever they stand. Says whether all is ASCII, which costs nothing here. */
  #copyByLoop(source: number, at: number): boolean {
    const from = this.#view;
    const to = slab;
    const length = this.#payloadLength;
    // Not masked is the same as masked with 0.
    const key = this.#masked ? from.getInt32(source - MASKING_KEY_BYTES, true) : 0;
    let seen = 0;
    let i = 0;
    for (; i + 2 * BYTES_PER_WORD <= length; i += 2 * BYTES_PER_WORD) {
      const word = from.getInt32(source + i, true) ^ key;
      const next = from.getInt32(source + i + BYTES_PER_WORD, true) ^ key;
      to.setInt32(at + i, word, true);
      to.setInt32(at + i + BYTES_PER_WORD, next, true);
      seen |= word | next;
    }
    for (; i < length; i++) {
      const byte = (from.getUint8(source + i) ^ key >>> (i % BYTES_PER_WORD) * 8) & 0xff;
      to.setUint8(at + i, byte);
      seen |= byte;
    }
    return (seen & NON_ASCII_IN_WORD) === 0;
  }

  /** Whether the frame that was measured is binary, or its text is UTF-8. */
  #isSound(start: number): boolean {
    if (this.#view.getUint8(start) === PLAIN_BINARY) return true;
    const payloadStart = start + this.#headerLength;
    return this.#isAscii(payloadStart) || this.#isUtf8(payloadStart);
  }

  /** Whether the payload at `source` is ASCII: as {@linkcode #copyByLoop}, without a copy. */
  #isAscii(source: number): boolean {
    const from = this.#view;
    const end = source + this.#payloadLength;
    const key = this.#masked ? from.getInt32(source - MASKING_KEY_BYTES, true) : 0;
    let seen = 0;
    let i = source;
    for (; i + 4 * BYTES_PER_WORD <= end; i += 4 * BYTES_PER_WORD) {
      seen |= (from.getInt32(i, true) ^ key) | (from.getInt32(i + BYTES_PER_WORD, true) ^ key) |
        (from.getInt32(i + 2 * BYTES_PER_WORD, true) ^ key) |
        (from.getInt32(i + 3 * BYTES_PER_WORD, true) ^ key);
    }
    for (; i < end; i++) {
      seen |= from.getUint8(i) ^ key >>> ((i - source) % BYTES_PER_WORD) * 8 & 0xff;
    }
    return (seen & NON_ASCII_IN_WORD) === 0;
  }

  #isUtf8(source: number): boolean {
    const payload = new Uint8Array(this.#payloadLength);
    this.#copyByCalls(source, payload);
    this.#utf8.reset();
    return this.#utf8.check(payload, 0) < 0;
  }

  /** As {@linkcode applyMask} is quickest; nobody has looked at the bytes, so they may not be ASCII. */
  #copyByCalls(source: number, payload: Uint8Array): false {
    const chunk = this.#chunk!;
    payload.set(chunk.subarray(source, source + payload.length));
    if (this.#masked) applyMask(payload, chunk.subarray(source - MASKING_KEY_BYTES, source));
    return false;
  }
}

/** A place in the slab that nobody else holds. */
function reserve(length: number): number {
  // A slab whose buffer somebody transferred away has length 0: it is replaced as well.
  if (slab.buffer.byteLength - slabUsed < length) {
    slab = new DataView(new ArrayBuffer(SLAB_BYTES));
    slabUsed = 0;
  }
  const start = slabUsed;
  slabUsed += length;
  return start;
}
