import { isValidCloseCode, mayBeginCloseCode } from "./close.ts";
import { hexByte } from "./hex.ts";
import { Opcode } from "./opcodes.ts";
import type { Rule } from "./rules.ts";
import { Utf8Validator } from "./utf8.ts";

/** A rule that a payload breaks, and the index in the piece of the byte that proves it. */
export interface PayloadFault {
  readonly rule: Rule;
  readonly index: number;
  readonly what: string;
}

/** A piece of a payload, and where it stands. */
export interface PayloadPiece {
  /** The unmasked bytes. */
  readonly bytes: Uint8Array;
  /** How many bytes of the same payload came before. */
  readonly before: number;
  /** How many bytes of the same payload come after. */
  readonly after: number;
  readonly fin: boolean;
}

const CODE_BYTES = 2;

/**
 * Looks at payloads as they arrive: text has to be UTF-8 across its fragments, a Close payload holds
 * a code and a reason. Each has its own UTF-8 state, since a Close may come inside a text message.
 */
export class PayloadChecker {
  readonly #text = new Utf8Validator();
  readonly #reason = new Utf8Validator();
  #textOpen = false;
  #closeOpen = false;
  #codeHigh = 0;

  /** Continuation bytes that the text so far still needs. */
  get utf8Needed(): number {
    return this.#textOpen ? this.#text.needed : 0;
  }

  /** A message begins; `checkText` if it is text, and not compressed. */
  startMessage(checkText: boolean): void {
    this.#textOpen = checkText;
    this.#text.reset();
  }

  /** The message has ended; a continuation after it belongs to none. */
  endMessage(): void {
    this.#textOpen = false;
  }

  /** A Close frame begins. */
  startClose(): void {
    this.#closeOpen = true;
    this.#reason.reset();
  }

  /** Whether payloads of this opcode are looked at, now. */
  wants(opcode: number): boolean {
    if (opcode === Opcode.CLOSE) return this.#closeOpen;
    return this.#textOpen && (opcode === Opcode.TEXT || opcode === Opcode.CONTINUATION);
  }

  /** Checks the next piece of a payload; after a fault the rest of its text isn't looked at. */
  check(opcode: number, piece: PayloadPiece): PayloadFault | null {
    const fault = opcode === Opcode.CLOSE ? this.#checkClose(piece) : this.#checkText(piece);
    if (fault && opcode === Opcode.CLOSE) this.#closeOpen = false;
    else if (fault) this.#textOpen = false;
    return fault;
  }

  #checkText({ bytes, after, fin }: PayloadPiece): PayloadFault | null {
    const index = this.#text.check(bytes, fin ? after : Infinity);
    if (index < 0) return null;
    return { rule: "text-not-utf8", index, what: `text is not UTF-8 at ${hexByte(bytes[index])}` };
  }

  #checkClose({ bytes, before, after }: PayloadPiece): PayloadFault | null {
    const codeBytes = Math.min(Math.max(CODE_BYTES - before, 0), bytes.length);
    for (let index = 0; index < codeBytes; index++) {
      const what = this.#codeFault(before + index, bytes[index]);
      if (what) return { rule: "close-code-invalid", index, what };
    }
    const invalid = this.#reason.check(bytes.subarray(codeBytes), after);
    if (invalid < 0) return null;
    const index = codeBytes + invalid;
    const what = `Close reason is not UTF-8 at ${hexByte(bytes[index])}`;
    return { rule: "close-reason-not-utf8", index, what };
  }

  #codeFault(at: number, byte: number): string | null {
    if (at === 0) {
      this.#codeHigh = byte;
      return mayBeginCloseCode(byte) ? null : `no close code begins with ${hexByte(byte)}`;
    }
    const code = this.#codeHigh << 8 | byte;
    return isValidCloseCode(code) ? null : `close code is ${code}`;
  }
}
