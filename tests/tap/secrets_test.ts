import { assertEquals } from "@std/assert";
import { createDeflater, type Frame, FrameDecoder } from "@/frames/mod.ts";
import { SecretMask } from "@/tap/secrets.ts";
import { concat, plain, text } from "./support.ts";

const table: [name: string, message: string, shown: string][] = [
  ["a string", '{"token":"abc","n":1}', '{"token":"***","n":1}'],
  [
    "both keys, spaces",
    '{ "session" :\t"x" , "token": "yz" }',
    '{ "session" :\t"*" , "token": "**" }',
  ],
  ["an escaped quote", '{"token":"a\\"b\\\\","c":"d"}', '{"token":"******","c":"d"}'],
  ["an escaped key", '{"tok\\u0065n":"abc"}', '{"tok\\u0065n":"***"}'],
  ["a nested object", '{"a":[{"token":"q"}]}', '{"a":[{"token":"*"}]}'],
  ["a number", '{"token":12345,"n":1}', '{"token":*****,"n":1}'],
  ["a number at the end", '{"token":12}', '{"token":**}'],
  ["null before a space", '{"token":null }', '{"token":**** }'],
  ["an object", '{"session":{"a":"}\\"","b":[1]},"n":2}', '{"session":*******************,"n":2}'],
  ["an array", '{"token":["a","b"],"n":2}', '{"token":*********,"n":2}'],
  ["UTF-8", '{"token":"ä€"}', '{"token":"*****"}'],
  ["no end", '{"token":"abc', '{"token":"***'],
  [
    "longer keys",
    '{"tokens":"a","session_id":"b","my token":"c"}',
    '{"tokens":"a","session_id":"b","my token":"c"}',
  ],
  ["an escape in another key", '{"to\\nken":"a","t":"\\u0041"}', '{"to\\nken":"a","t":"\\u0041"}'],
  ["the word as a value", '{"type":"token","x":"session"}', '{"type":"token","x":"session"}'],
  ["the word in an array", '["token","a"]', '["token","a"]'],
  ["the word twice", '"token" "token":"a"', '"token" "token":"*"'],
  [
    "JSON inside a string",
    '{"content":"{\\"token\\":\\"a\\"}"}',
    '{"content":"{\\"token\\":\\"a\\"}"}',
  ],
  ["no JSON", "token: abc", "token: abc"],
];

function shown(mask: SecretMask, ...wire: Uint8Array[]): string {
  const decoder = new FrameDecoder({ sender: "server", mode: "lenient" });
  const frames: Frame[] = Array.from(decoder.decode(concat(...wire)));
  frames.forEach((frame) => mask.apply(frame));
  return frames.map(({ payload }) => text(payload)).join("");
}

function latin1(message: string): string {
  return text(new TextEncoder().encode(message));
}

Deno.test("values of secret keys are hidden, with the same length", async (t) => {
  for (const [name, message, expected] of table) {
    await t.step(name, () => {
      assertEquals(shown(new SecretMask(false), plain(message)), latin1(expected));
    });
  }
});

Deno.test("it makes no difference where a message is cut into frames", () => {
  for (const [, message, expected] of table) {
    const bytes = new TextEncoder().encode(message);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const wire = [
        plain(bytes.slice(0, cut), { fin: false }),
        plain("!", { opcode: 9 }),
        plain(bytes.slice(cut), { opcode: 0 }),
      ];
      assertEquals(
        shown(new SecretMask(false), ...wire).replace("!", ""),
        latin1(expected),
        `${cut}`,
      );
    }
  }
});

Deno.test("each message begins anew; binary ones are left alone", () => {
  const mask = new SecretMask(false);
  assertEquals(shown(mask, plain('{"token":"a')), '{"token":"*');
  assertEquals(shown(mask, plain('b"}')), 'b"}');
  assertEquals(shown(mask, plain('{"token":"a"}', { opcode: 2 })), '{"token":"a"}');
});

Deno.test("what can't be judged is hidden", () => {
  const mask = new SecretMask(false);
  assertEquals(shown(mask, plain("rest of a message", { opcode: 0 })), "*".repeat(17));
  // RSV1 that nobody agreed on: text with a wrong bit, or compressed all the same.
  assertEquals(shown(mask, plain('{"token":"a"}', { rsv1: true })), '{"token":"*"}');
  const deflated = createDeflater().deflate(new TextEncoder().encode('{"token":"abcdefgh"}'));
  assertEquals(shown(mask, plain(deflated, { rsv1: true })), "*".repeat(deflated.length));
  assertEquals(shown(mask, plain("ab", { rsv1: true, opcode: 2 })), "ab");
  assertEquals(shown(mask, plain('{"n":', { fin: false })), '{"n":');
  mask.skip();
  assertEquals(shown(mask, plain("12345}", { opcode: 0 })), "******");
  // Only a frame's beginning was kept: what follows may be the rest of a secret.
  const decoder = new FrameDecoder({ sender: "server", mode: "lenient", maxKeptPayloadBytes: 4 });
  const wire = concat(plain("1234567", { fin: false }), plain("ab", { opcode: 0 }));
  const [first, second] = decoder.decode(wire);
  [first, second].forEach((frame) => mask.apply(frame));
  assertEquals([text(first.payload), text(second.payload)], ["1234", "**"]);
});

Deno.test("redact hides everything but close codes", () => {
  const mask = new SecretMask(true);
  assertEquals(shown(mask, plain("text")), "****");
  assertEquals(shown(mask, plain("pp", { opcode: 9 })), "**");
  assertEquals(shown(mask, plain("", { opcode: 8 })), "");
  assertEquals(shown(mask, plain("\x03\x01why", { opcode: 8 })), "\x03\x01***");
});
