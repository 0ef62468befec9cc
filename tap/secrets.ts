import { type Frame, frameBytes, isControl, Opcode } from "../frames/mod.ts";
import { concat } from "./byte_window.ts";
import { type FrameRun, framesIn } from "./frame_run.ts";
import { JsonSecretScanner } from "./json_secrets.ts";
import { mayHoldSecret } from "./secret_hints.ts";

/** What stands in the place of every hidden byte: `*`. */
const HIDDEN = 0x2a;
const CLOSE_CODE_BYTES = 2;

/** What is known about the message that the next continuation belongs to. */
type Message = "json" | "plain" | "unknown";

/**
 * Hides secrets in the captured frames of one direction, before they are stored: the values of the
 * JSON keys `token` and `session` in text messages, byte by byte and with the same length, however
 * the message is cut into frames. Compressed messages can't be read here and stay as they are.
 *
 * With `redact` every payload is hidden, but for close codes.
 */
export class SecretMask {
  readonly #redact: boolean;
  readonly #scanner = new JsonSecretScanner();
  // A continuation of a message whose beginning wasn't seen may be the rest of a secret.
  #message: Message = "unknown";

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
    const { frame } = run;
    if (frame) return this.apply(frame) ? { ...run, bytes: frameBytes(frame) } : run;
    if (this.#redact) return { ...run, bytes: concat(this.#redacted(run)) };
    this.#message = "json";
    this.#scanner.reset();
    return run;
  }

  #redacted(run: FrameRun): Uint8Array[] {
    return Array.from(framesIn(run), (frame) => this.apply(frame) ? frameBytes(frame) : frame.wire);
  }

  /**
   * Overwrites what is secret in the frame's payload.
   *
   * @returns Whether the payload may have changed.
   */
  apply(frame: Frame): boolean {
    const { opcode } = frame;
    if (this.#redact) {
      frame.payload.fill(HIDDEN, opcode === Opcode.CLOSE ? CLOSE_CODE_BYTES : 0);
      return true;
    }
    if (isControl(opcode)) return false;
    this.#begin(frame);
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

  #begin({ opcode, rsv1 }: Frame): void {
    if (opcode === Opcode.CONTINUATION) return;
    this.#message = opcode === Opcode.TEXT && !rsv1 ? "json" : "plain";
    this.#scanner.reset();
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
