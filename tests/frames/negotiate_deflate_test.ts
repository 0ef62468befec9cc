import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  checkDeflateAnswer,
  type DeflateServerOptions,
  formatDeflate,
  negotiateDeflate,
  parseExtensions,
  readDeflate,
} from "@/frames/mod.ts";

function parse(header: string) {
  return parseExtensions([header])!;
}

const SERVER_BITS = "server_max_window_bits";
const CLIENT_BITS = "client_max_window_bits";

for (
  const [parameters, role, rule, section] of [
    ["x", "offer", "deflate-parameter-unknown", "7.1"],
    ["toString=1", "offer", "deflate-parameter-unknown", "7.1"],
    ["server_no_context_takeover; server_no_context_takeover", "offer", "…-repeated", "7.1"],
    [`${SERVER_BITS}=9; ${SERVER_BITS}=10`, "answer", "…-repeated", "7.1"],
    ["server_no_context_takeover=1", "offer", "…-value", "7.1.1.1"],
    ["client_no_context_takeover=true", "answer", "…-value", "7.1.1.2"],
    [SERVER_BITS, "offer", "…-value", "7.1.2.1"],
    [SERVER_BITS, "answer", "…-value", "7.1.2.1"],
    [CLIENT_BITS, "answer", "…-value", "7.1.2.2"],
    ...["7", "16", "08", "8.0", "+8", "x", "100", "0"].flatMap((bits) => [
      [`${SERVER_BITS}=${bits}`, "offer", "…-value", "7.1.2.1"],
      [`${CLIENT_BITS}=${bits}`, "answer", "…-value", "7.1.2.2"],
    ]),
  ] as [string, "offer" | "answer", string, string][]
) {
  Deno.test(`readDeflate finds fault with the ${role} ${parameters}`, () => {
    const header = `permessage-deflate; ${parameters}`;
    const { findings } = readDeflate(parse(header)[0], role);
    assertEquals(
      findings.map(({ rule, section, header }) => [rule, section, header]),
      [[
        rule.replace("…", "deflate-parameter"),
        `RFC 7692 §${section}`,
        "Sec-WebSocket-Extensions",
      ]],
    );
    // §7.1: "A server MUST decline", and a client fails the connection.
    if (role === "offer") assertStrictEquals(negotiateDeflate(parse(header)), null);
    const offers = parse(`permessage-deflate; ${CLIENT_BITS}`);
    if (role === "answer") {
      assertStrictEquals(checkDeflateAnswer(parse(header), offers).agreement, null);
    }
  });
}

Deno.test("readDeflate reads all four parameters, quoted or not, in any order", () => {
  const header = `permessage-deflate; ${CLIENT_BITS}="9"; server_no_context_takeover; ` +
    `${SERVER_BITS}=15; client_no_context_takeover`;
  assertEquals(readDeflate(parse(header)[0], "answer"), {
    parameters: {
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
      serverMaxWindowBits: 15,
      clientMaxWindowBits: 9,
    },
    findings: [],
  });
});

