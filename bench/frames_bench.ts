/**
 * Our decoder beside npm `ws`'s Receiver on the same streams of masked binary frames, handed over
 * in chunks of 64 KiB: `deno task bench`. Compare within one run, and run it more than once.
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

/** The chunks of a stream of frames, and how many frames that is. */
function stream(payloadBytes: number): { chunks: Uint8Array[]; frames: number } {
  const payload = new Uint8Array(payloadBytes).map((_, i) => i & 0xff);
  const frame = encodeFrame(payload, { opcode: Opcode.BINARY, maskingKey: KEY });
  const frames = Math.ceil(STREAM_BYTES / frame.length);
  const bytes = new Uint8Array(frame.length * frames);
  for (let i = 0; i < frames; i++) bytes.set(frame, i * frame.length);
  const chunks = [];
  for (let i = 0; i < bytes.length; i += CHUNK_BYTES) {
    chunks.push(bytes.subarray(i, i + CHUNK_BYTES));
  }
  return { chunks, frames };
}

for (const payloadBytes of [20, 125, 1_024, 65_536, 1_048_576]) {
  const { chunks, frames } = stream(payloadBytes);
  const group = `${frames} frames of ${payloadBytes} B`;
  Deno.bench("roomscope", { group, baseline: true }, () => {
    const decoder = new FrameDecoder({ sender: "client" });
    let seen = 0;
    for (const chunk of chunks) {
      for (const _ of decoder.decode(chunk)) seen++;
    }
    if (seen !== frames) throw new Error(`${seen} frames of ${frames}`);
  });
  Deno.bench("ws", { group }, () => {
    const receiver = new Receiver({ isServer: true, allowSynchronousEvents: true });
    let seen = 0;
    receiver.on("message", () => seen++);
    // ws unmasks in place, so it gets a copy each time; ours copies what it hands out.
    for (const chunk of chunks) receiver.write(Buffer.from(chunk));
    if (seen !== frames) throw new Error(`${seen} frames of ${frames}`);
  });
  Deno.bench("memcpy", { group }, () => {
    for (const chunk of chunks) chunk.slice();
  });
}
