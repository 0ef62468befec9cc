import type { Histograms, Quantiles } from "../../protocol/monitor_records.ts";
import { formatBytes, formatCount, formatLatency, joinReading, type Reading } from "../format.ts";
import { Panel } from "../ui/Panel.tsx";
import { scaleLabel } from "../chart/scale.ts";
import { decades, logShare } from "./log_ruler.ts";

const EMPTY: Quantiles = { count: 0, p50: null, p95: null, p99: null };

const NAMES = ["p50", "p95", "p99"] as const;

/** Each quantile has a mark of its own shape; its tip stands on the ruler. */
const MARKS = {
  p50: "M0 14l-4.5 -9h9Z",
  p95: "M0 14l-4.5 -4.5 4.5 -4.5 4.5 4.5Z",
  p99: "M-1.5 14v-10h3v10Z",
} as const;

/** The three histograms: each as a ruler with its quantiles, and as figures. */
export function Percentiles({ histograms, own }: {
  histograms: Histograms | undefined;
  /** Whether it is our own server: no other has a fan-out that we know of. */
  own: boolean;
}) {
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
        {own && (
          <Ruler
            label="Fan-out"
            quantiles={histograms?.fanOutMs ?? EMPTY}
            from={0.01}
            to={10_000}
            read={formatLatency}
            mark={(value) => joinReading(formatLatency(value))}
          />
        )}
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

function Ruler(props: RulerProps) {
  const { label, quantiles, read } = props;
  return (
    <div class="ruler">
      <div class="ruler-head">
        <h3 class="engraved">{label}</h3>
        <span class="unit">{formatCount(quantiles.count)} samples</span>
      </div>
      <Scale {...props} />
      <dl class="ruler-figures">
        {NAMES.map((name) => (
          <div key={name}>
            <dt>
              <svg class="ruler-key" viewBox="-6 3 12 12" aria-hidden="true">
                <path class={`ruler-mark ruler-${name}`} d={MARKS[name]} />
              </svg>
              {name}
            </dt>
            <dd>{quantiles[name] === null ? "–" : joinReading(read(quantiles[name]))}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

/** The ruler itself: every power of ten, every second one labelled, and the marks above. */
function Scale({ quantiles, from, to, mark }: RulerProps) {
  const ticks = decades(from, to);
  const place = (value: number) => `${(logShare(value, from, to) * 100).toFixed(2)}%`;
  const labels = ticks.filter(({ major }) => major).map(({ value }) => value);
  return (
    <svg class="ruler-scale" aria-hidden="true">
      <line class="ruler-line" x1="0" x2="100%" y1="25.5" y2="25.5" />
      {ticks.map(({ value, major }) => (
        <line
          key={value}
          class={major ? "ruler-major" : "ruler-minor"}
          x1={place(value)}
          x2={place(value)}
          y1={major ? 17 : 21}
          y2="26"
        />
      ))}
      {labels.map((value, index) =>
        index % 2 === 0 && (
          <text
            key={value}
            class="scale"
            x={place(value)}
            y="38"
            text-anchor={index === 0 ? "start" : index === labels.length - 1 ? "end" : "middle"}
          >
            {mark(value)}
          </text>
        )
      )}
      {NAMES.map((name) =>
        quantiles[name] !== null && (
          <svg key={name} class="ruler-place" x={place(quantiles[name])}>
            <path class={`ruler-mark ruler-${name}`} d={MARKS[name]} />
          </svg>
        )
      )}
    </svg>
  );
}
