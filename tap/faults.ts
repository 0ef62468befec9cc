import { type Frame, Opcode } from "../frames/mod.ts";

/** Which frames a fault is for, and what it does. Read from text by {@linkcode parseFault}. */
export interface FaultRule {
  /** Only this direction: `in` from the client. @default both */
  direction?: "in" | "out";
  /** Only the connection of this number. @default all */
  connection?: string;
  /** Only frames of this opcode. @default all */
  opcode?: number;
  /** Only from here on: behind so many frames or bytes of the direction, or milliseconds. */
  after?: { unit: "frames" | "bytes" | "ms"; count: number };
  /** Only every so-many-th of the frames that fit. @default 1 */
  every?: number;
  /** With which probability a frame that fits is hit, 0 to 1. @default 1 */
  chance?: number;
  /** How many frames are hit at most. @default Infinity */
  times?: number;
  /** Delay of every byte in milliseconds, and how far it may differ. */
  latency?: { ms: number; jitter: number };
  /** Bytes in a second. */
  bandwidth?: number;
  /** Writes of so many bytes at most. */
  slice?: number;
  /** For so many milliseconds nothing goes on, from the first frame that is hit. */
  stall?: number;
  /** Ends the connection at the first frame that is hit: before it, or (`half`) in its middle. */
  cut?: "fin" | "rst" | "half";
  /** Changes one byte of the frame. */
  corrupt?: "header" | "payload";
  /** The frame doesn't go on. */
  drop?: true;
  /** The frame goes on twice. */
  duplicate?: true;
  /** The frame goes on so many milliseconds later, and others pass it by. */
  hold?: number;
}

/** What is done to one frame. */
export interface FrameFault {
  readonly rule: FaultRule;
  /** For the record. */
  readonly text: string;
  /** The byte to change: its place in the frame, and what it is XORed with. */
  readonly corrupt?: { readonly offset: number; readonly xor: number };
}

const DURATION = /^(\d+(?:\.\d+)?)(ms|s)?$/;
const SIZE = /^(\d+(?:\.\d+)?)(k|M)?(?:B)?(?:\/s)?$/;
const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1_000 };
const MULTIPLES: Readonly<Record<string, number>> = { k: 1_000, M: 1_000_000 };
const OPCODES: Readonly<Record<string, number>> = {
  continuation: Opcode.CONTINUATION,
  text: Opcode.TEXT,
  binary: Opcode.BINARY,
  close: Opcode.CLOSE,
  ping: Opcode.PING,
  pong: Opcode.PONG,
};
const ACTIONS = [
  ...["latency", "bandwidth", "slice", "stall", "cut", "corrupt", "drop", "duplicate", "hold"],
] as const;

type Reader = (value: string) => Partial<FaultRule>;

const READERS: Readonly<Record<string, Reader>> = {
  dir: (value) => ({ direction: oneOf("dir", value, ["in", "out"]) }),
  conn: (value) => ({ connection: value }),
  opcode: (value) => ({ opcode: opcodeOf(value) }),
  after: (value) => ({ after: afterOf(value) }),
  every: (value) => ({ every: wholeNumber("every", value) }),
  times: (value) => ({ times: wholeNumber("times", value) }),
  chance: (value) => ({ chance: chanceOf(value) }),
  latency: (value) => ({ latency: latencyOf(value) }),
  bandwidth: (value) => ({ bandwidth: Math.max(1, sizeOf("bandwidth", value)) }),
  slice: (value) => ({ slice: wholeNumber("slice", value) }),
  stall: (value) => ({ stall: durationOf("stall", value) }),
  cut: (value) => ({ cut: oneOf("cut", value, ["fin", "rst", "half"]) }),
  corrupt: (value) => ({ corrupt: oneOf("corrupt", value, ["header", "payload"]) }),
  hold: (value) => ({ hold: durationOf("hold", value) }),
};
const WORDS: Readonly<Record<string, Partial<FaultRule>>> = {
  drop: { drop: true },
  dup: { duplicate: true },
};

