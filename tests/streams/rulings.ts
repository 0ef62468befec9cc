import { constants, inflateRawSync } from "node:zlib";
import { FrameDecoder, isControl, Opcode } from "@/frames/mod.ts";
import { concat } from "../frames/helpers.ts";
import type { StreamCase } from "./generator.ts";
import { startsWith, type Verdict } from "./verdicts.ts";

/** A way in which another implementation judges otherwise, and why ours stays as it is. */
export interface Ruling {
  /** The rule that ours says is broken, `"any"` for none or any. */
  readonly rule: string;
  /** Who judges otherwise. */
  readonly of: "ws" | "wsproto";
  /** What it does instead. */
  readonly instead: string;
  /** Whether this is that. */
  matches(ours: Verdict, theirs: Verdict, about: StreamCase): boolean;
  /** What the RFC says, and what follows. */
  readonly because: string;
}

const MINIMAL =
  'RFC 6455 §5.2: "in all cases, the minimal number of bytes MUST be used to encode ' +
  "the length\": a MUST for the sender, so a length that isn't is a violation: 1002.";
const TOP_BIT = 'RFC 6455 §5.2: "the most significant bit MUST be 0": such a length is no size, ' +
  "however large, but malformed: 1002. 1009 is for what could be accepted elsewhere (§7.4.1).";

const WHOLE_BLOCKS =
  "RFC 7692 §7.2.1: a payload is what a flush to a byte border left, less the 4 " +
  "octets of its empty block, and §7.2.2 adds just those: data that then ends inside a block was " +
  "cut or changed. To hand on what came out so far would be to hand on a part of a message: 1007.";
const FIRST_FAULT =
  "RFC 6455 §8.1: what comes out isn't UTF-8, and the data behind it is broken too. " +
  "Either is a reason to fail the connection, and both are 1007; ours names the one that comes first.";
const SAFE_LENGTH = "RFC 6455 §10.4: implementations protect themselves by limits. Ours is the " +
  "message's, and at the latest 2^53 - 1: such a length says at once that it is over: 1009.";
const INTERLEAVED =
  'RFC 6455 §5.4: "Control frames (see Section 5.5) MAY be injected in the middle ' +
  'of a fragmented message", and RFC 7692 §6.2: RSV1 of the first frame speaks for the message. ' +
  "wsproto 1.2.0 forgets it at the control frame, and hands on the rest as it is.";

const FINAL_BLOCK =
  "RFC 7692 §7.2.3.4: a sender may use blocks with BFINAL set, and its example goes " +
  "on behind one in the same message. Nothing says that the context ends there (§7.1.1 does, by a " +
  "parameter): ours goes on. zlib ends, and ws gives it no more or a wrong beginning.";
const LATER_CODES =
  "RFC 6455 §7.4.2 leaves 1000 to 2999 to later registrations, §11.7 says where: IANA " +
  "has 1014 since 2012, Bad Gateway. It may stand in a Close frame.";
const HEADER_FIRST =
  "RFC 6455 §5.4: the frame's first byte proves that it doesn't belong there. What " +
  "its payload would inflate to is no longer asked.";
const WHOLE_FRAMES = "RFC 7692 §6.2 speaks of a message's payload. Ours inflates frame by frame, " +
  "wsproto what has come of one: the frame that isn't whole yet is refused when it is.";

/** Whether a control frame stands inside a compressed message. */
function hasControlInCompressed({ bytes, sender, deflate }: StreamCase): boolean {
  const decoder = new FrameDecoder({ sender, mode: "lenient", allowRsv1: deflate });
  let open = false;
  for (const { opcode, rsv1, fin } of decoder.decode(bytes)) {
    if (isControl(opcode) && open) return true;
    if (opcode === Opcode.TEXT || opcode === Opcode.BINARY) open = rsv1 && !fin;
    if (opcode === Opcode.CONTINUATION && fin) open = false;
  }
  return open && decoder.partial() !== null && isControl(decoder.partial()!.header[0] & 0xf);
}

/** Whether zlib, given all compressed messages as one stream, ends before their end. */
function endsEarlyForZlib(about: StreamCase): boolean {
  const data = compressedData(about);
  const finishFlush = constants.Z_SYNC_FLUSH;
  try {
    const { engine } = inflateRawSync(data, { finishFlush, info: true }) as unknown as {
      engine: { bytesWritten: number };
    };
    return engine.bytesWritten < data.length;
  } catch {
    return false;
  }
}

