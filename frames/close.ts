import { findingOf, ProtocolError } from "./errors.ts";
import { LARGEST_CONTROL_PAYLOAD } from "./header_layout.ts";
import { hexByte } from "./hex.ts";
import { decodeText, Utf8Validator } from "./utf8.ts";

const CODE_BYTES = 2;
/** The largest reason in bytes: a control frame's payload less the code. */
const LARGEST_REASON_BYTES = LARGEST_CONTROL_PAYLOAD - CODE_BYTES;
const NO_CODE = 1005;

/** Codes for libraries, frameworks and applications (§7.4.2). */
const FIRST_FREE_CODE = 3000;
const LAST_FREE_CODE = 4999;
const FIRST_PRIVATE_CODE = 4000;

/** What a close code means, and whether it may stand in a Close frame. */
export interface CloseCodeFacts {
  /** Short name, from the IANA registry: `"Normal Closure"`. */
  readonly name: string;
  /** Whether the code may stand in a Close frame (1005, 1006 and 1015 may not). */
  readonly onWire: boolean;
}

/**
 * The registered close codes 1000 to 1015. Codes 3000 to 4999 may also be sent; they have no row.
 * Source: RFC 6455 §7.4.1, §11.7 and the IANA registry (1012 to 1014).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { CLOSE_CODES } from "@roomscope/roomscope/frames";
 *
 * assertEquals(CLOSE_CODES[1006], { name: "Abnormal Closure", onWire: false });
 * ```
 */
export const CLOSE_CODES: Readonly<Record<number, CloseCodeFacts>> = {
  1000: { name: "Normal Closure", onWire: true },
  1001: { name: "Going Away", onWire: true },
  1002: { name: "Protocol Error", onWire: true },
  1003: { name: "Unsupported Data", onWire: true },
  1004: { name: "Reserved", onWire: false },
  1005: { name: "No Status Received", onWire: false },
  1006: { name: "Abnormal Closure", onWire: false },
  1007: { name: "Invalid Payload Data", onWire: true },
  1008: { name: "Policy Violation", onWire: true },
  1009: { name: "Message Too Big", onWire: true },
  1010: { name: "Mandatory Extension", onWire: true },
  1011: { name: "Internal Error", onWire: true },
  1012: { name: "Service Restart", onWire: true },
  1013: { name: "Try Again Later", onWire: true },
  1014: { name: "Bad Gateway", onWire: true },
  1015: { name: "TLS Handshake Failed", onWire: false },
};

/**
 * The name of a close code, for people. Source: RFC 6455 §7.4.
 *
 * @param code The close code, 0 to 65535.
 * @returns The registered name, `"Registered Use"` for 3000 to 3999, `"Private Use"` for 4000 to
 * 4999, and `"Invalid Code"` for all others.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { closeCodeName } from "@roomscope/roomscope/frames";
 *
 * assertEquals(closeCodeName(1001), "Going Away");
 * assertEquals(closeCodeName(4001), "Private Use");
 * ```
 */
export function closeCodeName(code: number): string {
  const known = CLOSE_CODES[code];
  if (known) return known.name;
  if (!isValidCloseCode(code)) return "Invalid Code";
  return code < FIRST_PRIVATE_CODE ? "Registered Use" : "Private Use";
}

/**
 * Whether a close code may stand in a Close frame. Source: RFC 6455 §7.4.
 *
 * @param code The close code.
 * @returns `true` for 1000 to 1003, 1007 to 1014 and 3000 to 4999.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { isValidCloseCode } from "@roomscope/roomscope/frames";
 *
 * assert(isValidCloseCode(1000));
 * assert(!isValidCloseCode(1005));
 * ```
 */
export function isValidCloseCode(code: number): boolean {
  // §7.4.2: 1000-2999 belong to the protocol and its extensions, so an unregistered one is invalid;
  // 0-999 "are not used".
  if (code in CLOSE_CODES) return CLOSE_CODES[code].onWire;
  return Number.isInteger(code) && code >= FIRST_FREE_CODE && code <= LAST_FREE_CODE;
}

