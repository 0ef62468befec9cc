import { assertEquals, assertStrictEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { acceptKey, acceptKeySteps, HANDSHAKE_GUID } from "@/frames/mod.ts";
import { Random, toHex } from "./helpers.ts";
import { SAMPLE_KEY } from "./vectors.ts";

Deno.test("acceptKeySteps makes the example of §1.3, step by step", () => {
  const steps = acceptKeySteps(` ${SAMPLE_KEY}\t`);
  assertEquals({ ...steps, sha1: toHex(steps.sha1) }, {
    key: SAMPLE_KEY,
    guid: "258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
    concatenated: "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
    sha1: "b37a4f2cc0624f1690f64606cf385945b2bec4ea",
    sha1Hex: "b37a4f2cc0624f1690f64606cf385945b2bec4ea",
    accept: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
  });
});

Deno.test("acceptKey agrees with node:crypto on seeded random keys", () => {
  const random = new Random(4226);
  for (let round = 0; round < 100; round++) {
    const key = btoa(String.fromCharCode(...random.bytes(16)));
    const expected = createHash("sha1").update(key + HANDSHAKE_GUID).digest("base64");
    assertStrictEquals(acceptKey(key), expected);
  }
});
