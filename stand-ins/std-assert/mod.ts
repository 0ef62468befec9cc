/**
 * Stands in for `@std/assert` where the JSR registry can't be reached: the same names and the same
 * behaviour for the part that this project uses.
 *
 * @module
 */
export { equal } from "./equal.ts";
export { assertIsError, assertRejects, assertThrows } from "./errors.ts";
export { AssertionError } from "./failure.ts";
export { assertObjectMatch } from "./object_match.ts";
export {
  type ArrayLikeArg,
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertNotInstanceOf,
  assertNotMatch,
  assertNotStrictEquals,
  assertStrictEquals,
  assertStringIncludes,
  fail,
  unimplemented,
  unreachable,
} from "./values.ts";
