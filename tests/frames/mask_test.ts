import { assertEquals, assertThrows } from "@std/assert";
import { applyMask } from "@/frames/mod.ts";
import { hex, Random } from "./helpers.ts";

/** §5.3, word for word: "transformed-octet-i = original-octet-i XOR masking-key-octet-j". */
function maskedByTheBook(bytes: Uint8Array, key: Uint8Array, phase: number): Uint8Array {
  return bytes.map((byte, i) => byte ^ key[(i + phase) % 4]);
}

Deno.test("applyMask agrees with §5.3 for every alignment, phase and length", () => {
  const random = new Random(53);
  const key = hex("37 fa 21 3d");
  for (const length of [0, 1, 3, 4, 5, 127, 128, 129, 130, 131, 132, 200, 1021]) {
    for (let alignment = 0; alignment < 8; alignment++) {
      for (const phase of [0, 1, 2, 3, 4, 65537, 2 ** 40 + 1]) {
        const memory = random.bytes(alignment + length + 5);
        const part = memory.subarray(alignment, alignment + length);
        const expected = memory.slice();
        expected.set(maskedByTheBook(part, key, phase), alignment);
        applyMask(part, key, phase);
        assertEquals(memory, expected);
      }
    }
  }
});

Deno.test("applyMask twice gives the bytes back", () => {
  const bytes = new Random(1).bytes(1000);
  const before = bytes.slice();
  applyMask(bytes, hex("01 02 03 04"), 3);
  applyMask(bytes, hex("01 02 03 04"), 3);
  assertEquals(bytes, before);
});

Deno.test("applyMask refuses a key that isn't 4 bytes", () => {
  for (const length of [0, 3, 5]) {
    assertThrows(() => applyMask(new Uint8Array(1), new Uint8Array(length)), TypeError);
  }
});
