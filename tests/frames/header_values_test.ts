import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  hasToken,
  headerValues,
  listElements,
  parseExtensions,
  parseProtocols,
} from "@/frames/mod.ts";

Deno.test("headerValues finds every field of a name, whatever its case", () => {
  const headers = [["Host", "a"], ["X", "b"], ["HOST", "c"]] as const;
  assertEquals(headerValues(headers, "host"), ["a", "c"]);
  assertEquals(headerValues(headers, "y"), []);
});

Deno.test("listElements and hasToken read lists over several values", () => {
  const values = ["keep-alive, ,\tUpgrade ", "foo"];
  assertEquals(listElements(values), ["keep-alive", "Upgrade", "foo"]);
  assertEquals(["UPGRADE", "foo", "alive", ""].map((token) => hasToken(values, token)), [
    true,
    true,
    false,
    false,
  ]);
});

Deno.test("parseProtocols takes unique tokens only", () => {
  assertEquals(parseProtocols([]), []);
  assertEquals(parseProtocols(["a, b", "c"]), ["a", "b", "c"]);
  for (const values of [["a b"], ["a, a"], ["a", "a"], [""], [","], ["a;b"], ["ä"], ['"a"']]) {
    assertStrictEquals(parseProtocols(values), null);
  }
});

Deno.test("parseExtensions reads names, parameters and quoted values", () => {
  assertEquals(parseExtensions([]), []);
  assertEquals(parseExtensions(["a", 'b;x , c; y=1;z = "2\\3"']), [
    { name: "a", parameters: [] },
    { name: "b", parameters: [["x", null]] },
    { name: "c", parameters: [["y", "1"], ["z", "23"]] },
  ]);
});

for (
  const value of [
    "",
    ",",
    "a,",
    "a;",
    "a;=1",
    "a;b=",
    'a;b=""',
    'a;b="1 2"',
    'a;b="1',
    "a b",
    "a;b c",
    "a/b",
    'a;b="1"2',
  ]
) {
  Deno.test(`parseExtensions refuses ${JSON.stringify(value)}`, () => {
    assertStrictEquals(parseExtensions([value]), null);
  });
}
