/**
 * How many times as quick as npm `ws`'s Receiver our decoder is, and as its Sender our encoder, and
 * how near both are to memcpy: `deno run -A bench/frames_ratios.ts`.
 *
 * Those compared take turns, so that a machine that is busy with something else slows all of them. A
 * run's ratio is the median over its turns; shown are the median of five runs and their range.
 *
 * @module
 */
import { PAYLOADS, readersOf } from "./frames_readers.ts";
import { writersOf } from "./frames_writers.ts";

const WARM_UP_TURNS = 10;
const TURNS = 11;
const RUNS = 5;

/** Who handles the same frames, each in one call. */
interface Rivals {
  readonly frames: number;
  readonly roomscope: () => void;
  readonly ws: () => void;
  readonly memcpy: () => void;
}

function timed(run: () => void): number {
  const began = performance.now();
  run();
  return performance.now() - began;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

function turns(count: number, { roomscope, ws, memcpy }: Rivals) {
  return Array.from({ length: count }, () => ({
    ours: timed(roomscope),
    ws: timed(ws),
    memcpy: timed(memcpy),
  }));
}

function table(title: string, rivalsOf: (payloadBytes: number) => Rivals): void {
  console.log(`\n${title}`);
  console.log("payload B | ns/frame | GB/s | times ws (range) | part of memcpy's speed");
  for (const payloadBytes of PAYLOADS) {
    const rivals = rivalsOf(payloadBytes);
    turns(WARM_UP_TURNS, rivals);
    const runs = Array.from({ length: RUNS }, () => turns(TURNS, rivals)).map((times) => ({
      ours: median(times.map(({ ours }) => ours)),
      timesWs: median(times.map(({ ours, ws }) => ws / ours)),
      ofMemcpy: median(times.map(({ ours, memcpy }) => memcpy / ours)),
    }));
    const ours = median(runs.map(({ ours }) => ours));
    const ratios = runs.map(({ timesWs }) => timesWs);
    const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
    const row = [
      payloadBytes,
      (ours * 1e6 / rivals.frames).toFixed(0),
      (rivals.frames * payloadBytes / ours / 1e6).toFixed(2),
      `${median(ratios).toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`,
      median(runs.map(({ ofMemcpy }) => ofMemcpy)).toFixed(2),
    ];
    console.log(row.join(" | "));
  }
}

table("decode masked frames", readersOf);
table("encode masked frames (a client's)", (bytes) => writersOf(bytes, "masked"));
table("encode unmasked frames (a server's), one array each", (bytes) => writersOf(bytes, "whole"));
table(
  "encode unmasked frames, the header apart as Sender does",
  (bytes) => writersOf(bytes, "apart"),
);
