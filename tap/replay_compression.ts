import {
  createDeflater,
  type DeflateAgreement,
  type DeflateDirection,
  type Deflater,
  encodeFrame,
} from "../frames/mod.ts";
import type { CaptureEvent, FrameEvent } from "../protocol/mod.ts";
import { concat } from "./byte_window.ts";
import { looseHead } from "./captures/head_text.ts";
import { deflateAgreement, deflateOffers } from "./deflate_agreement.ts";
import { FrameView } from "./frame_view.ts";

/** The most that a direction can use: what is taken for granted of a capture without heads. */
const ANY_DIRECTION: Required<DeflateDirection> = { contextTakeover: true, windowBits: 15 };

/** What a request and the response to it agreed on; `null` where one of them isn't known. */
export function agreementOf(
  request: Uint8Array | null,
  response: Uint8Array | null,
): DeflateAgreement | null {
  if (!request || !response) return null;
  return deflateAgreement(deflateOffers(fieldsOf(request)), fieldsOf(response));
}

function fieldsOf(head: Uint8Array): Parameters<typeof deflateOffers>[0] {
  const headers = looseHead(head).headers.map(({ name, value }) => [name, value] as const);
  return { headers };
}

/** What is written for a frame of the capture. */
export type Resent =
  | { readonly wire: Uint8Array }
  /** Nothing: a fragment of a message that goes as a whole with its last frame. */
  | { readonly wire: null }
  /** It can't be sent, for this reason. */
  | { readonly problem: string };

/**
 * Makes the bytes of a client's frames again. They go as they were, unless compressed ones can't be
 * understood so: the server agrees on less than it did then, or a payload was hidden when it was
 * captured. Then each compressed message is sent whole, as it was before it was compressed, and
 * compressed anew where the server agrees on that now.
 */
export class FrameResender {
  readonly #deflater: Deflater | null;
  readonly #anew: boolean;

  /**
   * Prepares to send.
   *
   * @param frames The client's frames of the capture.
   * @param then How the client compressed; `null` where that isn't known.
   * @param now How it may compress now; `null`: not at all.
   */
  constructor(
    frames: readonly FrameEvent[],
    then: Required<DeflateDirection> | null,
    now: Required<DeflateDirection> | null,
  ) {
    const hidden = frames.some(({ compressed }) => compressed?.hidden);
    this.#anew = hidden || !now || !includes(now, then ?? ANY_DIRECTION);
    this.#deflater = this.#anew && now ? createDeflater(now) : null;
  }

  /** What to write for the next frame. */
  resend(event: FrameEvent): Resent {
    if (!event.compressed || !this.#anew) return { wire: wholeWire(event) };
    const view = new FrameView(event);
    if (!view.fin) return { wire: null };
    const { inflated, problem, opcode } = event.compressed;
    if (!inflated || problem !== undefined || inflated.bytes.length < inflated.length) {
      const known = `${inflated?.bytes.length ?? 0} bytes of the message are known`;
      return { problem: `it can't be compressed anew: ${problem ?? "it is too long"}; ${known}` };
    }
    const payload = this.#deflater?.deflate(inflated.bytes) ?? inflated.bytes;
    const key = view.maskingKey ? { maskingKey: view.maskingKey } : {};
    return { wire: encodeFrame(payload, { opcode, rsv1: this.#deflater !== null, ...key }) };
  }
}

/** Whether what was compressed for `then` can be inflated by somebody who expects `now`. */
function includes(now: Required<DeflateDirection>, then: Required<DeflateDirection>): boolean {
  return (now.contextTakeover || !then.contextTakeover) && now.windowBits >= then.windowBits;
}

/** What wasn't kept of a payload is sent as zeros, so that the frames behind it are understood. */
function wholeWire(event: FrameEvent): Uint8Array {
  const missing = event.headerLength + event.length - event.wire.length;
  return missing > 0 ? concat([event.wire, new Uint8Array(missing)]) : event.wire;
}

/** Whether any frame belongs to a compressed message. */
export function hasCompressed(events: readonly CaptureEvent[]): boolean {
  return events.some((event) => event.type === "frame" && event.compressed !== undefined);
}
