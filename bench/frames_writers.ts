/**
 * The same payload framed over and over by our encoder and by npm `ws`'s Sender, and merely copied:
 * what `frames_bench.ts` and `frames_ratios.ts` measure.
 *
 * Both leave the payload as it is and take the masking key from the same function, once a frame.
 * Both write to a socket that only counts bytes. Ours makes one array a frame, masked or `whole`.
 * Sender does too where it masks; unmasked it gives header and payload to the socket as two writes,
 * the payload uncopied: `apart` does the same with our header.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import * as ws from "ws";
import { encodeFrame, encodeHeader, Opcode } from "@/frames/mod.ts";

/** What is used of Sender, which ws exports since 8.0 and its types don't tell. */
interface Sender {
  send(data: Uint8Array, options: { fin: boolean; binary: boolean; mask: boolean }): void;
}
const { Sender } = ws as unknown as {
  Sender: new (socket: CountingSocket, extensions: object, key: KeySource["fill"]) => Sender;
};
const STREAM_BYTES = 4 * 1_048_576;

/** A client's frames, a server's as one array each, a server's with the header apart. */
export const WRITING = ["masked", "whole", "apart"] as const;

/** How many frames one run writes, and who writes them. Each writer fails if it misses a byte. */
export interface Writers {
  readonly frames: number;
  readonly roomscope: () => void;
  readonly ws: () => void;
  readonly memcpy: () => void;
}

/** As much of a socket as Sender asks for. */
class CountingSocket {
  bytes = 0;

  cork(): void {}

  uncork(): void {}

  write(bytes: Uint8Array): void {
    this.bytes += bytes.length;
  }
}

/** Masking keys that differ, at almost no cost: what `getRandomValues` costs isn't the question. */
class KeySource {
  #last = 0x37fa213d;

  fill(key: Uint8Array): void {
    const next = this.#last = Math.imul(this.#last, 1_664_525) + 1_013_904_223 | 0;
    key[0] = next;
    key[1] = next >> 8;
    key[2] = next >> 16;
    key[3] = next >> 24;
  }
}

/** The writers of frames of one size. */
export function writersOf(payloadBytes: number, writing: typeof WRITING[number]): Writers {
  const payload = new Uint8Array(payloadBytes).map((_, i) => i & 0xff);
  const sameForWs = Buffer.from(payload.buffer);
  const frames = Math.ceil(STREAM_BYTES / payloadBytes);
  const mask = writing === "masked";
  const opcode = Opcode.BINARY;
  const overhead = encodeHeader(payloadBytes, { opcode }).length + (mask ? 4 : 0);
  const check = ({ bytes }: CountingSocket) => {
    if (bytes === frames * (overhead + payloadBytes)) return;
    throw new Error(`${bytes} bytes of ${frames} frames`);
  };
  const write = {
    masked(socket: CountingSocket): void {
      const keys = new KeySource();
      const maskingKey = new Uint8Array(4);
      for (let i = 0; i < frames; i++) {
        keys.fill(maskingKey);
        socket.write(encodeFrame(payload, { opcode, maskingKey }));
      }
    },
    whole(socket: CountingSocket): void {
      for (let i = 0; i < frames; i++) socket.write(encodeFrame(payload, { opcode }));
    },
    apart(socket: CountingSocket): void {
      for (let i = 0; i < frames; i++) {
        socket.cork();
        socket.write(encodeHeader(payload.length, { opcode }));
        socket.write(payload);
        socket.uncork();
      }
    },
  }[writing];
  return {
    frames,
    roomscope() {
      const socket = new CountingSocket();
      write(socket);
      check(socket);
    },
    ws() {
      const socket = new CountingSocket();
      const keys = new KeySource();
      const sender = new Sender(socket, {}, (key) => keys.fill(key));
      for (let i = 0; i < frames; i++) sender.send(sameForWs, { fin: true, binary: true, mask });
      check(socket);
    },
    memcpy() {
      for (let i = 0; i < frames; i++) payload.slice();
    },
  };
}
