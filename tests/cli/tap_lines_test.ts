import { assert, assertEquals } from "@std/assert";
import { encodeFrame, type EncodeOptions } from "@/frames/mod.ts";
import { EventLines, timeOf } from "@/cli/tap/event_lines.ts";
import { harmless, paintFor, quoted } from "@/cli/tap/style.ts";
import type { CaptureEvent, EndEvent, FrameEvent } from "@/protocol/mod.ts";
import { parseFilter } from "@/cli/tap/filter.ts";

const AT = new Date(2026, 0, 2, 3, 4, 5, 67).getTime();
const maskingKey = Uint8Array.of(1, 2, 3, 4);
const plain = paintFor(false, undefined);

function frame(
  payload: string | Uint8Array,
  options: EncodeOptions & Partial<FrameEvent>,
): FrameEvent {
  const wire = encodeFrame(payload, { unchecked: true, ...options });
  const { length } = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  return {
    type: "frame",
    connection: "1",
    frame: options.frame ?? 0,
    at: options.at ?? AT,
    direction: options.maskingKey ? "in" : "out",
    headerLength: wire.length - length,
    length,
    wire,
    findings: options.findings ?? [],
    ...(options.fault === undefined ? {} : { fault: options.fault }),
    ...(options.compressed === undefined ? {} : { compressed: options.compressed }),
  };
}

function lines(events: CaptureEvent[], options = {}): string[] {
  const shown = new EventLines({ paint: plain, ...options });
  return events.flatMap((event) => shown.lines(event));
}

const END: EndEvent = {
  ...{ type: "end", connection: "1", at: AT, code: 1000, reason: "", clean: true },
  ...{ closedBy: "client", endedBy: "server" },
};

Deno.test("a frame is one line", () => {
  assertEquals(lines([frame("hello", { opcode: 1, maskingKey })]), [
    '03:04:05.067 #1   in  text         FIN mask          5 "hello"',
  ]);
  assertEquals(lines([frame(Uint8Array.of(1, 255), { opcode: 2, rsv1: true, fin: false })]), [
    "03:04:05.067 #1   out binary       R1                2 compressed 01 ff (fragment 1 of message 0)",
  ]);
  assertEquals(lines([frame(Uint8Array.of(0x03, 0xe8, 0x68, 0x69), { opcode: 8 })]), [
    '03:04:05.067 #1   out close        FIN               4 1000 Normal Closure "hi"',
  ]);
});

Deno.test("fragments are linked to their message, pongs to their ping", () => {
  const shown = lines([
    frame("a", { opcode: 1, fin: false, maskingKey, frame: 0 }),
    frame("x", { opcode: 9, maskingKey, frame: 1 }),
    frame("y", { opcode: 9, maskingKey, frame: 2 }),
    frame("x", { opcode: 10, frame: 3, at: AT + 12.5 }),
    frame("b", { opcode: 0, maskingKey, frame: 4 }),
    frame("z", { opcode: 10, frame: 5 }),
    frame("c", { opcode: 1, maskingKey, frame: 6 }),
  ]);
  assert(shown[0].endsWith("(fragment 1 of message 0)"));
  assert(shown[3].endsWith("(answers ping 1 after 12.5 ms)"));
  assert(shown[4].endsWith("(fragment 2 of message 0)"));
  assert(shown[5].endsWith('"z"'));
  assert(shown[6].endsWith('"c"'));
});

Deno.test("behind a gap nothing is linked to what came before it", () => {
  const shown = lines([
    frame("a", { opcode: 1, fin: false }),
    frame("x", { opcode: 9 }),
    { type: "gap", frames: 3 },
    frame("b", { opcode: 0 }),
    frame("x", { opcode: 10, maskingKey }),
  ]);
  assertEquals(shown[2], "  … 3 frames are missing here: too fast to show");
  assert(shown.slice(3).every((line) => !line.includes("(")));
});

Deno.test("findings and faults are told", () => {
  const findings = [{
    ...{ rule: "mask-missing", section: "5.1", closeCode: 1002, offset: 1, message: "Bad" },
  }];
  const [line] = lines([frame("", { opcode: 1, findings, fault: "duplicated" })]);
  assert(
    line.endsWith("[fault: duplicated] ! mask-missing (RFC 6455 §5.1, byte 1): Bad"),
    line,
  );
});

Deno.test("beginning, heads and end", () => {
  const bytes = new TextEncoder().encode("GET /ws HTTP/1.1\r\nHost: a\r\n\r\n");
  const shown = lines([
    { type: "open", connection: "1", at: AT, client: "127.0.0.1:5", server: "[::1]:80" },
    { type: "head", connection: "1", at: AT, direction: "in", bytes },
    END,
    { ...END, code: 1006, clean: false, closedBy: null, endedBy: "tap", rule: "mask-missing" },
    { ...END, failure: { status: 403, rule: "server-refused", message: "Cannot" } },
    { ...END, reason: "bye" },
  ]);
  assertEquals(shown.map((line) => line.slice("03:04:05.067 #1   ".length)), [
    "open   127.0.0.1:5 → [::1]:80",
    "in     GET /ws HTTP/1.1 (29 bytes of head)",
    "end    1000 Normal Closure, clean, client closed first, TCP ended by server",
    "end    1006 Abnormal Closure, not clean, no Close frame, TCP ended by tap, broke mask-missing",
    "end    no WebSocket: HTTP 403, server-refused: Cannot",
    'end    1000 Normal Closure "bye", clean, client closed first, TCP ended by server',
  ]);
});

