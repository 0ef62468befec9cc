import {
  FIN_BIT,
  MASKING_KEY_BYTES,
  OPCODE_MASK,
  RSV1_BIT,
  RSV2_BIT,
  RSV3_BIT,
} from "../frames/header_layout.ts";
import { applyMask, isControl, Opcode } from "../frames/mod.ts";
import type { FrameEvent } from "../protocol/mod.ts";
import { maskingKeyIn } from "./wire_header.ts";

const NOTHING = new Uint8Array(0);

/** A captured frame with its header read; its payload is unmasked when somebody asks for it. */
export class FrameView {
  readonly event: FrameEvent;
  readonly fin: boolean;
  readonly rsv1: boolean;
  readonly rsv2: boolean;
  readonly rsv3: boolean;
  readonly opcode: number;
  readonly maskingKey: Uint8Array | null;
  #payload: Uint8Array | null = null;

  constructor(event: FrameEvent) {
    const [first] = event.wire;
    this.event = event;
    this.fin = (first & FIN_BIT) !== 0;
    this.rsv1 = (first & RSV1_BIT) !== 0;
    this.rsv2 = (first & RSV2_BIT) !== 0;
    this.rsv3 = (first & RSV3_BIT) !== 0;
    this.opcode = first & OPCODE_MASK;
    this.maskingKey = maskingKeyIn(event.wire.subarray(0, event.headerLength))?.slice(
      0,
      MASKING_KEY_BYTES,
    ) ?? null;
  }

  /** The unmasked payload, as far as it was kept. */
  get payload(): Uint8Array {
    if (this.#payload) return this.#payload;
    const { wire, headerLength } = this.event;
    this.#payload = wire.subarray(headerLength);
    if (this.maskingKey) {
      this.#payload = this.#payload.slice();
      applyMask(this.#payload, this.maskingKey);
    }
    return this.#payload;
  }

  /**
   * What somebody reads who looks for content: of a compressed message's last frame the inflated
   * message, of its other frames nothing, of any other frame the payload.
   */
  get content(): Uint8Array {
    const { compressed } = this.event;
    return compressed ? compressed.inflated?.bytes ?? NOTHING : this.payload;
  }

  /** Whether only a part of the payload was kept. */
  get truncated(): boolean {
    const { wire, headerLength, length } = this.event;
    return wire.length < headerLength + length;
  }

  /** Whether it begins or continues a message. */
  get isData(): boolean {
    return !isControl(this.opcode);
  }

  /** Whether it is one of several frames of a message. */
  get isFragment(): boolean {
    return this.isData && (!this.fin || this.opcode === Opcode.CONTINUATION);
  }
}
