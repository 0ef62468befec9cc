import type { FrameDecoderOptions } from "@/frames/mod.ts";
import { concat, hex, utf8 } from "./helpers.ts";

/** A stream that breaks one rule, and where. */
export interface Violation {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly sender: "client" | "server";
  readonly options?: Partial<FrameDecoderOptions>;
  readonly rule: string;
  readonly section: string;
  readonly closeCode: number;
  /** Offset of the byte that proves it. */
  readonly offset: number;
  /** How many frames end before the frame at fault begins. */
  readonly framesBefore: number;
}

type Row = [name: string, hex: string, offset: number, options?: Partial<FrameDecoderOptions>];

function violations(
  rule: string,
  section: string,
  closeCode: number,
  rows: Row[],
  sender: "client" | "server" = "server",
): Violation[] {
  return rows.map(([name, digits, offset, options]) => {
    // A bar ends the frames that come whole before the one at fault.
    const before = digits.split("|").length - 1;
    const bytes = hex(digits.replaceAll("|", ""));
    return { name, bytes, sender, options, rule, section, closeCode, offset, framesBefore: before };
  });
}

const HUGE_126 = "81 7e 00 80" + "61".repeat(128);

/** A vector or more for every rule, from RFC 6455 and its errata. */
export const VIOLATIONS: readonly Violation[] = [
  ...violations("reserved-opcode", "5.2", 1002, [
    ...[3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf].map((opcode): Row => [
      `reserved opcode 0x${opcode.toString(16)}`,
      `8${opcode.toString(16)} 00`,
      0,
    ]),
    ["reserved opcode after a good frame", "81 01 61 | 83 00", 3],
    ["reserved opcode inside a message", "01 01 61 | 83 00", 3],
  ]),
  ...violations("reserved-rsv1", "5.2", 1002, [["RSV1", "c1 01 61", 0], [
    "RSV1, ping",
    "c9 00",
    0,
  ]]),
  ...violations("reserved-rsv2", "5.2", 1002, [["RSV2", "a1 01 61", 0]]),
  ...violations("reserved-rsv3", "5.2", 1002, [["RSV3", "91 01 61", 0]]),
  ...violations("rsv1-misplaced", "RFC 7692 §6.1", 1002, [
    ["RSV1 on a continuation", "41 01 61 | c0 01 61", 3, { allowRsv1: true }],
    ["RSV1 on a ping", "c9 00", 0, { allowRsv1: true }],
  ]),
  ...violations("control-fragmented", "5.5", 1002, [
    ["fragmented ping", "09 00", 0],
    ["fragmented pong", "0a 01 61", 0],
    ["fragmented close", "08 02 03 e8", 0],
  ]),
  ...violations("continuation-without-start", "5.4", 1002, [
    ["continuation first", "80 00", 0],
    ["continuation after a whole message", "81 01 61 | 80 01 61", 3],
    ["continuation after the last fragment", "01 00 | 80 00 | 80 00", 4],
  ]),
  ...violations("start-inside-message", "5.4", 1002, [
    ["text inside text", "01 01 61 | 81 01 61", 3],
    ["binary inside text", "01 01 61 | 02 01 61", 3],
    ["text inside binary after a ping", "02 01 61 | 89 00 | 81 00", 5],
  ]),
  ...violations("mask-missing", "5.1", 1002, [
    ["unmasked text from a client", "81 01 61", 1],
    ["unmasked ping from a client", "89 00", 1],
    ["unmasked second frame", "81 80 00 00 00 00 | 82 00", 7],
  ], "client"),
  ...violations("mask-forbidden", "5.1", 1002, [
    ["masked text from a server", "81 81 01 02 03 04 60", 1],
    ["masked close from a server", "88 80 01 02 03 04", 1],
  ]),
  ...violations("control-too-long", "5.5", 1002, [
    ["ping of 126 bytes", "89 7e 00 7e" + "00".repeat(126), 1],
    ["pong with a 64-bit length", "8a 7f 00 00 00 00 00 01 00 00", 1],
    ["close of 126 bytes", "88 7e 00 7e 03 e8" + "61".repeat(124), 1],
  ]),
  ...violations("close-payload-one-byte", "5.5.1", 1002, [["close of 1 byte", "88 01 03", 1]]),
  ...violations("length-not-minimal", "5.2", 1002, [
    ["16 bits for 0", "82 7e 00 00", 3],
    ["16 bits for 125", "82 7e 00 7d" + "00".repeat(125), 3],
    ["64 bits for 0", "82 7f 00 00 00 00 00 00 00 00", 7],
    ["64 bits for 65535", "82 7f 00 00 00 00 00 00 ff ff" + "00".repeat(8), 7],
    ["16 bits for 124, the RFC's own example", "81 7e 00 7c" + "61".repeat(124), 3],
  ]),
  ...violations("length-high-bit", "5.2", 1002, [
    ["64-bit length with the top bit", "82 7f 80 00 00 00 00 00 00 01 61", 2],
    ["64-bit length of all ones", "82 7f ff ff ff ff ff ff ff ff 61", 2],
  ]),
  ...violations("length-unsafe", "10.4", 1009, [
    ["length 2^53", "82 7f 00 20 00 00 00 00 00 00 61", 3],
    ["length 2^62", "82 7f 40 00 00 00 00 00 00 00 61", 2],
  ]),
  ...violations("frame-too-big", "10.4", 1009, [
    ["7-bit length over the limit", "82 05 61 61 61 61 61", 1, { maxFrameBytes: 4 }],
    ["16-bit length over the limit", "82 7e 04 01" + "00".repeat(8), 3, { maxFrameBytes: 1024 }],
    ["16-bit length far over: its first byte proves it", "82 7e 05 00", 2, { maxFrameBytes: 1024 }],
    ["64-bit length over the limit", "82 7f 00 00 00 00 00 02 00 01", 9, {
      maxFrameBytes: 0x20000,
    }],
    ["64-bit length of 2^53 - 1", "82 7f 00 1f ff ff ff ff ff ff", 3, { maxFrameBytes: 1 << 24 }],
  ]),
  ...violations("message-too-big", "10.4", 1009, [
    ["second fragment over", "02 03 61 61 61 | 80 03 61 61 61", 6, { maxMessageBytes: 5 }],
    ["one frame over", "82 06 61", 1, { maxMessageBytes: 5 }],
    ["over with a ping between", "02 03 61 61 61 | 89 00 | 80 03", 8, { maxMessageBytes: 5 }],
  ]),
  ...violations("unfinished-too-big", "10.4", 1009, [
    ["first fragment over", "02 06 61", 1, { maxUnfinishedBytes: 5 }],
    ["third fragment over", "02 02 61 61 | 00 02 61 61 | 00 02 61", 9, { maxUnfinishedBytes: 5 }],
  ]),
  ...violations("too-many-fragments", "10.4", 1009, [
    ["fourth of three", "02 00 | 00 00 | 00 00 | 80 00", 6, { maxFragments: 3 }],
  ]),
  ...violations("text-not-utf8", "8.1", 1007, [
    ["FF", "81 01 ff", 2],
    ["stray continuation byte", "81 02 61 80", 3],
    ["overlong slash C0 AF: its first byte", "81 02 c0 af", 2],
    ["overlong E0 80: its second byte", "81 03 e0 80 80", 3],
    ["surrogate ED A0: its second byte", "81 03 ed a0 80", 3],
    ["over U+10FFFF, F4 90: its second byte", "81 04 f4 90 80 80", 3],
    ["F5", "81 04 f5 80 80 80", 2],
    ["overlong F0 80: its second byte", "81 04 f0 80 80 80", 3],
    ["character cut short by ASCII", "81 04 61 e2 82 41", 5],
    ["message ends inside a character: its first byte", "81 04 61 61 e2 82", 4],
    ["character across fragments, then wrong", "01 02 61 e2 | 80 02 82 41", 7],
    ["last fragment too short for the character", "01 01 e2 | 80 01 82", 4],
    ["empty last fragment inside a character", "01 02 e2 82 | 80 00", 5],
    ["last fragment ends inside another character", "01 01 61 | 80 02 61 c3", 6],
    ["far behind in ASCII", HUGE_126.slice(0, -2) + "ff", 131],
    ["a ping inside a character keeps its state", "01 01 e2 | 89 01 82 | 80 02 82 41", 9],
  ]),
  ...violations("close-code-invalid", "7.4", 1002, [
    ["close 0", "88 02 00 00", 2],
    ["close 999", "88 02 03 e7", 3],
    ["close 1004", "88 02 03 ec", 3],
    ["close 1005", "88 02 03 ed", 3],
    ["close 1006", "88 02 03 ee", 3],
    ["close 1015", "88 02 03 f7", 3],
    ["close 1016", "88 02 03 f8", 3],
    ["close 1100: its first byte", "88 02 04 4c", 2],
    ["close 2000: its first byte", "88 02 07 d0", 2],
    ["close 2999", "88 02 0b b7", 3],
    ["close 5000", "88 02 13 88", 3],
    ["close 65535: its first byte", "88 02 ff ff", 2],
  ]),
  ...violations("close-reason-not-utf8", "5.5.1", 1007, [
    ["reason FF", "88 03 03 e8 ff", 4],
    ["reason ends inside a character", "88 05 03 e8 61 e2 82", 5],
    ["bad reason inside a fragmented text", "01 01 e2 | 88 04 03 e8 61 80", 8],
  ]),
];

