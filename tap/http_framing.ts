import {
  findHeadEnd,
  HandshakeError,
  headerValues,
  type HttpHead,
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
} from "../frames/mod.ts";
import { ByteWindow } from "./byte_window.ts";
import { type BodyFraming, ChunkedBody, LengthBody, NO_BODY, UNTIL_CLOSE } from "./http_body.ts";

const LF = 0x0a;
const CR = 0x0d;
const TAB = 0x09;
const SPACE = 0x20;
const DELETE = 0x7f;
const CRLF = Uint8Array.of(CR, LF);

/** What a head may have at most where the limit is switched off. */
const LARGEST_HEAD_BYTES = 64 * 1024;
const FULL_HEAD_OVERLAP = 3;

/** One piece of a stream of HTTP messages; `bytes` are as they came. */
export type HttpPart<Head extends HttpHead> =
  | { readonly kind: "head"; readonly bytes: Uint8Array; readonly head: Head }
  | { readonly kind: "body"; readonly bytes: Uint8Array }
  | { readonly kind: "end" };

interface HttpFramerOptions<Head extends HttpHead> {
  maxHeadBytes: number;
  parseHead(bytes: Uint8Array, options: { maxHeadBytes: number }): Head;
  bodyOf(head: Head): BodyFraming;
  /** Throws at a first line that can't be one, before the head is whole. */
  checkFirstLine?(line: Uint8Array): void;
}

/**
 * Cuts a stream of HTTP/1 messages into heads and bodies, strictly: what two readers could cut
 * differently is an error. Bytes come out as they went in. Source: RFC 9112 §6, §7.
 *
 * ```
 *  push(chunk)                 next() → head, body …, end, head, …   (null: more bytes needed)
 *  keep()                      what is left of the chunk is copied; its buffer is free again
 * ```
 */
export class HttpFramer<Head extends HttpHead> {
  readonly #options: HttpFramerOptions<Head>;
  readonly #window = new ByteWindow();
  #body: BodyFraming | null = null;
  // How much of the head that isn't whole yet was looked at.
  #scanned = 0;
  #firstLineSeen = false;

  constructor(options: HttpFramerOptions<Head>) {
    this.#options = options;
  }

  /** Bytes that were pushed and not taken. */
  get waiting(): Uint8Array {
    return this.#window.bytes;
  }

  /** Adds the next bytes of the stream; they aren't copied before `keep`. */
  push(chunk: Uint8Array): void {
    this.#window.push(chunk);
  }

  /** Copies what is left, so that the last chunk's buffer can be used again. */
  keep(): void {
    this.#window.keep();
  }

  /** Takes everything that is left: behind an upgrade it isn't HTTP. */
  takeRest(): Uint8Array {
    return this.#window.take(this.#window.bytes.length);
  }

