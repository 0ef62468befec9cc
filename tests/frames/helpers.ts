import {
  type Finding,
  type Frame,
  FrameDecoder,
  type FrameDecoderOptions,
  type FrameSink,
  ProtocolError,
} from "@/frames/mod.ts";

/** Bytes of hex digits; spaces are for the reader. */
export function hex(digits: string): Uint8Array {
  const pairs = digits.replaceAll(/\s/g, "").match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => parseInt(pair, 16));
}

/** Small hex digits without spaces. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The same bytes whole, cut in two at each byte border, and one by one. */
export function* everyCut(bytes: Uint8Array): Generator<Uint8Array[]> {
  yield [bytes];
  for (let at = 1; at < bytes.length; at++) yield [bytes.subarray(0, at), bytes.subarray(at)];
  yield Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
}

/** A frame as plain values, for comparison. */
export function plain(frame: Frame) {
  const { fin, rsv1, rsv2, rsv3, opcode, masked, payloadLength, truncated, offset } = frame;
  return {
    fin,
    rsv: [rsv1, rsv2, rsv3],
    opcode,
    masked,
    key: frame.maskingKey && toHex(frame.maskingKey),
    payloadLength,
    payload: toHex(frame.payload),
    truncated,
    header: toHex(frame.header),
    offset,
    findings: frame.findings,
  };
}

export interface Outcome {
  frames: ReturnType<typeof plain>[];
  error: Finding | null;
  position: number;
  frameStart: number;
  atFrameBoundary: boolean;
  lost: Finding | null;
  closed: boolean;
  trailingBytes: number;
  trailing: Finding | null;
  partial: unknown;
}

/** All that `decode` makes of chunks. Anything thrown but a ProtocolError is thrown on. */
export function decodeAll(chunks: Uint8Array[], options: FrameDecoderOptions): Outcome {
  const frames: Outcome["frames"] = [];
  return outcomeOf(options, frames, (decoder) => {
    for (const chunk of chunks) {
      for (const frame of decoder.decode(chunk)) frames.push(plain(frame));
    }
  });
}

/** All that `scan` makes of chunks: the same, where plain frames are looked up in the stream. */
export function scanAll(chunks: Uint8Array[], options: FrameDecoderOptions): Outcome {
  const stream = concat(...chunks);
  const frames: Outcome["frames"] = [];
  const sink: FrameSink = {
    frame: (frame) => frames.push(plain(frame)),
    plain: (count, { start, end }) => {
      const found = [...new FrameDecoder(options).decode(stream.slice(start, end))].map(plain);
      if (found.length !== count) throw new Error(`${count} plain frames are ${found.length}`);
      frames.push(...found.map((frame) => ({ ...frame, offset: frame.offset + start })));
    },
  };
  return outcomeOf(
    options,
    frames,
    (decoder) => chunks.forEach((chunk) => decoder.scan(chunk, sink)),
  );
}

function outcomeOf(
  options: FrameDecoderOptions,
  frames: Outcome["frames"],
  read: (decoder: FrameDecoder) => void,
): Outcome {
  const decoder = new FrameDecoder(options);
  let error: Finding | null = null;
  try {
    read(decoder);
  } catch (thrown) {
    if (!(thrown instanceof ProtocolError)) throw thrown;
    const { rule, section, closeCode, offset, message } = thrown;
    error = { rule, section, closeCode, offset, message };
  }
  const { position, frameStart, atFrameBoundary, lost, closed, trailingBytes, trailing } = decoder;
  const partial = error ? null : decoder.partial();
  return {
    frames,
    error,
    position,
    frameStart,
    atFrameBoundary,
    lost,
    closed,
    trailingBytes,
    trailing,
    partial,
  };
}

/** Seeded random numbers (mulberry32): the same run every time. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A number from 0 up to, not including, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 up to, not including, `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = this.below(256);
    return bytes;
  }

  /** The same bytes in chunks of random sizes. */
  chunks(bytes: Uint8Array, largest: number): Uint8Array[] {
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      const size = 1 + this.below(largest);
      chunks.push(bytes.subarray(at, at + size));
      at += size;
    }
    return chunks;
  }
}
