import type {
  CapturedBytes,
  CaptureEvent,
  CaptureReading,
  CaptureReadOptions,
  CaptureSource,
  CaptureStats,
  FrameByteSource,
  FrameEvent,
  FrameRecord,
  HeadEvent,
  InflatedContent,
} from "../../protocol/mod.ts";
import { FrameView } from "../frame_view.ts";
import { compressedRecord, inflatedPiece, PREVIEW_BYTES } from "../inflated_content.ts";

const DEFAULT_MAX_FRAMES = 50_000;
const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
const DEFAULT_READ_LIMIT = 200;

/** How much a {@linkcode LoadedCapture} holds. */
export interface LoadedCaptureOptions {
  /**
   * The most frames; those that follow are counted and left out.
   *
   * @default {50000}
   */
  maxFrames?: number;
  /**
   * The most bytes of frames and heads.
   *
   * @default {67108864} (64 MiB)
   */
  maxBytes?: number;
}

/**
 * What a capture file holds, as a source of frames like a tap's ring; unlike a ring it keeps its
 * beginning where it can't keep everything, and is read from there on.
 *
 * @example
 * ```ts
 * import { LoadedCapture, readCapture } from "@roomscope/roomscope/tap";
 * import { assertEquals } from "@std/assert";
 *
 * const har = JSON.stringify({ log: { entries: [{
 *   startedDateTime: "2026-01-01T00:00:00.000Z",
 *   request: { url: "ws://localhost/chat" },
 *   response: { status: 101 },
 *   _webSocketMessages: [{ type: "send", time: 1767225600, opcode: 1, data: "hello" }],
 * }] } });
 * const capture = new LoadedCapture();
 * for await (const event of readCapture([new TextEncoder().encode(har)])) capture.add(event);
 * assertEquals(capture.read(0).frames.map(({ length }) => length), [5]);
 * ```
 */
export class LoadedCapture implements CaptureSource {
  readonly #maxFrames: number;
  readonly #maxBytes: number;
  readonly #events: CaptureEvent[] = [];
  readonly #frames: FrameEvent[] = [];
  readonly #byKey = new Map<string, FrameEvent>();
  readonly #heads = new Map<string, HeadEvent[]>();
  #seen = 0;
  #bytes = 0;

  /**
   * Makes an empty one.
   *
   * @param options How much it holds.
   */
  constructor(options: LoadedCaptureOptions = {}) {
    this.#maxFrames = options.maxFrames ?? DEFAULT_MAX_FRAMES;
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  }

  /** Everything that was kept, in the file's order. */
  get events(): readonly CaptureEvent[] {
    return this.#events;
  }

  /** How much of the file is here; `seen = kept + discarded`. */
  get stats(): CaptureStats {
    return {
      seen: this.#seen,
      kept: this.#frames.length,
      discarded: this.#seen - this.#frames.length,
      keptBytes: this.#bytes,
      maxFrames: this.#maxFrames,
      maxBytes: this.#maxBytes,
    };
  }

  /**
   * Takes the file's next event in.
   *
   * @param event The event, as `readCapture` gives it.
   */
  add(event: CaptureEvent): void {
    if (event.type === "frame") this.#addFrame(event);
    else if (event.type === "head") this.#addHead(event);
    else this.#events.push(event);
  }

  /**
   * Reads on from a cursor: unlike a ring, the oldest first.
   *
   * @param cursor 0 for the beginning, then the cursor of the last reading.
   * @param options Which connection, and how many frames at most.
   */
  read(cursor: number, options: CaptureReadOptions = {}): CaptureReading {
    const { connection, limit = DEFAULT_READ_LIMIT } = options;
    const frames: FrameRecord[] = [];
    let next = cursor;
    for (; next < this.#frames.length && frames.length < limit; next++) {
      const frame = this.#frames[next];
      if (connection === undefined || frame.connection === connection) frames.push(recordOf(frame));
    }
    return { frames, cursor: next, skipped: 0 };
  }

  /**
   * Reads a piece of a frame's bytes on the wire, or of the inflated message that it belongs to.
   *
   * @param connection Number of the connection.
   * @param frame Number of the frame in its connection.
   * @param offset First byte, from 0.
   * @param length How many bytes at most.
   * @param source Which bytes. @default "wire"
   * @returns The bytes, or `null` if there is no such frame or message.
   */
  bytes(
    connection: string,
    frame: number,
    offset: number,
    length: number,
    source: FrameByteSource = "wire",
  ): CapturedBytes | null {
    const found = this.#byKey.get(keyOf({ connection, frame }));
    if (found === undefined) return null;
    const from = Math.max(0, offset);
    if (source === "inflated") {
      return inflatedPiece(this.#inflatedOf(found), from, from + Math.max(0, length));
    }
    return {
      total: found.headerLength + found.length,
      kept: found.wire.length,
      bytes: found.wire.slice(from, from + Math.max(0, length)),
    };
  }

  /**
   * The heads of a connection's opening handshake.
   *
   * @param connection Number of the connection.
   */
  heads(connection: string): HeadEvent[] {
    return [...this.#heads.get(connection) ?? []];
  }

  /** What came out of the message that a frame belongs to: it lies with the message's last frame. */
  #inflatedOf({ connection, direction, compressed }: FrameEvent): InflatedContent | null {
    const first = compressed?.first;
    if (first === undefined) return null;
    const last = this.#frames.find((frame) =>
      frame.connection === connection && frame.direction === direction &&
      frame.compressed?.first === first && frame.compressed.inflated
    );
    return last?.compressed?.inflated ?? null;
  }

  #addFrame(event: FrameEvent): void {
    this.#seen++;
    const inflatedBytes = event.compressed?.inflated?.bytes.length ?? 0;
    const bytes = this.#bytes + event.wire.length + inflatedBytes;
    if (this.#frames.length >= this.#maxFrames || bytes > this.#maxBytes) return;
    this.#bytes = bytes;
    const frame = { ...event, wire: ownBytes(event.wire) };
    this.#events.push(frame);
    this.#frames.push(frame);
    this.#byKey.set(keyOf(frame), frame);
  }

  #addHead(event: HeadEvent): void {
    const bytes = this.#bytes + event.bytes.length;
    if (bytes > this.#maxBytes) return;
    this.#bytes = bytes;
    const head = { ...event, bytes: ownBytes(event.bytes) };
    this.#events.push(head);
    const heads = this.#heads.get(head.connection);
    if (heads) heads.push(head);
    else this.#heads.set(head.connection, [head]);
  }
}

function keyOf({ connection, frame }: { connection: string; frame: number }): string {
  return `${connection}.${frame}`;
}

/** A view into a chunk of the file would keep all of the chunk. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice();
}

function recordOf(event: FrameEvent): FrameRecord {
  const { connection, frame, at, direction, headerLength, length, findings, fault } = event;
  const view = new FrameView({
    ...event,
    wire: event.wire.subarray(0, headerLength + PREVIEW_BYTES),
  });
  return {
    ...{ connection, frame, at, direction, headerLength, length },
    fin: view.fin,
    rsv: Number(view.rsv1) << 2 | Number(view.rsv2) << 1 | Number(view.rsv3),
    opcode: view.opcode,
    maskingKey: view.maskingKey?.toHex() ?? null,
    preview: view.payload.toBase64(),
    findings: [...findings],
    ...(fault === undefined ? {} : { fault }),
    ...(event.compressed === undefined ? {} : { compressed: compressedRecord(event.compressed) }),
  };
}
