import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  CLOSE_CODES,
  closeCodeName,
  closePayload,
  isValidCloseCode,
  parseClosePayload,
  ProtocolError,
} from "@/frames/mod.ts";
import { hex } from "./helpers.ts";

Deno.test("isValidCloseCode knows the codes that may stand on the wire, of all there are", () => {
  const valid = [];
  for (let code = 0; code <= 0xffff; code++) if (isValidCloseCode(code)) valid.push(code);
  const expected = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
  for (let code = 3000; code <= 4999; code++) expected.push(code);
  assertEquals(valid, expected);
  for (const code of [NaN, 1000.5, 3000.5, -1, Infinity]) assert(!isValidCloseCode(code));
});

Deno.test("closeCodeName names every kind of code", () => {
  assertEquals([999, 1000, 1006, 1016, 2999, 3000, 3999, 4000, 4999, 5000].map(closeCodeName), [
    "Invalid Code",
    "Normal Closure",
    "Abnormal Closure",
    "Invalid Code",
    "Invalid Code",
    "Registered Use",
    "Registered Use",
    "Private Use",
    "Private Use",
    "Invalid Code",
  ]);
  assertStrictEquals(Object.keys(CLOSE_CODES).length, 16);
});

Deno.test("what closePayload makes parseClosePayload reads", () => {
  for (const [code, reason] of [[1000, ""], [4001, "bye"], [3000, "€".repeat(41)]] as const) {
    assertEquals(parseClosePayload(closePayload(code, reason)), { code, reason });
  }
  assertEquals(closePayload(), new Uint8Array(0));
  assertEquals(parseClosePayload(closePayload()), { code: 1005, reason: "" });
  assertStrictEquals(closePayload(1000, "a".repeat(123)).length, 125);
  assertEquals(parseClosePayload(hex("03 e8 ef bb bf 61")).reason, "\ufeffa");
});

Deno.test("closePayload refuses the caller's mistakes", () => {
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 2000, 5000, 1000.5]) {
    assertThrows(() => closePayload(code), RangeError, "Cannot send close code");
  }
  assertThrows(() => closePayload(1000, "a".repeat(124)), RangeError, "it has 124");
  assertThrows(() => closePayload(1000, "€".repeat(42)), RangeError, "it has 126");
  assertThrows(() => closePayload(1000, "\ud800"), TypeError);
  assertThrows(() => closePayload(undefined, "why"), TypeError);
});

for (
  const [name, payload, rule, closeCode, offset] of [
    ["1 byte", hex("03"), "close-payload-one-byte", 1002, 0],
    ["code 999", hex("03 e7"), "close-code-invalid", 1002, 1],
    ["code 0", hex("00 00"), "close-code-invalid", 1002, 0],
    ["code 1005", hex("03 ed"), "close-code-invalid", 1002, 1],
    ["reason C0", hex("03 e8 61 c0"), "close-reason-not-utf8", 1007, 3],
    ["reason cut", hex("03 e8 e2 82"), "close-reason-not-utf8", 1007, 2],
  ] as const
) {
  Deno.test(`parseClosePayload refuses ${name}`, () => {
    const error = assertThrows(() => parseClosePayload(payload), ProtocolError);
    assertEquals([error.rule, error.closeCode, error.offset], [rule, closeCode, offset]);
  });
}
