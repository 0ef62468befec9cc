import { MASKING_KEY_BYTES } from "./header_layout.ts";
import { applyMask } from "./mask.ts";

/**
 * A typed array of its own costs half a microsecond, a view on one a tenth of that. Small frames
 * therefore share slabs: each is written once, into a place of its own, and is a view of it.
 */
const SLAB_BYTES = 32 * 1024;

/** The largest payload in bytes that goes into a slab. */
export const LARGEST_SHARED_PAYLOAD = 2 * 1024;

/** Up to this many bytes a loop copies and unmasks quicker than two calls do. */
const LOOP_UP_TO_BYTES = 128;

let slab = new Uint8Array(0);
let slabUsed = 0;

/** Where a frame stands in a chunk. */
export interface FramePlace {
  readonly start: number;
  readonly headerLength: number;
  readonly payloadLength: number;
  readonly masked: boolean;
}

/**
 * Copies a small frame out of a chunk, its payload unmasked.
 *
 * ```
 * slab:  … | header | payload | …        the result is the payload; the header lies right before it
 * ```
 */
export function copySmallFrame(chunk: Uint8Array, place: FramePlace): Uint8Array {
  const { start, headerLength, payloadLength, masked } = place;
  const at = reserve(headerLength + payloadLength);
  const payloadAt = at + headerLength;
  const payload = new Uint8Array(slab.buffer, payloadAt, payloadLength);
  for (let i = 0; i < headerLength; i++) slab[at + i] = chunk[start + i];
  const source = start + headerLength;
  if (payloadLength > LOOP_UP_TO_BYTES) {
    payload.set(chunk.subarray(source, source + payloadLength));
    if (masked) applyMask(payload, chunk.subarray(source - MASKING_KEY_BYTES, source));
  } else if (masked) {
    const key = source - MASKING_KEY_BYTES;
    for (let i = 0; i < payloadLength; i++) {
      slab[payloadAt + i] = chunk[source + i] ^ chunk[key + (i & (MASKING_KEY_BYTES - 1))];
    }
  } else {
    for (let i = 0; i < payloadLength; i++) slab[payloadAt + i] = chunk[source + i];
  }
  return payload;
}

/** A place in the slab that nobody else holds. */
function reserve(length: number): number {
  // A slab whose buffer somebody transferred away has length 0: it is replaced as well.
  if (slab.length - slabUsed < length) {
    slab = new Uint8Array(SLAB_BYTES);
    slabUsed = 0;
  }
  const start = slabUsed;
  slabUsed += length;
  return start;
}
