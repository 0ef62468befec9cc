/**
 * Whether a viewer that doesn't read costs anybody anything: `deno run -A
 * tests/load/stalled_viewer.ts`. Outside of the gate; ends with 1 where it does.
 *
 * Two members of a room of the real start command; one publishes, batch by batch, and waits for the
 * acks and for the other to have heard everything. In every second round somebody watches all that
 * the dashboard can show, and doesn't read its socket. Rounds take turns; the first pair warms up.
 *
 * @module
 */
import { MONITOR_TOPICS } from "@/protocol/mod.ts";
import { monitorCookie } from "../facts/monitor.ts";
import { RawClient } from "../facts/raw_client.ts";
import { Server } from "../facts/command.ts";

const ROUNDS = 5;
const BATCHES = 400;
const BATCH = 50;
const CONTENT = "x".repeat(900);
const MEBIBYTE = 1024 * 1024;
/** More than the rounds of one kind differ among themselves, on two shared cores. */
const MOST_DIFFERENCE = 0.1;

interface Round {
  messagesPerSecond: number;
  residentBytes: number;
}

/** Watches everything and reads nothing. */
async function stalledViewer(port: number): Promise<RawClient> {
  const viewer = await RawClient.open(port, {
    lines: [`Cookie: ${await monitorCookie(port)}`],
  });
  viewer.pause();
  await viewer.say({ type: "monitor_start", topics: [...MONITOR_TOPICS] });
  return viewer;
}

async function talk(ann: RawClient, bob: RawClient): Promise<void> {
  for (let batch = 0; batch < BATCHES; batch++) {
    for (let i = 0; i < BATCH; i++) {
      ann.say({ type: "room_message", room: "lobby", content: CONTENT, id: `${batch}.${i}` });
    }
    for (let i = 0; i < BATCH; i++) await Promise.all([ann.next("ack"), bob.next("room_message")]);
  }
}

async function round(viewers: number): Promise<Round> {
  const stalled: RawClient[] = [];
  for (let i = 0; i < viewers; i++) stalled.push(await stalledViewer(server.port));
  const began = performance.now();
  await talk(ann, bob);
  const seconds = (performance.now() - began) / 1_000;
  const residentBytes = server.residentBytes();
  for (const viewer of stalled) viewer[Symbol.dispose]();
  return { messagesPerSecond: BATCHES * BATCH / seconds, residentBytes };
}

function summary(values: number[]): { median: number; text: string } {
  const sorted = values.toSorted((a, b) => a - b);
  const median = sorted[sorted.length >> 1];
  const [least, most] = [sorted[0], sorted[sorted.length - 1]];
  return { median, text: `${median.toFixed(0)} (${least.toFixed(0)} to ${most.toFixed(0)})` };
}

await using server = await Server.start(["--rate-limit", "0"]);
using ann = await RawClient.join(server.port, "lobby");
using bob = await RawClient.join(server.port, "lobby");
const pairs: { without: Round; stalled: Round }[] = [];
for (let i = 0; i <= ROUNDS; i++) pairs.push({ without: await round(0), stalled: await round(1) });
const measured = pairs.slice(1);
const differences = (["messagesPerSecond", "residentBytes"] as const).map((figure) => {
  const [unit, name] = figure === "residentBytes" ? [MEBIBYTE, "MiB"] : [1, "messages/s"];
  const without = summary(measured.map((pair) => pair.without[figure] / unit));
  const stalled = summary(measured.map((pair) => pair.stalled[figure] / unit));
  const ratio = summary(measured.map(({ without, stalled }) => stalled[figure] / without[figure]))
    .median;
  console.log(
    `${name} | alone ${without.text} | stalled viewer ${stalled.text} | ratio ${ratio.toFixed(3)}`,
  );
  return figure === "residentBytes" ? ratio - 1 : 1 - ratio;
});
const harmless = differences.every((difference) => difference <= MOST_DIFFERENCE);
console.log(harmless ? "the stalled viewer changes nothing" : "THE STALLED VIEWER COSTS");
Deno.exitCode = harmless ? 0 : 1;
