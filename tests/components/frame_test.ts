import { assert, assertEquals } from "@std/assert";
import { explainFrame } from "../../frames/explain.ts";
import { asciiOf, byteClass, moveByte } from "../../components/frame/byte_cursor.ts";
import { FrameBytes } from "../../components/frame/frame_bytes.ts";
import { droppedRows, listMove } from "../../components/frame/frame_cursor.ts";
import { filterFrames, isFiltering, NO_FILTER } from "../../components/frame/frame_filter.ts";
import { frameHash, parseFrameHash } from "../../components/frame/frame_hash.ts";
import {
  compressedMark,
  flagsOf,
  previewOf,
  visible,
  visibleLines,
} from "../../components/frame/frame_text.ts";
import {
  jsonView,
  messageRows,
  partsOf,
  textView,
  unmaskedBytes,
} from "../../components/frame/payload_views.ts";
import {
  fieldsAt,
  moveRow,
  outlineOf,
  partOf,
  selectByte,
  selectedRange,
  selectField,
  treeRows,
} from "../../components/frame/selection.ts";
import { FrameRing } from "../../components/live/frame_ring.ts";
import type { FrameRecord } from "../../protocol/monitor_records.ts";
import { frame } from "./records.ts";

/** RFC 6455 §5.7: a masked "Hello". */
const MASKED_HELLO = Uint8Array.fromHex("818537fa213d7f9f4d5158");
/** A Close with 1000 and "ok", unmasked. */
const CLOSE = Uint8Array.fromHex("880403e86f6b");

const base64 = (hex: string) => btoa(String.fromCharCode(...Uint8Array.fromHex(hex)));
const names = (bytes: Uint8Array, indexes: number[]) => {
  const rows = treeRows(explainFrame(bytes).fields);
  return indexes.map((index) => rows[index].field.name);
};

Deno.test("a preview is text for text, a code for a close, hex for the rest", () => {
  assertEquals(previewOf(frame(0)), "hello");
  assertEquals(previewOf(frame(0, { length: 90 })), "hello…");
  assertEquals(previewOf(frame(0, { opcode: 2, length: 2, preview: base64("00ff") })), "00 ff");
  assertEquals(previewOf(frame(0, { opcode: 9, length: 2, preview: base64("6869") })), "hi");
  assertEquals(previewOf(frame(0, { opcode: 9, length: 2, preview: base64("0102") })), "01 02");
  assertEquals(previewOf(frame(0, { rsv: 4, length: 2, preview: base64("6869") })), "68 69");
  const close = (hex: string) =>
    previewOf(frame(0, { opcode: 8, length: hex.length / 2, preview: base64(hex) }));
  assertEquals(close("0fa1627965"), "4001 Private Use “bye”");
  assertEquals(close("03e8"), "1000 Normal Closure");
  assertEquals(close(""), "no status");
  assertEquals(close("03"), "03");
});

Deno.test("of a compressed message the list shows what came out, and how much", () => {
  const record = (compressed: FrameRecord["compressed"], opcode = 1) =>
    frame(0, {
      rsv: 4,
      opcode,
      length: 2,
      preview: base64("f248"),
      ...(compressed && { compressed }),
    });
  const both = (shown: FrameRecord) => [compressedMark(shown), previewOf(shown)];
  const inflated = { length: 5_000, kept: 5_000, preview: btoa("hello") };
  assertEquals(both(record({ first: 0, opcode: 1, inflated })), ["inflated 5,000", "hello…"]);
  assertEquals(both(record({ first: 0, opcode: 2, inflated: { ...inflated, length: 5 } }, 0)), [
    ...["inflated 5", "68 65 6c 6c 6f"],
  ]);
  assertEquals(both(record({ first: 0, opcode: 1, inflated, problem: "it ended" })), [
    ...["inflated 5,000, not whole", "hello…"],
  ]);
  assertEquals(both(record({ first: 0, opcode: 1 })), ["compressed", "f2 48"]);
  assertEquals(both(record({ first: 0, opcode: 1, problem: "lost", hidden: true })), [
    ...["not inflated", "hidden: it holds a secret, or might"],
  ]);
  assertEquals(both(record(undefined)), ["", "f2 48"]);
});

Deno.test("the bytes of an inflated message are one field", () => {
  const rows = messageRows(20);
  assertEquals([fieldsAt(rows, 0), fieldsAt(rows, 19), fieldsAt(rows, 20)], [[0], [0], []]);
  assertEquals(rows[0].field.name, "inflated message");
});

Deno.test("no control character can hide in a preview", () => {
  assertEquals(visible("a\u0000\n\u007fb"), "a␀␊␡b");
  assertEquals(visibleLines("a\tb\n\u001bc"), "a\tb\n␛c");
});

Deno.test("flags by name", () => {
  assertEquals(flagsOf(frame(0, { rsv: 5, maskingKey: "00000000" })), "FIN RSV1 RSV3 MASK");
  assertEquals(flagsOf(frame(0, { fin: false })), "");
});

