import { type Frame, isControl, Opcode } from "../frames/mod.ts";
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

  /** Overwrites what is secret in the frame's payload. */
  apply(frame: Frame): void {
    const { opcode, payload } = frame;
    if (this.#redact) {
      payload.fill(HIDDEN, opcode === Opcode.CLOSE ? CLOSE_CODE_BYTES : 0);
      return;
    }
    if (isControl(opcode)) return;
    this.#begin(frame);
    // Most messages come in one frame and hold no secret: they aren't read as JSON.
    if (this.#message === "json" && isWhole(frame) && !mayHoldSecret(payload)) return;
    if (this.#message === "unknown") payload.fill(HIDDEN);
    if (this.#message === "json") this.#scanner.hide(payload, HIDDEN);
    if (frame.truncated && this.#message === "json") this.#message = "unknown";
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

/** Whether a frame is a message by itself, all of it kept: what follows has nothing to do with it. */
function isWhole({ fin, opcode, truncated }: Frame): boolean {
  return fin && opcode === Opcode.TEXT && !truncated;
}
