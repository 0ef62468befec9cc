import { ByteBuffer } from "./byte_buffer.ts";
import type { Inflated, Inflater, InflateStop } from "./deflate.ts";
import { type Finding, findingOf } from "./errors.ts";
import type { Frame } from "./frame.ts";
import { Opcode } from "./opcodes.ts";
import { Utf8Validator } from "./utf8.ts";

/** The content of a message that comes in fragments. */
export interface MessageBody {
  /** Adds a fragment; a rule that its content breaks, or `null`. */
  add(frame: Frame): Finding | null;
  /** What was kept, from the message's beginning on. */
  view(): Uint8Array;
  /** Whether there was more. */
  readonly truncated: boolean;
}

/** A body that is kept as it comes; the decoder has checked it. */
export class PlainBody implements MessageBody {
  readonly #kept: ByteBuffer;
  #length = 0;

  constructor(mostBytes: number) {
    this.#kept = new ByteBuffer(mostBytes);
  }

  get truncated(): boolean {
    return this.#kept.length < this.#length;
  }

  add(frame: Frame): null {
    // After a gap nothing more is kept: what is kept is always the message's beginning.
    if (!this.truncated) this.#kept.append(frame.payload);
    this.#length += frame.payloadLength;
    return null;
  }

  view(): Uint8Array {
    return this.#kept.view();
  }
}

/** Limits of an {@linkcode InflatedBody}. */
export interface InflatedBodyLimits {
  /** The most bytes that may come out. */
  readonly maxInflatedBytes: number;
  /** The most bytes of them that are kept. */
  readonly maxKeptBytes: number;
}

/** A body that is inflated and checked fragment by fragment, until something is wrong with it. */
export class InflatedBody implements MessageBody {
  readonly #inflater: Inflater;
  readonly #kept: ByteBuffer;
  readonly #utf8: Utf8Validator | null;
  #room: number;
  #length = 0;
  #stopped = false;
  #ended = false;

  constructor(first: Frame, inflater: Inflater, limits: InflatedBodyLimits) {
    this.#inflater = inflater;
    this.#kept = new ByteBuffer(limits.maxKeptBytes);
    this.#utf8 = first.opcode === Opcode.TEXT ? new Utf8Validator() : null;
    this.#room = limits.maxInflatedBytes;
  }

  get truncated(): boolean {
    return this.#stopped || this.#kept.length < this.#length;
  }

  /** Whether the inflater stands behind the message, ready for the next. */
  get contextKept(): boolean {
    return this.#ended && !this.#stopped;
  }

  add(frame: Frame): Finding | null {
    if (this.#stopped) return null;
    const fault = this.#take(frame, this.#inflater.push(frame.payload, this.#room));
    if (fault || this.#stopped) return fault;
    // A decoder that kept only a part of the payload: what comes after can't be inflated.
    if (frame.truncated) this.#stopped = true;
    return frame.fin && !this.#stopped ? this.#end(frame) : null;
  }

  view(): Uint8Array {
    return this.#kept.view();
  }

  #end(frame: Frame): Finding | null {
    this.#ended = true;
    const fault = this.#take(frame, inflatedEnd(this.#inflater, frame, this.#room));
    if (fault || !this.#utf8?.needed) return fault;
    return notUtf8(frame, "text ends inside a character");
  }

  #take(frame: Frame, { output, stop }: Inflated): Finding | null {
    this.#kept.append(output);
    this.#length += output.length;
    this.#room -= output.length;
    const invalid = this.#utf8?.check(output) ?? -1;
    if (invalid >= 0) this.#stopped = true;
    if (invalid >= 0) return notUtf8(frame, `text is not UTF-8, byte ${invalid}`);
    if (!stop) return null;
    this.#stopped = true;
    return stopFinding(frame, stop);
  }
}

/** Ends a message; what is wrong there shows at the last byte that its sender sent. */
export function inflatedEnd(inflater: Inflater, { payload }: Frame, room: number): Inflated {
  const { output, stop } = inflater.end(room);
  return { output, stop: stop && { ...stop, index: Math.max(payload.length - 1, 0) } };
}

/** §8.1 counts here for what comes out, so that the frame's last byte is the one that proves it. */
export function notUtf8(frame: Frame, what: string): Finding {
  return findingOf("text-not-utf8", lastOffset(frame), `inflated ${what}`);
}

/** Why a frame's payload can't be inflated to its end, as a broken rule. */
export function stopFinding(frame: Frame, { reason, index, what }: InflateStop): Finding {
  const offset = Math.min(frame.offset + frame.header.length + index, lastOffset(frame));
  return reason === "full"
    ? findingOf("inflated-too-big", offset, "the message inflates to more than the limit")
    : findingOf("deflate-invalid", offset, `compressed data is broken: ${what}`);
}

function lastOffset(frame: Frame): number {
  return frame.offset + frame.header.length + Math.max(frame.payloadLength - 1, -1);
}
