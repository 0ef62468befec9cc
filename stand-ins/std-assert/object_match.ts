import { equal } from "./equal.ts";
import { difference, report } from "./failure.ts";

type Matches = (actual: unknown, expected: unknown) => boolean;

/**
 * Asserts that `actual` has all that `expected` has, at every level: further properties, items
 * past the expected length of an array, and further entries of a Map or Set don't matter.
 */
export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  const underway = new Map<unknown, unknown>();
  const matches: Matches = (actual, expected) => {
    if (!isObject(actual) || !isObject(expected) || isExact(expected)) {
      return equal(actual, expected);
    }
    if (underway.get(actual) === expected) return true;
    underway.set(actual, expected);
    return covers(actual, expected, matches);
  };
  if (matches(actual, expected)) return;
  report("Object does not match", msg, difference(actual, expected));
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isExact(value: object): boolean {
  return value instanceof Date || value instanceof RegExp;
}

function covers(actual: object, expected: object, matches: Matches): boolean {
  if (Array.isArray(actual) !== Array.isArray(expected)) return false;
  if (actual instanceof Map && expected instanceof Map) {
    return [...expected].every(([key, value]) =>
      actual.has(key) && matches(actual.get(key), value)
    );
  }
  if (actual instanceof Set && expected instanceof Set) return expected.isSubsetOf(actual);
  return Reflect.ownKeys(expected).every((key) => {
    // An array's length is its own property; a longer actual array is fine.
    if (key === "length" && Array.isArray(expected)) {
      return (actual as unknown[]).length >= expected.length;
    }
    return Object.hasOwn(actual, key) &&
      matches(Reflect.get(actual, key), Reflect.get(expected, key));
  });
}
