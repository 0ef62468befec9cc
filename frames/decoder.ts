import { type Finding, findingOf, ProtocolError } from "./errors.ts";
import { contextOf, type FrameDecoderOptions, keptBytesOf } from "./decoder_options.ts";
import { ByteBuffer } from "./byte_buffer.ts";
import { DecodedFrame, type Frame, type FrameSink, type PartialFrame, wireBytes } from "./frame.ts";
import {
  extendedLengthBytes,
  FIXED_HEADER_BYTES,
  LARGEST_HEADER_BYTES,
  MASKING_KEY_BYTES,
} from "./header_layout.ts";
import {
  FIRST_BYTE_RULES,
  type HeaderContext,
  type HeaderRule,
  HeaderSoFar,
  isMessageFrame,
  LENGTH_RULES,
  SECOND_BYTE_RULES,
  startsMessage,
} from "./header_rules.ts";
import { applyMask } from "./mask.ts";
import { Opcode } from "./opcodes.ts";
import { PayloadChecker } from "./payload_rules.ts";
import { PlainFrameReader } from "./plain_frame.ts";
import type { Rule } from "./rules.ts";

const NOTHING = new Uint8Array(0);
const NO_FINDINGS: readonly Finding[] = Object.freeze([]);

const State = {
  FIRST_BYTE: 0,
  SECOND_BYTE: 1,
  EXTENDED_LENGTH: 2,
  MASKING_KEY: 3,
  PAYLOAD: 4,
  /** After a Close frame: the rest is counted only. */
  CLOSED: 5,
  /** Lenient, after a length that can't be followed: the rest is counted only. */
  LOST: 6,
} as const;
type State = typeof State[keyof typeof State];

/**
 * Cuts a byte stream into frames and checks them, however the stream is cut into chunks. No I/O, no
 * clock: bytes in, frames out. Nothing is allocated for a length that is only declared.
 *
 * Every violation is found at the first byte after which nothing can repair the stream, and says so
 * by its offset; the chunks' borders never change what is found. Source: RFC 6455 §5 to §8.
 *
 * @example Frames that came whole are delivered before the violation
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { FrameDecoder, ProtocolError } from "@roomscope/roomscope/frames";
 *
 * const decoder = new FrameDecoder({ sender: "server" });
 * const texts: string[] = [];
 * try {
 *   for (const frame of decoder.decode(Uint8Array.of(0x81, 0x02, 0x48, 0x69, 0x83))) {
 *     texts.push(new TextDecoder().decode(frame.payload));
 *   }
 * } catch (error) {
 *   if (!(error instanceof ProtocolError)) throw error;
 *   assertEquals([error.rule, error.offset], ["reserved-opcode", 4]);
 * }
 * assertEquals(texts, ["Hi"]);
 * ```
 */
export class FrameDecoder {
  readonly #strict: boolean;
  readonly #maxKept: number;
  readonly #context: HeaderContext;
  readonly #checker = new PayloadChecker();
  readonly #plain: PlainFrameReader;

  // The stream:  … | chunk[0] … chunk[index] … |      position = chunkStart + index
  #chunk: Uint8Array | null = null;
  #chunkStart = 0;
  #index = 0;
  #unread: Uint8Array = NOTHING;
  #error: ProtocolError | null = null;
  #lost: Finding | null = null;
  #trailing: Finding | null = null;

  // The frame being read.
  #state: State = State.FIRST_BYTE;
  #frameStart = 0;
  #findings: Finding[] | null = null;
  readonly #soFar = new HeaderSoFar();
  readonly #header = new Uint8Array(LARGEST_HEADER_BYTES);
  #headerLength = 0;
  #headerEnd = 0;
  readonly #maskingKey = new Uint8Array(MASKING_KEY_BYTES);
  #payloadLength = 0;
  #received = 0;
  #payload: Uint8Array = NOTHING;
  #kept: ByteBuffer | null = null;

