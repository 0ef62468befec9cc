import { assertEquals } from "@std/assert";
import { isTooDeep, MAX_DEPTH } from "@/protocol/mod.ts";

/** Arrays and objects in turn, so many levels deep. */
function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { value };
  return value;
}

Deno.test("what is no container has no depth", () => {
  for (const value of [null, true, 0, "[[[[", undefined]) assertEquals(isTooDeep(value, 0), false);
});

Deno.test("an empty container is one level", () => {
  for (const value of [[], {}]) {
    assertEquals([isTooDeep(value, 0), isTooDeep(value, 1)], [true, false]);
  }
});

Deno.test("levels are counted exactly, up to the limit of messages", () => {
  for (const levels of [1, 2, 3, MAX_DEPTH - 1, MAX_DEPTH, MAX_DEPTH + 1]) {
    assertEquals(isTooDeep(nested(levels), levels), false, `${levels} levels`);
    assertEquals(isTooDeep(nested(levels), levels - 1), true, `${levels} levels`);
  }
  assertEquals([isTooDeep(nested(MAX_DEPTH)), isTooDeep(nested(MAX_DEPTH + 1))], [false, true]);
});

Deno.test("the deepest branch counts, wherever it stands", () => {
  const wide = Array.from({ length: 1_000 }, () => [1]) as unknown[];
  wide[777] = nested(5);
  assertEquals([isTooDeep(wide, 6), isTooDeep(wide, 5)], [false, true]);
});

Deno.test("100,000 levels don't exhaust the stack", () => {
  assertEquals(isTooDeep(nested(100_000)), true);
  assertEquals(isTooDeep(nested(100_000), 100_000), false);
  assertEquals(isTooDeep(nested(100_000), 99_999), true);
});

Deno.test("a hundred thousand neighbours are no depth", () => {
  assertEquals(isTooDeep({ list: Array.from({ length: 100_000 }, () => ({})) }, 3), false);
});
