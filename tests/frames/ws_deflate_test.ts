import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import {
  checkDeflateAnswer,
  createDeflater,
  type DeflateAgreement,
  type DeflateParameters,
  encodeFrame,
  formatDeflate,
  FrameDecoder,
  MessageAssembler,
  negotiateDeflate,
  Opcode,
  parseExtensions,
} from "@/frames/mod.ts";
import { concat, Random, toHex, utf8 } from "./helpers.ts";
import { WsDeflatePeer } from "./ws_deflate.ts";

/** All window bits, each with every choice of contexts; `null` leaves the parameter out. */
const AGREEMENTS: Partial<DeflateParameters>[] = [null, 8, 9, 10, 11, 12, 13, 14, 15]
  .flatMap((serverMaxWindowBits) =>
    [false, true].flatMap((serverNoContextTakeover) =>
      [false, true].map((clientNoContextTakeover) => ({
        serverMaxWindowBits,
        clientMaxWindowBits: serverMaxWindowBits && 23 - serverMaxWindowBits,
        serverNoContextTakeover,
        clientNoContextTakeover,
      }))
    )
  );

interface Sent {
  readonly payload: Uint8Array;
  readonly text: boolean;
  readonly compress: boolean;
  readonly fragments: number;
}

/** Messages that refer to each other over short and long distances, some of them not compressed. */
function messages(random: Random): Sent[] {
  const words = Array.from({ length: 40 }, () => `word${random.below(1000)} €😀`);
  const prose = () =>
    utf8(Array.from({ length: 1 + random.below(400) }, () => random.pick(words)).join(" "));
  const rows: [Uint8Array, boolean, boolean, number][] = [
    [prose(), true, true, 1],
    [prose(), true, true, 4],
    [prose(), true, false, 1],
    [new Uint8Array(0), true, true, 1],
    [random.bytes(3000), false, true, 3],
    [prose(), true, false, 2],
    [new Uint8Array(70_000), false, true, 2],
    [concat(prose(), random.bytes(40_000)), false, true, 1],
    [prose(), true, true, 1],
  ];
  return rows.map(([payload, text, compress, fragments]) => ({
    payload,
    text,
    compress,
    fragments,
  }));
}

function eventsOf({ payload, text, fragments }: Sent): string[] {
  const pings = Array.from({ length: fragments - 1 }, () => "ping 70");
  return [...pings, `${text ? "text" : "binary"} ${toHex(payload)}`];
}

/** What we read of the bytes that one side sent. */
function read(bytes: Uint8Array[], sender: "client" | "server", agreement: DeflateAgreement) {
  const decoder = new FrameDecoder({ sender, allowRsv1: true });
  const assembler = new MessageAssembler({ mode: "strict", deflate: agreement[sender] });
  const events: string[] = [];
  for (const frame of bytes.flatMap((chunk) => [...decoder.decode(chunk)])) {
    if (frame.opcode === Opcode.PING) events.push(`ping ${toHex(frame.payload)}`);
    const message = assembler.push(frame);
    if (!message) continue;
    assertStrictEquals(message.inflated, message.compressed);
    assertStrictEquals(message.truncated, false);
    const kind = message.text === null ? "binary" : "text";
    events.push(`${kind} ${toHex(message.payload)}`);
  }
  return events;
}

/** The bytes that we send for a message, fragmented as asked, a ping after each but the last. */
function write(sent: Sent, deflate: (message: Uint8Array) => Uint8Array, masked: boolean) {
  const payload = sent.compress ? deflate(sent.payload) : sent.payload;
  const size = Math.ceil(payload.length / sent.fragments) || 1;
  const maskingKey = masked ? Uint8Array.of(1, 2, 3, 4) : undefined;
  const frames = Array.from({ length: sent.fragments }, (_, i) => {
    const fin = i === sent.fragments - 1;
    const first = sent.text ? Opcode.TEXT : Opcode.BINARY;
    const opcode = i === 0 ? first : Opcode.CONTINUATION;
    const rsv1 = sent.compress && i === 0;
    const piece = payload.subarray(i * size, fin ? undefined : (i + 1) * size);
    const frame = encodeFrame(piece, { opcode, fin, rsv1, maskingKey });
    return fin ? frame : concat(frame, encodeFrame("p", { opcode: Opcode.PING, maskingKey }));
  });
  return concat(...frames);
}

