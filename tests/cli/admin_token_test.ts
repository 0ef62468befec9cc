import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { readAdminToken } from "@/cli/admin_token.ts";
import { FlagError } from "@/cli/flags.ts";

const TOKEN = "correct-horse-battery";

async function tokenFrom(content: string | Uint8Array): Promise<string> {
  const path = await Deno.makeTempFile();
  try {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(path, bytes);
    return readAdminToken(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("the token is what the file holds, without white space around it", async () => {
  assertEquals(await tokenFrom(`  ${TOKEN}\r\n`), TOKEN);
  assertEquals(await tokenFrom("x".repeat(16)), "x".repeat(16));
  assertEquals(await tokenFrom("x".repeat(1_024)), "x".repeat(1_024));
});

Deno.test("what is no token is refused, and isn't shown", async () => {
  const bad = [
    "",
    "\n",
    "x".repeat(15),
    "x".repeat(1_025),
    `two ${TOKEN}`,
    `${TOKEN}\u0000`,
    `ünï${TOKEN}`,
  ];
  for (const content of [...bad, new Uint8Array(10_000).fill(0xff)]) {
    const error = await tokenFrom(content).then(() => null, (error) => error);
    assertEquals(error instanceof FlagError, true);
    assertStringIncludes(error.message, "16 to 1024 visible ASCII characters");
    assertEquals(error.message.includes(TOKEN), false);
  }
});

Deno.test("a file that can't be read is said with its name", () => {
  const missing = assertThrows(() => readAdminToken("/nowhere/token"), FlagError);
  assertStringIncludes(missing.message, "Cannot read --admin-token-file: ");
  assertStringIncludes(missing.message, "/nowhere/token");
  assertThrows(() => readAdminToken("/"), FlagError, "Cannot");
});

Deno.test("a file without end is read to its limit", () => {
  assertThrows(() => readAdminToken("/dev/zero"), FlagError, "16 to 1024");
});
