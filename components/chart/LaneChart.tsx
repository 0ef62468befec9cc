import type { Signal } from "@preact/signals";
import { formatClock, type Reading } from "../format.ts";
import { Panel } from "../ui/Panel.tsx";
import { useWidth } from "../ui/use_width.ts";
import { ChartTable } from "./ChartTable.tsx";
import {
  areaPath,
  gapSpans,
  linePath,
  type PlotBox,
  slotAt,
  slotX,
  stemPath,
  valueY,
} from "./path.ts";
import { DIVISIONS, fullScale, scaleLabel } from "./scale.ts";
import { greatest } from "./series.ts";
import { moveCursor, timeDivisions, timeTicks } from "./time_axis.ts";

/** One channel of a chart. */
export interface Lane {
  /** Its number on the panel. */
  channel: "ch1" | "ch2" | "ch3" | "ch4";
  /** What it measures. */
  label: string;
  /** The unit of its scale. */
  unit: string;
  /** One value a second, oldest first; `null` is a gap. */
  values: readonly (number | null)[];
  /** The smallest full scale. */
  least: number;
  /** How a value is read out. */
  read: (value: number) => Reading;
  /**
   * Whether each value stands for itself: drawn as stems, and a missing one is a second without an
   * event, not a second without a measurement.
   */
  stems?: boolean;
}

/** What a chart shows. */
export interface LaneChartProps {
  /** Its id. */
  id: string;
  /** Its title. */
  title: string;
  /** The channels, from top to bottom. */
  lanes: readonly Lane[];
  /** One slot a second; `null` where nothing was measured. */
  slots: readonly unknown[];
  /** The last second drawn, in seconds since the Unix epoch. */
  end: number;
  /** The chosen second, shared by the charts of a page; `null` for the newest. */
  cursor: Signal<number | null>;
  /** Further switches. */
  tools?: preact.ComponentChildren;
}

const LANE_HEIGHT = 96;
const LANE_GAP = 18;
const TOP = 8;
const LEFT = 46;
const RIGHT = 10;
const AXIS = 22;
const TICKS_PER_DIVISION = 5;
const NARROW = 520;

/** Channels over time, like an oscilloscope: one lane each, one graticule, one cursor. */
export function LaneChart(props: LaneChartProps) {
  const { lanes, end, cursor } = props;
  const [frame, width] = useWidth<HTMLDivElement>(720);
  const count = lanes[0].values.length;
  const first = end - count + 1;
  const slot = cursor.value === null ? null : cursor.value - first;
  const chosen = slot === null || slot < 0 || slot >= count ? null : slot;
  const choose = (next: number | null) => cursor.value = next === null ? null : first + next;
  return (
    <Panel id={props.id} title={props.title} tools={props.tools} class="chart">
      <Readings lanes={lanes} slot={chosen} end={end} />
      <div
        ref={frame}
        class="chart-frame"
        role="slider"
        tabIndex={0}
        aria-label={`${props.title}: moment read out`}
        aria-valuemin={1 - count}
        aria-valuemax={0}
        aria-valuenow={(chosen ?? count - 1) - count + 1}
        aria-valuetext={readAloud(lanes, chosen ?? count - 1, end)}
        onPointerMove={(event) => choose(slotUnder(event, count, laneBox(0, width)))}
        onPointerLeave={() => choose(null)}
        onBlur={() => choose(null)}
        onKeyDown={(event) => {
          const next = moveCursor(chosen, event.key, count);
          if (next === undefined) return;
          event.preventDefault();
          choose(next);
        }}
      >
        <Drawing lanes={lanes} slots={props.slots} width={width} slot={chosen} />
      </div>
      <ChartTable lanes={lanes} end={end} />
    </Panel>
  );
}

function laneBox(index: number, width: number): PlotBox {
  return {
    left: LEFT,
    top: TOP + index * (LANE_HEIGHT + LANE_GAP),
    width: Math.max(1, width - LEFT - RIGHT),
    height: LANE_HEIGHT,
  };
}

/** What the drawing of a chart needs. */
interface DrawingProps {
  lanes: readonly Lane[];
  slots: readonly unknown[];
  width: number;
  slot: number | null;
}

function Drawing({ lanes, slots, width, slot }: DrawingProps) {
  const box = laneBox(0, width);
  const bottom = laneBox(lanes.length - 1, width).top + LANE_HEIGHT;
  const gaps = gapSpans(slots, box);
  return (
    <svg
      class="chart-svg"
      viewBox={`0 0 ${width} ${bottom + AXIS}`}
      height={bottom + AXIS}
      aria-hidden="true"
    >
      {lanes.map((lane, index) => (
        <LaneTrace
          key={lane.label}
          lane={lane}
          box={laneBox(index, width)}
          slot={slot}
          gaps={gaps}
        />
      ))}
      <TimeAxis seconds={slots.length} box={box} y={bottom} narrow={width < NARROW} />
      {slot !== null && (
        <path class="cursor-line" d={`M${slotX(slot, slots.length, box)} ${TOP}V${bottom}`} />
      )}
    </svg>
  );
}