Deno.test("filters narrow, and count what they hide of ping and pong", () => {
  const ring = new FrameRing();
  const finding = { rule: "r", section: "5.1", closeCode: 1002, offset: 0, message: "m" };
  ring.push([
    frame(0, { direction: "in" }),
    frame(1, { opcode: 9, preview: "", length: 0 }),
    frame(2, { opcode: 10, preview: "", length: 0, direction: "in" }),
    frame(3, { opcode: 8, preview: "", length: 0 }),
    frame(0, { connection: "2", preview: btoa("Good Bye"), findings: [finding] }),
  ]);
  const keys = (change: Partial<typeof NO_FILTER>) =>
    filterFrames(ring.entries, { ...NO_FILTER, ...change }).rows.map(({ key }) => key).join(" ");
  assertEquals(keys({}), "1.0 1.1 1.2 1.3 2.0");
  assertEquals(keys({ direction: "in" }), "1.0 1.2");
  assertEquals(keys({ opcodes: "data" }), "1.0 2.0");
  assertEquals(keys({ opcodes: "control" }), "1.1 1.2 1.3");
  assertEquals(keys({ opcodes: "close" }), "1.3");
  assertEquals(keys({ connection: "2" }), "2.0");
  assertEquals(keys({ text: "good b" }), "2.0");
  assertEquals(keys({ findingsOnly: true }), "2.0");
  assertEquals(keys({ hidePingPong: true }), "1.0 1.3 2.0");
  const hidden = filterFrames(ring.entries, { ...NO_FILTER, hidePingPong: true, direction: "in" });
  assertEquals(hidden.hiddenPingPong, 1);
  assert(!isFiltering(NO_FILTER));
  assert(isFiltering({ ...NO_FILTER, text: "x" }));
});

Deno.test("a frame's address goes there and back", () => {
  const address = { connection: "12", frame: 7, offset: 3 };
  assertEquals(frameHash(address), "#frame=12.7&off=3");
  assertEquals(parseFrameHash("#frame=12.7&off=3"), address);
  assertEquals(parseFrameHash("#frame=a.b.7"), { connection: "a.b", frame: 7, offset: 0 });
  assertEquals(parseFrameHash("#frame=12.7&off=-1")?.offset, 0);
  for (const hash of ["", "#frame=12", "#frame=.7", "#room=lobby", "#frame=12.x"]) {
    assertEquals(parseFrameHash(hash), null);
  }
});

Deno.test("the byte cursor moves as in a hex editor", () => {
  const grid = { total: 40, perRow: 16, pageRows: 2 };
  const move = (offset: number, key: string) => moveByte(offset, key, grid);
  assertEquals([move(0, "ArrowLeft"), move(39, "ArrowRight")], [0, 39]);
  assertEquals([move(3, "ArrowUp"), move(20, "ArrowUp"), move(20, "ArrowDown")], [3, 4, 36]);
  assertEquals(move(30, "ArrowDown"), 30, "there is no byte below");
  assertEquals([move(20, "Home"), move(20, "End"), move(35, "End")], [16, 31, 39]);
  assertEquals([move(35, "PageUp"), move(3, "PageDown")], [3, 35]);
  assertEquals([move(20, "Ctrl+Home"), move(20, "Ctrl+End")], [0, 39]);
  assertEquals(move(20, "x"), null);
  assertEquals(moveByte(0, "ArrowRight", { ...grid, total: 0 }), null);
});

Deno.test("bytes have a class and a character", () => {
  assertEquals([0x00, 0x41, 0x20, 0x0a, 0x1b, 0xe4].map(byteClass), [
    "nul",
    "printable",
    "space",
    "space",
    "control",
    "high",
  ]);
  assertEquals([0x41, 0x20, 0x00, 0xff].map(asciiOf), ["A", " ", "·", "·"]);
});

Deno.test("a byte finds its field, a field finds its bytes", () => {
  const rows = treeRows(explainFrame(MASKED_HELLO).fields);
  assertEquals(names(MASKED_HELLO, fieldsAt(rows, 0)), ["FIN", "RSV1", "RSV2", "RSV3", "opcode"]);
  assertEquals(names(MASKED_HELLO, [selectByte(rows, 0).field]), ["opcode"]);
  assertEquals(names(MASKED_HELLO, [selectByte(rows, 1).field]), ["payload length"]);
  assertEquals(names(MASKED_HELLO, [selectByte(rows, 4).field]), ["masking key"]);
  assertEquals(selectByte(rows, 99).field, -1);
  const key = rows.findIndex(({ field }) => field.id === "masking-key");
  const selection = selectField(rows, key);
  assertEquals(selection.offset, 2);
  assertEquals(selectedRange(rows, selection), [2, 6]);
  assertEquals(selectedRange(rows, { offset: 7, field: -1 }), [7, 8]);
});

Deno.test("the line around a field runs where its neighbours aren't part of it", () => {
  const outline = (offset: number) => outlineOf(offset, [14, 34], 16);
  assertEquals(outline(13), "");
  assertEquals(outline(14), "in-field edge-top edge-left");
  assertEquals(outline(15), "in-field edge-top edge-right");
  assertEquals(outline(16), "in-field edge-top edge-left");
  assertEquals(outline(20), "in-field edge-top edge-bottom");
  assertEquals(outline(33), "in-field edge-bottom edge-right");
  assertEquals(outline(34), "");
});

