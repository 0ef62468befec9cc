import type { InflatedPart } from "./message_inflater.ts";
import { plainFrameAt, plainFrameLength, type WireFrame } from "./wire_frame.ts";

/**
 * Frames of one direction that came behind one another: any number of plain ones (small, whole, good
 * messages, see `FrameSink`), or a single other one. Their bytes are as they were on the wire, so
 * that nothing is made of a frame until somebody looks at it.
 */
export interface FrameRun {
  /** The frames, header and payload each, less payload that isn't kept. Valid until the call returns. */
  readonly bytes: Uint8Array;
  /** How many frames. */
  readonly count: number;
  /** Offset in the stream of the first byte. */
  readonly offset: number;
  /** The frame that isn't plain. */
  readonly frame: WireFrame | null;
  /** What came out of the frame, where it belongs to a compressed message. */
  readonly part: InflatedPart | null;
}

/** The run of one frame. */
export function runOf(frame: WireFrame, part: InflatedPart | null = null): FrameRun {
  return { bytes: frame.wire, count: 1, offset: frame.offset, frame, part };
}

/** How many bytes the frames of a run had on the wire. */
export function wireLength({ bytes, frame }: FrameRun): number {
  return frame ? frame.header.length + frame.payloadLength : bytes.length;
}

/** The frames of a run, one by one. */
export function* framesIn({ bytes, offset, frame }: FrameRun): Generator<WireFrame> {
  if (frame) yield frame;
  if (frame) return;
  for (let at = 0; at < bytes.length; at += plainFrameLength(bytes, at)) {
    yield plainFrameAt(bytes, at, offset + at);
  }
}
