import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import {
  MAX_DEPTH,
  MAX_FRAME_GET_BYTES,
  MAX_MESSAGE_ID_LENGTH,
  MAX_ROOM_NAME_LENGTH,
  parseClientMessage,
  type ParseResult,
  parseServerMessage,
} from "@/protocol/mod.ts";
import { CLIENT_CASES, type MessageCase, SERVER_CASES } from "./cases.ts";
import { ClientMessage } from "@/protocol/client_schemas.ts";
import { ServerMessage } from "@/protocol/server_schemas.ts";

type Parse = (text: string) => ParseResult<{ type: string }>;

testCases("from client", CLIENT_CASES, parseClientMessage);
testCases("from server", SERVER_CASES, parseServerMessage);

/** A good message is taken as it is; with a field wrong or missing it is refused by that name. */
function testCases(side: string, cases: MessageCase[], parse: Parse): void {
  for (const { good, bad, optional = [] } of cases) {
    const { type } = good;
    Deno.test(`${side}: ${type} as it should be`, () => {
      const text = JSON.stringify(good);
      assertEquals(parse(text), { ok: true, message: JSON.parse(text) });
      const more = JSON.stringify({ ...good, somethingElse: [1] });
      assertEquals(
        parse(more),
        { ok: true, message: JSON.parse(text) },
        "unknown keys are dropped",
      );
    });

    for (const key of Object.keys(good).filter((one) => one !== "type")) {
      Deno.test(`${side}: ${type} without ${key}`, () => {
        const { [key]: _, ...rest } = good;
        const result = parse(JSON.stringify(rest));
        if (optional.includes(key)) {
          return assertEquals<unknown>(result, { ok: true, message: rest });
        }
        assertRefused(result, key);
        assert(!result.ok && result.error.endsWith(`${key} is missing`), "it says what is missing");
      });
    }

    for (const [key, values] of Object.entries(bad)) {
      for (const value of values) {
        Deno.test(`${side}: ${type} with ${key} ${shorten(value)}`, () => {
          assertRefused(parse(textOf({ ...good, [key]: value })), key);
        });
      }
    }
  }
}

function assertRefused(result: ParseResult<{ type: string }>, key: string): void {
  assertEquals(result.ok ? "accepted" : result.code, "invalid_message");
  if (!result.ok) assertStringIncludes(result.error, key);
  if (!result.ok) assertLess(result.error.length, 200);
}

/** JSON has no infinity, but a number that is too large becomes one. */
function textOf(message: Record<string, unknown>): string {
  return JSON.stringify(message, (_, value) => value === Infinity ? "∞" : value)
    .replaceAll('"∞"', "1e999");
}