Deno.test("with hex the fields and the bytes follow", () => {
  const shown = lines([frame("Hi", { opcode: 1, maskingKey })], { hex: true });
  assert(shown.some((line) => /^ +1\.\.\. \.\.\.\. +FIN +1 /.test(line)));
  assert(shown.some((line) => /^ +01 02 03 04 +masking key/.test(line)), shown.join("\n"));
  assert(shown.at(-1)?.startsWith("      00000000  81 82 01 02 03 04 49 6b "));
  const long = lines([frame("x".repeat(10_000), { opcode: 1 })], { hex: true });
  assertEquals(long.at(-1), `      … ${10_004 - 4_096} bytes more`);
});

Deno.test("with json each event is an object", () => {
  const events: CaptureEvent[] = [
    frame("hé", { opcode: 1, maskingKey, fault: "held" }),
    frame(Uint8Array.of(0xff), { opcode: 2 }),
    { type: "head", connection: "1", at: AT, direction: "out", bytes: Uint8Array.of(0x41, 0xe9) },
    END,
    { type: "gap", frames: 1 },
  ];
  const [text, binary, head, end, gap] = lines(events, { json: true, hex: true }).map((line) =>
    JSON.parse(line)
  );
  assertEquals([text.text, text.maskingKey, text.name, text.fault], [
    "hé",
    "01020304",
    "text",
    "held",
  ]);
  assertEquals(text.wire, frame("hé", { opcode: 1, maskingKey }).wire.toHex());
  assertEquals([binary.base64, binary.truncated], ["/w==", false]);
  assertEquals(head.head, "Aé");
  assertEquals(end, END);
  assertEquals(gap, { type: "gap", frames: 1 });
});

Deno.test("a filter hides frames and nothing else", () => {
  const events: CaptureEvent[] = [frame("a", { opcode: 1 }), frame("b", { opcode: 2 }), END];
  const shown = lines(events, { filter: parseFilter("binary") });
  assertEquals(shown.length, 2);
  assert(shown[0].includes("binary"));
});

Deno.test("what was captured can't play with the terminal", () => {
  const evil = "\x1b[2J\u202e\u0085\u2028\x7f\n";
  for (const text of [quoted(evil, 80), harmless(evil)]) {
    // deno-lint-ignore no-control-regex
    assert(!/[\x00-\x1f\x7f-\x9f\u2028\u202e]/.test(text), text);
  }
  assertEquals(quoted("abcdef", 3), '"abc"…');
  assertEquals(quoted("a😀", 2), '"a\ufffd"…');
});

Deno.test("colour only on a terminal, and not with NO_COLOR", () => {
  assertEquals(paintFor(true, undefined)("bad", "x"), "\x1b[31;1mx\x1b[0m");
  assertEquals(paintFor(true, "")("bad", "x"), "\x1b[31;1mx\x1b[0m");
  assertEquals(paintFor(true, "1")("bad", "x"), "x");
  assertEquals(paintFor(false, undefined)("bad", "x"), "x");
});

Deno.test("times have milliseconds", () => assertEquals(timeOf(AT), "03:04:05.067"));

const WORDS = "inflated words ".repeat(10);
const MESSAGE = {
  ...{ first: 4, opcode: 1 },
  inflated: { length: 150, bytes: new TextEncoder().encode(WORDS) },
};
/** The last fragment of a compressed message. */
const LAST = frame(Uint8Array.of(0xf2, 0x48), { opcode: 0, frame: 6, compressed: MESSAGE });

Deno.test("a compressed message is read in the line of its last frame", () => {
  assertEquals(lines([LAST]), [
    `03:04:05.067 #1   out continuation FIN               2 inflated 150 ${quoted(WORDS, 80)}`,
  ]);
  const first = { opcode: 1, rsv1: true, fin: false, compressed: { first: 4, opcode: 1 } };
  assertEquals(lines([frame(Uint8Array.of(1), first)]), [
    "03:04:05.067 #1   out text         R1                1 compressed 01 (fragment 1 of message 0)",
  ]);
  const binary = { first: 0, opcode: 2, inflated: { length: 90, bytes: new Uint8Array(30) } };
  const [line] = lines([frame("x", { opcode: 2, rsv1: true, compressed: binary })]);
  assert(line.endsWith(`inflated 90 ${"00 ".repeat(24)}…`), line);
});

Deno.test("why a message isn't inflated, and that its bytes are hidden, stands in its line", () => {
  const compressed = { first: 0, opcode: 1, hidden: true, problem: "it is broken" } as const;
  const [line] = lines([frame("**", { opcode: 1, rsv1: true, compressed })]);
  assert(
    line.endsWith("2 compressed 2a 2a [wire bytes hidden] [not inflated: it is broken]"),
    line,
  );
});

Deno.test("--hex shows the bytes on the wire and what came out, --json has both", () => {
  const dump = lines([LAST], { hex: true }).join("\n");
  assert(dump.includes("00000000  80 02 f2 48"), dump);
  assert(dump.includes("inflated, 150 bytes of the message that began with frame 4"), dump);
  assert(dump.includes("00000000  69 6e 66 6c 61 74 65 64 20 77 6f 72 64 73 20 69"), dump);
  assert(dump.includes("2 bytes of compressed"), dump);
  const json = JSON.parse(lines([LAST], { json: true, hex: true })[0]);
  assertEquals([json.length, json.base64, json.wire], [2, "8kg=", "8002f248"]);
  assertEquals(json.compressed, {
    ...{ first: 4, opcode: 1, inflated: { length: 150, kept: 150, text: WORDS } },
  });
  const binary = { ...MESSAGE, opcode: 2 };
  const [line] = lines([{ ...LAST, compressed: binary }], { json: true });
  assertEquals(JSON.parse(line).compressed.inflated.base64, btoa(WORDS));
});
