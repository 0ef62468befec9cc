import {
  FIN_BIT,
  LARGEST_16_BIT_LENGTH,
  LARGEST_7_BIT_LENGTH,
  LARGEST_CONTROL_PAYLOAD,
  LENGTH_IS_16_BIT,
  LENGTH_IS_64_BIT,
  LENGTH_MASK,
  MASK_BIT,
  OPCODE_MASK,
  RSV1_BIT,
  RSV2_BIT,
  RSV3_BIT,
} from "./header_layout.ts";
import { isControl, isDefinedOpcode, Opcode } from "./opcodes.ts";
import type { Rule } from "./rules.ts";

/** The message whose frames are being read. */
export interface OpenMessage {
  readonly opcode: number;
  readonly compressed: boolean;
  fragments: number;
  bytes: number;
}

/** What the rules may look at besides the header. */
export interface HeaderContext {
  readonly sender: "client" | "server";
  readonly allowRsv1: boolean;
  readonly maxFrameBytes: number;
  readonly maxMessageBytes: number;
  readonly maxUnfinishedBytes: number;
  readonly maxFragments: number;
  /** The message that has begun and not ended; during a fragment, the one it belongs to. */
  message: OpenMessage | null;
  /** Continuation bytes that the text so far still needs. */
  utf8Needed: number;
}

/**
 * A header as far as it has come. While the extended length arrives, its value is known only to lie
 * between `lowest` and `highest`; a rule over these bounds is broken at the first byte that proves it.
 */
export class HeaderSoFar {
  first = 0;
  second = 0;
  lowest = 0;
  highest = 0;

  get fin(): boolean {
    return (this.first & FIN_BIT) !== 0;
  }
  get rsv1(): boolean {
    return (this.first & RSV1_BIT) !== 0;
  }
  get rsv2(): boolean {
    return (this.first & RSV2_BIT) !== 0;
  }
  get rsv3(): boolean {
    return (this.first & RSV3_BIT) !== 0;
  }
  get opcode(): number {
    return this.first & OPCODE_MASK;
  }
  get masked(): boolean {
    return (this.second & MASK_BIT) !== 0;
  }
  get length7(): number {
    return this.second & LENGTH_MASK;
  }
}

/** A rule of the header: when it is broken, and how to say so. */
export interface HeaderRule {
  readonly rule: Rule;
  broken(header: HeaderSoFar, context: HeaderContext): boolean;
  describe(header: HeaderSoFar, context: HeaderContext): string;
  /** Whether the stream can't be cut into frames any more. */
  readonly unreadable?: boolean;
}

const hex = (value: number) => `0x${value.toString(16)}`;

/** Rules that the first byte proves. */
export const FIRST_BYTE_RULES: readonly HeaderRule[] = [
  {
    // "If an unknown opcode is received, the receiving endpoint MUST _Fail the WebSocket Connection_."
    rule: "reserved-opcode",
    broken: (header) => !isDefinedOpcode(header.opcode),
    describe: (header) => `opcode is ${hex(header.opcode)}`,
  },
  {
    // "MUST be 0 unless an extension is negotiated that defines meanings for non-zero values."
    rule: "reserved-rsv1",
    broken: (header, { allowRsv1 }) => header.rsv1 && !allowRsv1,
    describe: () => "RSV1 is set and no extension claims it",
  },
  {
    rule: "reserved-rsv2",
    broken: (header) => header.rsv2,
    describe: () => "RSV2 is set and no extension claims it",
  },
  {
    rule: "reserved-rsv3",
    broken: (header) => header.rsv3,
    describe: () => "RSV3 is set and no extension claims it",
  },
  {
    // RFC 7692: "An endpoint MUST NOT set the 'Per-Message Compressed' bit of control frames and
    // non-first fragments of a data message."
    rule: "rsv1-misplaced",
    broken: (header, { allowRsv1 }) =>
      header.rsv1 && allowRsv1 &&
      (isControl(header.opcode) || header.opcode === Opcode.CONTINUATION),
    describe: (header) => `RSV1 is set on a frame of opcode ${hex(header.opcode)}`,
  },
  {
    // "All control frames MUST have a payload length of 125 bytes or less and MUST NOT be fragmented."
    rule: "control-fragmented",
    broken: (header) => isControl(header.opcode) && !header.fin,
    describe: (header) => `FIN is 0 on control opcode ${hex(header.opcode)}`,
  },
  {
    // "A fragmented message consists of a single frame with the FIN bit clear and an opcode other
    // than 0, followed by zero or more frames with the FIN bit clear and the opcode set to 0 …"
    rule: "continuation-without-start",
    broken: (header, { message }) => header.opcode === Opcode.CONTINUATION && message === null,
    describe: () => "continuation without a message to continue",
  },
  {
    // "The fragments of one message MUST NOT be interleaved between the fragments of another message
    // unless an extension has been negotiated that can interpret the interleaving."
    rule: "start-inside-message",
    broken: (header, { message }) => startsMessage(header.opcode) && message !== null,
    describe: (header) => `a message is unfinished and opcode is ${hex(header.opcode)}`,
  },
  {
    // "Implementations that have implementation- and/or platform-specific limitations regarding the
    // frame size or total message size after reassembly from multiple frames MUST protect themselves
    // against exceeding those limits."
    rule: "too-many-fragments",
    broken: (header, { message, maxFragments }) =>
      header.opcode === Opcode.CONTINUATION && message?.fragments === maxFragments,
    describe: (_, { maxFragments }) => `fragments of the message are over ${maxFragments}`,
  },
];

