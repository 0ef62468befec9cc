/** Thrown by every assertion that does not hold. */
export class AssertionError extends Error {
  override name = "AssertionError";
}

/** Throws an `AssertionError` whose text is `what`, followed by the caller's own `msg`, if any. */
export function report(what: string, msg?: string, detail = ""): never {
  throw new AssertionError(`${what}${msg ? `: ${msg}` : "."}${detail}`);
}

/** A value as text: sorted keys and one item per line, so that two texts can be compared. */
export function show(value: unknown): string {
  return Deno.inspect(value, {
    depth: Infinity,
    sorted: true,
    trailingComma: true,
    compact: false,
    iterableLimit: Infinity,
    strAbbreviateSize: Infinity,
  });
}

/** Both texts under each other; the lines that they share at both ends are printed once. */
export function difference(actual: unknown, expected: unknown): string {
  const [left, right] = [show(actual).split("\n"), show(expected).split("\n")];
  const shortest = Math.min(left.length, right.length);
  let head = 0;
  while (head < shortest && left[head] === right[head]) head++;
  let tail = 0;
  while (tail < shortest - head && left.at(-1 - tail) === right.at(-1 - tail)) tail++;
  const mark = (sign: string) => (line: string) => `${sign} ${line}`;
  return "\n\n" + [
    "  (- actual, + expected)",
    ...left.slice(0, head).map(mark(" ")),
    ...left.slice(head, left.length - tail).map(mark("-")),
    ...right.slice(head, right.length - tail).map(mark("+")),
    ...left.slice(left.length - tail).map(mark(" ")),
  ].join("\n") + "\n";
}
