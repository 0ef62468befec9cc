import { type Rule, RULES } from "./rules.ts";

/**
 * One broken rule of RFC 6455, and the byte that proves it. A strict decoder throws it as a
 * {@linkcode ProtocolError}, a lenient one attaches it to its frame.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type Finding, FrameDecoder } from "@roomscope/roomscope/frames";
 *
 * const decoder = new FrameDecoder({ sender: "server", mode: "lenient" });
 * const [frame] = decoder.decode(Uint8Array.of(0x83, 0x00));
 * const finding: Finding = frame.findings[0];
 * assertEquals([finding.rule, finding.section, finding.offset], ["reserved-opcode", "5.2", 0]);
 * ```
 */
export interface Finding {
  /** Stable kebab-case id of the rule, one of {@linkcode RULES}: `"reserved-opcode"` … */
  readonly rule: string;
  /** Section of RFC 6455 (`"5.2"`), or of another document, named (`"RFC 7692 §6.1"`). */
  readonly section: string;
  /** The close code that the peer should get: 1002, 1007 or 1009. */
  readonly closeCode: number;
  /** Offset in the stream, in bytes, of the first byte after which nothing can repair it. */
  readonly offset: number;
  /** What happened, for people: the action first, the actual value last. */
  readonly message: string;
}

/**
 * The peer broke RFC 6455. Everything that {@linkcode Finding} says, as an error. The caller's own
 * mistakes are `TypeError` and `RangeError` instead.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { parseClosePayload, ProtocolError } from "@roomscope/roomscope/frames";
 *
 * const error = assertThrows(() => parseClosePayload(Uint8Array.of(0x03)), ProtocolError);
 * assertEquals(error.code, "ERR_CLOSE_PAYLOAD_ONE_BYTE");
 * assertEquals(error.closeCode, 1002);
 * ```
 */
export class ProtocolError extends Error implements Finding {
  /** Always `"ProtocolError"`. */
  override readonly name: string = "ProtocolError";
  /** Stable error code, made from the rule: `"ERR_RESERVED_OPCODE"`. */
  readonly code: string;
  /** Stable id of the broken rule. */
  readonly rule: string;
  /** Section of RFC 6455 that holds the rule. */
  readonly section: string;
  /** The close code that the peer should get: 1002, 1007 or 1009. */
  readonly closeCode: number;
  /** Offset in the stream, in bytes, of the first byte that proves it. */
  readonly offset: number;

  /**
   * Makes the error of a finding.
   *
   * @param finding What was found.
   */
  constructor(finding: Finding) {
    super(finding.message);
    this.code = `ERR_${finding.rule.toUpperCase().replaceAll("-", "_")}`;
    this.rule = finding.rule;
    this.section = finding.section;
    this.closeCode = finding.closeCode;
    this.offset = finding.offset;
  }
}

/** Makes the finding of a rule: section and close code come from the table. */
export function findingOf(rule: Rule, offset: number, what: string): Finding {
  const { section, closeCode } = RULES[rule];
  return { rule, section, closeCode, offset, message: `Cannot decode frame: ${what}` };
}
