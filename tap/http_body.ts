import { HandshakeError } from "../frames/mod.ts";

const LF = 0x0a;
const CR = 0x0d;

/** The most bytes of a line that opens a chunk, extensions included. */
const LARGEST_CHUNK_LINE = 1_024;
/** The most bytes of all trailer fields together. */
const LARGEST_TRAILERS = 8 * 1024;
const LARGEST_SIZE_DIGITS = 13;

/** Size in hex, then perhaps extensions of visible characters (RFC 9112 §7.1). */
const CHUNK_LINE = /^([0-9A-Fa-f]+)(?:[ \t]*;[\x20-\x7e\t]*)?$/;
/** A trailer field: a token, a colon, no control characters. */
// deno-lint-ignore no-control-regex
const TRAILER_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\x00-\x08\x0a-\x1f\x7f]*$/;

/** How a message's body is told from what follows it. */
export interface BodyFraming {
  /** Whether the body has ended. */
  readonly done: boolean;
  /**
   * Takes what belongs to the body from the front of `bytes`.
   *
   * @returns How many bytes; 0 if more are needed to tell.
   * @throws {HandshakeError} If it can't be told.
   */
  take(bytes: Uint8Array): number;
}

/** A message without a body. */
export const NO_BODY: BodyFraming = { done: true, take: () => 0 };

/** A response's body that ends with the connection. */
export const UNTIL_CLOSE: BodyFraming = { done: false, take: (bytes) => bytes.length };

/** A body of a length that is known. */
export class LengthBody implements BodyFraming {
  #left: number;

  constructor(length: number) {
    this.#left = length;
  }

  get done(): boolean {
    return this.#left === 0;
  }

  take(bytes: Uint8Array): number {
    const used = Math.min(this.#left, bytes.length);
    this.#left -= used;
    return used;
  }
}

/**
 * A chunked body. Each line goes on only when it is whole and was checked. Source: RFC 9112 §7.1.
 *
 * ```
 *  size line → data → CRLF → size line → … → "0" line → trailers → empty line
 * ```
 */
export class ChunkedBody implements BodyFraming {
  #state: "size" | "data" | "data end" | "trailers" | "done" = "size";
  #left = 0;
  #trailerBytes = 0;

  get done(): boolean {
    return this.#state === "done";
  }

  take(bytes: Uint8Array): number {
    let at = 0;
    while (at < bytes.length && !this.done) {
      const used = this.#step(bytes.subarray(at));
      if (used === 0) break;
      at += used;
    }
    return at;
  }

  #step(bytes: Uint8Array): number {
    switch (this.#state) {
      case "data":
        return this.#takeData(bytes);
      case "data end":
        return this.#takeDataEnd(bytes);
      case "size":
        return this.#takeSize(bytes);
      default:
        return this.#takeTrailer(bytes);
    }
  }

  #takeSize(bytes: Uint8Array): number {
    const line = lineOf(bytes, LARGEST_CHUNK_LINE);
    if (line === null) return 0;
    const digits = CHUNK_LINE.exec(line)?.[1];
    if (digits === undefined || digits.length > LARGEST_SIZE_DIGITS) {
      throw chunkError("chunk-size-malformed", `size line is ${JSON.stringify(line.slice(0, 80))}`);
    }
    this.#left = parseInt(digits, 16);
    this.#state = this.#left === 0 ? "trailers" : "data";
    return line.length + 2;
  }

  #takeData(bytes: Uint8Array): number {
    const used = Math.min(this.#left, bytes.length);
    this.#left -= used;
    if (this.#left === 0) this.#state = "data end";
    return used;
  }

  #takeDataEnd(bytes: Uint8Array): number {
    if (bytes[0] !== CR || (bytes.length > 1 && bytes[1] !== LF)) {
      throw chunkError("chunk-end-missing", "no CR LF follows a chunk's data");
    }
    if (bytes.length < 2) return 0;
    this.#state = "size";
    return 2;
  }

  #takeTrailer(bytes: Uint8Array): number {
    const line = lineOf(bytes, LARGEST_TRAILERS - this.#trailerBytes);
    if (line === null) return 0;
    if (line === "") this.#state = "done";
    else if (!TRAILER_LINE.test(line)) {
      throw chunkError("trailer-malformed", `trailer is ${JSON.stringify(line.slice(0, 80))}`);
    }
    this.#trailerBytes += line.length + 2;
    return line.length + 2;
  }
}

/** The first line without its CR LF, or `null` if it isn't whole. */
function lineOf(bytes: Uint8Array, largest: number): string | null {
  const end = bytes.subarray(0, largest).indexOf(LF);
  if (end < 0) {
    if (bytes.length < largest) return null;
    throw chunkError("chunk-line-too-long", `a line doesn't end within ${largest} bytes`);
  }
  if (bytes[end - 1] !== CR) throw chunkError("line-end-malformed", "a line ends without CR LF");
  return String.fromCharCode(...bytes.subarray(0, end - 1));
}

function chunkError(rule: string, what: string): HandshakeError {
  const options = { rule, section: "RFC 9112 §7.1", status: 400, offset: 0 };
  return new HandshakeError(`Cannot frame chunked body: ${what}`, options);
}
