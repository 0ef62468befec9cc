import { BitReader, SLICE_BYTES } from "./bit_reader.ts";
import {
  type DeflateDirection,
  FLUSH_TAIL,
  type Inflated,
  type Inflater,
  type InflateStop,
  windowBytesOf,
} from "./deflate.ts";
import {
  FIXED_DISTANCES,
  FIXED_LITERALS,
  type HuffmanTable,
  huffmanTable,
  lengthOf,
  symbolOf,
} from "./huffman.ts";
import { InflateWindow } from "./inflate_window.ts";

/** RFC 1951 §3.2.5: symbols of the literal/length code. */
const END_OF_BLOCK = 256;
const FIRST_LENGTH = 257;
const LENGTH_EXTRA_BITS = [..."0000000011112222333344445555"].map(Number);
/** Symbol 285 stands outside of the row: 258 and no extra bits. */
const LENGTH_BASES = Uint16Array.of(...bases(3, LENGTH_EXTRA_BITS), 258);
const LENGTH_EXTRAS = Uint8Array.of(...LENGTH_EXTRA_BITS, 0);
const DISTANCE_EXTRAS = Uint8Array.from(
  { length: 30 },
  (_, symbol) => Math.max(symbol >> 1, 1) - 1,
);
const DISTANCE_BASES = Uint16Array.from(bases(1, [...DISTANCE_EXTRAS]));

/** RFC 1951 §3.2.7: the order in which the lengths of the code length code come. */
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const COPY_PREVIOUS = 16;
/** For the symbols 16 to 18: how many extra bits tell the count, and the least count. */
const REPEATS = [{ extra: 2, least: 3 }, { extra: 3, least: 3 }, { extra: 7, least: 11 }];
const MOST_LITERALS = 286;
const MOST_DISTANCES = 30;

const BlockType = { STORED: 0, FIXED: 1, DYNAMIC: 2 } as const;

const State = {
  BLOCK_HEADER: 0,
  STORED_LENGTH: 1,
  STORED: 2,
  CODES: 3,
  /** After a stop; only a reset leads out. */
  STOPPED: 4,
} as const;
type State = typeof State[keyof typeof State];

/** Each base is the one before it and as many as its extra bits tell apart. */
function bases(first: number, extras: readonly number[]): number[] {
  let next = first;
  return extras.map((extra) => {
    const base = next;
    next += 1 << extra;
    return base;
  });
}

/**
 * Makes an inflater for one direction of a connection. It reads DEFLATE itself: it stops at the very
 * byte that would be one too many, holds the sender to the window that was agreed on, names the byte
 * where the data is broken, and goes on behind a block that says it is the final one, which §7.2.3.4
 * allows. Memory: up to eight windows, and the output of the piece.
 * Source: RFC 7692 §7.2.2, RFC 1951.
 *
 * @param direction What was agreed on for the sender's direction.
 * @returns A new inflater.
 * @throws {RangeError} If the window bits aren't 8 to 15.
 *
 * @example The compressed "Hello" of §7.2.3.1, as a whole and in its context
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createInflater } from "@roomscope/roomscope/frames";
 *
 * const inflater = createInflater();
 * const hello = Uint8Array.of(0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00);
 * assertEquals(new TextDecoder().decode(inflater.push(hello, 100).output), "Hello");
 * assertEquals(inflater.end(100).stop, null);
 *
 * const again = Uint8Array.of(0xf2, 0x00, 0x11, 0x00, 0x00);
 * assertEquals(new TextDecoder().decode(inflater.push(again, 100).output), "Hello");
 * ```
 */
export function createInflater(direction: DeflateDirection = {}): Inflater {
  return new RawInflater(direction);
}

class RawInflater implements Inflater {
  readonly #contextTakeover: boolean;
  readonly #windowBytes: number;
  readonly #reader = new BitReader();
  readonly #window: InflateWindow;
  #state: State = State.BLOCK_HEADER;
  #stop: InflateStop | null = null;
  #sliceStart = 0;
  #storedLeft = 0;
  #literals: HuffmanTable = FIXED_LITERALS;
  #distances: HuffmanTable = FIXED_DISTANCES;
  #final = false;