for (const parameters of AGREEMENTS) {
  const offer = formatDeflate({
    ...parameters,
    clientMaxWindowBits: parameters.clientMaxWindowBits ?? "any",
  });

  Deno.test(`a client of ws and we as the server understand each other: ${offer}`, async () => {
    const client = new WsDeflatePeer({ isServer: false, ...notNull(parameters) });
    const agreement = negotiateDeflate(parseExtensions([client.offer()])!)!;
    assertEquals(parametersOf(agreement), parametersOf(agreed(parameters)));
    client.accept(agreement.answer);
    await talk(client, "server", agreement);
  });

  Deno.test(`a server of ws and we as the client understand each other: ${offer}`, async () => {
    // Unless it is told to, ws leaves client_max_window_bits out of its answer.
    const { clientMaxWindowBits } = notNull(parameters);
    const server = new WsDeflatePeer({ isServer: true, clientMaxWindowBits });
    const answer = server.accept(offer);
    const { agreement, findings } = checkDeflateAnswer(
      parseExtensions([answer])!,
      parseExtensions([offer])!,
    );
    assertEquals(findings, []);
    await talk(server, "client", agreement!);
  });
}

async function talk(peer: WsDeflatePeer, we: "client" | "server", agreement: DeflateAgreement) {
  const them = we === "client" ? "server" : "client";
  const all = messages(new Random(agreement.server.windowBits));
  const deflater = createDeflater(agreement[we]);
  const theirs: Uint8Array[] = [];
  for (const message of all) theirs.push(await peer.send(message.payload, message));
  assertEquals(read(theirs, them, agreement), all.flatMap(eventsOf));

  const ours = all.map((message) =>
    write(message, (bytes) => deflater.deflate(bytes), we === "client")
  );
  assertStrictEquals(await peer.receive(concat(...ours)), null);
  assertEquals(peer.received, all.flatMap(eventsOf));
  peer.close();
}

/** ws takes a parameter that is undefined as absent, and refuses null. */
function notNull(parameters: Partial<DeflateParameters>) {
  const { serverMaxWindowBits, clientMaxWindowBits } = parameters;
  return {
    ...parameters,
    serverMaxWindowBits: serverMaxWindowBits ?? undefined,
    clientMaxWindowBits: clientMaxWindowBits ?? undefined,
  };
}

function agreed(parameters: Partial<DeflateParameters>): Omit<DeflateAgreement, "answer"> {
  const { serverMaxWindowBits, clientMaxWindowBits } = parameters;
  return {
    server: {
      contextTakeover: !parameters.serverNoContextTakeover,
      windowBits: serverMaxWindowBits ?? 15,
    },
    client: {
      contextTakeover: !parameters.clientNoContextTakeover,
      windowBits: typeof clientMaxWindowBits === "number" ? clientMaxWindowBits : 15,
    },
  };
}

function parametersOf({ server, client }: Omit<DeflateAgreement, "answer">) {
  return { server, client };
}

Deno.test("ws and we compress a message about equally well", async () => {
  const peer = new WsDeflatePeer({ isServer: true });
  const { answer } = negotiateDeflate(parseExtensions(["permessage-deflate"])!)!;
  peer.accept(answer);
  const payload = utf8(JSON.stringify(Array.from({ length: 200 }, (_, id) => ({ id, name: "x" }))));
  const theirs = await peer.send(payload);
  const ours = createDeflater().deflate(payload);
  assert(Math.abs(theirs.length - ours.length) < 50, `${theirs.length} and ${ours.length} bytes`);
  peer.close();
});
