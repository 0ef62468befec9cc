import { sha1 } from "@noble/hashes/legacy.js";

/**
 * The GUID that every server appends to the client's key. Source: RFC 6455 §1.3, §4.2.2.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HANDSHAKE_GUID } from "@roomscope/roomscope/frames";
 *
 * assertEquals(HANDSHAKE_GUID.length, 36);
 * ```
 */
export const HANDSHAKE_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** The accept key and what it is made of, step by step. */
export interface AcceptKeySteps {
  /** The value of `Sec-WebSocket-Key`, without spaces around it. */
  readonly key: string;
  /** The GUID that is appended. */
  readonly guid: string;
  /** Key and GUID behind one another. */
  readonly concatenated: string;
  /** SHA-1 of that: 20 bytes. */
  readonly sha1: Uint8Array;
  /** The same in hex: 40 small digits. */
  readonly sha1Hex: string;
  /** The hash in base64: the value of `Sec-WebSocket-Accept`. */
  readonly accept: string;
}

/**
 * The value of `Sec-WebSocket-Accept` that belongs to a `Sec-WebSocket-Key`. Synchronous: Web Crypto
 * isn't, and is missing on plain-HTTP pages. Source: RFC 6455 §1.3, §4.2.2.
 *
 * @param key The value of `Sec-WebSocket-Key`; spaces around it are ignored.
 * @returns base64(SHA-1(key + GUID)), 28 characters.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { acceptKey } from "@roomscope/roomscope/frames";
 *
 * assertEquals(acceptKey("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
 * ```
 */
export function acceptKey(key: string): string {
  return acceptKeySteps(key).accept;
}

/**
 * The computation of {@linkcode acceptKey}, each step's result by itself. Source: RFC 6455 §4.2.2.
 *
 * @param key The value of `Sec-WebSocket-Key`; spaces around it are ignored.
 * @returns The steps in their order.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { acceptKeySteps } from "@roomscope/roomscope/frames";
 *
 * const steps = acceptKeySteps("dGhlIHNhbXBsZSBub25jZQ==");
 * assertEquals(steps.sha1Hex, "b37a4f2cc0624f1690f64606cf385945b2bec4ea");
 * ```
 */
export function acceptKeySteps(key: string): AcceptKeySteps {
  // "concatenating … the value of the key … (as a string, not base64-decoded) with the string
  // '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'", "ignoring any leading and trailing whitespace"
  const trimmed = key.trim();
  const concatenated = trimmed + HANDSHAKE_GUID;
  const hash = sha1(new TextEncoder().encode(concatenated));
  return {
    key: trimmed,
    guid: HANDSHAKE_GUID,
    concatenated,
    sha1: hash,
    sha1Hex: Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    accept: btoa(String.fromCharCode(...hash)),
  };
}
