import type { Histograms, Quantiles } from "../../protocol/monitor_records.ts";
import { formatBytes, formatCount, formatLatency, joinReading, type Reading } from "../format.ts";
import { Panel } from "../ui/Panel.tsx";
import { scaleLabel } from "../chart/scale.ts";
import { decades, logShare } from "./log_ruler.ts";

const EMPTY: Quantiles = { count: 0, p50: null, p95: null, p99: null };

/** Each quantile has a mark of its own shape; its tip stands on the ruler. */
const MARKS = {
  p50: "M0 14l-4.5 -9h9Z",
  p95: "M0 14l-4.5 -4.5 4.5 -4.5 4.5 4.5Z",
  p99: "M-1.5 14v-10h3v10Z",
} as const;

/** The three histograms: each as a ruler with its quantiles, and as figures. */
export function Percentiles({ histograms }: { histograms: Histograms | undefined }) {
  return (
    <Panel id="percentiles" title="Percentiles" note="since the start">
      <div class="rulers">
        <Ruler
          label="Round trip"
          quantiles={histograms?.roundTripMs ?? EMPTY}
          from={0.01}
          to={10_000}
          read={formatLatency}
          mark={(value) => joinReading(formatLatency(value))}
        />
        <Ruler
          label="Fan-out"
          quantiles={histograms?.fanOutMs ?? EMPTY}
          from={0.01}
          to={10_000}
          read={formatLatency}
          mark={(value) => joinReading(formatLatency(value))}
        />
        <Ruler
          label="Message size"
          quantiles={histograms?.messageBytes ?? EMPTY}
          from={1}
          to={1_000_000}
          read={formatBytes}
          mark={(value) => `${scaleLabel(value)} B`}
        />
      </div>
    </Panel>
  );
}

/** What one ruler shows. */
interface RulerProps {
  label: string;
  quantiles: Quantiles;
  from: number;
  to: number;
  read: (value: number) => Reading;
  mark: (value: number) => string;
}

function Ruler({ label, quantiles, from, to, read, mark }: RulerProps) {
  const marks = [
    ["p50", quantiles.p50],
    ["p95", quantiles.p95],
    ["p99", quantiles.p99],
  ] as const;
  return (
    <div class="ruler">
      <div class="ruler-head">
        <h3 class="engraved">{label}</h3>
        <span class="unit">{formatCount(quantiles.count)} samples</span>
      </div>
      <svg class="ruler-scale" aria-hidden="true">
        <line class="ruler-line" x1="0" x2="100%" y1="25.5" y2="25.5" />
        {decades(from, to).map(({ value, major }) => (
          <line
            key={value}
            class={major ? "ruler-major" : "ruler-minor"}
            x1={percent(value, from, to)}
            x2={percent(value, from, to)}
            y1={major ? 17 : 21}
            y2="26"
          />
        ))}
        {decades(from, to).filter(({ major }) => major).map(({ value }, index, all) =>
          index % 2 === 0 && (
            <text
              key={value}
              class="scale"
              x={percent(value, from, to)}
              y="38"
              text-anchor={index === 0 ? "start" : index === all.length - 1 ? "end" : "middle"}
            >
              {mark(value)}
            </text>
          )
        )}
        {marks.map(([name, value]) =>
          value !== null && (
            <svg key={name} class="ruler-place" x={percent(value, from, to)}>
              <path class={`ruler-mark ruler-${name}`} d={MARKS[name]} />
            </svg>
          )
        )}
      </svg>
      <dl class="ruler-figures">
        {marks.map(([name, value]) => (
          <div key={name}>
            <dt>
              <svg class="ruler-key" viewBox="-6 3 12 12" aria-hidden="true">
                <path class={`ruler-mark ruler-${name}`} d={MARKS[name]} />
              </svg>
              {name}
            </dt>
            <dd>{value === null ? "–" : joinReading(read(value))}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function percent(value: number, from: number, to: number): string {
  return `${(logShare(value, from, to) * 100).toFixed(2)}%`;
}
