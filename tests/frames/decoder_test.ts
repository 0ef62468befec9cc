import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  encodeFrame,
  type Frame,
  frameBytes,
  FrameDecoder,
  Opcode,
  ProtocolError,
  RULES,
} from "@/frames/mod.ts";
import { concat, decodeAll, everyCut, hex, plain, toHex, utf8 } from "./helpers.ts";
import { LONG_EXAMPLES, longExample, VALID, VIOLATIONS } from "./vectors.ts";

for (const { name, bytes, sender, frames } of VALID) {
  Deno.test(`decode, valid: ${name}, at every cut, strict and lenient`, () => {
    const whole = decodeAll([bytes], { sender });
    assertStrictEquals(whole.error, null);
    assertStrictEquals(whole.frames.length, frames);
    assertStrictEquals(whole.position, bytes.length);
    assert(whole.atFrameBoundary);
    for (const chunks of everyCut(bytes)) {
      assertEquals(decodeAll(chunks, { sender }), whole);
      assertEquals(decodeAll(chunks, { sender, mode: "lenient" }), whole);
    }
  });
}

for (const vector of VIOLATIONS) {
  const { name, bytes, sender, options, rule, section, closeCode, offset, framesBefore } = vector;

  Deno.test(`decode, strict, ${rule}: ${name}, at every cut`, () => {
    const whole = decodeAll([bytes], { ...options, sender });
    const { error } = whole;
    assertEquals(
      [error?.rule, error?.section, error?.closeCode, error?.offset],
      [rule, section, closeCode, offset],
    );
    assertStrictEquals(whole.frames.length, framesBefore);
    assertStrictEquals(whole.position, offset + 1);
    for (const chunks of everyCut(bytes)) {
      assertEquals(decodeAll(chunks, { ...options, sender }), whole);
    }
  });

  Deno.test(`decode, strict, ${rule}: ${name}, proven by byte ${offset} and not before`, () => {
    assertStrictEquals(decodeAll([bytes.subarray(0, offset)], { ...options, sender }).error, null);
    const proven = decodeAll([bytes.subarray(0, offset + 1)], { ...options, sender });
    assertStrictEquals(proven.error?.rule, rule);
  });

  Deno.test(`decode, lenient, ${rule}: ${name}, same finding at every cut`, () => {
    const lenient = { ...options, sender, mode: "lenient" } as const;
    const strict = decodeAll([bytes], { ...options, sender });
    const whole = decodeAll([bytes], lenient);
    assertStrictEquals(whole.error, null);
    const findings = whole.frames.flatMap((frame) => frame.findings);
    const partial = new FrameDecoder(lenient);
    Array.from(partial.decode(bytes));
    const all = [...findings, ...(partial.partial()?.findings ?? [])];
    assertEquals(all[0], strict.error);
    for (const chunks of everyCut(bytes)) assertEquals(decodeAll(chunks, lenient), whole);
  });
}

Deno.test("every rule has a vector; those of bytes after a Close and of inflating elsewhere", () => {
  const covered = new Set(VIOLATIONS.map(({ rule }) => rule));
  const missing = Object.keys(RULES).filter((rule) => !covered.has(rule));
  assertEquals(missing, ["deflate-invalid", "inflated-too-big", "data-after-close"]);
  for (const { rule, section, closeCode } of VIOLATIONS) {
    const facts = RULES[rule as keyof typeof RULES];
    assertEquals([facts.section, facts.closeCode], [section, closeCode]);
  }
});

for (const example of LONG_EXAMPLES) {
  Deno.test(`decode, valid: §5.7 binary of ${example.length} bytes, cut around its borders`, () => {
    const bytes = longExample(example);
    const cuts = [1, 2, 3, example.header.length, example.header.length + 1, bytes.length - 1];
    for (const cut of [0, ...cuts]) {
      const [frame] = decodeAll([bytes.subarray(0, cut), bytes.subarray(cut)], {
        sender: "server",
      }).frames;
      assertEquals([frame.opcode, frame.payloadLength], [Opcode.BINARY, example.length]);
      assertStrictEquals(frame.payload, toHex(bytes.subarray(example.header.length)));
      assertStrictEquals(frame.header, toHex(example.header));
    }
  });
}

