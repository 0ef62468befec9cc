import { type Frame, frameBytes, isControl, Opcode, Utf8Validator } from "../frames/mod.ts";
import { concat } from "./byte_window.ts";
import { type FrameRun, framesIn } from "./frame_run.ts";
import { JsonSecretScanner } from "./json_secrets.ts";
import type { InflatedPart } from "./message_inflater.ts";
import { mayHoldSecret } from "./secret_hints.ts";

/** What stands in the place of every hidden byte: `*`. */
const HIDDEN = 0x2a;
const CLOSE_CODE_BYTES = 2;

/**
 * What is known about the message that the next continuation belongs to. What a text holds that is
 * `unknown` can't be judged: it is hidden.
 */
type Message = "json" | "compressed-json" | "plain" | "unknown";

/**
 * Hides secrets in the captured frames of one direction, before they are stored: the values of the
 * JSON keys `token` and `session` in text messages, byte by byte and with the same length, however
 * the message is cut into frames.
 *
 * Of a compressed text message the secrets are hidden in what came out of it. No byte of DEFLATE can
 * be overwritten by itself, so from the frame on in which a secret begins the payloads are hidden
 * whole; and so is what of a text couldn't be inflated, since it may hold a secret.
 *
 * With `redact` every payload is hidden, but for close codes.
 */
export class SecretMask {
  readonly #redact: boolean;
  readonly #scanner = new JsonSecretScanner();
  // A continuation of a message whose beginning wasn't seen may be the rest of a secret.
  #message: Message = "unknown";
  /** A secret has begun in the compressed message. */
  #hidesRest = false;

  constructor(redact: boolean) {
    this.#redact = redact;
  }

  /**
   * Hides what is secret in frames that are to be stored. Text messages in one frame are left to the
   * reader, see {@linkcode hideTextSecrets}.
   *
   * @returns The run itself where nothing of it changes.
   */
  hide(run: FrameRun): FrameRun {
    const { frame, part } = run;
    if (frame) return this.apply(frame, part) ? { ...run, bytes: frameBytes(frame) } : run;
    if (this.#redact) return { ...run, bytes: concat(this.#redacted(run)) };
    this.#message = "json";
    this.#scanner.reset();
    return run;
  }

  #redacted(run: FrameRun): Uint8Array[] {
    return Array.from(framesIn(run), (frame) => this.apply(frame) ? frameBytes(frame) : frame.wire);
  }

  /**
   * Overwrites what is secret in the frame's payload, and in what came out of it.
   *
   * @returns Whether the payload may have changed; of a compressed message: whether it has.
   */
  apply(frame: Frame, part: InflatedPart | null = null): boolean {
    const { opcode } = frame;
    if (this.#redact) {
      frame.payload.fill(HIDDEN, opcode === Opcode.CLOSE ? CLOSE_CODE_BYTES : 0);
      part?.output.fill(HIDDEN);
      return true;
    }
    if (isControl(opcode)) return false;
    this.#begin(frame, part);
    return part ? this.#applyInflated(frame, part) : this.#applyPlain(frame);
  }

  #applyPlain(frame: Frame): boolean {
    // A compressed text whose rest nobody inflated.
    if (this.#message === "compressed-json") this.#message = "unknown";
    if (this.#message === "plain") return false;
    // Most messages come in one frame and hold no secret: they aren't read as JSON.
    if (this.#message === "json" && isWhole(frame)) return hideTextSecrets(frame.payload);
    if (this.#message === "unknown") frame.payload.fill(HIDDEN);
    if (this.#message === "json") this.#scanner.hide(frame.payload, HIDDEN);
    if (frame.truncated && this.#message === "json") this.#message = "unknown";
    return true;
  }

  /** A frame passed that isn't captured: what follows in its message can't be judged any more. */
  skip(): void {
    this.#message = "unknown";
  }

  #begin(frame: Frame, part: InflatedPart | null): void {
    const { opcode, rsv1 } = frame;
    if (opcode === Opcode.CONTINUATION) return;
    this.#scanner.reset();
    this.#hidesRest = false;
    if (opcode !== Opcode.TEXT) this.#message = "plain";
    else if (!rsv1) this.#message = "json";
    else if (part) this.#message = "compressed-json";
    // Nobody agreed on RSV1: it is text with a wrong bit, or compressed all the same.
    else this.#message = new Utf8Validator().check(frame.payload) < 0 ? "json" : "unknown";
  }

  #applyInflated({ payload }: Frame, part: InflatedPart): boolean {
    const { output, inflatedBytes, problem } = part;
    if (this.#message === "plain") return false;
    if (this.#message === "unknown") output.fill(HIDDEN);
    else if (this.#holdsSecret(part)) this.#hidesRest = true;
    const shown = this.#hidesRest || this.#message === "unknown" ? 0 : inflatedBytes;
    if (problem !== null) this.#message = "unknown";
    payload.fill(HIDDEN, shown);
    return shown < payload.length;
  }

  /** Overwrites the secrets in what came out of a frame. */
  #holdsSecret({ output, first, last }: InflatedPart): boolean {
    if (first && last && !mayHoldSecret(output)) return false;
    return this.#scanner.hide(output, HIDDEN);
  }
}

/**
 * Overwrites what is secret in a text message, or in the beginning of one.
 *
 * @returns Whether it may have changed.
 */
export function hideTextSecrets(text: Uint8Array): boolean {
  if (!mayHoldSecret(text)) return false;
  new JsonSecretScanner().hide(text, HIDDEN);
  return true;
}

/** Whether a frame is a message by itself, all of it kept: what follows has nothing to do with it. */
function isWhole({ fin, opcode, truncated }: Frame): boolean {
  return fin && opcode === Opcode.TEXT && !truncated;
}
