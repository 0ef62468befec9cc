import {
  Z_DEFAULT_STRATEGY,
  Z_OK,
  Z_SYNC_FLUSH,
  zlibDeflate,
  zlibDeflateInit2,
  zlibDeflateReset,
  ZStream,
} from "pako";
import { ByteBuffer } from "./byte_buffer.ts";
import {
  type DeflateDirection,
  type Deflater,
  FLUSH_TAIL,
  LARGEST_WINDOW_BITS,
  SMALLEST_WINDOW_BITS,
  windowBytesOf,
} from "./deflate.ts";

/** How a {@linkcode Deflater} compresses. */
export interface DeflaterOptions extends DeflateDirection {
  /**
   * 1 (quick) to 9 (small).
   *
   * @default 6
   */
  readonly level?: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
}

const DEFAULT_LEVEL = 6;
const METHOD_DEFLATE = 8;
const MEMORY_LEVEL = 8;
const OUTPUT_BYTES = 4096;

/**
 * Makes a compressor for one direction of a connection, over npm `pako`, a port of zlib. (npm
 * `fflate` can't: in 0.8.3 the tail of its sync flush comes out wrong every other time, and it knows
 * no window but 32 KiB.) Source: RFC 7692 §7.2.1.
 *
 * @param options What was agreed on for the sender's direction, and the level.
 * @returns A new compressor. It keeps about 260 KiB with a window of 15 bits, half of that with 14 …
 * @throws {RangeError} If the window bits aren't 8 to 15.
 *
 * @example A compressed text message
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import {
 *   createDeflater,
 *   encodeFrame,
 *   FrameDecoder,
 *   MessageAssembler,
 *   Opcode,
 * } from "@roomscope/roomscope/frames";
 *
 * const text = "again and ".repeat(100);
 * const payload = createDeflater().deflate(new TextEncoder().encode(text));
 * assert(payload.length < 100);
 *
 * const wire = encodeFrame(payload, { opcode: Opcode.TEXT, rsv1: true });
 * const [frame] = new FrameDecoder({ sender: "server", allowRsv1: true }).decode(wire);
 * assertEquals(new MessageAssembler({ deflate: {} }).push(frame)?.text, text);
 * ```
 */
export function createDeflater(options: DeflaterOptions = {}): Deflater {
  windowBytesOf(options);
  return new ZlibDeflater(options);
}

class ZlibDeflater implements Deflater {
  readonly #contextTakeover: boolean;
  readonly #stream = new ZStream();

  constructor(options: DeflaterOptions) {
    const { level = DEFAULT_LEVEL, windowBits = LARGEST_WINDOW_BITS } = options;
    this.#contextTakeover = options.contextTakeover ?? true;
    // zlib can't do 8. With 9 it refers at most 512 - 262 bytes back (it keeps its MIN_LOOKAHEAD of
    // 262 bytes from the window): that is within the 256 of 8. Negative says "without a zlib header".
    const bits = -Math.max(windowBits, SMALLEST_WINDOW_BITS + 1);
    const status = zlibDeflateInit2(
      this.#stream,
      level,
      METHOD_DEFLATE,
      bits,
      MEMORY_LEVEL,
      Z_DEFAULT_STRATEGY,
    );
    if (status !== Z_OK) throw new RangeError(`Cannot deflate: zlib's status is ${status}`);
  }

  deflate(message: Uint8Array): Uint8Array {
    const stream = this.#stream;
    const output = new ByteBuffer(Infinity);
    stream.input = message;
    stream.next_in = 0;
    stream.avail_in = message.length;
    do {
      stream.output = new Uint8Array(OUTPUT_BYTES);
      stream.next_out = 0;
      stream.avail_out = OUTPUT_BYTES;
      zlibDeflate(stream, Z_SYNC_FLUSH);
      output.append(stream.output.subarray(0, stream.next_out));
    } while (stream.avail_out === 0);
    if (!this.#contextTakeover) zlibDeflateReset(stream);
    return withoutTail(output.view());
  }
}

/**
 * §7.2.1: "Remove 4 octets (that are 0x00 0x00 0xff 0xff) from the tail end." Where zlib had nothing
 * to flush it wrote nothing; §7.2.3.6 says what an empty message is: one byte 0x00.
 */
function withoutTail(flushed: Uint8Array): Uint8Array {
  if (flushed.length < FLUSH_TAIL.length) return Uint8Array.of(0x00);
  return flushed.subarray(0, flushed.length - FLUSH_TAIL.length);
}
