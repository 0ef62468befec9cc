/**
 * Throughput through the tap (capture on) beside Debian's mitmproxy in reverse mode and a bare
 * relay: `deno run -A bench/tap_mitmproxy.ts`. mitmproxy: `apt-get install -y mitmproxy`.
 *
 * The relays take turns with the same client, server and frames. mitmproxy is slower by so much that
 * the others send the stream several times a turn, so that their turns can be measured: compared are
 * rates. Shown are medians over the rounds, and in brackets the lowest and the highest. mitmproxy
 * keeps every message; each kind of frame has one of its own.
 *
 * @module
 */
import { Mitmproxy, openWebSocket } from "./tap_peers.ts";
import { CountingServer, openThrough, send, STREAMS } from "./tap_traffic.ts";

const ROUNDS = 5;
/** How much of a stream mitmproxy gets a turn, in bytes. */
const TURN_BYTES = 1_000_000;
const MORE_FOR_OTHERS = 16;
const CASES = ["125 B binary", "1 KiB binary", "64 KiB binary"];

interface Stream {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly frames: number;
}

/** The first megabyte of each stream, whole frames only. */
function streams(): Stream[] {
  return CASES.map((name) => {
    const found = STREAMS.find(([other]) => other === name);
    if (!found) throw new Error(`There is no stream of ${name}`);
    const [, bytes] = found;
    const frameBytes = frameLength(bytes);
    const frames = Math.floor(TURN_BYTES / frameBytes);
    return { name, bytes: bytes.subarray(0, frames * frameBytes), frames };
  });
}

/** Length of the masked frame that a stream begins with. */
function frameLength(bytes: Uint8Array): number {
  const length7 = bytes[1] & 0x7f;
  return length7 < 126 ? 6 + length7 : 8 + (bytes[2] << 8 | bytes[3]);
}

/** Bytes a second through one relay. */
async function rate(conn: Deno.TcpConn, bytes: Uint8Array, times: number): Promise<number> {
  const began = performance.now();
  const arrived = server.more(bytes.length * times);
  for (let i = 0; i < times; i++) await send(conn, bytes);
  await arrived;
  return bytes.length * times / (performance.now() - began) * 1_000;
}

function summary(values: number[], digits: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  const shown = [sorted[sorted.length >> 1], sorted[0], sorted.at(-1) as number]
    .map((value) => value.toFixed(digits));
  return `${shown[0]} (${shown[1]} to ${shown[2]})`;
}

async function compare({ name, bytes, frames }: Stream): Promise<void> {
  await using mitmproxy = await Mitmproxy.start(server.port);
  using slow = await openWebSocket(mitmproxy.port);
  const rounds: { mitmproxy: number; tap: number; bare: number }[] = [];
  // The first round warms up.
  for (let round = 0; round <= ROUNDS; round++) {
    rounds.push({
      mitmproxy: await rate(slow, bytes, 1),
      tap: await rate(tap, bytes, MORE_FOR_OTHERS),
      bare: await rate(bare, bytes, MORE_FOR_OTHERS),
    });
  }
  const measured = rounds.slice(1);
  const messages = (kind: "mitmproxy" | "tap" | "bare") =>
    summary(measured.map((round) => round[kind] * frames / bytes.length), 0);
  const row = [
    name,
    messages("mitmproxy"),
    messages("tap"),
    messages("bare"),
    summary(measured.map((round) => round.tap / 1e6), 0),
    summary(measured.map((round) => round.tap / round.mitmproxy), 1),
    summary(measured.map((round) => round.tap / round.bare), 2),
  ];
  console.log(row.join(" | "));
}

console.log(`mitmproxy ${await Mitmproxy.version()}, Deno ${Deno.version.deno}`);
const server = new CountingServer();
const tap = await openThrough("tap", server.port);
const bare = await openThrough("bare", server.port);
console.log(
  "frames of | mitmproxy msg/s | tap msg/s | bare msg/s | tap MB/s | tap / mitmproxy | tap / bare",
);
for (const stream of streams()) await compare(stream);
// The relays' threads and the server listen until the end.
Deno.exit();
