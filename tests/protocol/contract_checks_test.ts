import * as v from "valibot";
import * as z from "zod";
import { assertEquals, assertLess, assertThrows } from "@std/assert";
import { ContractChecks } from "@/protocol/contract_checks.ts";
import type { StandardSchema } from "@/protocol/mod.ts";

/** The same shapes in two libraries that we didn't write. */
const SCHEMAS = {
  valibot: {
    dropping: v.object({ text: v.string() }),
    strict: v.strictObject({ text: v.string() }),
    loose: v.looseObject({ text: v.string() }),
    nested: v.object({ a: v.array(v.object({ b: v.number() })) }),
    asynchronous: v.objectAsync({ text: v.pipeAsync(v.string(), v.checkAsync(() => true)) }),
  },
  zod: {
    dropping: z.object({ text: z.string() }),
    strict: z.strictObject({ text: z.string() }),
    loose: z.looseObject({ text: z.string() }),
    nested: z.object({ a: z.array(z.object({ b: z.number() })) }),
    asynchronous: z.object({ text: z.string().refine(() => Promise.resolve(true)) }),
  },
};

for (const [library, schemas] of Object.entries(SCHEMAS)) {
  const check = (schema: StandardSchema, value: unknown) =>
    new ContractChecks({ rooms: { "*": { message: schema } } }).content("any", value);

  Deno.test(`${library}: unknown keys are what the schema makes of them`, () => {
    const value = { text: "a", more: 1 };
    assertEquals(check(schemas.dropping, value), { ok: true, value: { text: "a" } });
    assertEquals(check(schemas.loose, value), { ok: true, value });
    assertEquals(check(schemas.strict, value).ok, false);
  });

  Deno.test(`${library}: an error says where`, () => {
    const result = check(schemas.nested, { a: [{ b: 1 }, { b: "x" }] });
    assertEquals(!result.ok && result.error.startsWith("a.1.b: "), true, JSON.stringify(result));
    assertEquals(check(schemas.dropping, undefined).ok, false);
  });

  Deno.test(`${library}: an asynchronous schema is refused by name`, () => {
    assertThrows(
      () => check(schemas.asynchronous, { text: "a" }),
      TypeError,
      `the ${library} schema is asynchronous`,
    );
  });
}

const number = v.number();
const text = v.string();

Deno.test("rooms: the exact name, then the first pattern, * last", () => {
  const checks = new ContractChecks({
    rooms: {
      "*": { message: v.boolean() },
      "chat:*": { message: text },
      "*:log": { message: number },
      "chat:vip": { message: v.null() },
    },
  });
  const takes = (room: string) =>
    [true, "a", 1, null].filter((one) => checks.content(room, one).ok);
  assertEquals(takes("chat:vip"), [null]);
  assertEquals(takes("chat:1"), ["a"]);
  assertEquals(takes("chat:log"), ["a"]);
  assertEquals(takes("x:log"), [1]);
  assertEquals(takes("chat"), [true]);
});

Deno.test("a part that is given is closed, one that is left out is open", () => {
  const checks = new ContractChecks({ rooms: { "a.b": { message: text } } });
  assertEquals(checks.content("a.b", "x").ok, true);
  assertEquals(checks.content("a.b", 1).ok, false);
  for (const room of ["aXb", "a.bc", "toString", "__proto__"]) {
    assertEquals(checks.content(room, "x"), {
      ok: false,
      error: "the contract has no such room",
    }, room);
  }
  assertEquals([checks.hasMethod("anything"), checks.request("anything", "data", 1).ok], [
    true,
    true,
  ]);
  assertEquals(new ContractChecks().content("any", 1), { ok: true, value: 1 });
});

Deno.test("requests: data, reply, chunk and errors by method", () => {
  const checks = new ContractChecks({
    requests: {
      buy: { data: text, reply: number, chunk: v.boolean(), errors: { sold_out: number } },
      free: {},
    },
  });
  assertEquals(["buy", "free", "other", "constructor"].map((one) => checks.hasMethod(one)), [
    ...[true, true, false, false],
  ]);
  const parts = ["data", "reply", "chunk"] as const;
  const fits = parts.map((part) =>
    ["a", 1, true].map((one) => checks.request("buy", part, one).ok)
  );
  assertEquals(fits, [[true, false, false], [false, true, false], [false, false, true]]);
  assertEquals(checks.failure("buy", "sold_out", 0), { ok: true, value: 0 });
  assertEquals(checks.failure("buy", "sold_out", "0").ok, false);
  assertEquals(checks.failure("buy", "toString", 0).ok, false);
  assertEquals(checks.failure("free", "anything", 0).ok, true);
});

Deno.test("presence has a schema of its own", () => {
  const checks = new ContractChecks({ rooms: { "*": { message: text, presence: number } } });
  assertEquals([checks.presence("r", 1).ok, checks.presence("r", "a").ok], [true, false]);
});

Deno.test("a schema's long text is cut, and a schema that says nothing is no fault of ours", () => {
  const schema = (issues: { message: string }[]): StandardSchema => ({
    "~standard": { version: 1, vendor: "test", validate: () => ({ issues }) },
  });
  const error = (issues: { message: string }[]) => {
    const checked = new ContractChecks({ rooms: { "*": { message: schema(issues) } } })
      .content("r", 1);
    return checked.ok ? "passed" : checked.error;
  };
  assertLess(error([{ message: "x".repeat(10_000) }]).length, 201);
  assertEquals(error([]), "");
});
