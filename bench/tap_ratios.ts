/**
 * Which part of a bare relay's throughput the tap has: `deno run -A bench/tap_ratios.ts`. The relays
 * take turns, so that a machine that is busy with something else slows all of them; shown are
 * medians over the rounds, and in brackets the lowest and the highest. "decoding" is the bare relay
 * with nothing but the decoder's frames made of each chunk. With an argument, only the streams whose
 * name has it: `tap_ratios.ts "64 KiB"`.
 *
 * @module
 */
import { CountingServer, openThrough, send, STREAMS } from "./tap_traffic.ts";

const WARM_UP_ROUNDS = 5;
const ROUNDS = 15;
const KINDS = ["bare", "decoding", "tap", "guard"] as const;
type Kind = typeof KINDS[number];

const server = new CountingServer();
const through = {} as Record<Kind, Deno.TcpConn>;
for (const kind of KINDS) through[kind] = await openThrough(kind, server.port);

async function timed(kind: Kind, bytes: Uint8Array): Promise<number> {
  const began = performance.now();
  const arrived = server.more(bytes.length);
  await send(through[kind], bytes);
  await arrived;
  return performance.now() - began;
}

async function round(bytes: Uint8Array): Promise<Record<Kind, number>> {
  const times = {} as Record<Kind, number>;
  for (const kind of KINDS) times[kind] = await timed(kind, bytes);
  return times;
}

function summary(values: number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, middle, high] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1) as number];
  return `${middle.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
}

console.log(`frames of | bare MB/s | ${KINDS.slice(1).join(" | ")}`);
const [wanted = ""] = Deno.args;
for (const [name, bytes] of STREAMS.filter(([name]) => name.includes(wanted))) {
  const rounds: Record<Kind, number>[] = [];
  for (let i = 0; i < WARM_UP_ROUNDS + ROUNDS; i++) rounds.push(await round(bytes));
  const times = rounds.slice(WARM_UP_ROUNDS);
  const ratios = KINDS.slice(1).map((kind) => summary(times.map((t) => t.bare / t[kind])));
  const rate = summary(times.map(({ bare }) => bytes.length / bare / 1_000));
  console.log([name, rate, ...ratios].join(" | "));
}
Deno.exit();
