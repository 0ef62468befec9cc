import { createDeflater, encodeFrame, type EncodeOptions, Opcode } from "@/frames/mod.ts";
import { concat, type Random, utf8 } from "../frames/helpers.ts";

/** A stream of one side and what the decoders are told about it. */
export interface StreamCase {
  readonly bytes: Uint8Array;
  readonly sender: "client" | "server";
  /** Whether permessage-deflate was agreed on, both sides with context takeover. */
  readonly deflate: boolean;
  readonly maxMessageBytes: number;
}

/** A frame before it is encoded, so that single fields can be put wrong. */
type Draft = EncodeOptions & { readonly payload: Uint8Array };

const CONTROL = [Opcode.PING, Opcode.PONG];
const TEXTS = [
  "",
  "abc",
  "ä€😀",
  "\u{10ffff}\u0000\ud7ff\ue000",
  "x".repeat(126),
  "déjà vu ".repeat(9),
];
/** Bytes that aren't UTF-8, each for another reason. */
const NOT_UTF8 = [
  "ff",
  "c0af",
  "e08080",
  "eda080",
  "f4908080",
  "f08080",
  "80",
  "e282",
  "c3",
  "f09f98",
];
const CLOSE_CODES = [
  0,
  999,
  1000,
  1003,
  1004,
  1005,
  1006,
  1007,
  1012,
  1014,
  1015,
  1016,
  2999,
  3000,
  4999,
  5000,
  65535,
];
const LENGTHS = [0, 1, 5, 124, 125, 126, 127, 200, 300, 1000];

/** A case from its random numbers: about a third good, the others with up to three faults. */
export function streamCase(random: Random, { deflate }: { deflate: boolean }): StreamCase {
  const sender = random.pick(["client", "server"] as const);
  let drafts = goodDrafts(random, { masked: sender === "client", deflate });
  const faults = random.pick([0, 1, 1, 1, 2, 3]);
  for (let i = 0; i < faults; i++) drafts = random.pick(DRAFT_FAULTS)(drafts, random);
  const frames = drafts.map(({ payload, ...options }) =>
    encodeFrame(payload, { ...options, unchecked: true })
  );
  let bytes = concat(...frames);
  if (random.next() < 0.3) bytes = random.pick(BYTE_FAULTS)(bytes, random);
  return { bytes, sender, deflate, maxMessageBytes: random.pick([500, 1 << 20, 1 << 20, 1 << 20]) };
}

/** Messages in fragments, compressed or not, control frames between, sometimes a Close and a rest. */
function goodDrafts(random: Random, { masked, deflate }: { masked: boolean; deflate: boolean }) {
  const deflater = deflate ? createDeflater() : null;
  const drafts: Draft[] = [];
  const add = (draft: Draft) =>
    drafts.push({ ...draft, maskingKey: masked ? random.bytes(4) : undefined });
  for (let left = random.below(4); left >= 0; left--) {
    const text = random.next() < 0.5;
    const content = text
      ? utf8(random.pick(TEXTS).repeat(random.below(3)))
      : random.bytes(random.pick(LENGTHS));
    const rsv1 = deflater !== null && random.next() < 0.7;
    const pieces = cut(random, rsv1 ? deflater!.deflate(content) : content);
    pieces.forEach((payload, i) => {
      const first = text ? Opcode.TEXT : Opcode.BINARY;
      const opcode = i === 0 ? first : Opcode.CONTINUATION;
      add({ opcode, payload, rsv1: rsv1 && i === 0, fin: i === pieces.length - 1 });
      if (random.next() < 0.15) add({ opcode: random.pick(CONTROL), payload: random.bytes(5) });
    });
  }
  if (random.next() < 0.25) add({ opcode: Opcode.CLOSE, payload: closing(random) });
  if (random.next() < 0.05) add({ opcode: Opcode.TEXT, payload: utf8("late") });
  return drafts;
}