  /**
   * Starts a decoder at the first byte after the handshake.
   *
   * @param options Who sent the bytes, the mode and the limits.
   * @throws {RangeError} If a limit is negative or NaN.
   */
  constructor(options: FrameDecoderOptions) {
    const { mode, sender, continues } = options;
    this.#strict = mode !== "lenient";
    this.#maxKept = keptBytesOf(options);
    this.#context = contextOf(options);
    const { maxFrameBytes, maxMessageBytes } = this.#context;
    const mostBytes = Math.min(maxFrameBytes, maxMessageBytes);
    this.#plain = new PlainFrameReader(sender === "client", { mostBytes, mostKept: this.#maxKept });
    // Where in the message the stream was joined isn't known, so its text can't be checked.
    if (continues) this.#openMessage(continues, { checkText: false });
  }

  /** How many bytes of the stream were read; after an error, those up to the one that proves it. */
  get position(): number {
    return this.#error ? this.#error.offset + 1 : this.#chunkStart + this.#index;
  }

  /**
   * Offset in bytes of the frame being read; the same as `position` between two frames. After a
   * Close, the offset behind it.
   */
  get frameStart(): number {
    return this.#frameStart;
  }

  /** Whether no frame has begun that hasn't ended. */
  get atFrameBoundary(): boolean {
    return !this.#error && (this.#state === State.FIRST_BYTE || this.#state === State.CLOSED);
  }

  /** Whether the stream stands inside a fragmented message. */
  get insideMessage(): boolean {
    return this.#context.message !== null;
  }

  /** Strict mode: the violation that ended the decoding. */
  get error(): ProtocolError | null {
    return this.#error;
  }

  /** Lenient mode: the violation after which the bytes can't be cut into frames any more. */
  get lost(): Finding | null {
    return this.#lost;
  }

  /** Whether a Close frame came; bytes after it are ignored and counted. */
  get closed(): boolean {
    return this.#state === State.CLOSED;
  }

  /** How many bytes came after the Close frame. */
  get trailingBytes(): number {
    return this.closed ? this.position - this.#frameStart : 0;
  }

  /** The finding for bytes after a Close frame, in both modes; `null` while there are none. */
  get trailing(): Finding | null {
    return this.#trailing;
  }

  /**
   * Reads the next bytes of the stream. Nothing is read before the result is iterated. Leaving the
   * loop early loses nothing: what is left of the chunk comes first at the next call.
   *
   * @param chunk The next bytes, cut anywhere; never changed, never kept.
   * @returns The frames that end in these bytes, in order.
   * @throws {ProtocolError} Strict mode: behind the frames that came whole, at a violation; at every
   * later call the same error.
   * @throws {TypeError} If the frames of an earlier chunk are still being iterated.
   *
   * @example A frame in two chunks
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { FrameDecoder } from "@roomscope/roomscope/frames";
   *
   * const decoder = new FrameDecoder({ sender: "server" });
   * assertEquals([...decoder.decode(Uint8Array.of(0x89))].length, 0);
   * assertEquals([...decoder.decode(Uint8Array.of(0x00))].length, 1);
   * ```
   */
  *decode(chunk: Uint8Array): Generator<Frame, void, undefined> {
    const input = this.#enter(chunk);
    try {
      while (this.#index < input.length) {
        const frame = this.#step(input);
        if (frame) yield frame;
      }
    } finally {
      this.#leave(input);
    }
  }

