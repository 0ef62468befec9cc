import { assert, assertEquals } from "@std/assert";
import { JsonSecretScanner } from "@/tap/json_secrets.ts";
import { mayHoldSecret } from "@/tap/secret_hints.ts";
import { seeded } from "./support.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const FILL = "x".repeat(300);

Deno.test("names of secrets and escapes are noticed in short and long texts", () => {
  for (const text of ['{"token":1}', '{"session":1}', '{"tok\\u0065n":1}', '{"\\u0074oken":1}']) {
    for (const around of [text, text + FILL, FILL + text]) {
      assert(mayHoldSecret(encode(around)), around.slice(0, 40));
    }
  }
});

Deno.test("usual messages are passed over", () => {
  for (const text of ["", "{}", '{"type":"room_message","room":"lobby","content":"hello"}']) {
    assertEquals(mayHoldSecret(encode(text)), false);
    assertEquals(mayHoldSecret(encode(text + FILL)), false);
  }
});

Deno.test("what the scanner hides is always noticed", () => {
  const random = seeded(17);
  const parts = [
    '"token"',
    '"session"',
    ":",
    '"',
    "\\u0074",
    "\\",
    "{",
    "}",
    " ",
    "oken",
    "a",
    "ss",
  ];
  let hidden = 0;
  for (let i = 0; i < 20_000; i++) {
    const fill = random() < 0.3 ? FILL : "";
    const text = fill + Array.from(
      { length: 1 + random() * 8 },
      () => parts[Math.floor(random() * parts.length)],
    ).join("");
    const bytes = encode(text);
    const copy = bytes.slice();
    new JsonSecretScanner().hide(copy, 0x2a);
    if (copy.every((byte, at) => byte === bytes[at])) continue;
    hidden++;
    assert(mayHoldSecret(bytes), text);
  }
  assert(hidden > 500, `${hidden} texts held a secret`);
});