function cut(random: Random, content: Uint8Array): Uint8Array[] {
  if (random.next() < 0.5) return [content];
  const pieces = random.chunks(content, 1 + random.below(60));
  if (random.next() < 0.3) pieces.splice(random.below(pieces.length + 1), 0, new Uint8Array(0));
  return pieces.length > 0 ? pieces : [content];
}

function closing(random: Random): Uint8Array {
  if (random.next() < 0.2) return new Uint8Array(0);
  const code = random.next() < 0.6 ? 1000 : random.pick(CLOSE_CODES);
  return concat(Uint8Array.of(code >> 8, code & 0xff), utf8(random.pick(["", "bye", "ä"])));
}

type DraftFault = (drafts: Draft[], random: Random) => Draft[];

/** Changes one draft, if there is one. */
function onOne(change: (draft: Draft, random: Random) => Partial<Draft>): DraftFault {
  return (drafts, random) => {
    if (drafts.length === 0) return drafts;
    const at = random.below(drafts.length);
    return drafts.with(at, { ...drafts[at], ...change(drafts[at], random) });
  };
}

const DRAFT_FAULTS: readonly DraftFault[] = [
  onOne((_, random) => ({ opcode: random.below(16) })),
  onOne(({ fin = true }) => ({ fin: !fin })),
  onOne(({ rsv1 }) => ({ rsv1: !rsv1 })),
  onOne((_, random) => random.next() < 0.5 ? { rsv2: true } : { rsv3: true }),
  onOne(({ maskingKey }, random) => ({ maskingKey: maskingKey ? undefined : random.bytes(4) })),
  onOne(({ payload }, random) => ({
    extendedLength: payload.length > 0xffff || random.next() < 0.5 ? 8 : 2,
  })),
  onOne(({ payload }, random) => ({
    payload: concat(payload, Uint8Array.fromHex(random.pick(NOT_UTF8))),
  })),
  onOne(({ payload }, random) => ({ payload: payload.slice(0, random.below(payload.length + 1)) })),
  onOne(({ payload }, random) => ({ payload: flipped(payload, random) })),
  onOne((_, random) => ({ opcode: Opcode.CLOSE, fin: true, payload: closing(random) })),
  onOne((_, random) => ({ opcode: Opcode.CLOSE, payload: random.bytes(random.below(4)) })),
  onOne((_, random) => ({
    opcode: random.pick(CONTROL),
    payload: random.bytes(random.pick(LENGTHS)),
  })),
  (drafts, random) => drafts.toSpliced(random.below(drafts.length + 1), 1),
  (drafts, random) => {
    if (drafts.length === 0) return drafts;
    return drafts.toSpliced(random.below(drafts.length), 0, random.pick(drafts));
  },
];

type ByteFault = (bytes: Uint8Array, random: Random) => Uint8Array;

const BYTE_FAULTS: readonly ByteFault[] = [
  flipped,
  (bytes, random) => bytes.slice(0, random.below(bytes.length + 1)),
  (bytes, random) => {
    const at = random.below(bytes.length + 1);
    return concat(bytes.subarray(0, at), random.bytes(1 + random.below(3)), bytes.subarray(at));
  },
  (bytes, random) => {
    const at = random.below(bytes.length + 1);
    return concat(bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(3)));
  },
  // A header whose 64-bit length is any: over 2^53, over 2^63, merely long.
  (bytes, random) => {
    const masked = random.next() < 0.5 ? 0x80 : 0;
    const length = random.bytes(8).map((byte, i) => i < random.below(9) ? 0 : byte);
    return concat(bytes, Uint8Array.of(0x82, masked | 127), length, random.bytes(12));
  },
  (_, random) => random.bytes(random.below(40)),
];

function flipped(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = bytes.slice();
  if (copy.length > 0) copy[random.below(copy.length)] ^= 1 << random.below(8);
  return copy;
}
