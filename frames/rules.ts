/** What the table says about one rule. */
export interface RuleFacts {
  /** Section of RFC 6455 (`"5.2"`), or of another document, named. */
  readonly section: string;
  /** Close code for who breaks it: 1002, 1007 or 1009. */
  readonly closeCode: number;
  /** The rule in a sentence. */
  readonly summary: string;
}

/** Id of a rule in {@linkcode RULES}. */
export type Rule =
  | "reserved-opcode"
  | "reserved-rsv1"
  | "reserved-rsv2"
  | "reserved-rsv3"
  | "rsv1-misplaced"
  | "control-fragmented"
  | "continuation-without-start"
  | "start-inside-message"
  | "mask-missing"
  | "mask-forbidden"
  | "control-too-long"
  | "close-payload-one-byte"
  | "length-not-minimal"
  | "length-high-bit"
  | "length-unsafe"
  | "frame-too-big"
  | "message-too-big"
  | "unfinished-too-big"
  | "too-many-fragments"
  | "text-not-utf8"
  | "close-code-invalid"
  | "close-reason-not-utf8"
  | "data-after-close"
  | "deflate-invalid"
  | "inflated-too-big";

const PROTOCOL_ERROR = 1002;
const INVALID_DATA = 1007;
const TOO_BIG = 1009;

function row(section: string, closeCode: number, summary: string): RuleFacts {
  return { section, closeCode, summary };
}

/**
 * Every rule that the decoder and the assembler check: its section, its close code, and the rule in a
 * sentence. Source: RFC 6455 §5, §7.4, §8.1, §10.4, RFC 7692 §6.1, §7.2.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { RULES } from "@roomscope/roomscope/frames";
 *
 * assertEquals(RULES["mask-missing"].section, "5.1");
 * assertEquals(RULES["text-not-utf8"].closeCode, 1007);
 * ```
 */
export const RULES: Readonly<Record<Rule, RuleFacts>> = {
  "reserved-opcode": row("5.2", PROTOCOL_ERROR, "Opcodes 0x3 to 0x7 and 0xB to 0xF are reserved"),
  "reserved-rsv1": row("5.2", PROTOCOL_ERROR, "RSV1 is 0 unless an extension defines it"),
  "reserved-rsv2": row("5.2", PROTOCOL_ERROR, "RSV2 is 0 unless an extension defines it"),
  "reserved-rsv3": row("5.2", PROTOCOL_ERROR, "RSV3 is 0 unless an extension defines it"),
  "rsv1-misplaced": row(
    "RFC 7692 §6.1",
    PROTOCOL_ERROR,
    "RSV1 marks a compressed message on its first frame only",
  ),
  "control-fragmented": row("5.5", PROTOCOL_ERROR, "Control frames are never fragmented"),
  "continuation-without-start": row(
    "5.4",
    PROTOCOL_ERROR,
    "A continuation follows a first fragment",
  ),
  "start-inside-message": row(
    "5.4",
    PROTOCOL_ERROR,
    "Fragments of one message are not interleaved with those of another",
  ),
  "mask-missing": row("5.1", PROTOCOL_ERROR, "A client masks every frame"),
  "mask-forbidden": row("5.1", PROTOCOL_ERROR, "A server masks no frame"),
  "control-too-long": row("5.5", PROTOCOL_ERROR, "A control frame's payload has at most 125 bytes"),
  "close-payload-one-byte": row(
    "5.5.1",
    PROTOCOL_ERROR,
    "A Close payload is empty or begins with a 2-byte code",
  ),
  "length-not-minimal": row("5.2", PROTOCOL_ERROR, "The length takes the fewest bytes it can"),
  "length-high-bit": row("5.2", PROTOCOL_ERROR, "The top bit of a 64-bit length is 0"),
  "length-unsafe": row("10.4", TOO_BIG, "A length over 2^53 - 1 bytes cannot be counted"),
  "frame-too-big": row("10.4", TOO_BIG, "A frame's payload stays within the limit"),
  "message-too-big": row("10.4", TOO_BIG, "A message's payload stays within the limit"),
  "unfinished-too-big": row(
    "10.4",
    TOO_BIG,
    "What is kept of an unfinished message stays within the limit",
  ),
  "too-many-fragments": row(
    "10.4",
    TOO_BIG,
    "The count of a message's fragments stays within the limit",
  ),
  "text-not-utf8": row("8.1", INVALID_DATA, "Text is UTF-8"),
  "close-code-invalid": row("7.4", PROTOCOL_ERROR, "Only some codes may stand in a Close frame"),
  "close-reason-not-utf8": row("5.5.1", INVALID_DATA, "A Close reason is UTF-8"),
  "deflate-invalid": row(
    "RFC 7692 §7.2",
    INVALID_DATA,
    "A compressed payload is DEFLATE data within the window agreed on",
  ),
  "inflated-too-big": row("10.4", TOO_BIG, "A message inflates to no more than the limit"),
  "data-after-close": row("5.5.1", PROTOCOL_ERROR, "Nothing follows a Close frame"),
};
