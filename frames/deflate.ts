/**
 * What permessage-deflate needs of a compressor, in one direction of one connection. Both are
 * synchronous, so that messages keep their order. Source: RFC 7692 §7.2.
 */

/** How one direction of a connection is compressed: what was agreed on in the handshake. */
export interface DeflateDirection {
  /**
   * Whether a message may refer to the ones before it (no `…_no_context_takeover` in the answer).
   *
   * @default true
   */
  readonly contextTakeover?: boolean;
  /**
   * Base-2 logarithm of how many bytes back a message may refer: 8 to 15 (`…_max_window_bits`).
   *
   * @default 15
   */
  readonly windowBits?: number;
}

/** Why an {@linkcode Inflater} took no more. */
export interface InflateStop {
  /** `"broken"`: it isn't DEFLATE data as it was agreed on. `"full"`: more would come out. */
  readonly reason: "broken" | "full";
  /** Index in the piece of the last byte that was read. */
  readonly index: number;
  /** What is wrong, for people. */
  readonly what: string;
}

/** What came out of a piece. */
export interface Inflated {
  /** The bytes; a copy that is the caller's. */
  readonly output: Uint8Array;
  /** Why not all of the piece was taken, `null` if it was. */
  readonly stop: InflateStop | null;
}

/**
 * Inflates the messages of one direction. After a stop nothing more is taken until `reset`: what
 * later messages refer to is lost.
 */
export interface Inflater {
  /**
   * Takes the next piece of a message's payload, cut anywhere.
   *
   * @param piece The bytes as they came.
   * @param room The most bytes that may come out; nothing beyond is ever computed or kept.
   * @returns What came out, and why it stopped.
   */
  push(piece: Uint8Array, room: number): Inflated;
  /**
   * Ends the message: adds the four bytes that its sender took away, 00 00 ff ff.
   *
   * @param room The most bytes that may come out.
   * @returns What came out, and why it stopped.
   */
  end(room: number): Inflated;
  /** Forgets all that came: the next byte begins a message without context. */
  reset(): void;
}

/** Deflates the messages of one direction. */
export interface Deflater {
  /**
   * Compresses a whole message: the payload to send in frames whose first has RSV1.
   *
   * @param message The message's bytes.
   * @returns The payload, without the four bytes 00 00 ff ff at its end.
   */
  deflate(message: Uint8Array): Uint8Array;
}

/** RFC 7692 §7.2.1: "Remove 4 octets (that are 0x00 0x00 0xff 0xff) from the tail end." */
export const FLUSH_TAIL: Uint8Array = Uint8Array.of(0x00, 0x00, 0xff, 0xff);

export const SMALLEST_WINDOW_BITS = 8;
export const LARGEST_WINDOW_BITS = 15;

/** How far back a message may refer, in bytes. */
export function windowBytesOf({ windowBits = LARGEST_WINDOW_BITS }: DeflateDirection): number {
  if (isWindowBits(windowBits)) return 1 << windowBits;
  throw new RangeError(`Cannot use a window: its bits must be 8 to 15, they are ${windowBits}`);
}

/** Whether a number can be a `…_max_window_bits`. */
export function isWindowBits(bits: number): boolean {
  return Number.isInteger(bits) && bits >= SMALLEST_WINDOW_BITS && bits <= LARGEST_WINDOW_BITS;
}
