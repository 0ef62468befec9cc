/**
 * Rooms under chaos: members in several processes behind faulty links, a server that is killed and
 * started again, processes that are suspended; then what every member saw is judged.
 *
 * @module
 */
import { RoomClient } from "@/client/mod.ts";
import { parseFault, Tap } from "@/tap/mod.ts";
import { seededRandom } from "@/tap/faults.ts";
import { check, type Verdict } from "./checker.ts";
import type { LogEntry, MemberLog, RoomEnd } from "./log.ts";
import type { Line, MembersPlan } from "./members.ts";

/** A server that can be killed. */
export interface Victim {
  port: number;
  stop(signal: Deno.Signal): Promise<unknown>;
}

/** How a run goes. */
export interface ChaosOptions {
  /** Decides about everything: links' faults, kills, pauses, who publishes when. */
  seed: number;
  /** How long there is chaos, in seconds. */
  seconds: number;
  /** Starts the server on a port, 0: a free one. */
  start(port: number): Promise<Victim>;
  /** How many messages of a room the server keeps. */
  window: number;
  /** @default 20 */
  members?: number;
  /** @default 5 */
  rooms?: number;
  /** @default 4 */
  processes?: number;
  /** Mean time between two publishes of a member, in milliseconds. @default 250 */
  publishEveryMs?: number;
  /** Whether the server is killed now and then. @default true */
  kills?: boolean;
  /** Codes with which a publish may fail. @default none */
  mayReject?: readonly string[];
}

/** What came out, and what was done. */
export interface ChaosReport extends Verdict {
  kills: number;
  pauses: number;
  /** Links that members have had, of all of them. */
  links: number;
}

/** One of these holds for each connection of a member's link; frames are hit by chance. */
const FAULTS: readonly (readonly string[])[] = [
  ["dir=out chance=2% cut=half"],
  ["dir=in chance=4% cut=half"],
  ["dir=out chance=2% cut=rst", "dir=in latency=5ms±5ms"],
  ["dir=in chance=3% cut=fin", "dir=out slice=5"],
  ["dir=out after=20 chance=5% stall=4s"],
  ["dir=in after=20 chance=5% stall=4s", "dir=out latency=10ms±10ms"],
  ["dir=out after=15 cut=half", "dir=out bandwidth=20k"],
  ["dir=in after=1 chance=10% cut=rst"],
];

/** How long everything may take to come to rest behind the chaos. */
const REST_MS = 30_000;
const POLL_MS = 50;

/** Runs, and judges what was seen. */
export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  await using run = new ChaosRun(options);
  return await run.go();
}

class ChaosRun implements AsyncDisposable {
  readonly #options: Required<ChaosOptions>;
  readonly #random: () => number;
  readonly #logs = new Map<string, LogEntry[]>();
  readonly #settled = new Set<string>();
  readonly #stopped = new Set<string>();
  readonly #processes: MembersProcess[] = [];
  readonly #taps: Tap[] = [];
  #victim: Victim | null = null;
  #port = 0;
  #kills = 0;
  #pauses = 0;
  #links = 0;

