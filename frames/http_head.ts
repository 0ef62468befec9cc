const CR = 0x0d;
const LF = 0x0a;
const COLON = ":";
/** Bytes of the end of a head: an empty line after the last one. */
const HEAD_END = [CR, LF, CR, LF] as const;

const DEFAULT_MAX_HEAD_BYTES = 16 * 1024;
const DEFAULT_MAX_HEADERS = 100;

const BAD_REQUEST = 400;
const HEADERS_TOO_LARGE = 431;

/** `token` of RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** `request-target` may hold any visible ASCII character. */
const TARGET = /^[\x21-\x7e]+$/;
const VERSION = /^HTTP\/\d\.\d$/;
const STATUS = /^[1-9]\d\d$/;
/** What a field value may not hold: control characters other than the tab. */
// deno-lint-ignore no-control-regex
const CONTROL_CHARACTER = /[\x00-\x08\x0a-\x1f\x7f]/;

/** One header field: its name as it was written, its value without spaces around it. */
export type HeaderField = readonly [name: string, value: string];

/** What a request's and a response's head have in common. */
export interface HttpHead {
  /** `"HTTP/1.1"`. */
  readonly version: string;
  /** The fields in their order, repeated ones each by itself; characters are Latin-1. */
  readonly headers: readonly HeaderField[];
  /** Size of the head in bytes, the empty line included: what follows isn't HTTP's head any more. */
  readonly length: number;
}

/** The head of a request. */
export interface RequestHead extends HttpHead {
  /** `"GET"`. */
  readonly method: string;
  /** The request target: `"/chat"`. */
  readonly target: string;
}

/** The head of a response. */
export interface ResponseHead extends HttpHead {
  /** The status code, 100 to 999. */
  readonly status: number;
  /** The reason phrase, may be empty. */
  readonly reason: string;
}

/** What a handshake error says besides its message. */
export interface HandshakeErrorOptions {
  /** Stable kebab-case id of the rule. */
  readonly rule: string;
  /** The section, with the document's name where it isn't RFC 6455. */
  readonly section: string;
  /** The HTTP status that a request so broken should get. */
  readonly status: number;
  /** Offset in bytes of the line at fault. */
  readonly offset: number;
}

/**
 * A head that can't be read. What can be read and is wrong for WebSocket is a
 * {@linkcode HandshakeFinding} instead.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { HandshakeError, parseRequestHead } from "@roomscope/roomscope/frames";
 *
 * const bytes = new TextEncoder().encode("GET /chat\r\n\r\n");
 * const error = assertThrows(() => parseRequestHead(bytes), HandshakeError);
 * assertEquals([error.rule, error.status], ["request-line-malformed", 400]);
 * ```
 */
export class HandshakeError extends Error {
  /** Always `"HandshakeError"`. */
  override readonly name: string = "HandshakeError";
  /** Stable error code, made from the rule: `"ERR_HEAD_INCOMPLETE"`. */
  readonly code: string;
  /** Stable id of the broken rule. */
  readonly rule: string;
  /** The section, with the document's name where it isn't RFC 6455. */
  readonly section: string;
  /** The HTTP status that a request so broken should get: 400 or 431. */
  readonly status: number;
  /** Offset in bytes of the line at fault. */
  readonly offset: number;

  /**
   * Makes an error.
   *
   * @param message What is wrong, for people.
   * @param options The rule, its section, status and place.
   */
  constructor(message: string, { rule, section, status, offset }: HandshakeErrorOptions) {
    super(message);
    this.code = `ERR_${rule.toUpperCase().replaceAll("-", "_")}`;
    this.rule = rule;
    this.section = section;
    this.status = status;
    this.offset = offset;
  }
}

/** Limits of {@linkcode parseRequestHead} and {@linkcode parseResponseHead}. */
export interface HttpHeadOptions {
  /**
   * The most bytes that a head may have, the empty line included.
   *
   * @default 16384
   */
  readonly maxHeadBytes?: number;
  /**
   * The most header fields.
   *
   * @default 100
   */
  readonly maxHeaders?: number;
}

