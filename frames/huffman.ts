/** Huffman codes of DEFLATE (RFC 1951 §3.2.2): from the lengths of the codes to a table. */

const LONGEST_CODE_BITS = 15;
const LENGTH_BITS = 4;
const LENGTH_MASK = (1 << LENGTH_BITS) - 1;

/**
 * All that `bits` bits of input can be, as an index, the first bit lowest: an entry holds the symbol
 * whose code these bits begin with and the code's length; 0 where no code begins so.
 */
export interface HuffmanTable {
  readonly entries: Uint16Array;
  readonly bits: number;
}

/** The symbol of a table's entry. */
export function symbolOf(entry: number): number {
  return entry >> LENGTH_BITS;
}

/** The length in bits of a table's entry; 0 for none. */
export function lengthOf(entry: number): number {
  return entry & LENGTH_MASK;
}

/**
 * Makes the table of a code; `null` if the lengths make none: more codes than bits can tell apart, or
 * fewer than fill it. Where it `maySingle`, one code of one bit is enough, or no code (§3.2.7).
 */
export function huffmanTable(
  lengths: Uint8Array,
  { maySingle }: { maySingle: boolean },
): HuffmanTable | null {
  const counts = new Uint16Array(LONGEST_CODE_BITS + 1);
  for (const length of lengths) counts[length]++;
  counts[0] = 0;
  const bits = counts.findLastIndex((count) => count > 0);
  if (bits < 0) return maySingle ? { entries: new Uint16Array(1), bits: 0 } : null;
  const free = counts.reduce(
    (free, count, length) => free - count * 2 ** (bits - length),
    2 ** bits,
  );
  const single = maySingle && bits === 1 && counts[1] === 1;
  if (free < 0 || free > 0 && !single) return null;
  return { entries: fill(lengths, firstCodes(counts), bits), bits };
}

/** §3.2.2, step 2: "Find the numerical value of the smallest code for each code length". */
function firstCodes(counts: Uint16Array): Uint16Array {
  const codes = new Uint16Array(LONGEST_CODE_BITS + 1);
  for (let length = 1; length <= LONGEST_CODE_BITS; length++) {
    codes[length] = (codes[length - 1] + counts[length - 1]) << 1;
  }
  return codes;
}

/** §3.2.2, step 3: "Assign numerical values to all codes, using consecutive values". */
function fill(lengths: Uint8Array, next: Uint16Array, bits: number): Uint16Array {
  const entries = new Uint16Array(1 << bits);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol];
    if (length === 0) continue;
    const entry = symbol << LENGTH_BITS | length;
    const step = 1 << length;
    for (let at = reversed(next[length]++, length); at < entries.length; at += step) {
      entries[at] = entry;
    }
  }
  return entries;
}

/** §3.1.1: codes are "packed starting with the most-significant bit", all else with the least. */
function reversed(code: number, length: number): number {
  let result = 0;
  for (let bit = 0; bit < length; bit++) result |= (code >> bit & 1) << (length - 1 - bit);
  return result;
}

/** Codes of a block with fixed codes (§3.2.6). */
export const FIXED_LITERALS: HuffmanTable = fixed(
  new Uint8Array(288).fill(8).fill(9, 144, 256).fill(7, 256, 280),
);
export const FIXED_DISTANCES: HuffmanTable = fixed(new Uint8Array(32).fill(5));

function fixed(lengths: Uint8Array): HuffmanTable {
  return huffmanTable(lengths, { maySingle: false })!;
}
