import { Opcode } from "../frames/mod.ts";
import type { FrameView } from "./frame_view.ts";

/** The most pings of one side that wait for their pong; older ones are forgotten. */
const MOST_PENDING = 64;

/** What a frame has to do with frames before it. */
export interface FrameLink {
  /** Of a fragment: number of its message's first frame, and which fragment it is, from 1. */
  message?: { first: number; fragment: number };
  /** Of a pong: the ping that it answers, and after how many milliseconds. */
  answers?: { frame: number; milliseconds: number };
}

interface Side {
  message: { first: number; fragment: number } | null;
  pings: FrameView[];
}

/** Links the frames of one connection: fragments to their message, pongs to their ping. */
export class FrameLinks {
  readonly #in: Side = { message: null, pings: [] };
  readonly #out: Side = { message: null, pings: [] };

  /** Takes the next frame. */
  link(view: FrameView): FrameLink {
    const { direction } = view.event;
    const [own, other] = direction === "in" ? [this.#in, this.#out] : [this.#out, this.#in];
    if (view.opcode === Opcode.PING) return notePing(view, own);
    if (view.opcode === Opcode.PONG) return answerOf(view, other);
    return view.isData ? messageOf(view, own) : {};
  }

  /** Frames are missing here: what was begun before can't be told any more. */
  gap(): void {
    for (const side of [this.#in, this.#out]) {
      side.message = null;
      side.pings = [];
    }
  }
}

function messageOf({ event, fin, opcode, isFragment }: FrameView, side: Side): FrameLink {
  if (opcode !== Opcode.CONTINUATION) side.message = { first: event.frame, fragment: 0 };
  const { message } = side;
  if (!message || !isFragment) return {};
  message.fragment++;
  if (fin) side.message = null;
  return { message: { ...message } };
}

function notePing(view: FrameView, side: Side): FrameLink {
  side.pings.push(view);
  if (side.pings.length > MOST_PENDING) side.pings.shift();
  return {};
}

/** RFC 6455 §5.5.3: a pong may answer only the newest of several pings, so older ones go too. */
function answerOf(pong: FrameView, side: Side): FrameLink {
  const index = side.pings.findLastIndex((ping) => sameBytes(ping.payload, pong.payload));
  if (index < 0) return {};
  const { event } = side.pings[index];
  side.pings.splice(0, index + 1);
  return { answers: { frame: event.frame, milliseconds: pong.event.at - event.at } };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
