import { acceptKey, encodeFrame, type EncodeOptions, FrameDecoder } from "@/frames/mod.ts";
import type { Frame } from "@/frames/mod.ts";
import type { CutReason, FailedHandshake } from "@/protocol/mod.ts";
import { Tap, type TapOptions } from "@/tap/mod.ts";

export const LOOPBACK = "127.0.0.1";
export const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/** A masking key that isn't zero anywhere. */
export const MASK = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);

/** How long something that must happen may take before a test fails. */
const PATIENCE_MS = 5_000;

export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

export function text(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

export function concat(...pieces: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** A seeded generator of numbers in [0, 1): mulberry32. */
export function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ seed >>> 15, seed | 1);
    t ^= t + Math.imul(t ^ t >>> 7, t | 61);
    return ((t ^ t >>> 14) >>> 0) / 4294967296;
  };
}

/** Random bytes of a seeded generator. */
export function noise(length: number, random: () => number): Uint8Array {
  return Uint8Array.from({ length }, () => random() * 256);
}

/** Waits for a promise, and fails with a name instead of hanging. */
export async function soon<T>(promise: Promise<T>, what: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`Still waiting for ${what}`)), PATIENCE_MS);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until a condition holds that no event announces. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Still waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** One end of a TCP connection, by hand. */
export class RawPeer implements Disposable {
  #unread = new Uint8Array(0);
  #ended = false;
  readonly conn: Deno.TcpConn;

  constructor(conn: Deno.TcpConn) {
    this.conn = conn;
  }

  static async connect({ port }: { port: number }): Promise<RawPeer> {
    return new RawPeer(await Deno.connect({ hostname: LOOPBACK, port }));
  }

  async write(data: Uint8Array | string): Promise<void> {
    let rest = typeof data === "string" ? bytes(data) : data;
    while (rest.length > 0) rest = rest.subarray(await this.conn.write(rest));
  }