for (const length of [0, 1, 125, 126, 2048, 2049, 65535, 65536]) {
  Deno.test(`decode and frameBytes: ${length} bytes, masked and not, in chunks`, () => {
    const payload = Uint8Array.from({ length }, (_, i) => i * 7);
    for (const maskingKey of [undefined, hex("37 fa 21 3d")]) {
      const bytes = encodeFrame(payload, { opcode: Opcode.BINARY, maskingKey });
      const sender = maskingKey ? "client" : "server";
      for (const size of [bytes.length, 4096, 1000]) {
        const decoder = new FrameDecoder({ sender });
        const frames: Frame[] = [];
        for (let at = 0; at < bytes.length; at += size) {
          frames.push(...decoder.decode(bytes.subarray(at, at + size)));
        }
        assertStrictEquals(frames.length, 1);
        assertEquals(frames[0].payload, payload);
        assertEquals(frameBytes(frames[0]), bytes);
        assertEquals(frames[0].maskingKey, maskingKey ?? null);
      }
    }
  });
}

Deno.test("decode neither changes nor keeps the chunk", () => {
  const bytes = hex("82 83 01 02 03 04 61 62 63 82 84 01 02 03 04 61 62");
  const before = bytes.slice();
  const decoder = new FrameDecoder({ sender: "client" });
  const [frame] = [...decoder.decode(bytes)];
  assertEquals(bytes, before);
  const seen = plain(frame);
  bytes.fill(0);
  assertEquals(plain(frame), seen);
  const [next] = [...decoder.decode(hex("63 64"))];
  assertStrictEquals(toHex(next.payload), "60606060");
});

Deno.test("decode delivers good frames before the violation and takes no more after it", () => {
  const decoder = new FrameDecoder({ sender: "server" });
  const texts: string[] = [];
  const error = assertThrows(() => {
    for (const frame of decoder.decode(hex("81 01 61 81 01 62 83 00 81 01 63"))) {
      texts.push(new TextDecoder().decode(frame.payload));
    }
  }, ProtocolError);
  assertEquals(texts, ["a", "b"]);
  assertStrictEquals(error.code, "ERR_RESERVED_OPCODE");
  assertStrictEquals(error.message, "Cannot decode frame: opcode is 0x3");
  assertStrictEquals(decoder.error, error);
  assertStrictEquals(decoder.frameStart, 6);
  assert(!decoder.atFrameBoundary);
  const again = assertThrows(() => Array.from(decoder.decode(hex("81 00"))), ProtocolError);
  assertStrictEquals(again, error);
  assertStrictEquals(decoder.position, 7);
});

Deno.test("decode keeps what a loop that was left early didn't read", () => {
  const decoder = new FrameDecoder({ sender: "server" });
  const seen: number[] = [];
  for (const frame of decoder.decode(hex("89 00 8a 00 81"))) {
    seen.push(frame.opcode);
    break;
  }
  assertStrictEquals(decoder.position, 2);
  for (const frame of decoder.decode(hex("01 61"))) seen.push(frame.opcode);
  assertEquals(seen, [Opcode.PING, Opcode.PONG, Opcode.TEXT]);
  assertStrictEquals(decoder.position, 7);
});

Deno.test("decode refuses a chunk while the last one is being read", () => {
  const decoder = new FrameDecoder({ sender: "server" });
  for (const _ of decoder.decode(hex("89 00 89 00"))) {
    assertThrows(() => Array.from(decoder.decode(hex("89 00"))), TypeError, "Cannot decode");
  }
  assertStrictEquals(decoder.position, 4);
});

for (const mode of ["strict", "lenient"] as const) {
  Deno.test(`decode, ${mode}: bytes after a Close are ignored, counted and reported`, () => {
    const bytes = hex("88 02 03 e8 81 01 61 ff");
    const whole = decodeAll([bytes], { sender: "server", mode });
    assertStrictEquals(whole.error, null);
    assertStrictEquals(whole.frames.length, 1);
    assert(whole.closed);
    assertEquals([whole.trailingBytes, whole.frameStart, whole.position], [4, 4, 8]);
    assertEquals([whole.trailing?.rule, whole.trailing?.offset], ["data-after-close", 4]);
    for (const chunks of everyCut(bytes)) {
      assertEquals(decodeAll(chunks, { sender: "server", mode }), whole);
    }
    const clean = decodeAll([bytes.subarray(0, 4)], { sender: "server", mode });
    assertEquals([clean.closed, clean.trailingBytes, clean.trailing], [true, 0, null]);
  });
}

