import { ByteBuffer } from "../frames/byte_buffer.ts";
import { LARGEST_16_BIT_LENGTH, LARGEST_HEADER_BYTES } from "../frames/header_layout.ts";
import {
  type Frame,
  FrameDecoder,
  type FrameDecoderOptions,
  type FrameSink,
  type PartialFrame,
} from "../frames/mod.ts";
import { type FrameRun, framesIn, runOf } from "./frame_run.ts";
import { WireFrame } from "./wire_frame.ts";

const NOTHING = new Uint8Array(0);

/** How a {@linkcode FrameStream} reads. */
export interface FrameStreamOptions extends Omit<FrameDecoderOptions, "maxKeptPayloadBytes"> {
  /** The most payload bytes of a frame that a run has. */
  readonly mostShown: number;
  /** The most payload bytes that are held of a frame that isn't whole. */
  readonly mostHeld: number;
  /** Called with the frames of a chunk; synchronous, must not throw. */
  onRun(run: FrameRun): void;
}

/**
 * The frames of one direction, with their bytes as they came. The decoder only says where they begin
 * and end and what is wrong with them; bytes are copied where a frame goes on in the next chunk.
 *
 * ```
 *  the stream:  … | held: a frame that isn't whole | plain | plain | ping | plain | not whole … |
 *                 ^ before the chunk               ^ #chunkStart           ^ #wholeEnd
 * ```
 */
export class FrameStream implements FrameSink {
  readonly decoder: FrameDecoder;
  readonly #mostShown: number;
  readonly #mostHeld: number;
  readonly #onRun: (run: FrameRun) => void;
  #chunk: Uint8Array = NOTHING;
  #chunkStart = 0;
  #taken = 0;
  #wholeEnd = 0;
  #held = new ByteBuffer(LARGEST_HEADER_BYTES);
  // Where the last joined frame lies: somebody may still write it while the next one is held.
  #used = new ByteBuffer(LARGEST_HEADER_BYTES);
  #keepsMemory = false;
  #joined: Uint8Array = NOTHING;

  constructor({ mostShown, mostHeld, onRun, ...options }: FrameStreamOptions) {
    this.#mostShown = mostShown;
    this.#mostHeld = mostHeld;
    this.#onRun = onRun;
    this.decoder = new FrameDecoder({ ...options, maxKeptPayloadBytes: 0 });
  }

  /** What came of the frame that isn't whole, as far as it is held. */
  get held(): Uint8Array {
    return this.#held.view();
  }

  /** The frame that began before the last chunk and ended in it; valid until the chunk after the next. */
  get joined(): Uint8Array {
    return this.#joined;
  }

  /**
   * Takes the next bytes.
   *
   * @throws {ProtocolError} In strict mode, behind the frames before the violation.
   */
  take(chunk: Uint8Array): void {
    this.#begin(chunk);
    try {
      this.decoder.scan(chunk, this);
    } finally {
      this.#chunk = NOTHING;
    }
    this.#hold(chunk.subarray(Math.max(0, this.#wholeEnd - this.#chunkStart)));
  }

  /**
   * Takes only the rest of the current frame.
   *
   * @returns How many of the bytes belong to it.
   */
  finishFrame(chunk: Uint8Array): number {
    if (this.decoder.atFrameBoundary) return 0;
    this.#begin(chunk);
    for (const frame of this.decoder.decode(chunk)) {
      this.frame(frame);
      return this.#wholeEnd - this.#chunkStart;
    }
    this.#hold(chunk);
    return chunk.length;
  }

  plain(count: number, { start, end }: { start: number; end: number }): void {
    const bytes = this.#bytes(start, end);
    const run = { bytes, count, offset: start, frame: null, part: null };
    // Frames that aren't kept as a whole are no part of a run.
    if (this.#mostShown < LARGEST_16_BIT_LENGTH) {
      for (const frame of framesIn(run)) this.frame(frame);
      return;
    }
    this.#wholeEnd = end;
    this.#onRun(run);
  }

  frame({ offset, header, payloadLength, findings }: Frame): void {
    const end = offset + header.length + payloadLength;
    const all = this.#held.length > 0 ? this.#join(offset, end) : this.#bytes(offset, end);
    const wire = all.subarray(0, header.length + this.#mostShown);
    const parts = { wire, headerLength: header.length, payloadLength, offset, findings };
    this.#wholeEnd = end;
    this.#onRun(runOf(new WireFrame(parts)));
  }

  #begin(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#chunkStart = this.#taken;
    this.#taken += chunk.length;
    this.#joined = NOTHING;
  }

  /** Bytes of the chunk, by their offsets in the stream. */
  #bytes(start: number, end: number): Uint8Array {
    return this.#chunk.subarray(start - this.#chunkStart, end - this.#chunkStart);
  }

  /** Keeps the beginning of a frame that isn't whole; never more memory than a few times of it. */
  #hold(rest: Uint8Array): void {
    const { closed, lost } = this.decoder;
    // A stream that rests keeps no memory; one that flows uses the same again.
    if (rest.length === 0 || closed || lost) return this.#letGo();
    this.#keepsMemory = true;
    const partial = this.decoder.partial() as PartialFrame;
    const { header: { length }, payloadLength } = partial;
    this.#expect(payloadLength === null ? LARGEST_HEADER_BYTES : length + payloadLength);
    this.#held.append(rest);
  }

  #expect(frameBytes: number): void {
    this.#held.expect(Math.min(frameBytes, LARGEST_HEADER_BYTES + this.#mostHeld));
  }

  /** Puts the held beginning of a frame and its end together. */
  #join(start: number, end: number): Uint8Array {
    this.#expect(end - start);
    this.#held.append(this.#bytes(this.#chunkStart, end));
    this.#joined = this.#held.view();
    [this.#held, this.#used] = [this.#used, this.#held];
    this.#held.clear();
    return this.#joined;
  }

  #letGo(): void {
    if (!this.#keepsMemory || this.#held.length > 0) return;
    this.#keepsMemory = false;
    this.#held = new ByteBuffer(LARGEST_HEADER_BYTES);
    this.#used = new ByteBuffer(LARGEST_HEADER_BYTES);
  }
}