/** A stream without fault. */
export interface ValidStream {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly sender: "client" | "server";
  readonly frames: number;
}

function valid(name: string, digits: string, sender: "client" | "server" = "server"): ValidStream {
  const bytes = hex(digits.replaceAll("|", ""));
  return { name, bytes, sender, frames: digits.split("|").length };
}

/** Good streams, among them all examples of RFC 6455 §5.7 but the two long ones. */
export const VALID: readonly ValidStream[] = [
  valid("§5.7 unmasked text Hello", "81 05 48 65 6c 6c 6f"),
  valid("§5.7 masked text Hello", "81 85 37 fa 21 3d 7f 9f 4d 51 58", "client"),
  valid("§5.7 fragmented text Hello", "01 03 48 65 6c | 80 02 6c 6f"),
  valid("§5.7 unmasked ping", "89 05 48 65 6c 6c 6f"),
  valid("§5.7 masked pong", "8a 85 37 fa 21 3d 7f 9f 4d 51 58", "client"),
  valid("empty text", "81 00"),
  valid("empty binary, masked", "82 80 01 02 03 04", "client"),
  valid("125 bytes", "82 7d" + "ab".repeat(125)),
  valid("126 bytes", "82 7e 00 7e" + "ab".repeat(126)),
  valid("character across fragments", "01 01 e2 | 00 01 82 | 80 01 ac"),
  valid("character across an empty fragment", "01 01 e2 | 00 00 | 80 02 82 ac"),
  valid("ping inside a message, inside a character", "01 01 e2 | 89 01 ff | 80 02 82 ac"),
  valid("all fragments empty", "01 00 | 00 00 | 80 00"),
  valid("all kinds of characters", "81 0e 61 c2 80 e0 a0 80 ed 9f bf f0 90 80 80 7f"),
  valid("U+10FFFF and a byte order mark", "81 07 ef bb bf f4 8f bf bf"),
  valid("close without a code", "88 00"),
  valid("close 1000", "88 02 03 e8"),
  valid("close 1000 with a reason of 123 bytes", "88 7d 03 e8" + "61".repeat(123)),
  valid("close 1012", "88 02 03 f4"),
  valid("close 1014", "88 02 03 f6"),
  valid("close 3000", "88 02 0b b8"),
  valid("close 4999", "88 02 13 87"),
  valid("close inside a fragmented message", "01 01 e2 | 88 00"),
  valid("masked close 4001 bye", "88 85 00 00 00 00 0f a1 62 79 65", "client"),
  valid("a mask that isn't even", "82 87 ff 01 80 7e 00 01 02 03 04 05 06", "client"),
];

/** §5.7's long examples: 256 bytes and 64 KiB of binary in one unmasked frame. */
export const LONG_EXAMPLES: readonly { header: Uint8Array; length: number }[] = [
  { header: hex("82 7e 01 00"), length: 256 },
  { header: hex("82 7f 00 00 00 00 00 01 00 00"), length: 65536 },
];

/** Handshake heads of §1.2 and §1.3, with the lines in the RFC's order. */
export const REQUEST_HEAD: Uint8Array = utf8(
  "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://example.com\r\n" +
    "Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Version: 13\r\n\r\n",
);
export const RESPONSE_HEAD: Uint8Array = utf8(
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n",
);
export const SAMPLE_KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/** A long frame of the RFC, its payload counted up. */
export function longExample(
  { header, length }: { header: Uint8Array; length: number },
): Uint8Array {
  return concat(header, Uint8Array.from({ length }, (_, i) => i));
}
