import { assert, assertEquals, assertThrows } from "@std/assert";
import { encodeFrame } from "@/frames/mod.ts";
import { concat } from "@/tap/byte_window.ts";
import { CaptureRing } from "@/tap/capture_ring.ts";
import type { FrameRun } from "@/tap/frame_run.ts";
import { FrameStream } from "@/tap/frame_stream.ts";
import { MASK, noise, seeded } from "./support.ts";

function frameOf(payload: string, maskingKey?: Uint8Array): FrameRun {
  return plainRun(encodeFrame(payload, { opcode: 1, maskingKey }));
}

function plainRun(...frames: Uint8Array[]): FrameRun {
  return { bytes: concat(frames), count: frames.length, offset: 0, frame: null, part: null };
}

function fill(ring: CaptureRing, connection: string, words: string[], first = 0): void {
  words.forEach((word, i) =>
    ring.add({ connection, number: first + i, at: 1, direction: "out", run: frameOf(word) })
  );
}

function adds(ring: CaptureRing): boolean {
  const { seen, kept, discarded } = ring.stats;
  return seen === kept + discarded;
}

Deno.test("the ring is bounded by count and by bytes", () => {
  const byCount = new CaptureRing({ maxFrames: 3 });
  fill(byCount, "1", ["a", "b", "c", "d", "e"]);
  assertEquals(byCount.read(0).frames.map(({ preview }) => atob(preview)), ["c", "d", "e"]);
  assertEquals(byCount.stats, {
    seen: 5,
    kept: 3,
    discarded: 2,
    keptBytes: 9,
    maxFrames: 3,
    maxBytes: 16 * 1024 * 1024,
  });

  const byBytes = new CaptureRing({ maxBytes: 20 });
  fill(byBytes, "1", ["12345678", "12345678", "12345678"]);
  assertEquals([byBytes.stats.kept, byBytes.stats.keptBytes], [2, 20]);
  fill(byBytes, "1", ["x".repeat(30)]);
  assertEquals([byBytes.stats.kept, byBytes.stats.discarded], [0, 4]);

  const none = new CaptureRing({ maxFrames: 0 });
  fill(none, "1", ["a"]);
  assertEquals([none.stats.seen, none.stats.kept], [1, 0]);
  for (const bad of [-1, NaN]) {
    assertThrows(() => new CaptureRing({ maxBytes: bad }), RangeError, "maxBytes");
  }
});

Deno.test("readers go on from their cursor and are told what they missed", () => {
  const ring = new CaptureRing({ maxFrames: 10 });
  fill(ring, "1", ["a", "b", "c"]);
  const first = ring.read(0, { limit: 2 });
  assertEquals([first.frames.map((f) => f.frame), first.cursor, first.skipped], [[1, 2], 3, 1]);
  assertEquals(ring.read(first.cursor), { frames: [], cursor: 3, skipped: 0 });
  fill(ring, "1", Array(25).fill("x"), 3);
  const second = ring.read(first.cursor, { limit: 4 });
  assertEquals(second.frames.map((f) => f.frame), [24, 25, 26, 27]);
  assertEquals(second.skipped, 21);
  assertEquals(ring.read(0, { limit: 0 }).skipped, 28);
});

Deno.test("one connection's frames can be read alone", () => {
  const ring = new CaptureRing({ maxFrames: 4 });
  fill(ring, "1", ["a", "b", "c"]);
  fill(ring, "2", ["d", "e"]);
  const reading = ring.read(0, { connection: "1", limit: 1 });
  assertEquals(reading.frames.map(({ preview }) => atob(preview)), ["c"]);
  // One that left the ring, one over the limit.
  assertEquals(reading.skipped, 2);
  assertEquals(ring.read(0, { connection: "3" }), { frames: [], cursor: 5, skipped: 0 });
});

Deno.test("bytes are those on the wire, in pieces", () => {
  const ring = new CaptureRing();
  ring.add({ connection: "1", number: 7, at: 1, direction: "in", run: frameOf("Hello", MASK) });
  const wire = Uint8Array.fromHex("818537fa213d7f9f4d5158");
  assertEquals(ring.bytes("1", 7, 0, 100), { total: 11, kept: 11, bytes: wire });
  assertEquals(ring.bytes("1", 7, 4, 3)?.bytes, wire.slice(4, 7));
  assertEquals(ring.bytes("1", 7, 50, 3)?.bytes.length, 0);
  assertEquals(ring.bytes("1", 7, -5, -1)?.bytes.length, 0);
  assertEquals(ring.bytes("1", 8, 0, 10), null);
  assertEquals(ring.bytes("2", 7, 0, 10), null);
  const [record] = ring.read(0).frames;
  assertEquals([record.maskingKey, record.headerLength, record.length], ["37fa213d", 6, 5]);
  assertEquals(atob(record.preview), "Hello");
});

Deno.test("findings count from their frame's first byte", () => {
  const ring = new CaptureRing();
  const stream = new FrameStream({
    sender: "server",
    mode: "lenient",
    mostShown: 100,
    mostHeld: 100,
    onRun: (run) => ring.add({ connection: "1", number: run.offset, at: 1, direction: "out", run }),
  });
  stream.take(Uint8Array.of(0x89, 0, 0x83, 0, 0x8a, 0));
  const found = ring.read(0).frames.flatMap(({ findings }) => findings);
  assertEquals(found.map(({ rule, offset }) => [rule, offset]), [["reserved-opcode", 0]]);
});

