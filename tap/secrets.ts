import { type Frame, isControl, Opcode, Utf8Validator } from "../frames/mod.ts";
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
   * Overwrites what is secret in the frame's payload, and in what came out of it.
   *
   * @returns Whether bytes of a compressed payload were hidden.
   */
  apply(frame: Frame, part: InflatedPart | null = null): boolean {
    const { opcode, payload } = frame;
    if (this.#redact) {
      payload.fill(HIDDEN, opcode === Opcode.CLOSE ? CLOSE_CODE_BYTES : 0);
      part?.output.fill(HIDDEN);
      return part !== null;
    }
    if (isControl(opcode)) return false;
    this.#begin(frame, part);
    if (part) return this.#applyInflated(frame, part);
    this.#applyPlain(frame);
    return false;
  }

  #applyPlain(frame: Frame): void {
    const { payload } = frame;
    // Most messages come in one frame and hold no secret: they aren't read as JSON.
    if (this.#message === "json" && isWhole(frame) && !mayHoldSecret(payload)) return;
    // A compressed text whose rest nobody inflated.
    if (this.#message === "compressed-json") this.#message = "unknown";
    if (this.#message === "unknown") payload.fill(HIDDEN);
    if (this.#message === "json") this.#scanner.hide(payload, HIDDEN);
    if (frame.truncated && this.#message === "json") this.#message = "unknown";
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

  /** A frame passed that isn't captured: what follows in its message can't be judged any more. */
  skip(): void {
    this.#message = "unknown";
  }

  #begin({ opcode, rsv1, payload }: Frame, part: InflatedPart | null): void {
    if (opcode === Opcode.CONTINUATION) return;
    this.#scanner.reset();
    this.#hidesRest = false;
    if (opcode !== Opcode.TEXT) this.#message = "plain";
    else if (!rsv1) this.#message = "json";
    else if (part) this.#message = "compressed-json";
    // Nobody agreed on RSV1: it is text with a wrong bit, or compressed all the same.
    else this.#message = new Utf8Validator().check(payload) < 0 ? "json" : "unknown";
  }
}

/** Whether a frame is a message by itself, all of it kept: what follows has nothing to do with it. */
function isWhole({ fin, opcode, truncated }: Frame): boolean {
  return fin && opcode === Opcode.TEXT && !truncated;
}
