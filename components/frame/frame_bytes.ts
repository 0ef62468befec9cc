import { MAX_FRAME_GET_BYTES } from "../../protocol/client_messages.ts";

/** A stretch of bytes to ask for. */
export interface ByteRequest {
  /** First byte. */
  offset: number;
  /** Number of bytes, at most what one request may ask for. */
  length: number;
}

/**
 * The bytes of one frame, fetched in pieces as they are looked at. Pieces have a fixed grid, so
 * that none is fetched twice.
 */
export class FrameBytes {
  /** Bytes of the frame on the wire. */
  readonly total: number;
  /** Bytes of it that the server kept. */
  readonly kept: number;
  #bytes: Uint8Array;
  #have = new Set<number>();
  #asked = new Set<number>();

  constructor(total: number, kept: number) {
    this.total = total;
    this.kept = kept;
    this.#bytes = new Uint8Array(kept);
  }

  /** The bytes; what hasn't come yet is 0. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Whether every kept byte is here. */
  get complete(): boolean {
    return this.#have.size === this.pieces;
  }

  /** Number of pieces. */
  get pieces(): number {
    return Math.ceil(this.kept / MAX_FRAME_GET_BYTES);
  }

  /** How many bytes from the first on are here without a gap. */
  get contiguous(): number {
    let piece = 0;
    while (this.#have.has(piece)) piece++;
    return Math.min(this.kept, piece * MAX_FRAME_GET_BYTES);
  }

  /** Takes a piece in. */
  put(offset: number, bytes: Uint8Array): void {
    if (offset >= this.kept) return;
    this.#bytes.set(bytes.subarray(0, this.kept - offset), offset);
    this.#have.add(Math.floor(offset / MAX_FRAME_GET_BYTES));
  }

  /** Whether a byte is here. */
  has(offset: number): boolean {
    return offset < this.kept && this.#have.has(Math.floor(offset / MAX_FRAME_GET_BYTES));
  }

  /** Forgets what was asked for and hasn't come: after a lost link nobody will answer. */
  forgetAsked(): void {
    this.#asked.clear();
  }

  /** What to ask for so that a stretch can be shown; each piece is asked for once. */
  missing(from: number, to: number): ByteRequest[] {
    const requests: ByteRequest[] = [];
    const last = Math.floor((Math.min(to, this.kept) - 1) / MAX_FRAME_GET_BYTES);
    for (let piece = Math.floor(from / MAX_FRAME_GET_BYTES); piece <= last; piece++) {
      if (this.#have.has(piece) || this.#asked.has(piece)) continue;
      this.#asked.add(piece);
      const offset = piece * MAX_FRAME_GET_BYTES;
      requests.push({ offset, length: Math.min(MAX_FRAME_GET_BYTES, this.kept - offset) });
    }
    return requests;
  }
}
