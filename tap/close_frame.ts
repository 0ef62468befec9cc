import { closePayload, encodeFrame, isValidCloseCode, Opcode } from "../frames/mod.ts";
import type { CutReason } from "../protocol/mod.ts";

const LARGEST_REASON_BYTES = 123;
const NOTHING = new Uint8Array(0);

/** A server's Close frame; without code and reason where the code may not be sent. */
export function closeFrame({ code, reason }: CutReason): Uint8Array {
  const payload = isValidCloseCode(code) ? closePayload(code, closeReasonText(reason)) : NOTHING;
  return encodeFrame(payload, { opcode: Opcode.CLOSE });
}

/** As much of a text as fits into a Close frame. */
export function closeReasonText(text: string): string {
  const whole = text.toWellFormed();
  const { read } = new TextEncoder().encodeInto(whole, new Uint8Array(LARGEST_REASON_BYTES));
  return whole.slice(0, read);
}
