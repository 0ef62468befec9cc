import { Opcode } from "../frames/mod.ts";
import type { FrameEvent } from "../protocol/mod.ts";
import { concat } from "./byte_window.ts";
import { FrameView } from "./frame_view.ts";
import { hasCompressed } from "./replay_compression.ts";

/** What came back differently. */
export interface ReplayDifference {
  /** Number of the frame in the capture; `null` for one more than the capture has. */
  frame: number | null;
  /** What is different, for people. */
  message: string;
}

/** A frame, or a message that came in one or more of them, compressed or not. */
interface Answer {
  /** Number of its first frame. */
  readonly frame: number;
  readonly opcode: number;
  /** What tells it from another one besides: the first byte of a frame, the opcode of a message. */
  readonly kind: number;
  /** What was kept of its content. */
  readonly content: Uint8Array;
  /** Bytes of all its content. */
  readonly length: number;
  /** How people call it. */
  readonly name: string;
  /** Why its content isn't known to its end. */
  readonly problem: string | undefined;
}

/**
 * Compares what a server sent with what it sent then: data and Close frames in their order, pings and
 * pongs in theirs. Where either is compressed, whole messages are compared as they were before that:
 * how they are compressed and cut into frames is another matter each time.
 */
export function compareAnswers(
  then: readonly FrameEvent[],
  now: readonly FrameEvent[],
): ReplayDifference[] {
  const answersOf = hasCompressed(then) || hasCompressed(now) ? messagesOf : framesOf;
  return [isInOrder, isPingOrPong].flatMap((lane) =>
    compareLane(answersOf(then.filter(lane)), answersOf(now.filter(lane)))
  );
}

function compareLane(then: readonly Answer[], now: readonly Answer[]): ReplayDifference[] {
  const differences = then.flatMap((answer, i) => {
    const message = now[i] ? differenceOf(answer, now[i]) : `missing: ${answer.name}`;
    return message === null ? [] : [{ frame: answer.frame, message }];
  });
  const more = now.slice(then.length).map(({ name }) => `one more: ${name}`);
  return [...differences, ...more.map((message) => ({ frame: null, message }))];
}

function framesOf(events: readonly FrameEvent[]): Answer[] {
  return events.map((event) => frameAnswer(new FrameView(event)));
}

function frameAnswer({ event, opcode, fin, payload }: FrameView): Answer {
  const { frame, length, wire } = event;
  const end = fin ? "" : " without FIN";
  const name = `a frame of opcode 0x${opcode.toString(16)}${end}, ${length} bytes`;
  return { frame, opcode, kind: wire[0], content: payload, length, name, problem: undefined };
}

function messagesOf(events: readonly FrameEvent[]): Answer[] {
  const answers: Answer[] = [];
  let fragments: FrameView[] = [];
  for (const view of events.map((event) => new FrameView(event))) {
    if (!view.isData) {
      answers.push(frameAnswer(view));
      continue;
    }
    fragments.push(view);
    if (!view.fin) continue;
    answers.push(messageAnswer(fragments));
    fragments = [];
  }
  return [...answers, ...fragments.map(frameAnswer)];
}

function messageAnswer(frames: readonly FrameView[]): Answer {
  const [first] = frames;
  const last = frames[frames.length - 1];
  const { opcode } = first;
  const { compressed } = last.event;
  const content = compressed
    ? compressed.inflated?.bytes ?? new Uint8Array(0)
    : concat(frames.map(({ payload }) => payload));
  const length = compressed
    ? compressed.inflated?.length ?? 0
    : frames.reduce((sum, { event }) => sum + event.length, 0);
  return {
    ...{ frame: first.event.frame, opcode, kind: opcode, content, length },
    name: `a message of opcode 0x${opcode.toString(16)}, ${length} bytes`,
    problem: compressed?.problem,
  };
}

function isPingOrPong(event: FrameEvent): boolean {
  const { opcode } = new FrameView(event);
  return opcode === Opcode.PING || opcode === Opcode.PONG;
}

function isInOrder(event: FrameEvent): boolean {
  return !isPingOrPong(event);
}

/** How two answers differ, masks aside; `null` if they don't. */
function differenceOf(then: Answer, now: Answer): string | null {
  if (then.kind !== now.kind) return `${now.name} in place of ${then.name}`;
  const { problem = now.problem } = then;
  if (problem !== undefined) return `${then.name} can't be compared to its end: ${problem}`;
  if (then.length !== now.length) return `${now.length} bytes in place of ${then.length}`;
  const kept = Math.min(then.content.length, now.content.length);
  const place = then.content.subarray(0, kept).findIndex((byte, i) => byte !== now.content[i]);
  if (place < 0) return null;
  const hex = (byte: number) => byte.toString(16).padStart(2, "0");
  const [is, was] = [now.content[place], then.content[place]].map(hex);
  return `payload byte ${place} is ${is} in place of ${was}`;
}