function compressedData({ bytes, sender, deflate }: StreamCase): Uint8Array {
  const decoder = new FrameDecoder({ sender, mode: "lenient", allowRsv1: deflate });
  const parts: Uint8Array[] = [];
  let compressed = false;
  for (const { opcode, rsv1, fin, payload } of decoder.decode(bytes)) {
    if (isControl(opcode)) continue;
    if (opcode !== Opcode.CONTINUATION) compressed = rsv1;
    if (!compressed) continue;
    parts.push(payload);
    if (fin) parts.push(Uint8Array.of(0x00, 0x00, 0xff, 0xff));
  }
  return concat(...parts);
}

function endsInsideFrame({ bytes, sender, deflate }: StreamCase): boolean {
  const decoder = new FrameDecoder({ sender, mode: "lenient", allowRsv1: deflate });
  for (const _ of decoder.decode(bytes));
  return !decoder.atFrameBoundary;
}

/** Every class of disagreement that the streams have shown. */
export const RULINGS: readonly Ruling[] = [
  {
    rule: "length-not-minimal",
    of: "ws",
    instead: "reads the frame",
    matches: startsWith,
    because: MINIMAL,
  },
  {
    rule: "length-high-bit",
    of: "ws",
    instead: "1009, as for every length over 2^53 - 1",
    matches: (_, { closeCode }) => closeCode === 1009,
    because: TOP_BIT,
  },
  {
    rule: "deflate-invalid",
    of: "ws",
    instead: "reads data that ends inside a block, and on Deno overlooks errors of zlib",
    matches: startsWith,
    because: WHOLE_BLOCKS,
  },
  {
    rule: "text-not-utf8",
    of: "ws",
    instead: "reads nothing out of data that is broken behind the text",
    matches: (ours, theirs, { deflate }) =>
      deflate && theirs.closeCode === null && startsWith(ours, theirs),
    because: FIRST_FAULT,
  },
  {
    rule: "any",
    of: "ws",
    instead: "doesn't go on behind a block that says it is the final one",
    matches: (_ours, _theirs, about) => endsEarlyForZlib(about),
    because: FINAL_BLOCK,
  },
  {
    rule: "any",
    of: "wsproto",
    instead: "doesn't go on behind a block that says it is the final one",
    matches: (_ours, _theirs, about) => endsEarlyForZlib(about),
    because: FINAL_BLOCK,
  },
  {
    rule: "any",
    of: "wsproto",
    instead: "refuses close code 1014",
    matches: (ours, { error }) =>
      ours.events.at(-1)?.startsWith("close 1014") === true &&
      error === "CLOSE with unknown reserved code",
    because: LATER_CODES,
  },
  {
    rule: "start-inside-message",
    of: "wsproto",
    instead: "inflates the payload before it looks at the order",
    matches: (ours, theirs, { deflate }) =>
      deflate && theirs.error === "error in extension" && startsWith(ours, theirs),
    because: HEADER_FIRST,
  },
  {
    rule: "any",
    of: "wsproto",
    instead: "inflates what has come of a frame",
    matches: (ours, theirs, about) =>
      about.deflate && ours.closeCode === null && theirs.closeCode === 1007 &&
      endsInsideFrame(about),
    because: WHOLE_FRAMES,
  },
  {
    rule: "any",
    of: "wsproto",
    instead: "inflates no more behind a control frame inside a compressed message",
    matches: (_ours, _theirs, about) => about.deflate && hasControlInCompressed(about),
    because: INTERLEAVED,
  },
  {
    rule: "deflate-invalid",
    of: "wsproto",
    instead: "reads data that ends inside a block",
    matches: (ours, theirs) => theirs.closeCode === null && startsWith(ours, theirs),
    because: WHOLE_BLOCKS,
  },
  {
    rule: "length-unsafe",
    of: "wsproto",
    instead: "reads the payload",
    matches: startsWith,
    because: SAFE_LENGTH,
  },
];

/** The ruling on a disagreement, if there is one. */
export function rulingOn(
  of: Ruling["of"],
  { ours, theirs, about }: { ours: Verdict; theirs: Verdict; about: StreamCase },
): Ruling | undefined {
  return RULINGS.find((ruling) =>
    ruling.of === of && (ruling.rule === "any" || ruling.rule === ours.error) &&
    ruling.matches(ours, theirs, about)
  );
}
