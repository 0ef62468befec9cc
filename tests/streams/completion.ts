import { FrameDecoder } from "@/frames/mod.ts";
import { concat } from "../frames/helpers.ts";
import type { StreamCase } from "./generator.ts";

const MASK_BIT = 0x80;
const LONGEST_HEADER_BYTES = 14;
/** Longer payloads that were only declared aren't made up. */
const LONGEST_PAYLOAD_BYTES = 100_000;

/**
 * The stream up to the byte that proves its fault, and just as much more that who judges frames and
 * messages only when they are whole comes to judge: the frame's own rest, then zeros, then an empty
 * last fragment where the message is open. `null` if that is too much.
 */
export function completed(about: StreamCase, faultOffset: number): Uint8Array | null {
  const { bytes, sender, deflate } = about;
  const decoder = new FrameDecoder({ sender, mode: "lenient", allowRsv1: deflate });
  const parts: Uint8Array[] = [];
  let length = 0;
  const add = (part: Uint8Array) => {
    parts.push(part);
    length += part.length;
    for (const _ of decoder.decode(part));
  };
  /** What the stream has next, and where it has ended what a frame could have. */
  const next = (count: number) => {
    const own = bytes.subarray(length, length + count);
    const second = decoder.partial()?.header.length === 1 && own.length === 0;
    const filler = new Uint8Array(count - own.length);
    if (second && sender === "client") filler[0] = MASK_BIT;
    return concat(own, filler);
  };
  add(bytes.slice(0, faultOffset + 1));
  while (!decoder.lost && decoder.partial() && !decoder.partial()!.headerComplete) add(next(1));
  if (decoder.lost) return concat(...parts, next(LONGEST_HEADER_BYTES));
  const { payloadLength, payloadReceived } = decoder.partial() ??
    { payloadLength: 0, payloadReceived: 0 };
  const missing = payloadLength! - payloadReceived;
  if (missing > LONGEST_PAYLOAD_BYTES) return null;
  if (missing > 0) add(next(missing));
  if (decoder.insideMessage && !decoder.closed) add(lastFragment(sender));
  return concat(...parts);
}

function lastFragment(sender: StreamCase["sender"]): Uint8Array {
  return sender === "client" ? Uint8Array.of(0x80, MASK_BIT, 0, 0, 0, 0) : Uint8Array.of(0x80, 0);
}
