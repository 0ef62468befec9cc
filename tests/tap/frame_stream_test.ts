import { assert, assertEquals } from "@std/assert";
import { CaptureRing } from "@/tap/capture_ring.ts";
import { FrameGate } from "@/tap/frame_gate.ts";
import { type FrameRun, framesIn } from "@/tap/frame_run.ts";
import { FrameStream } from "@/tap/frame_stream.ts";
import { DEFAULT_TAP_LIMITS } from "@/tap/limits.ts";
import { concat, masked, noise, seeded } from "./support.ts";

const LIMITS = { ...DEFAULT_TAP_LIMITS, maxControlFramesPerSecond: 0 };
const OBSERVING = {
  sender: "client",
  mode: "lenient",
  maxFrameBytes: Infinity,
  maxMessageBytes: Infinity,
} as const;

/** A client's frames: small ones, pings, fragments, some larger than a chunk. */
function streamOf(random: () => number): Uint8Array[] {
  return Array.from({ length: 40 }, () => {
    const kind = random();
    const length = Math.floor(random() < 0.1 ? random() * 9_000 : random() * 200);
    const text = "ä".repeat(length / 2);
    const maskingKey = noise(4, random);
    if (kind < 0.1) return masked("ping", { opcode: 9, maskingKey });
    if (kind < 0.2) return concat(masked("a", { fin: false }), masked("b", { opcode: 0 }));
    if (kind < 0.6) return masked(text, { maskingKey });
    return masked(noise(length, random), { opcode: 2, maskingKey });
  });
}

/** Gives a stream in random chunks, in one buffer that is used again as a reader's is. */
function giveChunks(stream: Uint8Array, random: () => number, take: (chunk: Uint8Array) => void) {
  const buffer = new Uint8Array(3_000);
  for (let at = 0; at < stream.length;) {
    const piece = stream.subarray(at, at + 1 + Math.floor(random() * buffer.length));
    buffer.set(piece);
    take(buffer.subarray(0, piece.length));
    buffer.fill(0xee);
    at += piece.length;
  }
}

function capturing(ring: CaptureRing): (run: FrameRun) => void {
  let number = 0;
  return (run) => {
    ring.add({ connection: "1", number, at: 1, direction: "in", run });
    number += run.count;
  };
}

Deno.test("a gate lets every byte through and the capture has every byte, however it is cut", () => {
  const random = seeded(7);
  for (let round = 0; round < 60; round++) {
    const stream = concat(...streamOf(random));
    const ring = new CaptureRing();
    const gate = new FrameGate({
      limits: LIMITS,
      allowRsv1: false,
      maxKeptPayloadBytes: ring.maxPayloadBytes,
      onRun: capturing(ring),
    });
    const through: Uint8Array[] = [];
    giveChunks(stream, random, (chunk) => {
      for (const piece of gate.take(chunk)) through.push(piece.slice());
    });
    assertEquals(gate.violation, null);
    assertEquals(concat(...through), stream);
    const { frames } = ring.readWire(0, Infinity);
    assertEquals(concat(...frames.map(({ event }) => event.wire)), stream);
    assertEquals(frames.map(({ event }) => event.frame), frames.map((_, i) => i));
    assertEquals(ring.stats.keptBytes, stream.length);
  }
});

Deno.test("of a frame that is too large its beginning is shown, whatever its kind", () => {
  const random = seeded(11);
  for (let round = 0; round < 30; round++) {
    const pieces = streamOf(random);
    const stream = concat(...pieces);
    const shown: { wire: Uint8Array; offset: number; length: number; truncated: boolean }[] = [];
    const observer = new FrameStream({
      ...OBSERVING,
      mostShown: 100,
      mostHeld: 100,
      onRun: (run) => {
        for (const { wire, offset, header, payloadLength, truncated } of framesIn(run)) {
          const length = header.length + payloadLength;
          shown.push({ wire: wire.slice(), offset, length, truncated });
          assertEquals(truncated, payloadLength > 100);
          assertEquals(wire.length, header.length + Math.min(payloadLength, 100));
        }
      },
    });
    giveChunks(stream, random, (chunk) => observer.take(chunk));
    for (const { wire, offset } of shown) {
      assertEquals(wire, stream.slice(offset, offset + wire.length));
    }
    assertEquals(shown.reduce((sum, { length }) => sum + length, 0), stream.length);
    assert(shown.some(({ truncated }) => truncated));
  }
});