function shorten(value: unknown): string {
  const text = Object.is(value, Infinity) ? "1e999" : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 30)}… (${text.length})` : text;
}

Deno.test("every type of message has a case, and every field one that is bad", () => {
  for (
    const [schema, cases] of [[ClientMessage, CLIENT_CASES], [ServerMessage, SERVER_CASES]] as const
  ) {
    const entries = new Map(
      schema.options.map(({ entries }) => [entries.type.literal as string, Object.keys(entries)]),
    );
    assertEquals(cases.map(({ good }) => good.type).toSorted(), [...entries.keys()].toSorted());
    for (const { good, bad } of cases) {
      const fields = entries.get(good.type)!.filter((key) => key !== "type");
      assertEquals(Object.keys(good).filter((key) => key !== "type").toSorted(), fields.toSorted());
      assertEquals(
        Object.keys(bad).toSorted(),
        fields.filter((key) => !["content", "state", "data"].includes(key)).toSorted(),
      );
    }
  }
});

Deno.test("what isn't JSON", () => {
  for (
    const text of ["", "hello", "{", '{"type":"ping",}', "undefined", "\u0000", "{'type':'x'}"]
  ) {
    for (const parse of [parseClientMessage, parseServerMessage]) {
      assertEquals(parse(text), { ok: false, code: "bad_json", error: "The message is not JSON" });
    }
  }
});

Deno.test("JSON that is no message of ours", () => {
  const texts = [
    "null",
    "1",
    '"ping"',
    "[]",
    "{}",
    '{"type":null}',
    '{"type":["ping"]}',
    '{"type":"PING"}',
    '{"type":"__proto__"}',
    '{"type":"toString"}',
    '{"__proto__":{"type":"ping","timestamp":1}}',
  ];
  for (const text of texts) {
    const result = parseClientMessage(text);
    assertEquals(!result.ok && result.code, "unknown_type", text);
  }
});

Deno.test("the two directions have types of their own", () => {
  const join = parseServerMessage('{"type":"join_room","room":"lobby"}');
  assertEquals(!join.ok && join.code, "unknown_type");
  const welcome = parseClientMessage('{"type":"welcome"}');
  assertEquals(!welcome.ok && welcome.code, "unknown_type");
});

Deno.test("a refusal names the message's id and room, as far as they can be believed", () => {
  const refusal = (message: Record<string, unknown>) => {
    const result = parseClientMessage(JSON.stringify({ type: "room_message", ...message }));
    assert(!result.ok);
    return [result.id, result.room];
  };
  assertEquals(refusal({ id: "m1", room: "lobby" }), ["m1", "lobby"]);
  assertEquals(refusal({ id: 7, room: ["lobby"] }), [undefined, undefined]);
  const [id, room] = ["x".repeat(MAX_MESSAGE_ID_LENGTH), "x".repeat(MAX_ROOM_NAME_LENGTH)];
  assertEquals(refusal({ id, room }), [id, room]);
  assertEquals(refusal({ id: `${id}x`, room: `${room}x` }), [undefined, undefined]);
});

Deno.test("a refusal quotes little of what came, on one line", () => {
  const result = parseClientMessage(
    JSON.stringify({ type: "join_room", room: { text: "a\nb\u2028".repeat(10_000) } }),
  );
  assert(!result.ok);
  assertLess(result.error.length, 100);
  assertEquals(/[\n\r]/.test(result.error), false);
  const type = parseClientMessage(JSON.stringify({ type: "x".repeat(60_000) }));
  assert(!type.ok);
  assertLess(type.error.length, 100);
});

Deno.test("depth: what is within the limit passes, one level more doesn't", () => {
  const message = (levels: number) =>
    `{"type":"room_message","room":"r","id":"m","content":${"[".repeat(levels)}${
      "]".repeat(levels)
    }}`;
  assertEquals(parseClientMessage(message(MAX_DEPTH - 1)).ok, true);
  const result = parseClientMessage(message(MAX_DEPTH));
  assert(!result.ok);
  assertEquals([result.code, result.id, result.room], ["too_deep", "m", "r"]);
});

Deno.test("100,000 levels are refused like any", () => {
  for (const [open, close] of [["[", "]"], ['{"a":', "}"]]) {
    const text = open.repeat(100_000) + "1" + close.repeat(100_000);
    const deep = parseClientMessage(`{"type":"room_message","room":"r","content":${text}}`);
    assertEquals(!deep.ok && deep.code, "too_deep");
    const unfinished = parseClientMessage(open.repeat(100_000));
    assertEquals(!unfinished.ok && unfinished.code, "bad_json");
  }
});

Deno.test("content is any JSON value, kept as it is", () => {
  for (const content of [null, false, 0, "", [], {}, "text", { a: [{ b: null }] }, 1e300]) {
    const result = parseClientMessage(
      JSON.stringify({ type: "room_message", room: "r", content }),
    );
    assert(result.ok && result.message.type === "room_message");
    assertEquals(result.message.content, content);
  }
});

Deno.test("a prototype in the content stays data", () => {
  const result = parseClientMessage(
    '{"type":"room_message","room":"r","content":{"__proto__":{"admin":true}}}',
  );
  assert(result.ok && result.message.type === "room_message");
  assertEquals(JSON.stringify(result.message.content), '{"__proto__":{"admin":true}}');
  assertEquals((result.message.content as { admin?: boolean }).admin, undefined);
});

Deno.test("limits: the longest is taken", () => {
  const longest = [
    { type: "join_room", room: "x".repeat(MAX_ROOM_NAME_LENGTH) },
    { type: "room_message", room: "r", content: 1, id: "x".repeat(MAX_MESSAGE_ID_LENGTH) },
    { type: "auth", token: "x".repeat(8_192) },
    { type: "resume", session: "x".repeat(128) },
    {
      type: "frame_get",
      connection: "x".repeat(64),
      frame: Number.MAX_SAFE_INTEGER,
      offset: Number.MAX_SAFE_INTEGER,
      length: MAX_FRAME_GET_BYTES,
    },
    { type: "join_room", room: "𝕽oom ☃ ‮", since: { epoch: "x".repeat(64), seq: 0 } },
  ];
  for (const message of longest) {
    assertEquals(parseClientMessage(JSON.stringify(message)).ok, true, message.type);
  }
});
