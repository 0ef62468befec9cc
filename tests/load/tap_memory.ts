/**
 * Whether the tap's memory stays flat when ten times its ring has gone through it: `deno run -A
 * tests/load/tap_memory.ts`. Outside of the gate; ends with 1 where it isn't.
 *
 * A tap with the ring's defaults runs in a process of its own, and collects garbage before it tells
 * its memory. Small frames fill the ring by their count, middle and large ones by their bytes.
 *
 * What is alive (heap and buffers) after ten rings is compared with the first ring. Resident memory
 * first grows by what waits for the collector while a ring's frames replace another's, and by what
 * the allocator keeps: it is compared between ten rings and twenty, where a leak would show as well.
 *
 * @module
 */
import { openWebSocket } from "../../bench/tap_peers.ts";
import { CountingServer, send } from "../../bench/tap_traffic.ts";
import { encodeFrame, Opcode } from "@/frames/mod.ts";
import { DEFAULT_CAPTURE } from "@/tap/capture_ring.ts";
import { lines } from "./lines.ts";
import type { TapSample } from "./tap_process.ts";

const RINGS = 10;
const MORE_RINGS = 20;
const MOST_GROWTH = 0.1;
const MEBIBYTE = 1024 * 1024;
const PAYLOADS = [20, 4_096, 65_536];
const KEY = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);

/** The tap's process. */
class TapProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #questions: WritableStreamDefaultWriter<Uint8Array>;

  constructor(serverPort: number) {
    const file = new URL("tap_process.ts", import.meta.url).pathname;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--v8-flags=--expose-gc", file, `${serverPort}`],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#lines = lines(this.#child.stdout);
    this.#questions = this.#child.stdin.getWriter();
  }

  /** Where it listens. */
  async port(): Promise<number> {
    return Number(await this.#line());
  }

  async sample(): Promise<TapSample> {
    await this.#questions.write(new TextEncoder().encode("\n"));
    return JSON.parse(await this.#line());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#questions.close();
    await this.#child.status;
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("Cannot go on: the tap's process has ended");
    return value;
  }
}

/** A stream of as many frames as the ring holds, and a last one that pushes its oldest out. */
function ringful(payloadBytes: number): { bytes: Uint8Array; frames: number } {
  const payload = new Uint8Array(payloadBytes).map((_, i) => i);
  const frame = encodeFrame(payload, { opcode: Opcode.BINARY, maskingKey: KEY });
  const { maxFrames, maxBytes } = DEFAULT_CAPTURE;
  const frames = Math.min(maxFrames, Math.floor(maxBytes / frame.length)) + 1;
  const bytes = new Uint8Array(frames * frame.length);
  for (let i = 0; i < frames; i++) bytes.set(frame, i * frame.length);
  return { bytes, frames };
}

/** Every frame is counted, kept or discarded, and the ring is as full as it may be. */
function checkRing({ ring }: TapSample, frames: number): void {
  const { seen, kept, discarded, keptBytes } = ring;
  if (seen !== frames || kept + discarded !== seen) {
    throw new Error(`${frames} frames went through, the ring says ${JSON.stringify(ring)}`);
  }
  if (kept > DEFAULT_CAPTURE.maxFrames || keptBytes > DEFAULT_CAPTURE.maxBytes) {
    throw new Error(`The ring holds too much: ${JSON.stringify(ring)}`);
  }
}

async function measure(payloadBytes: number): Promise<boolean> {
  await using tap = new TapProcess(server.port);
  using conn = await openWebSocket(await tap.port());
  const { bytes, frames } = ringful(payloadBytes);
  const samples: TapSample[] = [];
  for (let ring = 1; ring <= MORE_RINGS; ring++) {
    const arrived = server.more(bytes.length);
    await send(conn, bytes);
    await arrived;
    const sample = await tap.sample();
    checkRing(sample, ring * frames);
    samples.push(sample);
  }
  const [first, tenth, last] = [1, RINGS, MORE_RINGS].map((ring) => samples[ring - 1]);
  const growths = [alive(tenth) / alive(first) - 1, last.rss / tenth.rss - 1];
  const [aliveGrowth, rssGrowth] = growths.map((growth) => `${(growth * 100).toFixed(1)} %`);
  const flat = growths.every((growth) => growth <= MOST_GROWTH);
  const row = [
    `${payloadBytes} B`,
    frames,
    `${mebibytes(alive(first))}, ${mebibytes(alive(tenth))}, ${mebibytes(alive(last))}`,
    aliveGrowth,
    `${mebibytes(first.rss)}, ${mebibytes(tenth.rss)}, ${mebibytes(last.rss)}`,
    rssGrowth,
    flat ? "flat" : "GROWS",
  ];
  console.log(row.join(" | "));
  return flat;
}

function alive({ heapUsed, external }: TapSample): number {
  return heapUsed + external;
}

function mebibytes(bytes: number): string {
  return (bytes / MEBIBYTE).toFixed(1);
}

const server = new CountingServer();
console.log(
  `MiB after 1, ${RINGS} and ${MORE_RINGS} rings\n` +
    `frames of | frames a ring | alive | 1 to ${RINGS} | resident | ${RINGS} to ${MORE_RINGS} |`,
);
let allFlat = true;
for (const payloadBytes of PAYLOADS) allFlat = await measure(payloadBytes) && allFlat;
Deno.exit(allFlat ? 0 : 1);