  constructor(direction: DeflateDirection) {
    this.#contextTakeover = direction.contextTakeover ?? true;
    this.#windowBytes = windowBytesOf(direction);
    this.#window = new InflateWindow(this.#windowBytes);
  }

  push(piece: Uint8Array, room: number): Inflated {
    this.#window.begin(room);
    for (let from = 0; from < piece.length && !this.#stop; from += SLICE_BYTES) {
      this.#sliceStart = from;
      this.#reader.feed(piece.subarray(from, from + SLICE_BYTES));
      while (this.#step());
    }
    return { output: this.#window.output(), stop: this.#stop };
  }

  end(room: number): Inflated {
    const { output } = this.push(FLUSH_TAIL, room);
    const whole = this.#state === State.BLOCK_HEADER && this.#reader.empty;
    if (!whole && !this.#stop) this.#fail("the data ends inside a block");
    const stop = this.#stop;
    if (!stop && !this.#contextTakeover) this.reset();
    return { output, stop };
  }

  reset(): void {
    this.#reader.reset();
    this.#window.reset();
    this.#state = State.BLOCK_HEADER;
    this.#stop = null;
  }

  /** One state's worth of input; `false` where it needs more, or has stopped. */
  #step(): boolean {
    switch (this.#state) {
      case State.BLOCK_HEADER:
        return this.#readBlockHeader();
      case State.STORED_LENGTH:
        return this.#readStoredLength();
      case State.STORED:
        return this.#readStored();
      case State.CODES:
        return this.#readCodes();
      case State.STOPPED:
        return false;
    }
  }

  /** RFC 1951 §3.2.3: one bit BFINAL, two bits BTYPE. */
  #readBlockHeader(): boolean {
    const reader = this.#reader;
    const start = reader.at;
    const final = reader.read(1) === 1;
    const type = reader.read(2);
    if (reader.starved) return this.#wait(start);
    this.#final = final;
    if (type === BlockType.STORED) return this.#enter(State.STORED_LENGTH);
    if (type === BlockType.DYNAMIC) return this.#readDynamicCodes(start);
    if (type !== BlockType.FIXED) return this.#fail("block type is 3");
    this.#literals = FIXED_LITERALS;
    this.#distances = FIXED_DISTANCES;
    return this.#enter(State.CODES);
  }

  /** RFC 1951 §3.2.4: on a byte border two bytes LEN, and their complement NLEN. */
  #readStoredLength(): boolean {
    const reader = this.#reader;
    const start = reader.at;
    reader.align();
    const length = reader.read(16);
    const complement = reader.read(16);
    if (reader.starved) return this.#wait(start);
    if ((length ^ complement) !== 0xffff) return this.#fail("LEN and NLEN of a block don't agree");
    this.#storedLeft = length;
    return this.#enter(State.STORED);
  }

  #readStored(): boolean {
    const there = Math.min(this.#storedLeft, this.#reader.bytesLeft);
    const count = Math.min(there, this.#window.room);
    this.#window.append(this.#reader.readBytes(count));
    this.#storedLeft -= count;
    if (count < there) return this.#full();
    return this.#storedLeft === 0 && this.#endBlock();
  }

  /** RFC 1951 §3.2.7; read whole or not at all. */
  #readDynamicCodes(start: number): boolean {
    const reader = this.#reader;
    const literals = reader.read(5) + 257;
    const distances = reader.read(5) + 1;
    const lengthCode = this.#readLengthCode(reader.read(4) + 4);
    const lengths = lengthCode && this.#readCodeLengths(lengthCode, literals + distances);
    if (reader.starved) return this.#wait(start);
    if (literals > MOST_LITERALS || distances > MOST_DISTANCES) {
      return this.#fail("a code is too large");
    }
    if (!lengths) return this.#fail("the code lengths can't be read");
    if (lengths[END_OF_BLOCK] === 0) return this.#fail("a block can't end: 256 has no code");
    const literalTable = huffmanTable(lengths.subarray(0, literals), { maySingle: true });
    const distanceTable = huffmanTable(lengths.subarray(literals), { maySingle: true });
    if (!literalTable || !distanceTable) return this.#fail("the code lengths make no code");
    this.#literals = literalTable;
    this.#distances = distanceTable;
    return this.#enter(State.CODES);
  }

  #readLengthCode(count: number): HuffmanTable | null {
    const lengths = new Uint8Array(CODE_LENGTH_ORDER.length);
    for (const symbol of CODE_LENGTH_ORDER.slice(0, count)) lengths[symbol] = this.#reader.read(3);
    return huffmanTable(lengths, { maySingle: false });
  }

