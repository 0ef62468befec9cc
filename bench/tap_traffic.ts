/**
 * What the tap's benches share: a server that counts, relays in threads of their own, streams.
 *
 * @module
 */
import { acceptKey, encodeFrame, Opcode } from "@/frames/mod.ts";

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const hostname = "127.0.0.1";
const CHUNK_BYTES = 65_536;

/** A server that answers the handshake and then only counts. */
export class CountingServer {
  readonly #listener = Deno.listen({ hostname, port: 0 });
  #counted = 0;
  #wanted = Infinity;
  #reached: (() => void) | null = null;

  constructor() {
    void this.#serve();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Resolves when so many more bytes have come. */
  async more(bytes: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wanted = this.#counted + bytes;
    this.#reached = resolve;
    await promise;
  }

  async #serve(): Promise<void> {
    for await (const conn of this.#listener) void this.#count(conn);
  }

  async #count(conn: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(256 * 1024);
    await conn.read(buffer);
    await conn.write(new TextEncoder().encode(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        `Sec-WebSocket-Accept: ${acceptKey(KEY)}\r\n\r\n`,
    ));
    for (let n = await conn.read(buffer); n !== null; n = await conn.read(buffer)) {
      this.#counted += n;
      if (this.#counted >= this.#wanted) this.#reached?.();
    }
  }
}

/** A kind of relay that `tap_relay_worker.ts` knows. */
export type RelayKind = "bare" | "decoding" | "tap" | "guard";

/** Starts a relay in a thread of its own and opens a WebSocket through it. */
export async function openThrough(kind: RelayKind, serverPort: number): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname, port: await startRelay(kind, serverPort) });
  await conn.write(new TextEncoder().encode(
    "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  ));
  await conn.read(new Uint8Array(1_024));
  return conn;
}

async function startRelay(kind: RelayKind, port: number): Promise<number> {
  const worker = new Worker(new URL("tap_relay_worker.ts", import.meta.url), { type: "module" });
  const { promise, resolve } = Promise.withResolvers<number>();
  worker.onmessage = ({ data }) => resolve(data);
  worker.postMessage({ kind, port });
  return await promise;
}

function stream(payload: Uint8Array | string, streamBytes: number, opcode: number): Uint8Array {
  const maskingKey = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);
  const frame = encodeFrame(payload, { opcode, maskingKey });
  const frames = Math.ceil(streamBytes / frame.length);
  const bytes = new Uint8Array(frame.length * frames);
  for (let i = 0; i < frames; i++) bytes.set(frame, i * frame.length);
  return bytes;
}

/** Writes a stream in chunks. */
export async function send(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await conn.write(bytes.subarray(at, at + CHUNK_BYTES));
  }
}

const json = JSON.stringify({ type: "room_message", room: "lobby", content: "hello ".repeat(15) });

/** One message by itself. */
export const MESSAGE: Uint8Array = stream(json, 1, Opcode.TEXT);

/** Streams of masked frames, each of one kind. */
export const STREAMS: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  ["20 B binary", stream(new Uint8Array(20), 4_000_000, Opcode.BINARY)],
  ["125 B binary", stream(new Uint8Array(125), 8_000_000, Opcode.BINARY)],
  [`${json.length} B JSON`, stream(json, 8_000_000, Opcode.TEXT)],
  ["1 KiB binary", stream(new Uint8Array(1_024), 16_000_000, Opcode.BINARY)],
  ["1 KiB text", stream("word ".repeat(205), 16_000_000, Opcode.TEXT)],
  ["64 KiB binary", stream(new Uint8Array(65_000), 32_000_000, Opcode.BINARY)],
];
