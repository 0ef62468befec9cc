import type { HeaderContext } from "./header_rules.ts";
import type { Opcode } from "./opcodes.ts";

const DEFAULT_MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
const DEFAULT_MAX_FRAGMENTS = 65_536;
const LENIENT_KEPT_BYTES = 1024 * 1024;

/** How a {@linkcode FrameDecoder} reads. */
export interface FrameDecoderOptions {
  /** Who sent the bytes: a client has to mask every frame, a server none (§5.1). */
  readonly sender: "client" | "server";
  /**
   * `"strict"` throws at the first violation and takes no more. `"lenient"` attaches violations to
   * their frames and goes on as long as the stream can be cut into frames.
   *
   * @default "strict"
   */
  readonly mode?: "strict" | "lenient";
  /**
   * Whether an extension claims RSV1 (permessage-deflate, RFC 7692). The text of a message that has
   * RSV1 is compressed: its UTF-8 isn't checked here.
   *
   * @default false
   */
  readonly allowRsv1?: boolean;
  /**
   * The most bytes that the payload of one data frame may have.
   *
   * @default Infinity: the limit of its message is enough
   */
  readonly maxFrameBytes?: number;
  /**
   * The most bytes that a message's payload may have, over all its fragments.
   *
   * @default 16777216 (16 MiB)
   */
  readonly maxMessageBytes?: number;
  /**
   * The most bytes that the fragments of a message may have before its last one begins.
   *
   * @default the same as maxMessageBytes
   */
  readonly maxUnfinishedBytes?: number;
  /**
   * The most frames that a message may be cut into.
   *
   * @default 65536
   */
  readonly maxFragments?: number;
  /**
   * The most bytes of a payload that are kept; the rest is counted, checked and dropped, and the
   * frame is `truncated`. 0 for who only wants the checks.
   *
   * @default Infinity in strict mode, where maxMessageBytes is the bound; 1048576 (1 MiB) in lenient
   */
  readonly maxKeptPayloadBytes?: number;
  /**
   * The opcode of the message that is open when the stream is joined in its middle.
   *
   * @default none: the stream begins with a first frame
   */
  readonly continues?: typeof Opcode.TEXT | typeof Opcode.BINARY;
}

/** What the rules of the header need to know, from the options. */
export function contextOf(options: FrameDecoderOptions): HeaderContext {
  const maxMessageBytes = options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES;
  return {
    sender: options.sender,
    allowRsv1: options.allowRsv1 ?? false,
    maxFrameBytes: limit("maxFrameBytes", options.maxFrameBytes ?? Infinity),
    maxMessageBytes: limit("maxMessageBytes", maxMessageBytes),
    maxUnfinishedBytes: limit("maxUnfinishedBytes", options.maxUnfinishedBytes ?? maxMessageBytes),
    maxFragments: limit("maxFragments", options.maxFragments ?? DEFAULT_MAX_FRAGMENTS),
    message: null,
    utf8Needed: 0,
  };
}

/** How many bytes of a payload are kept. */
export function keptBytesOf({ mode, maxKeptPayloadBytes }: FrameDecoderOptions): number {
  const byMode = mode === "lenient" ? LENIENT_KEPT_BYTES : Infinity;
  return limit("maxKeptPayloadBytes", maxKeptPayloadBytes ?? byMode);
}

/** NaN would switch a limit off without a word. */
function limit(name: string, value: number): number {
  if (value >= 0) return value;
  throw new RangeError(`Cannot decode frames: ${name} must be 0 or more, it is ${value}`);
}