  /**
   * The next part, or `null` if more bytes are needed.
   *
   * @throws {HandshakeError} If it can't be read; the framer is of no use then.
   */
  next(): HttpPart<Head> | null {
    if (this.#body === null) return this.#nextHead();
    if (this.#body.done) {
      this.#body = null;
      return { kind: "end" };
    }
    const used = this.#body.take(this.#window.bytes);
    return used === 0 ? null : { kind: "body", bytes: this.#window.take(used) };
  }

  #nextHead(): HttpPart<Head> | null {
    const { bytes } = this.#window;
    const { maxHeadBytes, parseHead, bodyOf } = this.#options;
    const end = findHeadEnd(bytes, this.#scanned - FULL_HEAD_OVERLAP);
    if (end < 0 && bytes.length < maxHeadBytes) {
      this.#checkUnfinished(bytes);
      return null;
    }
    const head = parseHead(bytes, { maxHeadBytes });
    this.#body = bodyOf(head);
    this.#scanned = 0;
    this.#firstLineSeen = false;
    return { kind: "head", head, bytes: this.#window.take(head.length) };
  }

  /** Finds out early that no head will come of this: TLS, noise, another protocol. */
  #checkUnfinished(bytes: Uint8Array): void {
    for (let i = this.#scanned; i < bytes.length; i++) {
      const foreign = !this.#firstLineSeen && bytes[i] > DELETE;
      if (foreign || isControlByte(bytes[i])) throw badByte(bytes[i], i);
      if (bytes[i] === LF && !this.#firstLineSeen) {
        this.#firstLineSeen = true;
        this.#options.checkFirstLine?.(bytes.subarray(0, i + 1));
      }
    }
    this.#scanned = bytes.length;
  }
}

function isControlByte(byte: number): boolean {
  return byte < SPACE && byte !== TAB && byte !== CR && byte !== LF || byte === DELETE;
}

function badByte(byte: number, offset: number): HandshakeError {
  return new HandshakeError(`Cannot read head: byte is 0x${byte.toString(16).padStart(2, "0")}`, {
    rule: "head-not-text",
    section: "RFC 9112 §2.2",
    status: 400,
    offset,
  });
}

function headLimit(maxHeadBytes: number): number {
  return Math.min(maxHeadBytes || LARGEST_HEAD_BYTES, LARGEST_HEAD_BYTES);
}

/** Makes a framer of the requests in a client's stream. */
export function requestFramer(maxHeadBytes: number): HttpFramer<RequestHead> {
  return new HttpFramer({
    maxHeadBytes: headLimit(maxHeadBytes),
    parseHead: parseRequestHead,
    bodyOf: requestBody,
    checkFirstLine,
  });
}

/**
 * Makes a framer of the responses in a server's stream.
 *
 * @param method Says what method the request had that the next response answers.
 */
export function responseFramer(method: () => string): HttpFramer<ResponseHead> {
  return new HttpFramer({
    maxHeadBytes: LARGEST_HEAD_BYTES,
    parseHead: parseResponseHead,
    bodyOf: (head) => responseBody(head, method()),
  });
}

function checkFirstLine(line: Uint8Array): void {
  const endsWell = line.at(-2) === CR;
  const head = new Uint8Array([...line.subarray(0, endsWell ? -2 : -1), ...CRLF, ...CRLF]);
  parseRequestHead(head, { maxHeadBytes: head.length });
  if (endsWell) return;
  throw new HandshakeError("Cannot read head: the first line ends in LF without CR", {
    rule: "line-end-malformed",
    section: "RFC 9112 §2.2",
    status: 400,
    offset: 0,
  });
}

/** RFC 9112 §6.3, for requests. */
function requestBody(head: RequestHead): BodyFraming {
  const length = contentLength(head);
  const codings = headerValues(head.headers, "Transfer-Encoding");
  if (codings.length === 0) return length === null ? NO_BODY : new LengthBody(length);
  checkCodings(head, codings);
  if (length === null) return new ChunkedBody();
  // §6.1: "A server MAY reject a request that contains both Content-Length and Transfer-Encoding"
  throw framingError("length-and-chunked", "both Content-Length and Transfer-Encoding are there");
}

/** RFC 9112 §6.3, for responses. */
function responseBody(head: ResponseHead, method: string): BodyFraming {
  const { status } = head;
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return NO_BODY;
  const length = contentLength(head);
  const codings = headerValues(head.headers, "Transfer-Encoding");
  if (codings.length === 0) return length === null ? UNTIL_CLOSE : new LengthBody(length);
  if (length !== null) {
    throw framingError("length-and-chunked", "both Content-Length and Transfer-Encoding are there");
  }
  checkCodings(head, codings);
  return new ChunkedBody();
}

/** §6.1: chunked alone; every other coding leaves the end to interpretation. */
function checkCodings({ version }: HttpHead, codings: readonly string[]): void {
  const value = codings.join(", ");
  if (value.toLowerCase() !== "chunked" || version === "HTTP/1.0") {
    const shown = JSON.stringify(value.slice(0, 80));
    throw framingError("transfer-encoding-unsupported", `Transfer-Encoding is ${shown}`);
  }
}

/** §6.3: an invalid or repeated Content-Length is an error that can't be recovered from. */
function contentLength({ headers }: HttpHead): number | null {
  const values = headerValues(headers, "Content-Length");
  if (values.length === 0) return null;
  if (values.length > 1) {
    throw framingError("content-length-repeated", `Content-Length stands ${values.length} times`);
  }
  const length = /^\d{1,16}$/.test(values[0]) ? Number(values[0]) : NaN;
  if (Number.isSafeInteger(length)) return length;
  const shown = JSON.stringify(values[0].slice(0, 80));
  throw framingError("content-length-malformed", `Content-Length is ${shown}`);
}

function framingError(rule: string, what: string): HandshakeError {
  const options = { rule, section: "RFC 9112 §6.3", status: 400, offset: 0 };
  return new HandshakeError(`Cannot frame message: ${what}`, options);
}
