import { assertEquals } from "@std/assert";
import { isControl, isDefinedOpcode, opcodeName } from "@/frames/mod.ts";

Deno.test("all sixteen opcodes have a name and a kind", () => {
  const all = Array.from({ length: 16 }, (_, opcode) => opcode);
  assertEquals(all.map(opcodeName), [
    "continuation",
    "text",
    "binary",
    ...[3, 4, 5, 6, 7].map((opcode) => `reserved 0x${opcode}`),
    "close",
    "ping",
    "pong",
    ..."bcdef".split("").map((digit) => `reserved 0x${digit}`),
  ]);
  assertEquals(all.filter(isControl), [8, 9, 10, 11, 12, 13, 14, 15]);
  assertEquals(all.filter(isDefinedOpcode), [0, 1, 2, 8, 9, 10]);
});
