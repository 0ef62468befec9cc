import { ByteBuffer } from "../frames/byte_buffer.ts";
import type { CompressedPart } from "../protocol/mod.ts";
import type { InflatedPart } from "./message_inflater.ts";

/** The message that has begun and not ended. */
interface Gathered {
  readonly first: number;
  readonly kept: ByteBuffer;
  length: number;
  problem: string | null;
}

/**
 * Gathers what came out of one direction's compressed messages: a whole message goes with its last
 * frame, and each frame names the message's first.
 */
export class InflatedMessages {
  readonly #maxKeptBytes: number;
  #gathered: Gathered | null = null;

  /** Keeps the first `maxKeptBytes` of each message. */
  constructor(maxKeptBytes: number) {
    this.#maxKeptBytes = maxKeptBytes;
  }

  /** Takes what came out of a frame; returns what is said of the frame. */
  take(number: number, part: InflatedPart, hidden: boolean): CompressedPart {
    const { opcode, output, last } = part;
    const message = this.#messageOf(number, part);
    message.kept.append(output);
    message.length += output.length;
    message.problem ??= part.problem;
    this.#gathered = last ? null : message;
    const { first, length, problem } = message;
    const said = {
      ...{ first, opcode },
      ...(hidden ? { hidden } : {}),
      ...(problem === null ? {} : { problem }),
    };
    if (!last || (message.kept.length === 0 && problem !== null)) return said;
    // A copy: the buffer has room for more.
    return { ...said, inflated: { length, bytes: message.kept.view().slice() } };
  }

  /** A frame passed that isn't captured: the rest of its message would be a text without beginning. */
  skip(): void {
    this.#gathered = null;
  }

  #messageOf(number: number, { first }: InflatedPart): Gathered {
    if (this.#gathered && !first) return this.#gathered;
    const problem = first ? null : "its beginning wasn't captured";
    const kept = new ByteBuffer(first ? this.#maxKeptBytes : 0);
    return { first: number, kept, length: 0, problem };
  }
}
