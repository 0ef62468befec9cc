import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertIsError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertNotInstanceOf,
  assertNotMatch,
  assertNotStrictEquals,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  equal,
  fail,
  unimplemented,
  unreachable,
} from "@std/assert";

/** Throws by itself, not by the package under test: what proves the others must not need them. */
function must(holds: boolean, what: string) {
  if (!holds) throw new Error(what);
}

/** Whether `check` throws an AssertionError. Anything else that it throws goes on. */
function fails(check: () => unknown): boolean {
  try {
    check();
    return false;
  } catch (error) {
    if (error instanceof AssertionError) return true;
    throw error;
  }
}

class Celsius {
  #degrees: number;
  constructor(degrees: number) {
    this.#degrees = degrees;
  }
  get degrees() {
    return this.#degrees;
  }
}

function cycle(name: string) {
  const node: Record<string, unknown> = { name };
  node.self = node;
  return node;
}

const key = Symbol("key");
const shared = () => {};

const EQUAL: [string, unknown, unknown][] = [
  ["zeros", 0, -0],
  ["NaN", NaN, NaN],
  ["strings", "a", "a"],
  ["nested objects, any key order", { a: [1, { b: 2 }], c: 3 }, { c: 3, a: [1, { b: 2 }] }],
  ["null prototype and plain", Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ["dates", new Date(5), new Date(5)],
  ["invalid dates", new Date(NaN), new Date(NaN)],
  ["patterns", /a/g, /a/g],
  ["addresses", new URL("http://a/b"), new URL("http://a/b")],
  ["bytes", new Uint8Array([1, 2]), new Uint8Array([1, 2])],
  ["buffers", new Uint8Array([1, 2]).buffer, new Uint8Array([1, 2]).buffer],
  ["maps, any order", new Map([[1, "a"], [2, "b"]]), new Map([[2, "b"], [1, "a"]])],
  ["maps with deep keys", new Map([[{ a: 1 }, [1]]]), new Map([[{ a: 1 }, [1]]])],
  ["deep sets", new Set([{ a: 1 }, { b: 1 }]), new Set([{ b: 1 }, { a: 1 }])],
  ["cycles", cycle("a"), cycle("a")],
  ["symbol keys", { [key]: 1 }, { [key]: 1 }],
  ["same function", shared, shared],
  ["instances", new Celsius(5), new Celsius(5)],
];

const DIFFERENT: [string, unknown, unknown][] = [
  ["numbers", 1, 2],
  ["number and text", 1, "1"],
  ["null and undefined", null, undefined],
  ["missing and undefined", { a: undefined }, {}],
  ["other key that is undefined", { a: undefined }, { b: undefined }],
  ["hole and undefined", [, 1], [undefined, 1]],
  ["array lengths", [1], [1, 2]],
  ["array and object", [], {}],
  ["class and plain", new Celsius(5), { degrees: 5 }],
  ["getters", new Celsius(5), new Celsius(6)],
  ["dates", new Date(5), new Date(6)],
  ["pattern flags", /a/g, /a/i],
  ["addresses", new URL("http://a/b"), new URL("http://a/c")],
  ["bytes", new Uint8Array([1, 2]), new Uint8Array([1, 3])],
  ["byte kinds", new Uint8Array([1]), new Int8Array([1])],
  ["buffers", new Uint8Array([1]).buffer, new Uint8Array([2]).buffer],
  ["map values", new Map([[1, "a"]]), new Map([[1, "b"]])],
  ["map keys", new Map([[{ a: 1 }, 1]]), new Map([[{ a: 2 }, 1]])],
  ["set sizes", new Set([1]), new Set([1, 2])],
  ["deep sets", new Set([{ a: 1 }]), new Set([{ a: 2 }])],
  ["cycles", cycle("a"), cycle("b")],
  ["symbol keys", { [key]: 1 }, { [key]: 2 }],
  ["functions", () => {}, () => {}],
  ["errors made apart", new Error("a"), (() => new Error("a"))()],
];

Deno.test("equal finds the same values equal", () => {
  for (const [name, a, b] of EQUAL) must(equal(a, b) && equal(b, a), name);
});

Deno.test("equal tells different values apart", () => {
  for (const [name, a, b] of DIFFERENT) must(!equal(a, b) && !equal(b, a), name);
});

Deno.test("equal refuses what it can't look into", () => {
  for (const make of [() => new WeakMap(), () => new WeakSet()]) {
    let error: unknown;
    try {
      equal(make(), make());
    } catch (thrown) {
      error = thrown;
    }
    must(error instanceof TypeError, make().constructor.name);
  }
});

Deno.test("assertions on one value hold and fail", () => {
  must(!fails(() => assert("a")) && fails(() => assert(0)), "assert");
  must(!fails(() => assertFalse("")) && fails(() => assertFalse(1)), "assertFalse");
  must(!fails(() => assertExists(0)), "assertExists");
  must(fails(() => assertExists(null)) && fails(() => assertExists(undefined)), "assertExists");
});

Deno.test("assertions on equality hold and fail", () => {
  must(!fails(() => assertEquals([1], [1])) && fails(() => assertEquals([1], [2])), "equals");
  must(!fails(() => assertNotEquals([1], [2])), "not equals");
  must(fails(() => assertNotEquals([1], [1])), "not equals");
  must(!fails(() => assertStrictEquals(NaN, NaN)), "strict");
  must(fails(() => assertStrictEquals(0, -0)) && fails(() => assertStrictEquals([], [])), "strict");
  must(!fails(() => assertNotStrictEquals<object>([], [])), "not strict");
  must(fails(() => assertNotStrictEquals(shared, shared)), "not strict");
});

Deno.test("assertAlmostEquals allows a ten-millionth of what is expected, or the given distance", () => {
  must(!fails(() => assertAlmostEquals(1.00000005, 1)), "close");
  must(fails(() => assertAlmostEquals(1.0000002, 1)), "far");
  must(!fails(() => assertAlmostEquals(1.4, 1, 0.5)), "given");
  must(!fails(() => assertAlmostEquals(Infinity, Infinity)), "infinite");
  must(fails(() => assertAlmostEquals(NaN, 1)), "NaN");
});

Deno.test("assertions on order hold and fail", () => {
  must(!fails(() => assertGreater(2, 1)) && fails(() => assertGreater(1, 1)), ">");
  must(!fails(() => assertGreaterOrEqual(1, 1)) && fails(() => assertGreaterOrEqual(0, 1)), ">=");
  must(!fails(() => assertLess(1, 2)) && fails(() => assertLess(1, 1)), "<");
  must(!fails(() => assertLessOrEqual(1, 1)) && fails(() => assertLessOrEqual(2, 1)), "<=");
  must(fails(() => assertGreater(NaN, 1)) && fails(() => assertLessOrEqual(NaN, 1)), "NaN");
});

Deno.test("assertions on texts, lists and classes hold and fail", () => {
  must(!fails(() => assertMatch("abc", /b/)) && fails(() => assertMatch("abc", /x/)), "match");
  must(!fails(() => assertNotMatch("abc", /x/)) && fails(() => assertNotMatch("a", /a/)), "not");
  must(!fails(() => assertStringIncludes("abc", "bc")), "includes");
  must(fails(() => assertStringIncludes("abc", "x")), "includes");
  must(!fails(() => assertArrayIncludes([{ a: 1 }, { b: 2 }], [{ b: 2 }])), "deep");
  must(fails(() => assertArrayIncludes([{ a: 1 }], [{ a: 1 }, { a: 2 }])), "deep");
  must(!fails(() => assertInstanceOf(new TypeError(), Error)), "instance");
  must(fails(() => assertInstanceOf({}, Error)), "instance");
  must(!fails(() => assertNotInstanceOf({}, Error)), "no instance");
  must(fails(() => assertNotInstanceOf(new TypeError(), Error)), "no instance");
});

Deno.test("assertIsError checks class, then message", () => {
  const error = new RangeError("Cannot go: too far");
  must(!fails(() => assertIsError(error)), "any");
  must(!fails(() => assertIsError(error, Error, "too far")), "subclass and part");
  must(!fails(() => assertIsError(error, RangeError, /too/)), "pattern");
  must(fails(() => assertIsError(error, TypeError)), "class");
  must(fails(() => assertIsError(error, RangeError, "near")), "part");
  must(fails(() => assertIsError("text")), "no error");
});

Deno.test("assertThrows returns what was thrown", () => {
  const error = new RangeError("Cannot go: too far");
  const thrower = () => {
    throw error;
  };
  must(assertThrows(thrower) === error, "any");
  must(assertThrows(thrower, Error, "far") === error, "class and part");
  must(fails(() => assertThrows(() => {})), "nothing thrown");
  must(fails(() => assertThrows(thrower, TypeError)), "class");
  must(fails(() => assertThrows(thrower, RangeError, "near")), "part");
  const throwsText = () => {
    throw "text";
  };
  must(assertThrows(throwsText) === "text", "any value without a class");
  must(fails(() => assertThrows(throwsText, Error)), "no error with a class");
});

Deno.test("assertRejects wants a rejected promise and nothing else", async () => {
  const error = new RangeError("Cannot go: too far");
  const failure = async (promise: Promise<unknown>) => {
    const reason: unknown = await promise.then(() => null, (reason) => reason);
    return reason instanceof AssertionError;
  };
  must(await assertRejects(() => Promise.reject(error), RangeError, "far") === error, "reason");
  must(await assertRejects(() => Promise.reject("text")) === "text", "any value without a class");
  must(await failure(assertRejects(() => Promise.resolve(1))), "fulfilled");
  must(await failure(assertRejects(() => Promise.reject(error), TypeError)), "class");
  const throwsAtOnce = () => {
    throw error;
  };
  must(await failure(assertRejects(throwsAtOnce)), "thrown at once");
  must(await failure(assertRejects((() => 1) as never)), "no promise");
});

Deno.test("assertObjectMatch wants a subset at every level", () => {
  const actual = {
    a: 1,
    b: { c: [1, { d: 2, e: 3 }, 4], at: new Date(1) },
    map: new Map([["x", 1], ["y", 2]]),
    set: new Set([1, 2]),
  };
  must(!fails(() => assertObjectMatch(actual, {})), "nothing asked");
  must(!fails(() => assertObjectMatch(actual, { b: { c: [1, { d: 2 }] } })), "nested");
  must(!fails(() => assertObjectMatch(actual, { b: { at: new Date(1) } })), "date");
  must(!fails(() => assertObjectMatch(actual, { map: new Map([["x", 1]]) })), "map");
  must(!fails(() => assertObjectMatch(actual, { set: new Set([2]) })), "set");
  must(fails(() => assertObjectMatch(actual, { a: 2 })), "value");
  must(fails(() => assertObjectMatch(actual, { z: 2 })), "missing");
  must(fails(() => assertObjectMatch(actual, { b: { c: [2] } })), "item");
  must(fails(() => assertObjectMatch(actual, { b: { c: [1, { d: 2 }, 4, 5] } })), "longer");
  must(fails(() => assertObjectMatch(actual, { b: { at: new Date(2) } })), "date");
  must(fails(() => assertObjectMatch(actual, { map: new Map([["x", 2]]) })), "map");
  must(fails(() => assertObjectMatch(actual, { set: new Set([3]) })), "set");
});

Deno.test("fail, unreachable and unimplemented always fail, with the caller's text", () => {
  for (const end of [fail, unreachable, unimplemented]) {
    const error = assertThrows(() => end("why"), AssertionError);
    assertStringIncludes(error.message, "why");
    must(error.name === "AssertionError", "name");
  }
});