/**
 * Reads a fault: `dir=out opcode=text every=3 drop`.
 *
 * | term | means |
 * |---|---|
 * | `dir=in` `conn=2` `opcode=text` | only that direction, connection, opcode |
 * | `after=10` `after=10kB` `after=5s` | only behind 10 frames, 10 kB, 5 seconds |
 * | `every=3` `chance=10%` `times=1` | every third, one in ten, one frame at most |
 * | `latency=100ms±20ms` `bandwidth=10k` `slice=7` | delay, bytes a second, bytes a write |
 * | `stall=5s` | nothing goes on for a while |
 * | `cut=fin` `cut=rst` `cut=half` | the link ends: by FIN, by RST, in the middle of a frame |
 * | `corrupt=header` `corrupt=payload` | one byte is changed |
 * | `drop` `dup` `hold=2s` | a frame is left out, sent twice, passed by others |
 *
 * @param text The terms with spaces between.
 * @returns The fault.
 * @throws {TypeError} If it can't be read, with what could stand there.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseFault } from "@roomscope/roomscope/tap";
 *
 * assertEquals(parseFault("dir=in latency=100ms±20ms"), {
 *   direction: "in",
 *   latency: { ms: 100, jitter: 20 },
 * });
 * ```
 */
export function parseFault(text: string): FaultRule {
  const terms = text.trim().split(/\s+/).filter((term) => term !== "");
  const rule: FaultRule = Object.assign({}, ...terms.map(readTerm));
  if (!ACTIONS.some((action) => rule[action] !== undefined)) {
    throw wrong(
      `nothing is done; there are ${
        [...Object.keys(READERS).slice(7), ...Object.keys(WORDS)].join(", ")
      }`,
    );
  }
  return rule;
}

function readTerm(term: string): Partial<FaultRule> {
  if (Object.hasOwn(WORDS, term)) return WORDS[term];
  const equals = term.indexOf("=");
  const name = term.slice(0, Math.max(equals, 0));
  if (Object.hasOwn(READERS, name)) return READERS[name](term.slice(equals + 1));
  const known = [...Object.keys(READERS).map((name) => `${name}=`), ...Object.keys(WORDS)];
  throw wrong(`there is no ${JSON.stringify(term)}; there are ${known.join(", ")}`);
}

function oneOf<const T extends string>(name: string, value: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw wrong(`${name} is ${choices.join(" or ")}, not ${JSON.stringify(value)}`);
}

function opcodeOf(value: string): number {
  if (Object.hasOwn(OPCODES, value)) return OPCODES[value];
  const number = Number(value);
  if (value !== "" && Number.isInteger(number) && number >= 0 && number <= 0xf) return number;
  throw wrong(
    `opcode is ${Object.keys(OPCODES).join(", ")} or 0 to 15, not ${JSON.stringify(value)}`,
  );
}

function afterOf(value: string): FaultRule["after"] {
  if (/^\d+$/.test(value)) return { unit: "frames", count: Number(value) };
  if (DURATION.test(value)) return { unit: "ms", count: durationOf("after", value) };
  if (SIZE.test(value)) return { unit: "bytes", count: sizeOf("after", value) };
  throw wrong(`after is frames (10), bytes (10kB) or time (5s), not ${JSON.stringify(value)}`);
}

function wholeNumber(name: string, value: string): number {
  if (/^[1-9]\d*$/.test(value)) return Number(value);
  throw wrong(`${name} is a whole number from 1, not ${JSON.stringify(value)}`);
}

function chanceOf(value: string): number {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)(%)?$/.exec(value) ?? [];
  const chance = Number(digits) / (percent ? 100 : 1);
  if (chance >= 0 && chance <= 1) return chance;
  throw wrong(`chance is 0% to 100%, not ${JSON.stringify(value)}`);
}

function latencyOf(value: string): { ms: number; jitter: number } {
  const [ms, jitter = "0", ...rest] = value.split(/±|\+-/);
  if (rest.length > 0) throw wrong(`latency is like 100ms±20ms, not ${JSON.stringify(value)}`);
  return { ms: durationOf("latency", ms), jitter: durationOf("latency", jitter) };
}

function durationOf(name: string, value: string): number {
  const [, digits, unit = "ms"] = DURATION.exec(value) ?? [];
  if (digits !== undefined) return Number(digits) * MILLISECONDS[unit];
  throw wrong(`${name} is a time like 100ms or 1.5s, not ${JSON.stringify(value)}`);
}

function sizeOf(name: string, value: string): number {
  const [, digits, multiple] = SIZE.exec(value) ?? [];
  if (digits !== undefined) return Number(digits) * (MULTIPLES[multiple] ?? 1);
  throw wrong(`${name} is a number of bytes like 500, 10k or 1M, not ${JSON.stringify(value)}`);
}

