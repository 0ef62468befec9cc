/**
 * How many times as quick as npm `ws`'s Receiver our decoder is, and how near to memcpy:
 * `deno run -A bench/frames_ratios.ts`. The readers take turns, so that a machine that is busy
 * with something else slows all of them; shown are medians over the rounds.
 *
 * @module
 */
import { PAYLOADS, readersOf } from "./frames_readers.ts";

const WARM_UP_ROUNDS = 10;
const ROUNDS = 31;

function timed(run: () => void): number {
  const began = performance.now();
  run();
  return performance.now() - began;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

console.log("payload B | ns/frame | GB/s | times ws | part of memcpy's speed");
for (const payloadBytes of PAYLOADS) {
  const { frames, roomscope, ws, memcpy } = readersOf(payloadBytes);
  const times = Array.from({ length: WARM_UP_ROUNDS + ROUNDS }, () => ({
    ours: timed(roomscope),
    ws: timed(ws),
    memcpy: timed(memcpy),
  })).slice(WARM_UP_ROUNDS);
  const ours = median(times.map(({ ours }) => ours));
  const row = [
    payloadBytes,
    (ours * 1e6 / frames).toFixed(0),
    (frames * payloadBytes / ours / 1e6).toFixed(2),
    median(times.map(({ ours, ws }) => ws / ours)).toFixed(2),
    median(times.map(({ ours, memcpy }) => memcpy / ours)).toFixed(2),
  ];
  console.log(row.join(" | "));
}
