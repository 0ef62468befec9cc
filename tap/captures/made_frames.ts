import { encodeFrame, FrameDecoder } from "../../frames/mod.ts";
import { OPCODE_MASK } from "../../frames/header_layout.ts";
import type { FindingRecord, FrameEvent } from "../../protocol/mod.ts";

/** Client frames that are made of messages get this key: it leaves the payload readable. */
const CLEAR_KEY = new Uint8Array(4);

/** What a frame is made of. */
export interface MadeFrame {
  connection: string;
  frame: number;
  at: number;
  direction: "in" | "out";
  opcode: number;
  payload: Uint8Array;
}

/** A frame as an endpoint would have sent it, of a message whose bytes on the wire aren't known. */
export function madeFrame({ opcode, payload, ...place }: MadeFrame): FrameEvent {
  const maskingKey = place.direction === "in" ? CLEAR_KEY : undefined;
  const wire = encodeFrame(payload, {
    opcode,
    unchecked: true,
    ...(maskingKey === undefined ? {} : { maskingKey }),
  });
  const { length } = payload;
  return {
    ...{ type: "frame", ...place, wire, length, headerLength: wire.length - length },
    findings: findingsOf(wire, place.direction),
  };
}

function findingsOf(wire: Uint8Array, direction: "in" | "out"): FindingRecord[] {
  const sender = direction === "in" ? "client" : "server";
  const decoder = new FrameDecoder({
    ...{ sender, mode: "lenient", allowRsv1: true },
    ...{ maxFrameBytes: Infinity, maxMessageBytes: Infinity, maxKeptPayloadBytes: 0 },
    // A continuation is judged with its message, which isn't here.
    ...((wire[0] & OPCODE_MASK) === 0 ? { continues: 0x2 as const } : {}),
  });
  return [...decoder.decode(wire)].flatMap(({ findings }) => [...findings]);
}
