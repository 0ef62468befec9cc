import { type Frame, Opcode, parseClosePayload, ProtocolError } from "../frames/mod.ts";
import type { EndEvent, EndingParty } from "../protocol/mod.ts";

/** RFC 6455 §7.1.5: the code where no Close frame came. */
const NO_CLOSE_FRAME = 1006;
/** The code where a Close frame's payload can't be read. */
const PROTOCOL_ERROR = 1002;

/** How a connection ended, as far as its frames tell. */
export type Closing = Pick<EndEvent, "code" | "reason" | "clean" | "closedBy">;

/** Follows the closing handshake of one connection. */
export class ClosingWatch {
  #first: { by: EndingParty; code: number; reason: string } | null = null;
  #sentBy = new Set<EndingParty>();

  /** Sees a Close frame. */
  closed(by: EndingParty, { payload }: Frame): void {
    this.#sentBy.add(by);
    this.#first ??= { by, ...statusOf(payload) };
  }

  /** What is known at the end. */
  get closing(): Closing {
    const { by = null, code = NO_CLOSE_FRAME, reason = "" } = this.#first ?? {};
    return { code, reason, clean: this.#sentBy.size > 1, closedBy: by };
  }
}

/** Whether a frame is a Close frame. */
export function isClose({ opcode }: Frame): boolean {
  return opcode === Opcode.CLOSE;
}

function statusOf(payload: Uint8Array): { code: number; reason: string } {
  try {
    return parseClosePayload(payload);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { code: PROTOCOL_ERROR, reason: "" };
  }
}