  /**
   * Reads the next bytes of the stream as `decode` does, for who keeps the bytes himself: of plain
   * frames nothing is made, only their place is told. Several times as quick where frames are small.
   *
   * @param chunk The next bytes, cut anywhere; never changed, never kept.
   * @param sink What is told of each frame that ends in these bytes, in order, before this returns.
   * @throws {ProtocolError} As `decode`.
   * @throws {TypeError} If the frames of an earlier chunk are still being iterated.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { FrameDecoder } from "@roomscope/roomscope/frames";
   *
   * const seen: unknown[] = [];
   * new FrameDecoder({ sender: "server" }).scan(Uint8Array.of(0x81, 0x02, 0x48, 0x69, 0x89, 0x00), {
   *   plain: (count, { start, end }) => seen.push([count, start, end]),
   *   frame: ({ opcode }) => seen.push(opcode),
   * });
   * assertEquals(seen, [[1, 0, 4], 9]);
   * ```
   */
  scan(chunk: Uint8Array, sink: FrameSink): void {
    const input = this.#enter(chunk);
    try {
      while (this.#index < input.length) {
        this.#passPlainFrames(input, sink);
        if (this.#index === input.length) break;
        const frame = this.#step(input);
        if (frame) sink.frame(frame);
      }
    } finally {
      this.#leave(input);
    }
  }

  /**
   * What is known of the frame that has begun and not ended, to explain a stream that was cut.
   *
   * @returns The frame so far, or `null` between two frames.
   *
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { FrameDecoder } from "@roomscope/roomscope/frames";
   *
   * const decoder = new FrameDecoder({ sender: "server" });
   * Array.from(decoder.decode(Uint8Array.of(0x82, 0x03, 0xaa)));
   * const partial = decoder.partial();
   * assertEquals([partial?.payloadLength, partial?.payloadReceived], [3, 1]);
   * ```
   */
  partial(): PartialFrame | null {
    if (this.#headerLength === 0) return null;
    const header = this.#header.slice(0, this.#headerLength);
    const payload = this.#payload.slice();
    const headerComplete = this.#state === State.PAYLOAD;
    const lengthKnown = headerComplete || this.#state === State.MASKING_KEY;
    return {
      offset: this.#frameStart,
      header,
      headerComplete,
      payloadLength: lengthKnown ? this.#payloadLength : null,
      payloadReceived: this.#received,
      payload,
      bytes: wireBytes(
        header,
        payload,
        headerComplete && this.#soFar.masked ? this.#maskingKey : null,
      ),
      findings: this.#findings?.slice() ?? NO_FINDINGS,
    };
  }

  /** Takes a chunk up, behind what was left of the last one. */
  #enter(chunk: Uint8Array): Uint8Array {
    if (this.#error) throw this.#error;
    if (this.#chunk) throw new TypeError("Cannot decode: the last chunk's frames are still read");
    this.#chunk = this.#unread.length === 0 ? chunk : wireBytes(this.#unread, chunk, null);
    this.#index = 0;
    return this.#chunk;
  }

  /** One state's worth of bytes; a frame if one ends there. */
  #step(chunk: Uint8Array): Frame | null {
    switch (this.#state) {
      case State.FIRST_BYTE:
        return this.#readPlainFrame(chunk) ?? this.#readFirstByte(chunk);
      case State.SECOND_BYTE:
        return this.#readSecondByte(chunk);
      case State.EXTENDED_LENGTH:
        return this.#readLengthByte(chunk);
      case State.MASKING_KEY:
        return this.#readMaskingKey(chunk);
      case State.PAYLOAD:
        return this.#readPayload(chunk);
      case State.CLOSED:
        return this.#readTrailing(chunk);
      case State.LOST:
        this.#index = chunk.length;
        return null;
    }
  }

  /** The common frame at once, where no message is open. */
  #readPlainFrame(chunk: Uint8Array): Frame | null {
    if (this.#context.message) return null;
    const frame = this.#plain.read(chunk, this.#index, this.position);
    if (frame === null) return null;
    this.#index += this.#plain.length;
    this.#frameStart = this.position;
    return frame;
  }

  /** Passes common frames without making anything of them, where no message is open. */
  #passPlainFrames(chunk: Uint8Array, sink: FrameSink): void {
    if (this.#state !== State.FIRST_BYTE || this.#context.message) return;
    const { count, end } = this.#plain.skip(chunk, this.#index);
    if (count === 0) return;
    const start = this.position;
    this.#index = end;
    this.#frameStart = this.position;
    sink.plain(count, { start, end: this.#frameStart });
  }

  #readFirstByte(chunk: Uint8Array): null {
    this.#frameStart = this.position;
    this.#soFar.first = this.#takeHeaderByte(chunk);
    this.#checkHeader(FIRST_BYTE_RULES);
    this.#joinMessage();
    this.#state = State.SECOND_BYTE;
    return null;
  }

  #readSecondByte(chunk: Uint8Array): Frame | null {
    const header = this.#soFar;
    header.second = this.#takeHeaderByte(chunk);
    const extended = extendedLengthBytes(header.length7);
    header.lowest = extended ? 0 : header.length7;
    header.highest = extended ? 256 ** extended - 1 : header.length7;
    this.#headerEnd = FIXED_HEADER_BYTES + extended;
    this.#checkHeader(SECOND_BYTE_RULES);
    this.#checkHeader(LENGTH_RULES);
    if (extended === 0) return this.#endLength();
    this.#state = State.EXTENDED_LENGTH;
    return null;
  }

  /** Each byte narrows what the length can be: [lowest, highest] is 256 times smaller after it. */
  #readLengthByte(chunk: Uint8Array): Frame | null {
    const header = this.#soFar;
    const byte = this.#takeHeaderByte(chunk);
    const unit = 256 ** (this.#headerEnd - this.#headerLength);
    header.lowest += byte * unit;
    header.highest = header.lowest + unit - 1;
    this.#checkHeader(LENGTH_RULES);
    if (this.#lost) this.#state = State.LOST;
    else if (this.#headerLength === this.#headerEnd) return this.#endLength();
    return null;
  }

  #endLength(): Frame | null {
    this.#payloadLength = this.#soFar.lowest;
    if (!this.#soFar.masked) return this.#endHeader();
    this.#headerEnd += MASKING_KEY_BYTES;
    this.#state = State.MASKING_KEY;
    return null;
  }

  #readMaskingKey(chunk: Uint8Array): Frame | null {
    this.#takeHeaderByte(chunk);
    while (this.#headerLength < this.#headerEnd && this.#index < chunk.length) {
      this.#takeHeaderByte(chunk);
    }
    if (this.#headerLength < this.#headerEnd) return null;
    const keyStart = this.#headerEnd - MASKING_KEY_BYTES;
    for (let i = 0; i < MASKING_KEY_BYTES; i++) this.#maskingKey[i] = this.#header[keyStart + i];
    return this.#endHeader();
  }

  #endHeader(): Frame | null {
    const { message } = this.#context;
    if (message && isMessageFrame(this.#soFar.opcode)) message.bytes += this.#payloadLength;
    const mostKept = Math.min(this.#payloadLength, this.#maxKept);
    this.#kept = new ByteBuffer(mostKept, this.#header.slice(0, this.#headerLength));
    this.#payload = this.#kept.view();
    this.#state = State.PAYLOAD;
    return this.#payloadLength === 0 ? this.#endFrame() : null;
  }

  #readPayload(chunk: Uint8Array): Frame | null {
    const start = this.#index;
    const end = Math.min(start + this.#payloadLength - this.#received, chunk.length);
    this.#index = end;
    this.#takePayload(chunk.subarray(start, end));
    return this.#received === this.#payloadLength ? this.#endFrame() : null;
  }

  #takePayload(piece: Uint8Array): void {
    const stored = this.#kept!.append(piece);
    this.#unmask(stored);
    this.#payload = this.#kept!.view();
    this.#checkPayload(stored);
    if (stored.length < piece.length) this.#skipPayload(piece.subarray(stored.length));
  }

  /** Payload beyond what is kept: unmasked only where a rule looks at it. */
  #skipPayload(piece: Uint8Array): void {
    if (!this.#checker.wants(this.#soFar.opcode)) return this.#checkPayload(piece);
    const copy = new Uint8Array(piece);
    this.#unmask(copy);
    this.#checkPayload(copy);
  }

  #unmask(piece: Uint8Array): void {
    if (this.#soFar.masked) applyMask(piece, this.#maskingKey, this.#received);
  }

  /** Counts the next bytes of the payload, and checks them where a rule looks at them. */
  #checkPayload(bytes: Uint8Array): void {
    const before = this.#received;
    const { opcode, fin } = this.#soFar;
    this.#received += bytes.length;
    if (bytes.length === 0 || !this.#checker.wants(opcode)) return;
    const after = this.#payloadLength - this.#received;
    const fault = this.#checker.check(opcode, { bytes, before, after, fin });
    if (fault) {
      const payloadStart = this.#frameStart + this.#headerLength;
      this.#report(fault.rule, payloadStart + before + fault.index, fault.what);
    }
  }

  #endFrame(): Frame {
    const frame = this.#makeFrame();
    this.#frameStart = this.position;
    this.#findings = null;
    this.#headerLength = 0;
    this.#received = 0;
    this.#payload = NOTHING;
    this.#kept = null;
    this.#state = frame.opcode === Opcode.CLOSE ? State.CLOSED : State.FIRST_BYTE;
    if (frame.fin && isMessageFrame(frame.opcode)) {
      this.#context.message = null;
      this.#checker.endMessage();
    }
    return frame;
  }

  #makeFrame(): Frame {
    return new DecodedFrame({
      first: this.#soFar.first,
      masked: this.#soFar.masked,
      headerLength: this.#headerLength,
      payloadLength: this.#payloadLength,
      payload: this.#payload,
      offset: this.#frameStart,
      findings: this.#findings ?? NO_FINDINGS,
    });
  }

  /** §5.5.1: "The application MUST NOT send any more data frames after sending a Close frame." */
  #readTrailing(chunk: Uint8Array): null {
    this.#trailing ??= findingOf("data-after-close", this.position, "bytes follow a Close frame");
    this.#index = chunk.length;
    return null;
  }

  #takeHeaderByte(chunk: Uint8Array): number {
    const byte = chunk[this.#index++];
    this.#header[this.#headerLength++] = byte;
    return byte;
  }

  /** Ties the frame to its message: a first frame opens one, a continuation adds to it. */
  #joinMessage(): void {
    const { opcode, rsv1 } = this.#soFar;
    const { message } = this.#context;
    if (startsMessage(opcode)) {
      this.#openMessage(opcode, { checkText: opcode === Opcode.TEXT && !rsv1 });
    } else if (opcode === Opcode.CONTINUATION && message) {
      message.fragments++;
    } else if (opcode === Opcode.CLOSE) {
      this.#checker.startClose();
    }
    this.#context.utf8Needed = this.#checker.utf8Needed;
  }

  /** A lenient decoder may be inside a message here: that one is given up. */
  #openMessage(opcode: number, { checkText }: { checkText: boolean }): void {
    const compressed = this.#soFar.rsv1;
    this.#context.message = { opcode, compressed, fragments: 1, bytes: 0 };
    this.#checker.startMessage(checkText);
  }

  #checkHeader(rules: readonly HeaderRule[]): void {
    for (const rule of rules) {
      if (!rule.broken(this.#soFar, this.#context)) continue;
      const offset = this.#frameStart + this.#headerLength - 1;
      const finding = this.#report(rule.rule, offset, rule.describe(this.#soFar, this.#context));
      if (!rule.unreadable) continue;
      this.#lost = finding;
      return;
    }
  }

  /** Strict: throws. Lenient: attaches the finding to its frame, each rule once. */
  #report(rule: Rule, offset: number, what: string): Finding {
    const finding = findingOf(rule, offset, what);
    if (this.#strict) {
      this.#error = new ProtocolError(finding);
      throw this.#error;
    }
    this.#findings ??= [];
    if (!this.#findings.some((known) => known.rule === rule)) this.#findings.push(finding);
    return finding;
  }

  /** Lets go of the chunk; what the caller left unread is copied for the next call. */
  #leave(chunk: Uint8Array): void {
    this.#unread = this.#error || this.#index === chunk.length ? NOTHING : chunk.slice(this.#index);
    this.#chunkStart += this.#index;
    this.#index = 0;
    this.#chunk = null;
    this.#plain.leave();
  }
}
