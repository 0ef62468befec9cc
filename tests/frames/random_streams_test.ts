import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { encodeFrame, frameBytes, FrameDecoder, MessageAssembler, Opcode } from "@/frames/mod.ts";
import { concat, decodeAll, Random, scanAll, utf8 } from "./helpers.ts";

const ROUNDS = 1500;

/** A good stream of one side: messages in fragments, control frames between, sometimes a Close. */
function goodStream(random: Random, masked: boolean): Uint8Array {
  const frames: Uint8Array[] = [];
  const add = (opcode: number, fin: boolean, payload: Uint8Array) => {
    const maskingKey = masked ? random.bytes(4) : undefined;
    frames.push(encodeFrame(payload, { opcode, fin, maskingKey }));
  };
  for (let left = random.below(4); left >= 0; left--) {
    const text = random.next() < 0.5;
    const body = text
      ? utf8(random.pick(["", "abc", "ä€😀".repeat(random.below(60)), "x".repeat(130)]))
      : random.bytes(random.pick([0, 1, 30, 125, 126, 300]));
    const pieces = random.next() < 0.5 ? [body] : random.chunks(body, 20);
    if (pieces.length === 0) pieces.push(body);
    pieces.forEach((piece, i) => {
      const first = text ? Opcode.TEXT : Opcode.BINARY;
      add(i === 0 ? first : Opcode.CONTINUATION, i === pieces.length - 1, piece);
      if (random.next() < 0.2) add(random.pick([Opcode.PING, Opcode.PONG]), true, random.bytes(5));
    });
  }
  return concat(...frames);
}

function mutated(random: Random, bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice(0, random.next() < 0.2 ? random.below(bytes.length + 1) : undefined);
  for (let i = random.below(3); i >= 0 && copy.length > 0; i--) {
    const at = random.next() < 0.5
      ? random.below(Math.min(copy.length, 12))
      : random.below(copy.length);
    copy[at] ^= 1 << random.below(8);
  }
  return copy;
}

Deno.test(`${ROUNDS} good streams are decoded without a finding and give their bytes back`, () => {
  const random = new Random(13);
  for (let round = 0; round < ROUNDS; round++) {
    const sender = random.pick(["client", "server"] as const);
    const bytes = goodStream(random, sender === "client");
    const decoder = new FrameDecoder({ sender });
    const assembler = new MessageAssembler();
    const frames = random.chunks(bytes, 1 + random.below(200))
      .flatMap((chunk) => [...decoder.decode(chunk)]);
    assertEquals(concat(...frames.map(frameBytes)), bytes);
    assert(decoder.atFrameBoundary && !decoder.insideMessage);
    for (const frame of frames) assembler.push(frame);
    assertStrictEquals(assembler.fragments, 0);
  }
});

Deno.test(`${ROUNDS} mutated streams: same outcome however cut and read, and never another error`, () => {
  const random = new Random(17);
  let broken = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const sender = random.pick(["client", "server"] as const);
    const bytes = mutated(random, goodStream(random, sender === "client"));
    for (const mode of ["strict", "lenient"] as const) {
      const whole = decodeAll([bytes], { sender, mode });
      const cut = decodeAll(random.chunks(bytes, 1 + random.below(50)), { sender, mode });
      assertEquals(cut, whole);
      assertEquals(scanAll([bytes], { sender, mode }), whole);
      assertEquals(scanAll(random.chunks(bytes, 1 + random.below(50)), { sender, mode }), whole);
      if (mode === "lenient") assertStrictEquals(whole.error, null);
      else if (whole.error) broken++;
    }
  }
  assert(broken > ROUNDS / 4, `only ${broken} of the mutated streams are broken`);
});

Deno.test("strict and lenient agree on the first violation", () => {
  const random = new Random(19);
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = mutated(random, goodStream(random, true));
    const strict = decodeAll([bytes], { sender: "client" });
    const lenient = new FrameDecoder({ sender: "client", mode: "lenient" });
    const frames = [...lenient.decode(bytes)];
    const findings = [
      ...frames.flatMap((frame) => frame.findings),
      ...(lenient.partial()?.findings ?? []),
    ];
    assertEquals(findings[0] ?? null, strict.error);
  }
});

Deno.test("garbage never throws anything but ProtocolError, and lenient never throws", () => {
  const random = new Random(23);
  for (let round = 0; round < ROUNDS; round++) {
    const chunks = random.chunks(random.bytes(random.below(100)), 30);
    for (const sender of ["client", "server"] as const) {
      decodeAll(chunks, { sender });
      assertStrictEquals(decodeAll(chunks, { sender, mode: "lenient" }).error, null);
    }
  }
});