/**
 * Where a head ends.
 *
 * @param bytes What came so far.
 * @param from Where to begin to look, 0 by default: how many bytes there were at the last look,
 * less 3.
 * @returns The offset behind the empty line, or -1 while it hasn't come.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findHeadEnd } from "@roomscope/roomscope/frames";
 *
 * assertEquals(findHeadEnd(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\nrest")), 18);
 * assertEquals(findHeadEnd(new TextEncoder().encode("GET / HTTP/1.1\r\n")), -1);
 * ```
 */
export function findHeadEnd(bytes: Uint8Array, from: number = 0): number {
  const last = HEAD_END.length - 1;
  for (let i = bytes.indexOf(LF, Math.max(from, 0) + last); i >= 0; i = bytes.indexOf(LF, i + 1)) {
    if (HEAD_END.every((byte, at) => bytes[i - last + at] === byte)) return i + 1;
  }
  return -1;
}

/**
 * Reads a request's head, strictly: what two readers could understand differently is refused.
 * Source: RFC 9112 §2 to §5, RFC 6455 §4.2.1.
 *
 * @param bytes The head up to and including the empty line; what follows is left alone.
 * @param options Limits.
 * @returns Its parts.
 * @throws {HandshakeError} If the head isn't whole, too large (431) or malformed (400): lines that
 * don't end in CR LF, folded or nameless fields, control characters.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseRequestHead } from "@roomscope/roomscope/frames";
 *
 * const head = parseRequestHead(
 *   new TextEncoder().encode("GET /chat HTTP/1.1\r\nHost: example.com\r\n\r\n"),
 * );
 * assertEquals([head.method, head.target, head.version], ["GET", "/chat", "HTTP/1.1"]);
 * assertEquals(head.headers, [["Host", "example.com"]]);
 * ```
 */
export function parseRequestHead(bytes: Uint8Array, options: HttpHeadOptions = {}): RequestHead {
  const { start, headers, length } = splitHead(bytes, options);
  const [method, target, version, ...rest] = start.split(" ");
  // RFC 9112 §3: "request-line = method SP request-target SP HTTP-version"
  if (!TOKEN.test(method) || !TARGET.test(target) || !VERSION.test(version) || rest.length > 0) {
    throw malformed("request-line", { text: start, section: "RFC 9112 §3", offset: 0 });
  }
  return { method, target, version, headers, length };
}

/**
 * Reads a response's head, as strictly as {@linkcode parseRequestHead} does a request's.
 * Source: RFC 9112 §4, RFC 6455 §4.1.
 *
 * @param bytes The head up to and including the empty line; what follows is left alone.
 * @param options Limits.
 * @returns Its parts.
 * @throws {HandshakeError} If the head isn't whole, too large or malformed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseResponseHead } from "@roomscope/roomscope/frames";
 *
 * const head = parseResponseHead(
 *   new TextEncoder().encode("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"),
 * );
 * assertEquals([head.status, head.reason], [101, "Switching Protocols"]);
 * ```
 */
export function parseResponseHead(bytes: Uint8Array, options: HttpHeadOptions = {}): ResponseHead {
  const { start, headers, length } = splitHead(bytes, options);
  const [version, status, ...words] = start.split(" ");
  const reason = words.join(" ");
  // RFC 9112 §4: "status-line = HTTP-version SP status-code SP [ reason-phrase ]"
  if (!VERSION.test(version) || !STATUS.test(status) || CONTROL_CHARACTER.test(reason)) {
    throw malformed("status-line", { text: start, section: "RFC 9112 §4", offset: 0 });
  }
  return { version, status: Number(status), reason, headers, length };
}

interface SplitHead {
  readonly start: string;
  readonly headers: HeaderField[];
  readonly length: number;
}

