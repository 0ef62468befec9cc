import { assert, assertEquals } from "@std/assert";
import {
  areaPath,
  gapSpans,
  linePath,
  slotAt,
  slotX,
  stemPath,
} from "../../components/chart/path.ts";
import { fullScale, scaleLabel } from "../../components/chart/scale.ts";
import { appendBucket, greatest, secondsUpTo, tableRows } from "../../components/chart/series.ts";
import { chartEnd, moveCursor, timeTicks } from "../../components/chart/time_axis.ts";
import { decades, logShare } from "../../components/overview/log_ruler.ts";
import { bucketAt } from "./records.ts";

const BOX = { left: 0, top: 0, width: 40, height: 100 };

Deno.test("a trace runs from edge to edge", () => {
  assertEquals(linePath([0, 5, 10], 10, BOX), "M0 100L20 50L40 0");
});

Deno.test("a gap in a trace stays a gap, and a lone value is a dot", () => {
  assertEquals(linePath([10, 10, null, 0, null], 10, BOX), "M0 0L10 0M30 100h0.01");
  assertEquals(areaPath([10, 10, null, 0, null], 10, BOX), "M0 100L0 0L10 0L10 100Z");
  assertEquals(gapSpans([10, 10, null, 0, null], BOX), [
    { x: 10, width: 20 },
    { x: 30, width: 10 },
  ]);
});

Deno.test("a trace without any value is empty, and all of it is a gap", () => {
  assertEquals(linePath([null, null], 10, BOX), "");
  assertEquals(gapSpans([null, null], BOX), [{ x: 0, width: 40 }]);
});

Deno.test("stems stand on the baseline", () => {
  assertEquals(stemPath([5, null, 20], 10, BOX), "M0 100V50M40 100V0");
});

Deno.test("a pointer finds the nearest slot, also outside the plot", () => {
  assertEquals([-50, 0, 14, 16, 500].map((x) => slotAt(x, 5, BOX)), [0, 0, 1, 2, 4]);
  assertEquals(slotX(4, 5, BOX), 40);
});

Deno.test("full scale is the next round number", () => {
  assertEquals([0, 3, 4, 4.1, 17, 260, 7_001].map((value) => fullScale(value, 4)), [
    4,
    4,
    4,
    5,
    20,
    300,
    8_000,
  ]);
  for (let value = 0.013; value < 1e7; value *= 1.7) assert(fullScale(value, 0.001) >= value);
});

Deno.test("scale labels are short", () => {
  assertEquals([0.5, 250, 9_000, 20_000, 1.5e6, 2e9].map(scaleLabel), [
    "0.5",
    "250",
    "9000",
    "20k",
    "1.5M",
    "2G",
  ]);
});

Deno.test("a bucket of a known second replaces it, an old one falls off", () => {
  const history = [bucketAt(100, 1), bucketAt(101, 2)];
  const replaced = appendBucket(history, bucketAt(101, 9));
  assertEquals(replaced.map((bucket) => bucket.messagesIn), [1, 9]);
  assertEquals(appendBucket(history, bucketAt(700, 3)).map((bucket) => bucket.second), [101, 700]);
  assertEquals(appendBucket(history, bucketAt(99, 0)).map((bucket) => bucket.second), [
    99,
    100,
    101,
  ]);
  assertEquals(history.length, 2);
});

Deno.test("seconds without a bucket are null", () => {
  const slots = secondsUpTo([bucketAt(98, 1), bucketAt(100, 3)], 101, 4);
  assertEquals(slots.map((bucket) => bucket?.messagesIn ?? null), [1, null, 3, null]);
});

Deno.test("the greatest value passes gaps over", () => {
  assertEquals([greatest([null, 3, 1]), greatest([null])], [3, 0]);
});

Deno.test("table rows are means, newest first, and a gap stays one", () => {
  assertEquals(tableRows([[2, 4, null, null]], 103, 2), [
    { second: 102, values: [null] },
    { second: 100, values: [3] },
  ]);
});

Deno.test("the chart ends with the newest bucket, or with the clock when data stands still", () => {
  assertEquals(chartEnd(100, 102_500), 100);
  assertEquals(chartEnd(100, 110_500), 109);
  assertEquals(chartEnd(undefined, 110_500), 109);
});

Deno.test("time labels say how long ago", () => {
  assertEquals(timeTicks(600, false).map((tick) => tick.label), [
    "−10 min",
    "−8 min",
    "−6 min",
    "−4 min",
    "−2 min",
    "now",
  ]);
  assertEquals(timeTicks(60, true).map((tick) => tick.label), ["−60 s", "−40 s", "−20 s", "now"]);
});

Deno.test("the cursor moves by slots, pages and to the ends", () => {
  assertEquals(moveCursor(null, "ArrowLeft", 60), 58);
  assertEquals(moveCursor(59, "ArrowRight", 60), 59);
  assertEquals(moveCursor(30, "PageDown", 60), 24);
  assertEquals(moveCursor(30, "Home", 60), 0);
  assertEquals(moveCursor(30, "Escape", 60), null);
  assertEquals(moveCursor(30, "Tab", 60), undefined);
});

Deno.test("a logarithmic ruler", () => {
  assertEquals([0, 1, 10, 100, 1_000].map((value) => logShare(value, 1, 100)), [0, 0, 0.5, 1, 1]);
  assertEquals(decades(1, 10).map((tick) => tick.value), [1, 2, 5, 10]);
});