Deno.test("decode, lenient: goes on after each violation that leaves the borders readable", () => {
  const bytes = concat(
    hex("83 01 61"), // reserved opcode
    hex("f1 01 61"), // RSV1 to RSV3
    hex("81 81 01 02 03 04 60"), // masked
    hex("82 7e 00 01 61"), // not minimal
    hex("80 00"), // nothing to continue
    hex("81 02 c0 af"), // not UTF-8
    hex("09 7e 00 7e" + "00".repeat(126)), // long, fragmented ping
    hex("81 02 6f 6b"),
  );
  const { frames, lost, position } = decodeAll([bytes], { sender: "server", mode: "lenient" });
  assertEquals(
    frames.map((frame) => frame.findings.map((finding) => finding.rule)),
    [
      ["reserved-opcode"],
      ["reserved-rsv1", "reserved-rsv2", "reserved-rsv3"],
      ["mask-forbidden"],
      ["length-not-minimal"],
      ["continuation-without-start"],
      ["text-not-utf8"],
      ["control-fragmented", "control-too-long"],
      [],
    ],
  );
  assertStrictEquals(frames[2].payload, "61");
  assertStrictEquals(frames.at(-1)?.payload, "6f6b");
  assertStrictEquals(lost, null);
  assertStrictEquals(position, bytes.length);
});

Deno.test("decode, lenient: says from where the bytes can't be cut any more", () => {
  const bytes = hex("81 01 61 82 ff 80 00 00 00 00 00 00 00 01 02 03 04");
  const whole = decodeAll([bytes], { sender: "client", mode: "lenient" });
  assertStrictEquals(whole.frames.length, 1);
  assertEquals([whole.lost?.rule, whole.lost?.offset], ["length-high-bit", 5]);
  assertEquals([whole.frameStart, whole.position, whole.atFrameBoundary], [3, 17, false]);
  for (const chunks of everyCut(bytes)) {
    assertEquals(decodeAll(chunks, { sender: "client", mode: "lenient" }), whole);
  }
});

Deno.test("decode, lenient: a new message inside a message takes its place", () => {
  const bytes = hex("01 01 e2 81 01 61 80 00 01 01 61 01 01 c3 80 01 a4");
  const { frames } = decodeAll([bytes], { sender: "server", mode: "lenient" });
  assertEquals(frames.map((frame) => frame.findings.map((finding) => finding.rule)), [
    [],
    ["start-inside-message"],
    ["continuation-without-start"],
    [],
    ["start-inside-message"],
    [],
  ]);
});

Deno.test("decode, lenient: text that isn't UTF-8 is reported once a message", () => {
  const bytes = hex("01 02 ff ff 00 01 ff 80 01 ff 81 01 ff");
  const { frames } = decodeAll([bytes], { sender: "server", mode: "lenient" });
  assertEquals(frames.map((frame) => frame.findings.length), [1, 0, 0, 1]);
});

Deno.test("decode, lenient: limits are reported at the frame that crosses them, once", () => {
  const limits = { maxMessageBytes: 4, maxFragments: 2, maxFrameBytes: 3 };
  const bytes = hex("02 03 61 61 61 00 02 61 61 00 04 61 61 61 61 80 00");
  const { frames } = decodeAll([bytes], { ...limits, sender: "server", mode: "lenient" });
  assertEquals(frames.map((frame) => frame.findings.map((finding) => finding.rule)), [
    [],
    ["message-too-big", "unfinished-too-big"],
    ["too-many-fragments", "frame-too-big"],
    [],
  ]);
});

for (const mode of ["strict", "lenient"] as const) {
  Deno.test(`decode, ${mode}: keeps no more of a payload than it is told, and checks all of it`, () => {
    const text = utf8("a€".repeat(50));
    const bytes = encodeFrame(text, { opcode: Opcode.TEXT, maskingKey: hex("01 02 03 04") });
    for (const chunks of everyCut(bytes)) {
      const decoder = new FrameDecoder({ sender: "client", mode, maxKeptPayloadBytes: 10 });
      const frames = chunks.flatMap((chunk) => [...decoder.decode(chunk)]);
      assertStrictEquals(frames.length, 1);
      const [frame] = frames;
      assertEquals([frame.payloadLength, frame.truncated], [200, true]);
      assertEquals(frame.payload, text.subarray(0, 10));
      assertEquals(frameBytes(frame), bytes.subarray(0, frame.header.length + 10));
      assertEquals(frame.findings, []);
    }
    const bad = bytes.slice();
    bad[bad.length - 1] ^= 0x80;
    const none = { sender: "client", mode, maxKeptPayloadBytes: 0 } as const;
    for (const chunks of everyCut(bad)) {
      const { frames, error } = decodeAll(chunks, none);
      const finding = mode === "strict" ? error : frames[0].findings[0];
      assertEquals([finding?.rule, finding?.offset], ["text-not-utf8", bad.length - 1]);
    }
  });
}

