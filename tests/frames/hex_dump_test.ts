import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { explainFrame, flattenFields, hexDump } from "@/frames/mod.ts";
import { hex, utf8 } from "./helpers.ts";
import { VALID, VIOLATIONS } from "./vectors.ts";

Deno.test("hexDump gives rows of sixteen with offset, hex and ASCII", () => {
  const rows = hexDump(utf8("Hello, world! ~\x7f\n€"));
  assertEquals(rows.map(({ offset, bytes }) => [offset, bytes.length]), [[0, 16], [16, 4]]);
  assertStrictEquals(rows[0].bytes.map(({ ascii }) => ascii).join(""), "Hello, world! ~.");
  assertStrictEquals(rows[1].bytes.map(({ hex }) => hex).join(" "), "0a e2 82 ac");
  assertEquals(rows[1].bytes[0], {
    offset: 16,
    value: 10,
    hex: "0a",
    ascii: ".",
    field: -1,
    fields: [],
  });
  assertEquals(hexDump(new Uint8Array(0)), []);
});

Deno.test("hexDump makes only the rows asked for", () => {
  const rows = hexDump(new Uint8Array(100), [], { from: 20, to: 40 });
  assertEquals(rows.map(({ offset, bytes }) => [offset, bytes.length]), [[16, 16], [32, 8]]);
  assertEquals(hexDump(new Uint8Array(3), [], { from: 0, to: 50 })[0].bytes.length, 3);
});

Deno.test("each byte names the field that fills it most, and all that share it", () => {
  const bytes = hex("88 84 00 00 00 00 03 e8 6f 6b");
  const { fields } = explainFrame(bytes);
  const flat = flattenFields(fields);
  const names = hexDump(bytes, fields)[0].bytes.map(({ field }) => flat[field].id);
  assertEquals(names, [
    "opcode",
    "payload-length",
    ...Array(4).fill("masking-key"),
    "close-code",
    "close-code",
    "close-reason",
    "close-reason",
  ]);
  const shared = hexDump(bytes, fields)[0].bytes[0].fields.map((index) => flat[index].id);
  assertEquals(shared, ["fin", "rsv1", "rsv2", "rsv3", "opcode"]);
});

Deno.test("every byte of every vector, cut anywhere, belongs to a field", () => {
  for (const { bytes } of [...VALID, ...VIOLATIONS]) {
    for (let cut = 1; cut <= Math.min(bytes.length, 20); cut++) {
      const part = bytes.subarray(0, cut);
      const { fields, length } = explainFrame(part);
      for (
        const { offset, field, fields: all } of hexDump(part, fields).flatMap((row) => row.bytes)
      ) {
        assertStrictEquals(field >= 0, offset < length);
        assert(field < 0 || all.includes(field));
      }
    }
  }
});
