/** The rectangle that a trace is drawn in, in pixels. */
export interface PlotBox {
  /** Left edge. */
  left: number;
  /** Top edge. */
  top: number;
  /** Width. */
  width: number;
  /** Height. */
  height: number;
}

/** A stretch of neighbouring values without a gap. */
export interface Run<T> {
  /** Index of its first value. */
  start: number;
  /** Its values. */
  values: T[];
}

/** Cuts a series at its gaps. */
export function runsOf<T>(values: readonly (T | null)[]): Run<T>[] {
  const runs: Run<T>[] = [];
  let run: Run<T> | null = null;
  for (const [index, value] of values.entries()) {
    if (value === null) {
      run = null;
    } else if (run === null) {
      run = { start: index, values: [value] };
      runs.push(run);
    } else {
      run.values.push(value);
    }
  }
  return runs;
}

/** The x of a slot: the first at the left edge, the last at the right one. */
export function slotX(index: number, slots: number, box: PlotBox): number {
  return round(box.left + (index / Math.max(1, slots - 1)) * box.width);
}

/** The y of a value on a scale that begins at 0. */
export function valueY(value: number, scale: number, box: PlotBox): number {
  const share = Math.min(1, Math.max(0, value / scale));
  return round(box.top + (1 - share) * box.height);
}

/** The slot under a pointer. */
export function slotAt(x: number, slots: number, box: PlotBox): number {
  const share = (x - box.left) / box.width;
  return Math.min(slots - 1, Math.max(0, Math.round(share * (slots - 1))));
}

/** The trace as SVG path data: one subpath per run; a lone value becomes a dot. */
export function linePath(
  values: readonly (number | null)[],
  scale: number,
  box: PlotBox,
): string {
  return runsOf(values).map((run) => {
    const points = run.values.map((value, index) =>
      `${slotX(run.start + index, values.length, box)} ${valueY(value, scale, box)}`
    );
    // A subpath needs a length, or its round caps aren't drawn.
    return points.length === 1 ? `M${points[0]}h0.01` : `M${points.join("L")}`;
  }).join("");
}

/** The surface under the trace, closed along the baseline of each run. */
export function areaPath(
  values: readonly (number | null)[],
  scale: number,
  box: PlotBox,
): string {
  const base = round(box.top + box.height);
  return runsOf(values).filter((run) => run.values.length > 1).map((run) => {
    const points = run.values.map((value, index) =>
      `${slotX(run.start + index, values.length, box)} ${valueY(value, scale, box)}`
    );
    const first = slotX(run.start, values.length, box);
    const last = slotX(run.start + run.values.length - 1, values.length, box);
    return `M${first} ${base}L${points.join("L")}L${last} ${base}Z`;
  }).join("");
}

/** A stem from the baseline to each value. */
export function stemPath(
  values: readonly (number | null)[],
  scale: number,
  box: PlotBox,
): string {
  const base = round(box.top + box.height);
  let path = "";
  for (const [index, value] of values.entries()) {
    if (value === null) continue;
    path += `M${slotX(index, values.length, box)} ${base}V${valueY(value, scale, box)}`;
  }
  return path;
}

/** Where nothing was measured, as pairs of x: what is hatched. */
export function gapSpans(
  values: readonly unknown[],
  box: PlotBox,
): { x: number; width: number }[] {
  const spans: { x: number; width: number }[] = [];
  let end = 0;
  for (const run of [...runsOf(values), { start: values.length, values: [] }]) {
    if (run.start > end) {
      const x = slotX(Math.max(0, end - 1), values.length, box);
      const to = slotX(Math.min(values.length - 1, run.start), values.length, box);
      spans.push({ x, width: round(to - x) });
    }
    end = run.start + run.values.length;
  }
  return spans;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