function splitHead(bytes: Uint8Array, options: HttpHeadOptions): SplitHead {
  const { maxHeadBytes = DEFAULT_MAX_HEAD_BYTES, maxHeaders = DEFAULT_MAX_HEADERS } = options;
  const length = findHeadEnd(bytes.subarray(0, maxHeadBytes));
  if (length < 0) throw noHeadEnd(bytes.length, maxHeadBytes);
  const lines = splitLines(bytes, length);
  if (lines.length - 1 > maxHeaders) {
    const rule = {
      rule: "head-too-many-headers",
      section: "RFC 6585 §5",
      status: HEADERS_TOO_LARGE,
    };
    const count = lines.length - 1;
    throw new HandshakeError(
      `Cannot read head: the most is ${maxHeaders} fields, it has ${count}`,
      {
        ...rule,
        offset: lines[maxHeaders + 1].offset,
      },
    );
  }
  return { start: lines[0].text, headers: lines.slice(1).map(parseField), length };
}

function noHeadEnd(length: number, maxHeadBytes: number): HandshakeError {
  if (length >= maxHeadBytes) {
    return new HandshakeError(`Cannot read head: it doesn't end within ${maxHeadBytes} bytes`, {
      rule: "head-too-large",
      section: "RFC 6585 §5",
      status: HEADERS_TOO_LARGE,
      offset: maxHeadBytes,
    });
  }
  return new HandshakeError(`Cannot read head: the empty line is missing after ${length} bytes`, {
    rule: "head-incomplete",
    section: "RFC 9112 §2.1",
    status: BAD_REQUEST,
    offset: length,
  });
}

interface Line {
  readonly text: string;
  readonly offset: number;
}

/** The lines of a head without their CR LF; a CR or LF by itself is refused. */
function splitLines(bytes: Uint8Array, length: number): Line[] {
  const head = latin1(bytes.subarray(0, length - HEAD_END.length));
  const lines: Line[] = [];
  let offset = 0;
  for (const text of head.split("\r\n")) {
    // RFC 9112 §2.2: "A sender MUST NOT generate a bare CR"; a bare LF splits lines for some readers
    // and not for others.
    if (/[\r\n]/.test(text)) {
      throw malformed("line-end", { text, section: "RFC 9112 §2.2", offset });
    }
    lines.push({ text, offset });
    offset += text.length + "\r\n".length;
  }
  return lines;
}

/** One character a byte; the platform's "latin1" is windows-1252 and changes 0x80 to 0x9f. */
function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** `OWS` off both ends: spaces and tabs. A regular expression would take quadratic time here. */
export function trimSpaces(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text[start])) start++;
  while (end > start && isSpace(text[end - 1])) end--;
  return text.slice(start, end);
}

function isSpace(character: string): boolean {
  return character === " " || character === "\t";
}

/** RFC 9112 §5: `field-line = field-name ":" OWS field-value OWS` */
function parseField({ text, offset }: Line): HeaderField {
  // §5.2: "A server that receives an obs-fold … MUST either reject the message … or replace" it.
  if (text.startsWith(" ") || text.startsWith("\t")) {
    throw malformed("folded-header", { text, section: "RFC 9112 §5.2", offset });
  }
  const colon = text.indexOf(COLON);
  const name = text.slice(0, Math.max(colon, 0));
  const value = trimSpaces(text.slice(colon + 1));
  // §5.1: "No whitespace is allowed between the field name and colon."
  if (!TOKEN.test(name)) throw malformed("header-name", { text, section: "RFC 9112 §5.1", offset });
  if (CONTROL_CHARACTER.test(value)) {
    throw malformed("header-value", { text: name, section: "RFC 9110 §5.5", offset });
  }
  return [name, value];
}

function malformed(
  part: string,
  { text, section, offset }: { text: string; section: string; offset: number },
): HandshakeError {
  const shown = JSON.stringify(text.slice(0, 80));
  return new HandshakeError(`Cannot read head: ${part.replace("-", " ")} is malformed: ${shown}`, {
    rule: `${part}-malformed`,
    section,
    status: BAD_REQUEST,
    offset,
  });
}
