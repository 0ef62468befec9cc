import { equal } from "./equal.ts";
import { difference, report, show } from "./failure.ts";

// deno-lint-ignore no-explicit-any
type Constructor = abstract new (...args: any[]) => any;

/** An array or something with indices and a length that is not a string. */
export type ArrayLikeArg<T> = ArrayLike<T> & object;

/** Asserts that `expr` is truthy. */
export function assert(expr: unknown, msg?: string): asserts expr {
  if (!expr) report(msg ?? "Expected a truthy value");
}

/** Asserts that `expr` is falsy. */
export function assertFalse(expr: unknown, msg?: string): asserts expr is false {
  if (expr) report(msg ?? "Expected a falsy value");
}

/** Asserts that both values are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, msg?: string) {
  if (equal(actual, expected)) return;
  report("Values are not equal", msg, difference(actual, expected));
}

/** Asserts that the values are not deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string) {
  if (equal(actual, expected)) report(`Expected anything but ${show(expected)}`, msg);
}

/** Asserts that both values are the same by `Object.is`. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  if (Object.is(actual, expected)) return;
  report("Values are not strictly equal", msg, difference(actual, expected));
}

/** Asserts that the values are not the same by `Object.is`. */
export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string) {
  if (Object.is(actual, expected)) report(`Expected anything but ${show(expected)} itself`, msg);
}

/** Asserts that two numbers are at most `tolerance` apart (default: a 10⁻⁷th of `expected`). */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  msg?: string,
) {
  if (Object.is(actual, expected)) return;
  const allowed = tolerance ?? (isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  if (Math.abs(expected - actual) <= allowed) return;
  report(`Expected ${actual} to be within ${allowed} of ${expected}`, msg);
}

/** Asserts that a value is neither `null` nor `undefined`. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) report(`Expected a value, not ${actual}`, msg);
}

/** Asserts `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string) {
  if (!(actual > expected)) report(msg ?? `Expected ${show(actual)} > ${show(expected)}`);
}

/** Asserts `actual >= expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string) {
  if (!(actual >= expected)) report(msg ?? `Expected ${show(actual)} >= ${show(expected)}`);
}

/** Asserts `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string) {
  if (!(actual < expected)) report(msg ?? `Expected ${show(actual)} < ${show(expected)}`);
}

/** Asserts `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string) {
  if (!(actual <= expected)) report(msg ?? `Expected ${show(actual)} <= ${show(expected)}`);
}

/** Asserts that a text matches a pattern. */
export function assertMatch(actual: string, expected: RegExp, msg?: string) {
  if (!expected.test(actual)) report(`Expected ${show(actual)} to match ${expected}`, msg);
}

/** Asserts that a text doesn't match a pattern. */
export function assertNotMatch(actual: string, expected: RegExp, msg?: string) {
  if (expected.test(actual)) report(`Expected ${show(actual)} not to match ${expected}`, msg);
}

/** Asserts that a text contains another. */
export function assertStringIncludes(actual: string, expected: string, msg?: string) {
  if (!actual.includes(expected)) {
    report(`Expected ${show(actual)} to contain ${show(expected)}`, msg);
  }
}

/** Asserts that each item of `expected` has a deep equal in `actual`. */
export function assertArrayIncludes<T>(
  actual: ArrayLikeArg<T>,
  expected: ArrayLikeArg<T>,
  msg?: string,
): void {
  const items = Array.from(actual);
  const missing = Array.from(expected).filter((wanted) => !items.some((it) => equal(wanted, it)));
  if (missing.length) report(`Expected ${show(actual)} to include ${show(missing)}`, msg);
}

/** Asserts that a value is an instance of a class or of a subclass. */
export function assertInstanceOf<T extends Constructor>(
  actual: unknown,
  expectedType: T,
  msg = "",
): asserts actual is InstanceType<T> {
  if (actual instanceof expectedType) return;
  report(`Expected an instance of ${expectedType.name}, got ${show(actual)}`, msg);
}

/** Asserts that a value is not an instance of a class. */
export function assertNotInstanceOf<A, T>(
  actual: A,
  // deno-lint-ignore no-explicit-any
  unexpectedType: abstract new (...args: any[]) => T,
  msg?: string,
): asserts actual is Exclude<A, T> {
  if (actual instanceof unexpectedType) {
    report(`Expected no instance of ${unexpectedType.name}`, msg);
  }
}

/** Fails always. */
export function fail(msg?: string): never {
  report("Failed assertion", msg);
}

/** Fails where the code should never arrive. */
export function unreachable(msg?: string): never {
  report("Unreachable", msg);
}

/** Fails where something isn't written yet. */
export function unimplemented(msg?: string): never {
  report("Unimplemented", msg);
}