  #readCodeLengths(code: HuffmanTable, count: number): Uint8Array | null {
    const reader = this.#reader;
    const lengths = new Uint8Array(count);
    for (let at = 0; at < count;) {
      const entry = code.entries[reader.peek(code.bits)];
      reader.at += lengthOf(entry);
      if (reader.starved) return null;
      const symbol = symbolOf(entry);
      if (symbol < COPY_PREVIOUS) {
        lengths[at++] = symbol;
        continue;
      }
      const { extra, least } = REPEATS[symbol - COPY_PREVIOUS];
      const repeated = least + reader.read(extra);
      const nothingToCopy = symbol === COPY_PREVIOUS && at === 0;
      if (nothingToCopy || at + repeated > count) return null;
      if (symbol === COPY_PREVIOUS) lengths.fill(lengths[at - 1], at, at + repeated);
      at += repeated;
    }
    return lengths;
  }

  /** RFC 1951 §3.2.3: literals, and references to what came before, up to the block's end. */
  #readCodes(): boolean {
    const reader = this.#reader;
    const window = this.#window;
    const { entries, bits } = this.#literals;
    for (;;) {
      const start = reader.at;
      const entry = entries[reader.peek(bits)];
      reader.at += lengthOf(entry);
      if (reader.starved) return this.#wait(start);
      if (entry === 0) return this.#fail("no literal has this code");
      const symbol = symbolOf(entry);
      if (symbol < END_OF_BLOCK) {
        if (!window.put(symbol)) return this.#full();
      } else if (symbol === END_OF_BLOCK) {
        return this.#endBlock();
      } else if (!this.#readReference(symbol - FIRST_LENGTH, start)) {
        return false;
      }
    }
  }

  #readReference(lengthSymbol: number, start: number): boolean {
    const reader = this.#reader;
    if (lengthSymbol >= LENGTH_BASES.length) return this.#fail("no length has this code");
    const length = LENGTH_BASES[lengthSymbol] + reader.read(LENGTH_EXTRAS[lengthSymbol]);
    const { entries, bits } = this.#distances;
    const entry = entries[reader.peek(bits)];
    reader.at += lengthOf(entry);
    const symbol = symbolOf(entry);
    const known = entry !== 0 && symbol < DISTANCE_BASES.length;
    const distance = known ? DISTANCE_BASES[symbol] + reader.read(DISTANCE_EXTRAS[symbol]) : 0;
    if (reader.starved) return this.#wait(start);
    if (!known) return this.#fail("no distance has this code");
    if (distance > this.#window.reach) return this.#fail(this.#tooFar(distance));
    return this.#window.repeat(distance, length) || this.#full();
  }

  #tooFar(distance: number): string {
    const reach = this.#window.reach;
    return reach === this.#windowBytes
      ? `distance is ${distance}, the window agreed on is ${reach}`
      : `distance is ${distance}, and only ${reach} bytes came before`;
  }

  /** Behind a final block the next begins on a byte border, in the same context. */
  #endBlock(): boolean {
    if (this.#final) this.#reader.align();
    return this.#enter(State.BLOCK_HEADER);
  }

  #enter(state: State): boolean {
    this.#state = state;
    return true;
  }

  #wait(start: number): boolean {
    this.#reader.at = start;
    return false;
  }

  #fail(what: string): boolean {
    return this.#halt("broken", what);
  }

  #full(): boolean {
    return this.#halt("full", "more would come out");
  }

  #halt(reason: InflateStop["reason"], what: string): boolean {
    this.#stop = { reason, index: this.#sliceStart + this.#reader.lastIndex, what };
    this.#state = State.STOPPED;
    return false;
  }
}
