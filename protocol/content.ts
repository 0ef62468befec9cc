/** How deep a message may nest: an array or object inside another is one level. */
export const MAX_DEPTH = 64;

/**
 * Tells whether a JSON value nests deeper than a limit. Works level by level, so that no input can
 * exhaust the stack.
 *
 * @param value Any value that came out of `JSON.parse`.
 * @param maxDepth How many levels of arrays and objects are allowed.
 * @returns `true` if there is a level more.
 *
 * @example
 * ```ts
 * import { isTooDeep } from "@roomscope/roomscope/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(isTooDeep([[1]], 2), false);
 * assertEquals(isTooDeep([[1]], 1), true);
 * ```
 */
export function isTooDeep(value: unknown, maxDepth: number = MAX_DEPTH): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; depth <= maxDepth; depth++) {
    const containers = level.filter((item) => typeof item === "object" && item !== null);
    if (containers.length === 0) return false;
    if (depth === maxDepth) break;
    level = containers.flatMap((item) => Object.values(item as object));
  }
  return true;
}
