import { useState } from "preact/hooks";
import { formatClock } from "../format.ts";
import type { Lane } from "./LaneChart.tsx";
import { tableRows } from "./series.ts";

const MOST_ROWS = 60;

/** The chart's data as a table, made only while it is open. */
export function ChartTable({ lanes, end }: { lanes: readonly Lane[]; end: number }) {
  const [open, setOpen] = useState(false);
  const step = Math.max(1, Math.ceil(lanes[0].values.length / MOST_ROWS));
  return (
    <details class="chart-data" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Data as a table</summary>
      {open && (
        <div class="chart-data-scroll" tabIndex={0} role="region" aria-label="Chart data">
          <table>
            <thead>
              <tr>
                <th scope="col">{step === 1 ? "Second" : `${step} s from`}</th>
                {lanes.map((lane) => (
                  <th key={lane.label} scope="col">
                    {lane.label} ({lane.unit}){step > 1 && ", mean"}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {tableRows(lanes.map((lane) => lane.values), end, step).map((row) => (
                <tr key={row.second}>
                  <th scope="row">{formatClock(row.second * 1000)}</th>
                  {row.values.map((value, index) => (
                    <td key={index}>{value === null ? "–" : String(Number(value.toFixed(2)))}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