Deno.test("the parts of a Close are rows of their own, and the deepest one holds the byte", () => {
  const rows = treeRows(explainFrame(CLOSE).fields);
  assertEquals(rows.slice(-3).map(({ field, level }) => `${field.id} ${level}`), [
    "payload 1",
    "close-code 2",
    "close-reason 2",
  ]);
  assertEquals(names(CLOSE, fieldsAt(rows, 4)), ["close reason"]);
  assertEquals(partOf("close-code"), "close");
});

Deno.test("the payload is unmasked in place", () => {
  const parts = partsOf(MASKED_HELLO, explainFrame(MASKED_HELLO).fields);
  assertEquals(parts.headerLength, 6);
  const plain = unmaskedBytes(MASKED_HELLO, parts);
  assertEquals(new TextDecoder().decode(plain.subarray(6)), "Hello");
  assertEquals(plain.slice(0, 6), MASKED_HELLO.slice(0, 6));
  assertEquals(MASKED_HELLO[6], 0x7f, "the wire's bytes stay as they were");
  const bare = partsOf(CLOSE, explainFrame(CLOSE).fields);
  assertEquals(bare, { headerLength: 2, key: null });
  assertEquals(unmaskedBytes(CLOSE, bare), CLOSE);
});

Deno.test("text that isn't UTF-8 says so, JSON that isn't says why", () => {
  assertEquals(textView(Uint8Array.of(0x68, 0xff)), { text: "h\ufffd", valid: false });
  assertEquals(textView(new TextEncoder().encode("ä")), { text: "ä", valid: true });
  const cut = new TextEncoder().encode("aä").subarray(0, 2);
  assertEquals(textView(cut), { text: "a\ufffd", valid: false });
  assertEquals(textView(cut, false), { text: "a", valid: true });
  assertEquals(jsonView('{"a":1}'), { json: '{\n  "a": 1\n}' });
  assert("problem" in jsonView("{"));
});

Deno.test("a frame is fetched in pieces, each once", () => {
  const bytes = new FrameBytes(100_000, 70_000);
  assertEquals(bytes.pieces, 3);
  assertEquals(bytes.missing(0, 40_000), [
    { offset: 0, length: 32_768 },
    { offset: 32_768, length: 32_768 },
  ]);
  assertEquals(bytes.missing(0, 40_000), []);
  bytes.put(32_768, new Uint8Array(32_768).fill(7));
  assertEquals([bytes.has(0), bytes.has(32_768), bytes.contiguous], [false, true, 0]);
  bytes.put(0, new Uint8Array(32_768));
  assertEquals(bytes.contiguous, 65_536);
  assertEquals(bytes.missing(0, 100_000), [{ offset: 65_536, length: 4_464 }]);
  bytes.forgetAsked();
  assertEquals(bytes.missing(0, 100_000), [{ offset: 65_536, length: 4_464 }]);
  bytes.put(65_536, new Uint8Array(4_464));
  assert(bytes.complete);
  assertEquals(bytes.contiguous, 70_000);
  bytes.put(70_000, Uint8Array.of(1));
  assert(!bytes.has(70_000));
});

Deno.test("a frame without a kept byte is complete", () => {
  const bytes = new FrameBytes(10, 0);
  assert(bytes.complete);
  assertEquals(bytes.missing(0, 10), []);
});

Deno.test("the choice moves by rows, pages and to the ends", () => {
  const size = { count: 100, page: 10 };
  assertEquals([listMove(-1, "j", size), listMove(-1, "k", size)], [99, 99]);
  assertEquals([listMove(5, "ArrowDown", size), listMove(5, "k", size)], [6, 4]);
  assertEquals([listMove(5, "PageUp", size), listMove(5, "PageDown", size)], [0, 15]);
  assertEquals([listMove(5, "Home", size), listMove(5, "End", size)], [0, 99]);
  assertEquals(listMove(5, "x", size), null);
  assertEquals(listMove(-1, "j", { count: 0, page: 1 }), null);
});

Deno.test("the tree is walked by keys", () => {
  assertEquals([moveRow(0, "ArrowUp", 9), moveRow(3, "ArrowDown", 9), moveRow(3, "End", 9)], [
    0,
    4,
    8,
  ]);
  assertEquals([moveRow(0, "x", 9), moveRow(0, "End", 0)], [null, null]);
});

Deno.test("rows that left at the old end are counted", () => {
  const ring = new FrameRing(3);
  ring.push([frame(0), frame(1), frame(2)]);
  const before = ring.entries;
  ring.push([frame(3), frame(4)]);
  assertEquals(droppedRows(before, ring.entries), 2);
  assertEquals(droppedRows(before, before), 0);
  assertEquals(droppedRows([], before), 0);
  assertEquals(droppedRows(before, before.slice(0, 1)), 0);
});
