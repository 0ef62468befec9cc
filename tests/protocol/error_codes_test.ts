import { assertEquals, assertMatch } from "@std/assert";
import {
  CLOSE_REASONS,
  ERROR_CODES,
  type ErrorCodeRow,
  parseServerMessage,
} from "@/protocol/mod.ts";

const ROWS: [string, ErrorCodeRow][] = Object.entries(ERROR_CODES);
const CLOSE_CODES: number[] = Object.values(CLOSE_REASONS).map(({ code }) => code);

for (const [code, row] of ROWS) {
  Deno.test(`${code}: a name in snake case, a text, a known close code if any`, () => {
    assertMatch(code, /^[a-z]+(_[a-z]+)*$/);
    assertMatch(row.message, /^[A-Z].*[^.]$/);
    assertEquals(row.closeCode === undefined || CLOSE_CODES.includes(row.closeCode), true);
  });

  Deno.test(`${code} is an error that a client takes`, () => {
    const text = JSON.stringify({ type: "error", code, message: row.message });
    assertEquals(parseServerMessage(text).ok, true);
  });
}

Deno.test("an error with a code of no table is refused", () => {
  for (const code of ["no_such_code", "toString", "", 7, null]) {
    const result = parseServerMessage(JSON.stringify({ type: "error", code, message: "x" }));
    assertEquals(!result.ok && result.code, "invalid_message", `${code}`);
  }
});

Deno.test("codes that end the connection say with which close code", () => {
  const ending = ROWS.filter(([, { closeCode }]) => closeCode !== undefined);
  assertEquals(ending.map(([code, { closeCode }]) => [code, closeCode]), [
    ["message_too_big", 1009],
    ["auth_failed", 1008],
  ]);
});