Deno.test("decode allocates nothing for a length that is only declared", () => {
  const gigabytes = hex("82 7f 00 00 00 04 00 00 00 00 61 62");
  const options = { sender: "server", maxFrameBytes: 2 ** 40, maxMessageBytes: 2 ** 40 } as const;
  const decoder = new FrameDecoder(options);
  assertEquals([...decoder.decode(gigabytes)], []);
  const partial = decoder.partial();
  assertEquals([partial?.payloadLength, partial?.payloadReceived], [2 ** 34, 2]);
  assertEquals(partial?.payload, hex("61 62"));
  assert(partial!.payload.buffer.byteLength <= 64);
});

Deno.test("decode, RSV1 allowed: compressed text isn't taken for UTF-8", () => {
  const { error, frames } = decodeAll([hex("c1 02 ff fe 81 01 61 41 01 ff 80 01 ff")], {
    sender: "server",
    allowRsv1: true,
  });
  assertStrictEquals(error, null);
  assertEquals(frames.map((frame) => frame.rsv[0]), [true, false, true, false]);
});

Deno.test("decode, joined inside a message: its continuation is in place, its text unchecked", () => {
  const continues = Opcode.TEXT;
  const { error, frames } = decodeAll([hex("00 01 ac 80 01 61 81 01 61")], {
    sender: "server",
    continues,
  });
  assertStrictEquals(error, null);
  assertStrictEquals(frames.length, 3);
  const next = decodeAll([hex("80 01 ac 80 00")], { sender: "server", continues });
  assertEquals([next.error?.rule, next.error?.offset], ["continuation-without-start", 3]);
});

Deno.test("partial tells what is known of a frame cut anywhere", () => {
  const bytes = hex("82 fe 00 80 01 02 03 04" + "00".repeat(128));
  for (let cut = 0; cut < bytes.length; cut++) {
    const decoder = new FrameDecoder({ sender: "client" });
    assertEquals([...decoder.decode(bytes.subarray(0, cut))], []);
    const partial = decoder.partial();
    if (cut === 0) {
      assertStrictEquals(partial, null);
      continue;
    }
    assertEquals(partial?.header, bytes.subarray(0, Math.min(cut, 8)));
    assertStrictEquals(partial?.headerComplete, cut >= 8);
    assertStrictEquals(partial?.payloadLength, cut >= 4 ? 128 : null);
    assertStrictEquals(partial?.payloadReceived, Math.max(cut - 8, 0));
    assertEquals(partial?.bytes, bytes.subarray(0, cut));
    assertEquals([decoder.frameStart, decoder.position], [0, cut]);
    assert(!decoder.atFrameBoundary);
  }
});

Deno.test("insideMessage follows the fragments", () => {
  const decoder = new FrameDecoder({ sender: "server" });
  const inside = [];
  for (const _ of decoder.decode(hex("01 00 89 00 80 00"))) inside.push(decoder.insideMessage);
  assertEquals(inside, [true, true, false]);
});

Deno.test("small frames stay apart and whole though they share memory", () => {
  const bytes = concat(
    ...Array.from(
      { length: 3000 },
      (_, i) =>
        encodeFrame(Uint8Array.of(i, i >> 8), {
          opcode: Opcode.BINARY,
          maskingKey: hex("01020304"),
        }),
    ),
  );
  const frames = [...new FrameDecoder({ sender: "client" }).decode(bytes)];
  frames.forEach((frame, i) => assertEquals(frame.payload, Uint8Array.of(i, i >> 8)));
  assertEquals(concat(...frames.map(frameBytes)), bytes);
});

Deno.test("frames go on after somebody transferred the memory of one away", () => {
  const [first] = new FrameDecoder({ sender: "server" }).decode(hex("81 01 61"));
  structuredClone(first.payload.buffer, { transfer: [first.payload.buffer as ArrayBuffer] });
  const [second] = new FrameDecoder({ sender: "server" }).decode(hex("81 01 62"));
  assertEquals(second.payload, hex("62"));
});

Deno.test("a limit that is no limit is the caller's mistake", () => {
  const limits = ["maxFrameBytes", "maxMessageBytes", "maxUnfinishedBytes", "maxFragments"];
  for (const name of [...limits, "maxKeptPayloadBytes"]) {
    for (const value of [NaN, -1]) {
      assertThrows(() => new FrameDecoder({ sender: "client", [name]: value }), RangeError, name);
    }
  }
});

Deno.test("ProtocolError is an Error and a finding", () => {
  const { error } = new FrameDecoder({ sender: "server" });
  assertStrictEquals(error, null);
  const thrown = assertThrows(
    () => Array.from(new FrameDecoder({ sender: "server" }).decode(hex("81 01 ff"))),
    ProtocolError,
  );
  assertInstanceOf(thrown, Error);
  assertEquals([thrown.name, thrown.code], ["ProtocolError", "ERR_TEXT_NOT_UTF8"]);
});