function wrong(what: string): TypeError {
  return new TypeError(`Cannot read fault: ${what}`);
}

/** How often a rule was met by one direction of a connection. */
interface Meeting {
  rule: FaultRule;
  fitted: number;
  hit: number;
}

/** Decides what is done to the frames of one direction; the same seed decides the same. */
export class FaultDecider {
  readonly #meetings: Meeting[];
  readonly #random: () => number;
  readonly #began: number;
  #frames = 0;
  #bytes = 0;

  constructor(rules: readonly FaultRule[], { seed, now }: { seed: number; now: number }) {
    this.#meetings = rules.filter(isForFrames).map((rule) => ({ rule, fitted: 0, hit: 0 }));
    this.#random = seededRandom(seed);
    this.#began = now;
  }

  /** Whether frames are looked at. */
  get active(): boolean {
    return this.#meetings.length > 0;
  }

  /** What is done to the next frame; `null` for nothing. The first rule that fits decides. */
  decide(frame: Frame, now: number): FrameFault | null {
    let fault: FrameFault | null = null;
    for (const meeting of this.#meetings) {
      if (!this.#hits(meeting, frame, now) || fault) continue;
      meeting.hit++;
      fault = this.#faultOf(meeting.rule, frame);
    }
    this.#frames++;
    this.#bytes += frame.header.length + frame.payloadLength;
    return fault;
  }

  #hits(meeting: Meeting, frame: Frame, now: number): boolean {
    const { opcode, after, every = 1, chance = 1, times = Infinity, corrupt } = meeting.rule;
    if (opcode !== undefined && opcode !== frame.opcode) return false;
    if (corrupt === "payload" && frame.payloadLength === 0) return false;
    if (after && this.#passed(after.unit, now) < after.count) return false;
    const isTurn = ++meeting.fitted % every === 0;
    // Drawn for every frame that fits, so that one rule's luck doesn't change another's.
    const isLucky = chance === 1 || this.#random() < chance;
    const limit = isOnce(meeting.rule) ? 1 : times;
    return isTurn && isLucky && meeting.hit < limit;
  }

  #passed(unit: "frames" | "bytes" | "ms", now: number): number {
    if (unit === "frames") return this.#frames;
    return unit === "bytes" ? this.#bytes : now - this.#began;
  }

  #faultOf(rule: FaultRule, { header, payloadLength }: Frame): FrameFault {
    if (!rule.corrupt) return { rule, text: textOf(rule) };
    const inHeader = rule.corrupt === "header";
    const length = inHeader ? header.length : payloadLength;
    const place = Math.floor(this.#random() * length);
    const xor = 1 + Math.floor(this.#random() * 255);
    const text = `${rule.corrupt} byte ${place} XOR 0x${xor.toString(16).padStart(2, "0")}`;
    return { rule, text, corrupt: { offset: inHeader ? place : header.length + place, xor } };
  }
}

function textOf({ cut, drop, duplicate, hold, stall }: FaultRule): string {
  if (cut === "half") return "cut in the middle";
  if (cut) return `cut with ${cut.toUpperCase()}`;
  if (drop) return "dropped";
  if (duplicate) return "duplicated";
  return hold === undefined ? `stalled for ${stall} ms` : `held for ${hold} ms`;
}

/** Whether a rule does something to single frames, or waits for one. */
function isForFrames({ stall, cut, corrupt, drop, duplicate, hold }: FaultRule): boolean {
  return [stall, cut, corrupt, drop, duplicate, hold].some((action) => action !== undefined);
}

/** A stall and a cut happen once in a connection's direction. */
function isOnce({ stall, cut }: FaultRule): boolean {
  return stall !== undefined || cut !== undefined;
}

/** The rules of one direction of one connection. */
export function rulesFor(
  rules: readonly FaultRule[],
  connection: string,
  direction: "in" | "out",
): FaultRule[] {
  return rules.filter((rule) =>
    (rule.direction ?? direction) === direction && (rule.connection ?? connection) === connection
  );
}

/** A seeded generator of numbers in [0, 1): mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ state >>> 15, state | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}

/** A seed for one direction of one connection. */
export function seedFor(seed: number, connection: string, direction: "in" | "out"): number {
  let hash = seed | 0;
  for (const character of `${connection} ${direction}`) {
    hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  }
  return hash;
}
