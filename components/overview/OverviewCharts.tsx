import type { Signal } from "@preact/signals";
import { useMemo, useState } from "preact/hooks";
import type { Bucket } from "../../protocol/monitor_records.ts";
import { type Lane, LaneChart } from "../chart/LaneChart.tsx";
import { secondsUpTo, valuesOf } from "../chart/series.ts";
import { chartEnd } from "../chart/time_axis.ts";
import { formatBytes, formatCount, formatLatency, type Reading } from "../format.ts";
import { Segments } from "../ui/Segments.tsx";

/** How many seconds the charts show. */
export type ChartRange = "60" | "600";

type SecondChart = "load" | "bytes";

/** What the charts show. */
export interface OverviewChartsProps {
  /** One bucket a second, oldest first. */
  history: readonly Bucket[];
  /** The server's clock, in milliseconds since the Unix epoch. */
  serverNow: number;
  /** How many seconds are shown. */
  range: ChartRange;
  /** Called with another range. */
  onRange: (range: ChartRange) => void;
  /** Whether it is our own server: no other has a fan-out that we know of. */
  own: boolean;
  /** The moment that both charts read out. */
  cursor: Signal<number | null>;
}

const RANGES = [{ value: "60", label: "1 min" }, { value: "600", label: "10 min" }] as const;
const SECOND_CHARTS = [
  { value: "load", label: "Fan-out" },
  { value: "bytes", label: "Bytes" },
] as const;

/** The two charts of the overview: messages, and what they cost. */
export function OverviewCharts(props: OverviewChartsProps) {
  const { history, serverNow, range, onRange, cursor, own } = props;
  const [chosen, setSecond] = useState<SecondChart>("load");
  const second = own ? chosen : "bytes";
  const end = chartEnd(history.at(-1)?.second, serverNow);
  const slots = useMemo(() => secondsUpTo(history, end, Number(range)), [history, end, range]);
  const messages = useMemo(() => messageLanes(slots), [slots]);
  const costs = useMemo(() => second === "load" ? loadLanes(slots) : byteLanes(slots), [
    slots,
    second,
  ]);
  return (
    <div class="overview-charts">
      <LaneChart
        id="messages"
        title="Messages per second"
        lanes={messages}
        slots={slots}
        end={end}
        cursor={cursor}
        tools={
          <Segments
            name="range"
            legend="Time shown"
            options={RANGES}
            value={range}
            onChange={onRange}
          />
        }
      />
      <LaneChart
        id="costs"
        title={second === "load" ? "Fan-out and connections" : "Bytes per second"}
        lanes={costs}
        slots={slots}
        end={end}
        cursor={cursor}
        tools={own
          ? (
            <Segments
              name="second-chart"
              legend="What the second chart shows"
              options={SECOND_CHARTS}
              value={second}
              onChange={setSecond}
            />
          )
          : undefined}
      />
    </div>
  );
}

type Slots = readonly (Bucket | null)[];

function messageLanes(slots: Slots): Lane[] {
  const read = (value: number): Reading => ({ value: formatCount(value), unit: "/s" });
  return [
    {
      channel: "ch1",
      label: "Messages in",
      unit: "/s",
      values: valuesOf(slots, (bucket) => bucket.messagesIn),
      least: 4,
      read,
    },
    {
      channel: "ch2",
      label: "Messages out",
      unit: "/s",
      values: valuesOf(slots, (bucket) => bucket.messagesOut),
      least: 4,
      read,
    },
  ];
}

function loadLanes(slots: Slots): Lane[] {
  return [
    {
      channel: "ch3",
      label: "Slowest fan-out",
      unit: "ms",
      values: valuesOf(slots, (bucket) => bucket.fanOutMs),
      least: 0.1,
      read: formatLatency,
      stems: true,
    },
    {
      channel: "ch4",
      label: "Open connections",
      unit: "",
      values: valuesOf(slots, (bucket) => bucket.active),
      least: 4,
      read: (value) => ({ value: formatCount(value), unit: "" }),
    },
  ];
}

function byteLanes(slots: Slots): Lane[] {
  const read = (value: number): Reading => {
    const { value: digits, unit } = formatBytes(value);
    return { value: digits, unit: `${unit}/s` };
  };
  return [
    {
      channel: "ch3",
      label: "Bytes in",
      unit: "B/s",
      values: valuesOf(slots, (bucket) => bucket.bytesIn),
      least: 100,
      read,
    },
    {
      channel: "ch4",
      label: "Bytes out",
      unit: "B/s",
      values: valuesOf(slots, (bucket) => bucket.bytesOut),
      least: 100,
      read,
    },
  ];
}