/** Rules that the second byte proves. */
export const SECOND_BYTE_RULES: readonly HeaderRule[] = [
  {
    // "The server MUST close the connection upon receiving a frame that is not masked."
    rule: "mask-missing",
    broken: (header, { sender }) => sender === "client" && !header.masked,
    describe: () => "the client's frame has MASK 0",
  },
  {
    // "A client MUST close a connection if it detects a masked frame."
    rule: "mask-forbidden",
    broken: (header, { sender }) => sender === "server" && header.masked,
    describe: () => "the server's frame has MASK 1",
  },
  {
    rule: "control-too-long",
    broken: (header) => isControl(header.opcode) && header.length7 > LARGEST_CONTROL_PAYLOAD,
    describe: (header) =>
      `control payload is longer than 125, its 7-bit length is ${header.length7}`,
  },
  {
    // "If there is a body, the first two bytes of the body MUST be a 2-byte unsigned integer"
    rule: "close-payload-one-byte",
    broken: (header) => header.opcode === Opcode.CLOSE && header.length7 === 1,
    describe: () => "Close payload is 1 byte long",
  },
];

/** Rules over the payload length, asked anew with each byte of it. */
export const LENGTH_RULES: readonly HeaderRule[] = [
  {
    // "the following 8 bytes interpreted as a 64-bit unsigned integer (the most significant bit MUST
    // be 0) are the payload length"
    rule: "length-high-bit",
    broken: (header) => header.lowest >= 2 ** 63,
    describe: () => "the top bit of the 64-bit length is 1",
    unreadable: true,
  },
  {
    rule: "length-unsafe",
    broken: (header) => header.lowest > Number.MAX_SAFE_INTEGER,
    describe: () => `payload length is over ${Number.MAX_SAFE_INTEGER}`,
    unreadable: true,
  },
  {
    // "in all cases, the minimal number of bytes MUST be used to encode the length, for example, the
    // length of a 124-byte-long string can't be encoded as the sequence 126, 0, 124."
    rule: "length-not-minimal",
    broken: (header) => header.highest <= largestOfShorterForm(header.length7),
    describe: (header) => `${header.length7} announces a length of at most ${header.highest}`,
  },
  {
    rule: "frame-too-big",
    broken: (header, { maxFrameBytes }) =>
      !isControl(header.opcode) && header.lowest > maxFrameBytes,
    describe: (_, { maxFrameBytes }) => `payload is over the limit of ${maxFrameBytes} bytes`,
  },
  {
    rule: "message-too-big",
    broken: (header, { message, maxMessageBytes }) =>
      isMessageFrame(header.opcode) && crosses(maxMessageBytes, message?.bytes ?? 0, header.lowest),
    describe: (_, { maxMessageBytes }) => `message is over the limit of ${maxMessageBytes} bytes`,
  },
  {
    rule: "unfinished-too-big",
    broken: (header, { message, maxUnfinishedBytes }) =>
      isMessageFrame(header.opcode) && !header.fin &&
      crosses(maxUnfinishedBytes, message?.bytes ?? 0, header.lowest),
    describe: (_, { maxUnfinishedBytes }) =>
      `unfinished message is over the limit of ${maxUnfinishedBytes} bytes`,
  },
  {
    // "When an endpoint is to interpret a byte stream as UTF-8 but finds that the byte stream is not,
    // in fact, a valid UTF-8 stream, that endpoint MUST _Fail the WebSocket Connection_."
    rule: "text-not-utf8",
    broken: (header, { utf8Needed }) =>
      header.opcode === Opcode.CONTINUATION && header.fin && header.highest < utf8Needed,
    describe: (_, { utf8Needed }) => `text ends inside a character that lacks ${utf8Needed} bytes`,
  },
];

/** Whether a frame of this opcode is a part of a message. */
export function isMessageFrame(opcode: number): boolean {
  return startsMessage(opcode) || opcode === Opcode.CONTINUATION;
}

/** Whether an opcode begins a message. */
export function startsMessage(opcode: number): boolean {
  return opcode === Opcode.TEXT || opcode === Opcode.BINARY;
}

/** Whether `more` bytes on top of `before` go over the limit, and it wasn't over already. */
function crosses(limit: number, before: number, more: number): boolean {
  return before <= limit && before + more > limit;
}

/** The largest length that the next shorter form holds; -1 for the shortest form. */
function largestOfShorterForm(length7: number): number {
  if (length7 === LENGTH_IS_16_BIT) return LARGEST_7_BIT_LENGTH;
  return length7 === LENGTH_IS_64_BIT ? LARGEST_16_BIT_LENGTH : -1;
}