Deno.test("a forgotten connection was never seen", () => {
  const ring = new CaptureRing({ maxFrames: 4 });
  fill(ring, "1", ["a", "b"]);
  fill(ring, "2", ["c", "d", "e"]);
  ring.forget("1");
  assertEquals([ring.stats.seen, ring.stats.kept, ring.stats.discarded], [3, 3, 0]);
  assertEquals(ring.stats.keptBytes, 9);
  assertEquals(ring.bytes("1", 1, 0, 1), null);
  ring.forget("1");
  ring.forget("unknown");
  assert(adds(ring));
  // What had been lost isn't counted as lost any more.
  assertEquals(ring.read(0, { limit: 10 }).skipped, 0);
});

Deno.test("counts of ended connections go with their last frame", () => {
  const ring = new CaptureRing({ maxFrames: 2_000 });
  for (let i = 0; i < 10_000; i++) {
    fill(ring, `${i}`, ["x"]);
    ring.end(`${i}`);
    assert(adds(ring));
  }
  ring.end("unknown");
  ring.forget("3");
  assertEquals(ring.stats.discarded, 8_000);
  ring.forget("9999");
  assertEquals([ring.stats.seen, ring.stats.kept], [9_999, 1_999]);
});

Deno.test("a run loses its oldest frames one by one, and is read in part", () => {
  const words = ["a", "bc", "d", "ef", "g", "h"];
  const ring = new CaptureRing({ maxFrames: 4 });
  const run = plainRun(...words.map((word) => encodeFrame(word, { opcode: 1 })));
  ring.add({ connection: "1", number: 0, at: 1, direction: "out", run });
  const shown = (cursor: number, limit = 10) =>
    ring.read(cursor, { limit }).frames.map(({ frame, preview }) => `${frame} ${atob(preview)}`);
  assertEquals(shown(0), ["2 d", "3 ef", "4 g", "5 h"]);
  assertEquals(shown(4), ["4 g", "5 h"]);
  assertEquals(shown(0, 1), ["5 h"]);
  assertEquals(ring.read(3, { limit: 1 }).skipped, 2);
  assertEquals(ring.read(0).skipped, 2);
  assertEquals([ring.stats.seen, ring.stats.kept, ring.stats.discarded], [6, 4, 2]);
  assertEquals(ring.stats.keptBytes, 3 + 4 + 3 + 3);
  assertEquals([ring.bytes("1", 1, 0, 9), ring.bytes("1", 6, 0, 9)], [null, null]);
  assertEquals(ring.bytes("1", 3, 0, 9)?.bytes, encodeFrame("ef", { opcode: 1 }));

  const first = ring.readWire(0, 3);
  assertEquals(first.frames.map(({ place }) => place), [2, 3, 4]);
  assertEquals([first.skipped, first.next], [2, 5]);
  const rest = ring.readWire(first.next, 3);
  assertEquals([rest.frames.map(({ place }) => place), rest.next], [[5], 6]);
  assertEquals(ring.readWire(6, 3), { frames: [], skipped: 0, next: 6 });

  fill(ring, "2", ["x", "y"]);
  assertEquals(shown(0), ["4 g", "5 h", "0 x", "1 y"]);
  ring.forget("1");
  assertEquals(shown(0), ["0 x", "1 y"]);
  assert(adds(ring));
});

Deno.test("no way of reading gives out a secret, masked or not", () => {
  const message = `{"type":"auth","token":"abc","pad":"${"x".repeat(100)}","session":"d"}`;
  const hidden = message.replace("abc", "***").replace('"d"', '"*"');
  for (const maskingKey of [undefined, MASK]) {
    const ring = new CaptureRing();
    const run = plainRun(
      encodeFrame("first", { opcode: 1, maskingKey }),
      encodeFrame(message, { opcode: 1, maskingKey }),
    );
    ring.add({ connection: "1", number: 0, at: 1, direction: "in", run });
    const wire = encodeFrame(hidden, { opcode: 1, maskingKey });
    assertEquals(ring.readWire(1, 1).frames[0].event.wire, wire);
    for (let offset = 0; offset < wire.length; offset++) {
      assertEquals(ring.bytes("1", 1, offset, 7)?.bytes, wire.slice(offset, offset + 7));
    }
    assertEquals(atob(ring.read(0).frames[1].preview), hidden.slice(0, 64));
  }
});

Deno.test("memory is used again: bytes of frames that stay are never overwritten", () => {
  const ring = new CaptureRing({ maxBytes: 200_000 });
  const random = seeded(3);
  for (let round = 0; round < 400; round++) {
    const frame = encodeFrame(noise(1_000 + random() * 60_000, random), { opcode: 2 });
    const connection = `${round % 3}`;
    const at = frame[frame.length - 1];
    ring.add({ connection, number: round, at, direction: "out", run: plainRun(frame) });
    if (round % 50 === 49) ring.forget(connection);
    for (const { event } of ring.readWire(0, Infinity).frames) {
      assertEquals(event.wire.length, event.headerLength + event.length);
      assertEquals(event.wire[event.wire.length - 1], event.at);
    }
  }
  assert(adds(ring));
});