  /** Reads once more; `false` at the end. */
  async more(): Promise<boolean> {
    if (this.#ended) return false;
    const buffer = new Uint8Array(64 * 1024);
    const count = await this.conn.read(buffer);
    if (count === null) this.#ended = true;
    else this.#unread = concat(this.#unread, buffer.subarray(0, count)) as Uint8Array<ArrayBuffer>;
    return count !== null;
  }

  /** Takes exactly so many bytes. */
  async take(length: number): Promise<Uint8Array> {
    while (this.#unread.length < length) {
      if (!await soon(this.more(), `${length} bytes, got ${this.#unread.length}`)) break;
    }
    const taken = this.#unread.slice(0, length);
    this.#unread = this.#unread.slice(length);
    return taken;
  }

  /** Takes everything up to the end of the stream, or to a reset. */
  async rest(): Promise<Uint8Array> {
    try {
      while (await soon(this.more(), "the end of the stream"));
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
    }
    return this.take(this.#unread.length);
  }

  /** Takes a head, up to its empty line. */
  async head(): Promise<string> {
    for (;;) {
      const end = text(this.#unread).indexOf("\r\n\r\n");
      if (end >= 0) return text(await this.take(end + 4));
      if (!await soon(this.more(), "a head")) return text(await this.take(this.#unread.length));
    }
  }

  /** Takes the next frame of a server. */
  async frame(): Promise<Frame> {
    const decoder = new FrameDecoder({ sender: "server" });
    for (;;) {
      for (const frame of decoder.decode(await this.take(1))) return frame;
    }
  }

  [Symbol.dispose](): void {
    try {
      this.conn.close();
    } catch {
      // Closed by the test.
    }
  }
}

/** A TCP server whose connections a script serves. */
export class TcpTarget implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: LOOPBACK, port: 0 });
  readonly #serving: Promise<void>;
  readonly #scripts: Promise<void>[] = [];
  /** Everything that each connection has sent, as far as the script read it. */
  readonly received: Uint8Array[] = [];
  /** The connections, in their order. */
  readonly conns: Deno.TcpConn[] = [];
  readonly #arrivals: (() => void)[] = [];

  constructor(script: (peer: RawPeer, index: number) => Promise<void>) {
    this.#serving = this.#serve(script);
  }

  get address(): { hostname: string; port: number } {
    return { hostname: LOOPBACK, port: this.#listener.addr.port };
  }

  async #serve(script: (peer: RawPeer, index: number) => Promise<void>): Promise<void> {
    try {
      for await (const conn of this.#listener) {
        this.conns.push(conn);
        this.#scripts.push(this.#run(script, conn, this.conns.length - 1));
        this.#arrivals.splice(0).forEach((tell) => tell());
      }
    } catch {
      // The listener was closed.
    }
  }

  async #run(
    script: (peer: RawPeer, index: number) => Promise<void>,
    conn: Deno.TcpConn,
    index: number,
  ): Promise<void> {
    using peer = new RawPeer(conn);
    try {
      await script(peer, index);
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionReset || isGone(error))) throw error;
    }
  }

  /** Waits until so many connections have come. */
  async arrived(count: number): Promise<void> {
    while (this.conns.length < count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#arrivals.push(resolve);
      await soon(promise, `${count} connections`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const conn of this.conns) {
      try {
        conn.close();
      } catch {
        // Its script has ended.
      }
    }
    await this.#serving;
    await Promise.all(this.#scripts);
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.BrokenPipe;
}

/** A target that records what comes and sends it back. */
export function recordingEcho(): { target: TcpTarget; received: Uint8Array[] } {
  const received: Uint8Array[] = [];
  const target = new TcpTarget(async ({ conn }, index) => {
    received[index] = new Uint8Array(0);
    const buffer = new Uint8Array(32 * 1024);
    for (let n = await conn.read(buffer); n !== null; n = await conn.read(buffer)) {
      const chunk = buffer.slice(0, n);
      received[index] = concat(received[index], chunk);
      for (let at = 0; at < chunk.length;) at += await conn.write(chunk.subarray(at));
    }
  });
  return { target, received };
}

/** An upgrade request as `curl` might write it. */
export function upgradeRequest(options: { lines?: string[]; first?: string } = {}): string {
  const { first = "GET /ws HTTP/1.1", lines = [] } = options;
  const replaced = new Set(lines.map((line) => line.split(":")[0].toLowerCase()));
  const usual = [
    "Host: localhost",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${KEY}`,
    "Sec-WebSocket-Version: 13",
  ].filter((line) => !replaced.has(line.split(":")[0].toLowerCase()));
  const kept = lines.filter((line) => !line.endsWith(": -"));
  return [first, ...usual, ...kept].join("\r\n") + "\r\n\r\n";
}

export function switchingProtocols(lines: string[] = []): string {
  return [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${acceptKey(KEY)}`,
    ...lines,
  ].join("\r\n") + "\r\n\r\n";
}

/** A target that answers upgrade requests with 101 and then runs a script on the frames' bytes. */
export function upgradingTarget(
  script: (peer: RawPeer, index: number) => Promise<void>,
): TcpTarget {
  return new TcpTarget(async (peer, index) => {
    if (await peer.head() === "") return;
    await peer.write(switchingProtocols());
    await script(peer, index);
  });
}

/** A target that records what comes behind the handshake; `heard` resolves at its end. */
export function recordingUpgrader(): {
  target: TcpTarget;
  heard: (index: number) => Promise<Uint8Array>;
} {
  const heard: PromiseWithResolvers<Uint8Array>[] = [];
  const at = (index: number) => heard[index] ??= Promise.withResolvers<Uint8Array>();
  const target = upgradingTarget(async (peer, index) => {
    at(index).resolve(await peer.rest());
  });
  return { target, heard: (index) => soon(at(index).promise, "the target to hear the end") };
}

/** A client's frame. */
export function masked(
  payload: Uint8Array | string,
  options: Partial<EncodeOptions> = {},
): Uint8Array {
  return encodeFrame(payload, { opcode: 1, maskingKey: MASK, unchecked: true, ...options });
}

/** A server's frame. */
export function plain(
  payload: Uint8Array | string,
  options: Partial<EncodeOptions> = {},
): Uint8Array {
  return encodeFrame(payload, { opcode: 1, unchecked: true, ...options });
}

/** What a tap told its observer. */
export interface Told {
  cuts: { id: string; reason: CutReason }[];
  failures: FailedHandshake[];
  roundTrips: { id: string; milliseconds: number }[];
  refusals: string[];
}

/** A listening tap, and what it tells. */
export function startTap(options: TapOptions): { tap: Tap; port: number; told: Told } {
  const tap = new Tap(options);
  const told: Told = { cuts: [], failures: [], roundTrips: [], refusals: [] };
  tap.observer = {
    cut: (id, reason) => told.cuts.push({ id, reason }),
    connectionRefused: (rule) => told.refusals.push(rule),
    handshakeFailed: (failure) => told.failures.push(failure),
    roundTrip: (id, milliseconds) => told.roundTrips.push({ id, milliseconds }),
  };
  const { port } = tap.listen({ hostname: LOOPBACK, port: 0 });
  return { tap, port, told };
}

/** A client by hand whose handshake is done. */
export async function openRaw(port: number): Promise<RawPeer> {
  const peer = await RawPeer.connect({ port });
  await peer.write(upgradeRequest());
  await peer.head();
  return peer;
}
