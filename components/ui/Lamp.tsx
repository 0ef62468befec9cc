import type { ComponentChildren } from "preact";
import { READY_STATE_NAMES } from "../../protocol/ready_state.ts";
import type { ConnectionRecord } from "../../protocol/monitor_records.ts";

/** A lamp's shape: each says the same as its colour. */
export type LampShape = "full" | "ring" | "half" | "square" | "cross" | "bars";

/** A lamp's colour. */
export type LampTone = "ok" | "wait" | "bad" | "off";

const SHAPES: Readonly<Record<LampShape, string>> = {
  full: "M6 1a5 5 0 1 1 0 10A5 5 0 1 1 6 1Z",
  ring: "M6 1a5 5 0 1 1 0 10A5 5 0 1 1 6 1Zm0 2.5a2.5 2.5 0 1 0 0 5a2.5 2.5 0 1 0 0-5Z",
  half: "M6 1a5 5 0 0 1 0 10ZM6 1v10M6 1a5 5 0 0 0 0 10",
  square: "M1.5 1.5h9v9h-9ZM3.5 3.5v5h5v-5Z",
  cross: "M2.5 1 6 4.5 9.5 1 11 2.5 7.5 6 11 9.5 9.5 11 6 7.5 2.5 11 1 9.5 4.5 6 1 2.5Z",
  bars: "M2 1h3v10H2ZM7 1h3v10H7Z",
};

/** A status lamp: shape, colour and word together. */
export function Lamp(
  { shape, tone, children }: { shape: LampShape; tone: LampTone; children?: ComponentChildren },
) {
  return (
    <span class={`lamp lamp-${tone}`}>
      <svg class={`lamp-shape shape-${shape}`} viewBox="0 0 12 12" aria-hidden="true">
        <path d={SHAPES[shape]} fill-rule="evenodd" />
      </svg>
      <span class="lamp-word">{children}</span>
    </span>
  );
}

const STATE_LAMPS: readonly (readonly [LampShape, LampTone])[] = [
  ["ring", "wait"],
  ["full", "ok"],
  ["half", "wait"],
  ["square", "off"],
];

/** The lamp of a connection's ready state; one that wasn't closed cleanly gets the cross. */
export function StateLamp({ record }: { record: Pick<ConnectionRecord, "state" | "close"> }) {
  const unclean = record.close !== null && !record.close.clean;
  const [shape, tone] = unclean ? ["cross", "bad"] as const : STATE_LAMPS[record.state];
  return <Lamp shape={shape} tone={tone}>{READY_STATE_NAMES[record.state]}</Lamp>;
}
