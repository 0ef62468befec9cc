import { assert, assertEquals, assertMatch } from "@std/assert";
import { isValidCloseCode } from "@/frames/mod.ts";
import { CLOSE_REASONS, type CloseReason, closeReason, type Reconnect } from "@/protocol/mod.ts";

const ROWS: [string, CloseReason][] = Object.entries(CLOSE_REASONS);
/** Seen, but never sent (RFC 6455 §7.4.1). */
const NEVER_SENT = new Set([1005, 1006]);
const MAX_REASON_BYTES = 123;

/** What a client does after each code. */
const RULES: Record<number, Reconnect> = {
  1000: "never",
  1001: "reconnect",
  1002: "never",
  1003: "never",
  1005: "reconnect",
  1006: "reconnect",
  1007: "never",
  1008: "never",
  1009: "never",
  1011: "later",
  1012: "reconnect",
  1013: "later",
  1014: "later",
  4001: "never",
};

Deno.test("each code has its rule for coming back", () => {
  assertEquals(
    Object.fromEntries(ROWS.map(([, { code, reconnect }]) => [code, reconnect])),
    RULES,
  );
});

Deno.test("codes and names are told apart", () => {
  assertEquals(new Set(ROWS.map(([, { code }]) => code)).size, ROWS.length);
  assertEquals(new Set(ROWS.map(([, { name }]) => name)).size, ROWS.length);
});

for (const [key, row] of ROWS) {
  Deno.test(`${row.code} ${row.name}: a valid code, a name in snake case, a reason that fits`, () => {
    assertMatch(row.name, /^[a-z]+(_[a-z]+)*$/);
    assertEquals(key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), row.name);
    assertEquals(isValidCloseCode(row.code), !NEVER_SENT.has(row.code));
    assertEquals(row.reason === "", NEVER_SENT.has(row.code), "a code that is sent says why");
    assert(new TextEncoder().encode(row.reason).length <= MAX_REASON_BYTES);
    assertEquals(closeReason(row.code), row);
  });
}

Deno.test("a code that the table lacks: come back", () => {
  for (const code of [1004, 1015, 3000, 4000, 4999]) {
    assertEquals(closeReason(code), {
      code,
      name: `code_${code}`,
      reason: "",
      reconnect: "reconnect",
    });
  }
});