/** The figures of the chosen moment, each in a fixed slot. */
function Readings(
  { lanes, slot, end }: { lanes: readonly Lane[]; slot: number | null; end: number },
) {
  const slots = lanes[0].values.length;
  return (
    <div class="chart-readings">
      {lanes.map((lane) => {
        const value = lane.values[slot ?? slots - 1];
        const reading = value === null ? { value: "–", unit: lane.unit } : lane.read(value);
        return (
          <span key={lane.label} class={`chart-reading ${lane.channel}`}>
            <span class="channel-tag">{lane.channel.toUpperCase()}</span>
            <span class="chart-label">{lane.label}</span>
            <span class="chart-value">{reading.value}</span>
            <span class="unit">{reading.unit}</span>
          </span>
        );
      })}
      <span class="chart-moment">{moment(slot, slots, end)}</span>
    </div>
  );
}

function moment(slot: number | null, slots: number, end: number): string {
  if (slot === null || end === 0) return "now";
  return formatClock((end - slots + 1 + slot) * 1000);
}

/** What one lane is drawn from. */
interface LaneTraceProps {
  lane: Lane;
  box: PlotBox;
  slot: number | null;
  gaps: readonly { x: number; width: number }[];
}

function LaneTrace({ lane, box, slot, gaps }: LaneTraceProps) {
  const scale = fullScale(greatest(lane.values), lane.least);
  const value = slot === null ? null : lane.values[slot];
  return (
    <g class={`lane ${lane.channel}`}>
      <Graticule box={box} divisions={timeDivisions(lane.values.length)} />
      {gaps.map((gap) => (
        <rect key={gap.x} class="gap" x={gap.x} y={box.top} width={gap.width} height={box.height} />
      ))}
      {lane.stems ? <path class="trace trace-stems" d={stemPath(lane.values, scale, box)} /> : (
        <>
          <path class="trace-area" d={areaPath(lane.values, scale, box)} />
          <path class="trace" d={linePath(lane.values, scale, box)} />
        </>
      )}
      <text class="scale" x={box.left - 7} y={box.top + 9} text-anchor="end">
        {scaleLabel(scale)}
      </text>
      <text class="scale" x={box.left - 7} y={box.top + box.height / 2 + 4} text-anchor="end">
        {scaleLabel(scale / 2)}
      </text>
      <text class="scale" x={box.left - 7} y={box.top + box.height} text-anchor="end">0</text>
      <text class="scale scale-unit" x={box.left - 7} y={box.top + 22} text-anchor="end">
        {lane.unit}
      </text>
      {slot !== null && value !== null && (
        <circle
          class="cursor-dot"
          cx={slotX(slot, lane.values.length, box)}
          cy={valueY(value, scale, box)}
          r="3.5"
        />
      )}
    </g>
  );
}

function Graticule({ box, divisions }: { box: PlotBox; divisions: number }) {
  const { left, top, width, height } = box;
  let lines = "";
  for (let division = 1; division < divisions; division++) {
    lines += `M${left + Math.round((width * division) / divisions)} ${top}v${height}`;
  }
  for (let division = 1; division < DIVISIONS; division++) {
    lines += `M${left} ${top + (height * division) / DIVISIONS}h${width}`;
  }
  return (
    <>
      <rect class="screen" x={left} y={top} width={width} height={height} />
      <path class="graticule" d={lines} />
      <path class="graticule-ticks" d={ticks(box, divisions * TICKS_PER_DIVISION)} />
    </>
  );
}

/** The fine ticks along the middle line, as on a tube's face. */
function ticks({ left, top, width, height }: PlotBox, count: number): string {
  const y = top + height / 2;
  let path = "";
  for (let tick = 0; tick <= count; tick++) {
    path += `M${left + Math.round((width * tick) / count)} ${y - 2}v4`;
  }
  return path;
}

function TimeAxis(
  { seconds, box, y, narrow }: { seconds: number; box: PlotBox; y: number; narrow: boolean },
) {
  return (
    <g class="time-axis">
      {timeTicks(seconds, narrow).map(({ share, label }) => (
        <text
          key={label}
          class="scale"
          x={box.left + share * box.width}
          y={y + 15}
          text-anchor={share === 1 ? "end" : share === 0 ? "start" : "middle"}
        >
          {label}
        </text>
      ))}
    </g>
  );
}

function slotUnder(event: PointerEvent & { currentTarget: Element }, slots: number, box: PlotBox) {
  return slotAt(event.clientX - event.currentTarget.getBoundingClientRect().left, slots, box);
}

function readAloud(lanes: readonly Lane[], slot: number, end: number): string {
  if (end === 0) return "no data yet";
  const slots = lanes[0].values.length;
  const values = lanes.map((lane) => {
    const value = lane.values[slot];
    if (value === null) return `${lane.label}: none`;
    const { value: digits, unit } = lane.read(value);
    return `${lane.label}: ${digits} ${unit}`;
  });
  return `${formatClock((end - slots + 1 + slot) * 1000)}, ${values.join(", ")}`;
}
