import { AssertionError, report } from "./failure.ts";

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

/** What a caller expects of a thrown value: nothing, or a class and a part of its message. */
interface Expectation<E extends Error> {
  type?: ErrorClass<E>;
  part?: string;
  msg?: string;
}

/** Asserts that `error` is an Error: of this class, with this text or pattern in its message. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  ErrorClass?: ErrorClass<E>,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E {
  if (!(error instanceof Error)) report(`Expected an Error, got ${Deno.inspect(error)}`, msg);
  if (ErrorClass && !(error instanceof ErrorClass)) {
    const { name } = error.constructor;
    report(`Expected an instance of "${ErrorClass.name}", got "${name}" (${error.message})`, msg);
  }
  const matches = typeof msgMatches === "string"
    ? error.message.includes(msgMatches)
    : msgMatches?.test(error.message) ?? true;
  if (!matches) report(`Expected "${error.message}" to include ${Deno.inspect(msgMatches)}`, msg);
}

/** Asserts that `fn` throws, whatever it is, and returns what was thrown. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Asserts that `fn` throws an error of this class with this text in its message. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  first?: ErrorClass<Error> | string,
  second?: string,
  third?: string,
): unknown {
  const expected = expectation(first, second, third);
  try {
    fn();
  } catch (error) {
    return checked(error, expected);
  }
  report("Expected function to throw", expected.msg);
}

/** Asserts that the promise which `fn` returns is rejected, and resolves to the reason. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/** Asserts that the promise is rejected with an error of this class and text. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  first?: ErrorClass<Error> | string,
  second?: string,
  third?: string,
): Promise<unknown> {
  const expected = expectation(first, second, third);
  const promise = started(fn, expected.msg);
  try {
    await promise;
  } catch (error) {
    return checked(error, expected);
  }
  report("Expected function to reject", expected.msg);
}

function expectation(
  first?: ErrorClass<Error> | string,
  second?: string,
  third?: string,
): Expectation<Error> {
  return typeof first === "string"
    ? { msg: first }
    : { type: first, part: first && second, msg: third };
}

/** A function that throws before it returns a promise isn't one that rejects. */
function started(fn: () => PromiseLike<unknown>, msg?: string): PromiseLike<unknown> {
  let cause: unknown;
  try {
    const promise = fn();
    if (typeof promise?.then === "function") return promise;
  } catch (error) {
    cause = error;
  }
  throw new AssertionError(
    `Function throws or returns no promise when expected to reject${msg ? `: ${msg}` : "."}`,
    { cause },
  );
}

function checked<E extends Error>(error: unknown, { type, part, msg }: Expectation<E>): unknown {
  if (type) assertIsError(error, type, part, msg);
  return error;
}
