type Compare = (a: unknown, b: unknown) => boolean;

/** Built-ins whose whole value is in their text. */
const TEXTUAL: unknown[] = [RegExp, URL, URLSearchParams, Intl.Locale].map((type) =>
  type.prototype
);

/**
 * Whether two values are deeply equal: `0` equals `-0`, `NaN` equals `NaN`, a missing property
 * differs from one that is `undefined`, and prototypes must match (none counts as a plain object).
 *
 * @throws {TypeError} for a WeakMap or a WeakSet, whose content can't be seen
 */
export function equal(a: unknown, b: unknown): boolean {
  const underway = new Map<object, object>();
  const compare: Compare = (a, b) => {
    if (a === b || Object.is(a, b)) return true;
    if (!isObject(a) || !isObject(b) || !samePrototype(a, b)) return false;
    if (a instanceof WeakMap || a instanceof WeakSet) {
      throw new TypeError(`Cannot compare ${a.constructor.name} instances`);
    }
    // A pair met again below itself is a cycle: it is equal if everything else is.
    if (underway.get(a) === b) return true;
    underway.set(a, b);
    return sameContent(a, b, compare);
  };
  return compare(a, b);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function samePrototype(a: object, b: object): boolean {
  const [left, right] = [a, b].map((it) => Object.getPrototypeOf(it) ?? Object.prototype);
  return left === right;
}

function sameContent(a: object, b: object, compare: Compare): boolean {
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime());
  if (TEXTUAL.includes(Object.getPrototypeOf(a))) return String(a) === String(b);
  if (isBytes(a)) return sameItems(bytesOf(a), bytesOf(b as ArrayBuffer));
  if (ArrayBuffer.isView(a) && !(a instanceof DataView)) {
    return sameItems(a as Uint8Array, b as Uint8Array);
  }
  if (Object.keys(a).length !== Object.keys(b).length) return false;
  if (a instanceof Set) return sameEntries(pairs(a), pairs(b as Set<unknown>), compare);
  if (a instanceof Map) return sameEntries([...a], [...b as Map<unknown, unknown>], compare);
  return sameProperties(a, b, compare);
}

function isBytes(value: object): value is ArrayBufferLike {
  return value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;
}

function bytesOf(buffer: ArrayBufferLike): Uint8Array {
  return new Uint8Array(buffer);
}

function sameItems(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length &&
    a.every((item, index) => item === b[index] || Object.is(item, b[index]));
}

function pairs(set: Set<unknown>): [unknown, unknown][] {
  return [...set].map((item) => [item, undefined]);
}

function sameEntries(
  a: [unknown, unknown][],
  b: [unknown, unknown][],
  compare: Compare,
): boolean {
  if (a.length !== b.length) return false;
  const values = new Map(b);
  const rest = new Set(b.filter(([key]) => isObject(key)));
  return a.every(([key, value]) => {
    if (!isObject(key)) return values.has(key) && compare(value, values.get(key));
    // Deep keys have no hash: look for a partner that isn't taken yet.
    for (const entry of rest) {
      if (compare(key, entry[0]) && compare(value, entry[1])) return rest.delete(entry);
    }
    return false;
  });
}

function sameProperties(a: object, b: object, compare: Compare): boolean {
  for (const key of new Set([...keysOf(a), ...keysOf(b)])) {
    if (key in a !== key in b) return false;
    if (!compare(Reflect.get(a, key), Reflect.get(b, key))) return false;
  }
  return true;
}

/** Plain objects and arrays: what can be enumerated. Instances: getters and hidden fields too. */
function keysOf(value: object): PropertyKey[] {
  const prototype = Object.getPrototypeOf(value);
  const plain: unknown[] = [null, Object.prototype, Array.prototype];
  if (plain.includes(prototype)) return Reflect.ownKeys({ ...value });
  const keys: PropertyKey[] = [];
  for (let level = value; !plain.includes(level); level = Object.getPrototypeOf(level)) {
    keys.push(...Reflect.ownKeys(level));
  }
  return keys;
}
