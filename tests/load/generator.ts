/**
 * The clients of the load test, in a process of their own: npm's `ws`. Says `joined` on standard
 * output, waits for a line on standard input, publishes, says `published`, and prints what came of
 * it as JSON when there is another line.
 *
 * @module
 */
import { WebSocket } from "ws";
import { loadOptions } from "./options.ts";
import { quantiles } from "./quantiles.ts";
import { type Faults, type MemberLog, RoomLog } from "./room_log.ts";

/** What the generator found. */
export interface GeneratorReport extends Faults {
  published: number;
  acknowledged: number;
  delivered: number;
  refused: number;
  disconnected: number;
  /** Milliseconds from a `send` to each member's message event. */
  delivery: Record<"p50" | "p95" | "p99" | "max", number>;
  /** Milliseconds from a `send` to its `ack`. */
  ack: Record<"p50" | "p95" | "p99" | "max", number>;
  /** Publishes a second that were really sent. */
  rate: number;
  /** The longest delivery of each second, in milliseconds. */
  longest: number[];
}

const CONNECTING_AT_ONCE = 50;
const TICK_MS = 10;
/** How long what is under way may still take after the last publish. */
const SETTLE_MS = 10_000;

const [url, ...flags] = Deno.args;
const { clients, rooms, rate, seconds } = loadOptions(flags);
const logs = Array.from({ length: rooms }, () => new RoomLog());
const publishedIn = new Array<number>(rooms).fill(0);
const deliveries: number[] = [];
const acks: number[] = [];
const longest: number[] = [];
let began = 0;
let refused = 0;
let disconnected = 0;

/** One client, member of one room. */
class Client {
  readonly #socket: WebSocket;
  readonly #room: number;
  readonly #log: MemberLog;
  readonly #name: string;
  readonly #sentAt = new Map<string, number>();
  readonly joined = Promise.withResolvers<void>();
  #said = 0;

  constructor(index: number) {
    this.#room = index % rooms;
    this.#name = `c${index}`;
    this.#log = logs[this.#room].addMember();
    this.#socket = new WebSocket(url, { perMessageDeflate: false });
    this.#socket.on("message", (data) => this.#take(JSON.parse(String(data))));
    this.#socket.on("error", (error) => this.joined.reject(error));
    this.#socket.on("close", () => disconnected += 1);
  }

  publish(): void {
    const id = `${this.#name}:${++this.#said}`;
    const sentAt = performance.now();
    this.#sentAt.set(id, sentAt);
    publishedIn[this.#room] += 1;
    const content = { id, sentAt, text: "x".repeat(100) };
    const room = `room ${this.#room}`;
    this.#socket.send(JSON.stringify({ type: "room_message", room, content, id }));
  }

  close(): void {
    this.#socket.removeAllListeners("close");
    this.#socket.terminate();
  }

  #take(message: { type: string; [key: string]: unknown }): void {
    switch (message.type) {
      case "welcome":
        this.#socket.send(JSON.stringify({ type: "join_room", room: `room ${this.#room}` }));
        break;
      case "room_joined":
        this.joined.resolve();
        break;
      case "room_message":
        this.#hear(message as unknown as { seq: number; content: { id: string; sentAt: number } });
        break;
      case "ack":
        this.#settle(message as unknown as { id: string; seq: number });
        break;
      case "error":
        refused += 1;
    }
  }

  #hear({ seq, content }: { seq: number; content: { id: string; sentAt: number } }): void {
    const now = performance.now();
    const second = Math.floor((now - began) / 1_000);
    deliveries.push(now - content.sentAt);
    longest[second] = Math.max(longest[second] ?? 0, now - content.sentAt);
    this.#log.saw(seq, content.id);
  }

  #settle({ id, seq }: { id: string; seq: number }): void {
    acks.push(performance.now() - this.#sentAt.get(id)!);
    this.#sentAt.delete(id);
    this.#log.saw(seq, id);
  }
}

async function connectAll(): Promise<Client[]> {
  const all: Client[] = [];
  while (all.length < clients) {
    const count = Math.min(CONNECTING_AT_ONCE, clients - all.length);
    const wave = Array.from({ length: count }, (_, i) => new Client(all.length + i));
    await Promise.all(wave.map(({ joined }) => joined.promise));
    all.push(...wave);
  }
  return all;
}

/** Publishes at an even rate, whatever the timer does; returns the rate that was reached. */
async function publishAll(all: readonly Client[]): Promise<number> {
  const total = rate * seconds;
  began = performance.now();
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor((performance.now() - began) * rate / 1_000));
    for (; sent < due; sent++) all[sent % all.length].publish();
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  return total / (performance.now() - began) * 1_000;
}

async function settle(): Promise<void> {
  const end = performance.now() + SETTLE_MS;
  while (!logs.every((log, room) => log.isComplete(publishedIn[room]))) {
    if (performance.now() > end) return;
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
}

const all = await connectAll();
console.log("joined");
await Deno.stdin.read(new Uint8Array(1));
const reached = await publishAll(all);
await settle();
console.log("published");
await Deno.stdin.read(new Uint8Array(1));
const faults = logs.map((log, room) => log.faults(publishedIn[room]));
const sum = (key: keyof Faults) => faults.reduce((total, one) => total + one[key], 0);
const report: GeneratorReport = {
  published: publishedIn.reduce((a, b) => a + b, 0),
  acknowledged: acks.length,
  delivered: deliveries.length,
  refused,
  disconnected,
  lost: sum("lost"),
  duplicated: sum("duplicated"),
  reordered: sum("reordered"),
  different: sum("different"),
  delivery: quantiles(deliveries),
  ack: quantiles(acks),
  rate: reached,
  longest,
};
console.log(JSON.stringify(report));
for (const client of all) client.close();
