import { assert } from "@std/assert";
import { Buffer } from "node:buffer";
import * as ws from "ws";
import {
  FrameDecoder,
  MessageAssembler,
  Opcode,
  parseClosePayload,
  ProtocolError,
} from "@/frames/mod.ts";
import type { Random } from "../frames/helpers.ts";
import type { StreamCase } from "./generator.ts";

/** What a decoder makes of a stream: its events in order, and the close code of its error. */
export interface Verdict {
  readonly events: readonly string[];
  readonly closeCode: number | null;
  /** Ours: the rule that was broken; the other's: its message. */
  readonly error: string | null;
  /** Ours: the offset of the byte that proves it. */
  readonly offset?: number;
}

/** What ours makes of a stream in chunks. Anything thrown but a ProtocolError is thrown on. */
export function ourVerdict(chunks: readonly Uint8Array[], about: StreamCase): Verdict {
  const { sender, deflate, maxMessageBytes } = about;
  const decoder = new FrameDecoder({ sender, allowRsv1: deflate, maxMessageBytes });
  const assembler = new MessageAssembler({
    mode: "strict",
    maxMessageBytes,
    deflate: deflate ? {} : undefined,
  });
  const events: string[] = [];
  try {
    for (const chunk of chunks) {
      for (const frame of decoder.decode(chunk)) {
        if (frame.opcode === Opcode.PING) events.push(`ping ${frame.payload.toHex()}`);
        if (frame.opcode === Opcode.PONG) events.push(`pong ${frame.payload.toHex()}`);
        if (frame.opcode === Opcode.CLOSE) events.push(closeEvent(frame.payload));
        const message = assembler.push(frame);
        const kind = message?.opcode === Opcode.TEXT ? "text" : "binary";
        if (message) events.push(`${kind} ${message.payload.toHex()}`);
      }
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const { closeCode, rule, offset } = error;
    return { events, closeCode, error: rule, offset };
  }
  return { events, closeCode: null, error: null };
}

function closeEvent(payload: Uint8Array): string {
  const { code, reason } = parseClosePayload(payload);
  return `close ${code} ${reason}`;
}

/**
 * The bytes in chunks of random sizes, each between bytes that aren't its own: who reads past a
 * chunk's end or before its start comes to another verdict.
 */
export function poisonedChunks(bytes: Uint8Array, random: Random): Uint8Array[] {
  const poison = random.next() < 0.5 ? 0xff : random.below(256);
  return random.chunks(bytes, 1 + random.below(2 * bytes.length + 2)).map((chunk) => {
    const arena = new Uint8Array(chunk.length + 32).fill(poison);
    const at = 1 + random.below(16);
    arena.set(chunk, at);
    return arena.subarray(at, at + chunk.length);
  });
}

/** The parts of ws that its types leave out. */
interface WsInternals {
  readonly Receiver: new (options: object) => WsReceiver;
  readonly PerMessageDeflate: new (options: object) => WsDeflate;
}
interface WsReceiver {
  on(event: string, listener: (...values: never[]) => void): void;
  _write(chunk: Uint8Array, encoding: string, done: (error?: Error | null) => void): void;
}
interface WsInflate {
  flush(done: () => void): void;
}
interface WsDeflate {
  accept(configurations: object[]): void;
  cleanup(): void;
}
const { Receiver, PerMessageDeflate } = ws as unknown as WsInternals;

/** What ws makes of a stream. Without compression it is done before the promise is made. */
export async function wsVerdict(bytes: Uint8Array, about: StreamCase): Promise<Verdict> {
  const events: string[] = [];
  const deflate = about.deflate ? agreed(about) : null;
  const receiver = new Receiver({
    isServer: about.sender === "client",
    maxPayload: about.maxMessageBytes,
    extensions: deflate ? { "permessage-deflate": deflate } : {},
    allowSynchronousEvents: true,
  });
  const note = (kind: string) => (data: Buffer) => events.push(`${kind} ${data.toHex()}`);
  const [text, binary] = [note("text"), note("binary")];
  receiver.on("message", (data: Buffer, isBinary: boolean) => (isBinary ? binary : text)(data));
  receiver.on("ping", note("ping"));
  receiver.on("pong", note("pong"));
  const error = await new Promise<Error | null>((resolve) => {
    receiver.on("conclude", (code: number, reason: Buffer) => {
      events.push(`close ${code} ${reason}`);
      // What follows a Close it leaves unread.
      resolve(null);
    });
    // ws unmasks in place: it gets bytes of its own. `write` would tell only after a tick.
    receiver._write(Buffer.from(bytes), "buffer", (error) => resolve(error ?? null));
  });
  deflate?.cleanup();
  return { events, closeCode: error && statusCodeOf(error), error: error?.message ?? null };
}

function agreed({ sender, maxMessageBytes }: StreamCase): WsDeflate {
  const isServer = sender === "client";
  const deflate = new PerMessageDeflate({ isServer, maxPayload: maxMessageBytes });
  deflate.accept([{}]);
  silenceAfterError(deflate);
  return deflate;
}

/**
 * After an error Deno's zlib still calls back for the flush, which Node's doesn't: ws has let go of
 * its inflater by then and would throw where nobody can catch it.
 */
function silenceAfterError(deflate: WsDeflate): void {
  let inflate: WsInflate | null = null;
  Object.defineProperty(deflate, "_inflate", {
    get: () => inflate,
    set(made: WsInflate | null) {
      inflate = made;
      if (!made) return;
      const flush = made.flush.bind(made);
      made.flush = (done) => flush(() => inflate === made && done());
    },
  });
}

function statusCodeOf(error: Error): number {
  const symbol = Object.getOwnPropertySymbols(error)
    .find(({ description }) => description === "status-code");
  assert(symbol, `ws failed without a status code: ${error}`);
  return (error as unknown as Record<symbol, number>)[symbol];
}

/** Whether two verdicts are the same but for the words of the error. */
export function same(one: Verdict, other: Verdict): boolean {
  return one.closeCode === other.closeCode && sameEvents(one, other);
}

export function sameEvents(one: Verdict, other: Verdict): boolean {
  return one.events.length === other.events.length && startsWith(one, other);
}

/** Whether the events of the first are the beginning of those of the other. */
export function startsWith(one: Verdict, other: Verdict): boolean {
  return one.events.every((event, i) => event === other.events[i]);
}
