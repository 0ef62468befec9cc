import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import * as ws from "ws";
import {
  encodeFrame,
  FrameDecoder,
  MessageAssembler,
  Opcode,
  parseClosePayload,
  ProtocolError,
} from "@/frames/mod.ts";
import { concat, hex, Random, toHex, utf8 } from "./helpers.ts";
import { VALID, VIOLATIONS } from "./vectors.ts";

/** The parts of ws that its types leave out: they are exported, for peers of WebSocket like us. */
interface WsInternals {
  readonly Receiver: new (options: { isServer: boolean }) => WsReceiver;
  readonly Sender: { frame(data: Uint8Array, options: Record<string, unknown>): Uint8Array[] };
}
interface WsReceiver {
  on(event: string, listener: (...values: never[]) => void): void;
  write(chunk: Uint8Array, done: (error?: Error | null) => void): void;
}
const { Receiver, Sender } = ws as unknown as WsInternals;

/** What a receiver makes of a stream: its events in order, and the close code of its error. */
interface Verdict {
  readonly events: string[];
  readonly closeCode: number | null;
}

async function askWs(bytes: Uint8Array, sender: "client" | "server"): Promise<Verdict> {
  const receiver = new Receiver({ isServer: sender === "client" });
  const events: string[] = [];
  receiver.on(
    "message",
    (data: Buffer, isBinary: boolean) =>
      events.push(`${isBinary ? "binary" : "text"} ${toHex(data)}`),
  );
  receiver.on("ping", (data: Buffer) => events.push(`ping ${toHex(data)}`));
  receiver.on("pong", (data: Buffer) => events.push(`pong ${toHex(data)}`));
  receiver.on(
    "conclude",
    (code: number, reason: Buffer) => events.push(`close ${code} ${reason.toString()}`),
  );
  receiver.on("error", () => {});
  const error = await new Promise<Error | null>((resolve) =>
    // ws unmasks in place: it gets bytes of its own.
    receiver.write(Buffer.from(bytes), (error) => resolve(error ?? null))
  );
  return { events, closeCode: error && statusCodeOf(error) };
}

function statusCodeOf(error: Error): number {
  const symbol = Object.getOwnPropertySymbols(error)
    .find(({ description }) => description === "status-code");
  assert(symbol, `ws failed without a status code: ${error}`);
  return (error as unknown as Record<symbol, number>)[symbol];
}

function askOurs(bytes: Uint8Array, sender: "client" | "server"): Verdict {
  const decoder = new FrameDecoder({ sender });
  const assembler = new MessageAssembler();
  const events: string[] = [];
  try {
    for (const frame of decoder.decode(bytes)) {
      if (frame.opcode === Opcode.PING) events.push(`ping ${toHex(frame.payload)}`);
      if (frame.opcode === Opcode.PONG) events.push(`pong ${toHex(frame.payload)}`);
      if (frame.opcode === Opcode.CLOSE) {
        const { code, reason } = parseClosePayload(frame.payload);
        events.push(`close ${code} ${reason}`);
      }
      const message = assembler.push(frame);
      const kind = message?.opcode === Opcode.TEXT ? "text" : "binary";
      if (message) events.push(`${kind} ${toHex(message.payload)}`);
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { events, closeCode: error.closeCode };
  }
  return { events, closeCode: null };
}

for (const { name, bytes, sender } of VALID) {
  Deno.test(`ws and we read the same: ${name}`, async () => {
    assertEquals(askOurs(bytes, sender), await askWs(bytes, sender));
  });
}

/** Rules where ws decides otherwise, and why we keep to our decision. */
const RULINGS: Readonly<Record<string, { ws: number | "accepts"; because: string }>> = {
  "length-not-minimal": {
    ws: "accepts",
    because: '§5.2: "the minimal number of bytes MUST be used to encode the length"',
  },
  "length-high-bit": {
    ws: 1009,
    because: '§5.2: "the most significant bit MUST be 0": no size but an error, 1002',
  },
};

/** ws reads a frame whole before it judges, so vectors that stop at the proof have to be filled up. */
function filledUp(bytes: Uint8Array): Uint8Array {
  return concat(bytes, new Uint8Array(66_000));
}

for (const { name, bytes, sender, options, rule, closeCode } of VIOLATIONS) {
  // Limits and extensions are options that ws has otherwise.
  if (options) continue;

  Deno.test(`ws and we refuse the same, or it is ruled on: ${rule}, ${name}`, async () => {
    const ours = askOurs(bytes, sender);
    const theirs = await askWs(filledUp(bytes), sender);
    const ruling = RULINGS[rule];
    assertStrictEquals(ours.closeCode, closeCode);
    if (ruling?.ws !== "accepts") {
      assertStrictEquals(theirs.closeCode, ruling?.ws ?? closeCode, ruling?.because);
    } else {
      assert(theirs.events.length > ours.events.length, ruling.because);
    }
  });
}

for (const length of [0, 125, 126, 65535, 65536]) {
  Deno.test(`ws reads what we encode, and we what it sends: ${length} bytes`, async () => {
    const payload = new Random(length).bytes(length);
    for (const sender of ["client", "server"] as const) {
      const maskingKey = sender === "client" ? hex("37 fa 21 3d") : undefined;
      const ours = encodeFrame(payload, { opcode: Opcode.BINARY, maskingKey });
      assertEquals((await askWs(ours, sender)).events, [`binary ${toHex(payload)}`]);
      const theirs = concat(
        ...Sender.frame(Buffer.from(payload), {
          opcode: Opcode.BINARY,
          fin: true,
          mask: sender === "client",
          maskBuffer: maskingKey,
          generateMask: () => {},
          readOnly: true,
          rsv1: false,
        }),
      );
      assertEquals(theirs, ours);
      assertEquals(askOurs(theirs, sender).events, [`binary ${toHex(payload)}`]);
    }
  });
}

Deno.test("ws and we read the same: 300 seeded random streams of good frames", async () => {
  const random = new Random(8);
  for (let round = 0; round < 300; round++) {
    const sender = random.pick(["client", "server"] as const);
    const frames = Array.from({ length: 1 + random.below(5) }, () => {
      const opcode = random.pick([Opcode.TEXT, Opcode.BINARY, Opcode.PING, Opcode.PONG]);
      const payload = utf8("ä€😀x".repeat(random.below(12)));
      const maskingKey = sender === "client" ? random.bytes(4) : undefined;
      return encodeFrame(payload, { opcode, maskingKey });
    });
    const bytes = concat(...frames);
    assertEquals(askOurs(bytes, sender), await askWs(bytes, sender));
  }
});
