/**
 * A process with some members of rooms that publish numbered messages and write down what they see:
 * each line of standard output is one of {@linkcode Line}. The run suspends and wakes the process.
 *
 * Commands on standard input, one a line: `quiet` ends publishing, `end` ends the process.
 *
 * @module
 */
import { RoomClient, RoomError } from "@/client/mod.ts";
import { seededRandom } from "@/tap/faults.ts";
import type { LogEntry } from "./log.ts";

/** A member: its name, where it connects, its rooms. */
export interface MemberPlan {
  name: string;
  url: string;
  rooms: string[];
}

/** What the process is told when it starts. */
export interface MembersPlan {
  members: MemberPlan[];
  seed: number;
  /** Mean time between two publishes of one member, in milliseconds. */
  publishEveryMs: number;
}

/** A line of standard output. */
export type Line =
  & { member: string }
  & ({ entry: LogEntry } | { now: "linked" | "settled" | "stopped" });

function print(line: Line): void {
  console.log(JSON.stringify(line));
}

class Member {
  readonly #plan: MemberPlan;
  readonly #client: RoomClient;
  readonly #random: () => number;
  #number = 0;
  #unsettled = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #quiet = false;

  constructor(plan: MemberPlan, seed: number) {
    this.#plan = plan;
    this.#random = seededRandom(seed);
    this.#client = new RoomClient(plan.url, {
      maxAttempts: Infinity,
      ...{ minDelayMs: 20, baseDelayMs: 50, maxDelayMs: 500, laterDelayMs: 50 },
      ...{ heartbeatMs: 1_000, pongTimeoutMs: 1_500, connectTimeoutMs: 2_000 },
    });
    this.#client.on("welcome", () => print({ member: plan.name, now: "linked" }));
    this.#client.on("room_joined", ({ room, epoch, seq, recovered, reason }) => {
      this.#log({ at: "joined", room, epoch, seq, ...{ recovered, reason } });
    });
    this.#client.on("room_message", ({ room, seq, content }) => {
      this.#log({ at: "got", room, seq, id: String(content) });
    });
    this.#client.state.subscribe(({ status }) => {
      if (status === "stopped") print({ member: plan.name, now: "stopped" });
    });
  }

  async start(publishEveryMs: number): Promise<void> {
    void this.#client.connect();
    await Promise.all(this.#plan.rooms.map((room) => this.#client.join(room)));
    this.#publishSoon(publishEveryMs);
  }

  quiet(): void {
    this.#quiet = true;
    clearTimeout(this.#timer);
    this.#tellIfSettled();
  }

  #publishSoon(everyMs: number): void {
    // Exponential gaps: bursts and pauses, as people make them.
    const wait = -Math.log(1 - this.#random()) * everyMs;
    this.#timer = setTimeout(() => {
      void this.#publish();
      if (!this.#quiet) this.#publishSoon(everyMs);
    }, wait);
  }

  async #publish(): Promise<void> {
    const { name, rooms } = this.#plan;
    const room = rooms[Math.floor(this.#random() * rooms.length)];
    const id = `${name}-${++this.#number}`;
    this.#log({ at: "published", room, id });
    this.#unsettled++;
    try {
      const { epoch, seq } = await this.#client.publish(room, id);
      this.#log({ at: "acked", room, id, epoch, seq });
    } catch (error) {
      const code = error instanceof RoomError ? error.code : String(error);
      this.#log({ at: "rejected", room, id, code });
    }
    this.#unsettled--;
    this.#tellIfSettled();
  }

  #tellIfSettled(): void {
    if (this.#quiet && this.#unsettled === 0) print({ member: this.#plan.name, now: "settled" });
  }

  #log(entry: LogEntry): void {
    print({ member: this.#plan.name, entry });
  }
}

async function main(): Promise<void> {
  const { members: plans, seed, publishEveryMs }: MembersPlan = JSON.parse(Deno.args[0]);
  const members = plans.map((plan, index) => new Member(plan, seed + index));
  for (const member of members) void member.start(publishEveryMs);
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    if (text.includes("quiet")) { for (const member of members) member.quiet(); }
    if (text.includes("end")) break;
  }
  Deno.exit(0);
}

if (import.meta.main) await main();