  constructor(options: ChaosOptions) {
    this.#options = {
      ...{ members: 20, rooms: 5, processes: 4, publishEveryMs: 250, kills: true, mayReject: [] },
      ...options,
    };
    this.#random = seededRandom(options.seed);
  }

  async go(): Promise<ChaosReport> {
    await this.#startServer();
    this.#startMembers();
    await this.#until(() => this.#allJoined(), "every member to be in its rooms");
    const until = performance.now() + this.#options.seconds * 1_000;
    await Promise.all([this.#killNowAndThen(until), this.#pauseNowAndThen(until)]);
    for (const process of this.#processes) process.say("quiet");
    await this.#until(() => this.#allSettled(), "every publish to settle");
    const ends = await this.#ends();
    await this.#until(() => this.#allCaughtUp(ends), "every member to have everything")
      // Judged below, with what is missing.
      .catch(() => {});
    const { window, mayReject } = this.#options;
    const verdict = check(this.#memberLogs(), { window, ends, mayReject });
    for (const member of this.#stopped) verdict.broken.push(`${member} gave up`);
    return { ...verdict, kills: this.#kills, pauses: this.#pauses, links: this.#links };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.end()));
    await Promise.all(this.#taps.map((tap) => tap.close({ graceMs: 0 })));
    await this.#victim?.stop("SIGTERM");
  }

  async #startServer(): Promise<void> {
    this.#victim = await this.#options.start(this.#port);
    this.#port = this.#victim.port;
  }

  #startMembers(): void {
    const { members, processes, seed, publishEveryMs } = this.#options;
    const plans = Array.from({ length: members }, (_, index) => ({
      name: `m${index}`,
      url: `ws://127.0.0.1:${this.#link(index)}/ws`,
      rooms: this.#roomsOf(index),
    }));
    for (let index = 0; index < processes; index++) {
      const own = plans.filter((_, place) => place % processes === index);
      const plan = { members: own, seed: seed * 1_000 + index * members, publishEveryMs };
      this.#processes.push(new MembersProcess(plan, (line) => this.#note(line)));
    }
  }

  /** A link of a member's own, with faults. */
  #link(index: number): number {
    const tap = new Tap({
      target: { hostname: "127.0.0.1", port: this.#port },
      guard: false,
      seed: this.#options.seed + index,
      faults: FAULTS[index % FAULTS.length].map(parseFault),
      capture: { maxBytes: 1024 * 1024 },
    });
    this.#taps.push(tap);
    return tap.listen({ hostname: "127.0.0.1", port: 0 }).port;
  }

  /** Three rooms each, so that all rooms have members in all processes. */
  #roomsOf(index: number): string[] {
    const { rooms } = this.#options;
    return [0, 1, 2].map((step) => `room-${(index + step) % rooms}`);
  }

  #note(line: Line): void {
    const { member } = line;
    if ("entry" in line) this.#logOf(member).push(line.entry);
    else if (line.now === "linked") this.#links++;
    else if (line.now === "settled") this.#settled.add(member);
    else this.#stopped.add(member);
  }

  #logOf(member: string): LogEntry[] {
    const log = this.#logs.get(member) ?? [];
    this.#logs.set(member, log);
    return log;
  }

  async #killNowAndThen(until: number): Promise<void> {
    if (!this.#options.kills) return await sleep(until - performance.now());
    for (;;) {
      await sleep(Math.min(4_000 + this.#random() * 8_000, until - performance.now()));
      if (performance.now() >= until) return;
      await this.#victim?.stop("SIGKILL");
      this.#kills++;
      await sleep(this.#random() * 1_000);
      await this.#startServer();
    }
  }

  async #pauseNowAndThen(until: number): Promise<void> {
    while (performance.now() < until) {
      await sleep(Math.min(1_000 + this.#random() * 4_000, until - performance.now()));
      const process = this.#processes[Math.floor(this.#random() * this.#processes.length)];
      process.signal("SIGSTOP");
      this.#pauses++;
      await sleep(200 + this.#random() * 5_000);
      process.signal("SIGCONT");
    }
  }

  #allJoined(): boolean {
    return this.#everyMember((index, entries) =>
      this.#roomsOf(index).every((room) =>
        entries.some((entry) => entry.at === "joined" && entry.room === room)
      )
    );
  }

  #allSettled(): boolean {
    return this.#everyMember((index) => this.#settled.has(`m${index}`));
  }

  #allCaughtUp(ends: Record<string, RoomEnd>): boolean {
    return this.#everyMember((index, entries) =>
      this.#roomsOf(index).every((room) => lastSeq(entries, room) >= ends[room].seq)
    );
  }

  #everyMember(holds: (index: number, entries: LogEntry[]) => boolean): boolean {
    for (let index = 0; index < this.#options.members; index++) {
      if (!holds(index, this.#logOf(`m${index}`))) return false;
    }
    return true;
  }

  /** Where the rooms stand, seen over a link without faults. */
  async #ends(): Promise<Record<string, RoomEnd>> {
    await using client = new RoomClient(`ws://127.0.0.1:${this.#port}/ws`);
    await client.connect();
    const ends: Record<string, RoomEnd> = {};
    for (let index = 0; index < this.#options.rooms; index++) {
      const { room, epoch, seq } = await client.join(`room-${index}`);
      ends[room] = { epoch, seq };
    }
    return ends;
  }

  #memberLogs(): MemberLog[] {
    return Array.from(this.#logs, ([member, entries]) => ({ member, entries }));
  }

  async #until(holds: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + REST_MS;
    while (!holds()) {
      if (performance.now() > deadline) throw new Error(`Cannot wait longer for ${what}`);
      await sleep(POLL_MS);
    }
  }
}

/** The highest place that a member knows of, its own messages included. */
function lastSeq(entries: readonly LogEntry[], room: string): number {
  let last = 0;
  for (const entry of entries) {
    if (entry.room !== room || entry.at === "published" || entry.at === "rejected") continue;
    // What was missed before a return is still to come.
    if (entry.at === "joined" && entry.recovered === true) continue;
    last = Math.max(last, entry.seq);
  }
  return last;
}

class MembersProcess {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;

  constructor(plan: MembersPlan, note: (line: Line) => void) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", new URL("members.ts", import.meta.url).pathname, JSON.stringify(plan)],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#reading = readLines(this.#child.stdout, note);
  }

  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  say(word: string): void {
    void this.#input.write(new TextEncoder().encode(`${word}\n`));
  }

  async end(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await this.#reading;
    await this.#input.abort().catch(() => {});
  }
}

async function readLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  note: (line: Line) => void,
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) note(JSON.parse(line));
  }
}

async function sleep(ms: number): Promise<void> {
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
}