/** Whether some valid close code begins with this byte. */
export function mayBeginCloseCode(highByte: number): boolean {
  for (let low = 0; low <= 0xff; low++) if (isValidCloseCode(highByte << 8 | low)) return true;
  return false;
}

/**
 * Makes the payload of a Close frame. Source: RFC 6455 §5.5.1, §7.4.
 *
 * @param code The close code: 1000 to 1003, 1007 to 1014 or 3000 to 4999. Without one the payload is
 * empty.
 * @param reason Why, at most 123 bytes as UTF-8; empty by default.
 * @returns The payload, 0 or 2 to 125 bytes.
 * @throws {RangeError} If the code may not be sent or the reason is too long.
 * @throws {TypeError} If there is a reason and no code, or the reason has a lone surrogate.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { closePayload } from "@roomscope/roomscope/frames";
 *
 * assertEquals(closePayload(1000, "ok"), Uint8Array.of(0x03, 0xe8, 0x6f, 0x6b));
 * ```
 */
export function closePayload(code?: number, reason: string = ""): Uint8Array {
  if (code === undefined) {
    if (reason !== "") throw new TypeError(`Cannot close with a reason and no code: ${reason}`);
    return new Uint8Array(0);
  }
  if (!isValidCloseCode(code)) {
    throw new RangeError(`Cannot send close code: it may not stand in a Close frame: ${code}`);
  }
  if (!reason.isWellFormed()) {
    throw new TypeError("Cannot send close reason: it has a lone surrogate");
  }
  return codeAndReason(code, new TextEncoder().encode(reason));
}

function codeAndReason(code: number, reason: Uint8Array): Uint8Array {
  if (reason.length > LARGEST_REASON_BYTES) {
    throw new RangeError(
      `Cannot send close reason: the most is ${LARGEST_REASON_BYTES} bytes, it has ${reason.length}`,
    );
  }
  const payload = new Uint8Array(CODE_BYTES + reason.length);
  payload[0] = code >>> 8;
  payload[1] = code;
  payload.set(reason, CODE_BYTES);
  return payload;
}

/** What a Close frame says. */
export interface CloseStatus {
  /** The close code; 1005 where the frame has none. */
  readonly code: number;
  /** The reason; empty where the frame has none. */
  readonly reason: string;
}

/**
 * Reads the payload of a Close frame. Source: RFC 6455 §5.5.1, §7.1.5, §7.4.
 *
 * @param payload The unmasked payload.
 * @returns Code and reason; code 1005 when the payload is empty.
 * @throws {ProtocolError} If the payload is 1 byte (1002), the code may not be sent (1002) or the
 * reason isn't UTF-8 (1007). Offsets count from the payload's first byte.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseClosePayload } from "@roomscope/roomscope/frames";
 *
 * assertEquals(parseClosePayload(Uint8Array.of(0x03, 0xe8, 0x6f, 0x6b)), { code: 1000, reason: "ok" });
 * assertEquals(parseClosePayload(new Uint8Array(0)), { code: 1005, reason: "" });
 * ```
 */
export function parseClosePayload(payload: Uint8Array): CloseStatus {
  // §7.1.5: "If this Close control frame contains no status code, The WebSocket Connection Close
  // Code is considered to be 1005."
  if (payload.length === 0) return { code: NO_CODE, reason: "" };
  if (payload.length < CODE_BYTES) {
    throw new ProtocolError(findingOf("close-payload-one-byte", 0, "Close payload is 1 byte long"));
  }
  const code = payload[0] << 8 | payload[1];
  if (!isValidCloseCode(code)) {
    const offset = mayBeginCloseCode(payload[0]) ? 1 : 0;
    throw new ProtocolError(findingOf("close-code-invalid", offset, `close code is ${code}`));
  }
  const reason = payload.subarray(CODE_BYTES);
  const invalid = new Utf8Validator().check(reason, 0);
  if (invalid >= 0) {
    const what = `Close reason is not UTF-8 at ${hexByte(reason[invalid])}`;
    throw new ProtocolError(findingOf("close-reason-not-utf8", CODE_BYTES + invalid, what));
  }
  return { code, reason: decodeText(reason) };
}
