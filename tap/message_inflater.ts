import { startsMessage } from "../frames/header_rules.ts";
import { inflatedEnd, notUtf8, stopFinding } from "../frames/message_body.ts";
import {
  createInflater,
  type DeflateDirection,
  type Finding,
  type Frame,
  type Inflated,
  type Inflater,
  Opcode,
  Utf8Validator,
} from "../frames/mod.ts";
import type { FrameRun } from "./frame_run.ts";
import { WireFrame } from "./wire_frame.ts";

const NOTHING = new Uint8Array(0);

/** What a frame adds to the compressed message that it belongs to. */
export interface InflatedPart {
  /** Opcode of the message. */
  readonly opcode: number;
  /** Whether the frame is the message's first. */
  readonly first: boolean;
  /** Whether the frame is the message's last. */
  readonly last: boolean;
  /** What came out of the frame; the taker's own. */
  readonly output: Uint8Array;
  /** How many bytes of the payload were inflated; behind them nobody knows what it holds. */
  readonly inflatedBytes: number;
  /** Why not all of it was, for people. */
  readonly problem: string | null;
  /** The rule that the message breaks here, besides those of its frames. */
  readonly finding: Finding | null;
}

/** How a {@linkcode MessageInflater} inflates. */
export interface MessageInflaterOptions {
  /** The most bytes that one message may inflate to: nothing beyond is ever computed. */
  maxInflatedBytes: number;
  /**
   * Whether it is the sender's fault to go beyond that.
   *
   * @default false: only the view ends there
   */
  enforce?: boolean;
}

/** The compressed message that has begun and not ended. */
interface Open {
  readonly opcode: number;
  /** Judges the text, until it is found wrong. */
  utf8: Utf8Validator | null;
  room: number;
  problem: string | null;
}

/**
 * Inflates the compressed messages of one direction, frame by frame, and judges their text. It holds
 * no content but the inflater's window. Source: RFC 7692 §6.2, §7.2.2.
 *
 * Once a message can't be inflated to its end, later ones that may refer to it can't either: they
 * pass with the reason.
 */
export class MessageInflater {
  readonly #inflater: Inflater;
  readonly #contextTakeover: boolean;
  readonly #options: MessageInflaterOptions;
  #open: Open | null = null;
  /** Why what came before isn't known any more. */
  #lost: string | null = null;

  constructor(direction: DeflateDirection, options: MessageInflaterOptions) {
    this.#inflater = createInflater(direction);
    this.#contextTakeover = direction.contextTakeover ?? true;
    this.#options = options;
  }

  /** Takes the next frames of the direction, and adds what came out of a compressed message's. */
  inflate(run: FrameRun): FrameRun {
    // Plain frames are whole messages, and none of them is compressed.
    if (!run.frame) return run;
    const part = this.push(run.frame);
    return part ? { ...run, frame: withFinding(run.frame, part.finding), part } : run;
  }

  /** Takes the next frame of the direction; `null` if it belongs to no compressed message. */
  push(frame: Frame): InflatedPart | null {
    const first = startsMessage(frame.opcode);
    if (first) this.#begin(frame);
    else if (frame.opcode !== Opcode.CONTINUATION) return null;
    const open = this.#open;
    if (!open) return null;
    if (frame.fin) this.#open = null;
    const { opcode } = open;
    const taken = open.problem === null ? this.#inflateFrame(frame, open) : PASSED;
    return { opcode, first, last: frame.fin, ...taken, problem: open.problem };
  }

  #begin({ opcode, rsv1 }: Frame): void {
    if (this.#open) this.#lose(this.#open, "it was never finished");
    this.#open = null;
    if (!rsv1) return;
    if (this.#lost !== null && !this.#contextTakeover) {
      this.#inflater.reset();
      this.#lost = null;
    }
    const problem = this.#lost && `it may refer to an earlier message, and of that ${this.#lost}`;
    const utf8 = opcode === Opcode.TEXT ? new Utf8Validator() : null;
    this.#open = { opcode, utf8, room: this.#options.maxInflatedBytes, problem };
  }

  #inflateFrame(frame: Frame, open: Open): Taken {
    const { payload } = frame;
    const taken = this.#take(this.#inflater.push(payload, open.room), frame, open);
    if (open.problem === null && frame.truncated) {
      this.#lose(open, `only the first ${payload.length} bytes of a frame were kept`);
    }
    if (open.problem !== null || !frame.fin) return taken;
    const end = this.#take(inflatedEnd(this.#inflater, frame, open.room), frame, open);
    const output = end.output.length > 0 ? joined(taken.output, end.output) : taken.output;
    const unfinished = open.problem === null && open.utf8?.needed;
    const cut = unfinished ? notUtf8(frame, "text ends inside a character") : null;
    return { ...taken, output, finding: taken.finding ?? end.finding ?? cut };
  }

  #take({ output, stop }: Inflated, frame: Frame, open: Open): Taken {
    open.room -= output.length;
    const invalid = open.utf8?.check(output) ?? -1;
    // What isn't text is inflated on all the same: later messages refer to it.
    if (invalid >= 0) open.utf8 = null;
    const finding = invalid < 0 ? null : notUtf8(frame, `text is not UTF-8, byte ${invalid}`);
    if (!stop) return { output, inflatedBytes: frame.payload.length, finding };
    const full = stop.reason === "full";
    const { maxInflatedBytes, enforce = false } = this.#options;
    const why = full
      ? `inflating stopped at the limit of ${maxInflatedBytes} bytes`
      : `the compressed data is broken: ${stop.what}`;
    this.#lose(open, why);
    const inflatedBytes = Math.min(stop.index + 1, frame.payload.length);
    const blamed = !full || enforce ? stopFinding(frame, stop) : null;
    return { output, inflatedBytes, finding: finding ?? blamed };
  }

  #lose(open: Open, why: string): void {
    open.problem ??= why;
    this.#lost ??= why;
  }
}

type Taken = Pick<InflatedPart, "output" | "inflatedBytes" | "finding">;

/** What comes of a frame that can't be inflated. */
const PASSED: Taken = { output: NOTHING, inflatedBytes: 0, finding: null };

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}

function withFinding(frame: WireFrame, finding: Finding | null): WireFrame {
  if (!finding) return frame;
  const { wire, header: { length: headerLength }, payloadLength, offset, findings } = frame;
  return new WireFrame({
    ...{ wire, headerLength, payloadLength, offset },
    findings: [...findings, finding],
  });
}