for (
  const [offer, options, answer] of [
    ["permessage-deflate", {}, "permessage-deflate"],
    [`permessage-deflate; ${CLIENT_BITS}`, {}, "permessage-deflate"],
    [
      `permessage-deflate; ${CLIENT_BITS}`,
      { clientMaxWindowBits: 9 },
      `permessage-deflate; ${CLIENT_BITS}=9`,
    ],
    [
      `permessage-deflate; ${CLIENT_BITS}=12`,
      { clientMaxWindowBits: 14 },
      `permessage-deflate; ${CLIENT_BITS}=12`,
    ],
    [`permessage-deflate; ${CLIENT_BITS}=15`, {}, "permessage-deflate"],
    ["permessage-deflate", { clientMaxWindowBits: 9 }, null],
    [`permessage-deflate; ${SERVER_BITS}=10`, {}, `permessage-deflate; ${SERVER_BITS}=10`],
    [`permessage-deflate; ${SERVER_BITS}=15`, {}, `permessage-deflate; ${SERVER_BITS}=15`],
    [
      `permessage-deflate; ${SERVER_BITS}=10`,
      { serverMaxWindowBits: 8 },
      `permessage-deflate; ${SERVER_BITS}=8`,
    ],
    [
      `permessage-deflate; ${SERVER_BITS}=10`,
      { serverMaxWindowBits: 12 },
      `permessage-deflate; ${SERVER_BITS}=10`,
    ],
    [
      "permessage-deflate",
      { serverMaxWindowBits: 12, serverNoContextTakeover: true, clientNoContextTakeover: true },
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover; " +
      `${SERVER_BITS}=12`,
    ],
    [
      "permessage-deflate; server_no_context_takeover",
      {},
      "permessage-deflate; server_no_context_takeover",
    ],
    [
      "permessage-deflate; client_no_context_takeover",
      {},
      "permessage-deflate; client_no_context_takeover",
    ],
    // The example of §7.1.3: the first offer that can be had.
    [
      `permessage-deflate; x, foo, permessage-deflate; ${SERVER_BITS}=10, permessage-deflate`,
      {},
      `permessage-deflate; ${SERVER_BITS}=10`,
    ],
    ["foo", {}, null],
  ] as [string, DeflateServerOptions, string | null][]
) {
  Deno.test(`negotiateDeflate answers ${offer} with ${answer} (${JSON.stringify(options)})`, () => {
    const agreement = negotiateDeflate(parse(offer), options);
    assertStrictEquals(agreement?.answer ?? null, answer);
    if (!agreement) return;
    // The client comes to the same.
    const checked = checkDeflateAnswer(parse(agreement.answer), parse(offer));
    assertEquals(checked, { agreement, findings: [] });
  });
}

for (
  const [offer, answer, section] of [
    ["foo", "permessage-deflate", "7.1"],
    ["permessage-deflate; server_no_context_takeover", "permessage-deflate", "7.1.1.1"],
    [`permessage-deflate; ${SERVER_BITS}=10`, "permessage-deflate", "7.1.2.1"],
    [`permessage-deflate; ${SERVER_BITS}=10`, `permessage-deflate; ${SERVER_BITS}=11`, "7.1.2.1"],
    ["permessage-deflate", `permessage-deflate; ${CLIENT_BITS}=15`, "7.1.2.2"],
    [`permessage-deflate; ${CLIENT_BITS}=9`, `permessage-deflate; ${CLIENT_BITS}=10`, "7.1.2.2"],
  ] as const
) {
  Deno.test(`checkDeflateAnswer refuses ${answer} to ${offer}`, () => {
    const { agreement, findings } = checkDeflateAnswer(parse(answer), parse(offer));
    assertStrictEquals(agreement, null);
    assertEquals(findings.map(({ rule, section }) => [rule, section]), [
      ["deflate-answer-not-offered", `RFC 7692 §${section}`],
    ]);
  });
}

Deno.test("checkDeflateAnswer takes an answer to any of the offers, and none at all", () => {
  const offers = parse(`permessage-deflate; ${SERVER_BITS}=10, permessage-deflate`);
  const { agreement, findings } = checkDeflateAnswer(parse("permessage-deflate"), offers);
  assertEquals([agreement?.server.windowBits, findings], [15, []]);
  assertEquals(checkDeflateAnswer(parse("foo"), offers), { agreement: null, findings: [] });
});

Deno.test("checkDeflateAnswer refuses a second acceptance", () => {
  const answers = parse("permessage-deflate, permessage-deflate");
  const { findings } = checkDeflateAnswer(answers, parse("permessage-deflate"));
  assertEquals(findings.map(({ rule }) => rule), ["deflate-answer-repeated"]);
});

Deno.test("a server's options are checked", () => {
  for (const bits of [7, 16, 9.5, NaN]) {
    assertThrows(() => negotiateDeflate([], { serverMaxWindowBits: bits }), RangeError);
    assertThrows(() => negotiateDeflate([], { clientMaxWindowBits: bits }), RangeError);
  }
});

Deno.test("formatDeflate writes what readDeflate reads", () => {
  for (const clientMaxWindowBits of [null, "any", 8] as const) {
    const parameters = {
      serverNoContextTakeover: true,
      clientNoContextTakeover: false,
      serverMaxWindowBits: 11,
      clientMaxWindowBits,
    };
    const [extension] = parse(formatDeflate(parameters));
    assertEquals(readDeflate(extension, "offer"), { parameters, findings: [] });
  }
});
