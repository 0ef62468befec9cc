/**
 * The same stream of masked binary frames, read by our decoder, by npm `ws`'s Receiver, and merely
 * copied: what `frames_bench.ts` and `frames_ratios.ts` measure.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Writable } from "node:stream";
import * as ws from "ws";
import { encodeFrame, FrameDecoder, Opcode } from "@/frames/mod.ts";

/** Exported since 8.0, missing from its types. */
const { Receiver } = ws as unknown as { Receiver: new (options: object) => Writable };
const CHUNK_BYTES = 65_536;
const STREAM_BYTES = 4 * 1_048_576;
const KEY = new Uint8Array([0x37, 0xfa, 0x21, 0x3d]);

/** Payload sizes in bytes. */
export const PAYLOADS = [20, 125, 1_024, 65_536, 1_048_576];

/** How many frames a stream has, and who reads it. Each reader fails if it misses a byte. */
export interface Readers {
  readonly frames: number;
  readonly roomscope: () => void;
  readonly ws: () => void;
  readonly memcpy: () => void;
}

/** The readers of a stream of frames of one size, in chunks of 64 KiB. */
export function readersOf(payloadBytes: number): Readers {
  const payload = new Uint8Array(payloadBytes).map((_, i) => i & 0xff);
  const frame = encodeFrame(payload, { opcode: Opcode.BINARY, maskingKey: KEY });
  const frames = Math.ceil(STREAM_BYTES / frame.length);
  const chunks = chunksOf(frame, frames);
  const check = (bytes: number) => {
    if (bytes !== frames * payloadBytes) throw new Error(`${bytes} bytes of ${frames} frames`);
  };
  return {
    frames,
    roomscope() {
      const decoder = new FrameDecoder({ sender: "client" });
      let bytes = 0;
      for (const chunk of chunks) {
        for (const frame of decoder.decode(chunk)) bytes += frame.payload.length;
      }
      check(bytes);
    },
    ws() {
      const receiver = new Receiver({ isServer: true, allowSynchronousEvents: true });
      let bytes = 0;
      receiver.on("message", (message: Buffer) => bytes += message.length);
      // ws unmasks in place, so it gets a copy each time; ours copies what it hands out.
      for (const chunk of chunks) receiver.write(Buffer.from(chunk));
      check(bytes);
    },
    memcpy() {
      for (const chunk of chunks) chunk.slice();
    },
  };
}

function chunksOf(frame: Uint8Array, frames: number): Uint8Array[] {
  const bytes = new Uint8Array(frame.length * frames);
  for (let i = 0; i < frames; i++) bytes.set(frame, i * frame.length);
  const count = Math.ceil(bytes.length / CHUNK_BYTES);
  return Array.from(
    { length: count },
    (_, i) => bytes.slice(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES),
  );
}
