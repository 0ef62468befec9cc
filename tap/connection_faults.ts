import type { Conversation } from "./conversation.ts";
import { FaultLine } from "./fault_line.ts";
import { type FaultRule, rulesFor, seedFor } from "./faults.ts";
import { type FrameRun, framesIn, runOf } from "./frame_run.ts";

type Direction = "in" | "out";

/** What the faults of a connection work with. */
export interface ConnectionFaultsOptions {
  readonly rules: readonly FaultRule[];
  readonly seed: number;
  readonly conversation: Conversation;
  /** Writes to the server (`in`) or the client (`out`). */
  write(direction: Direction, bytes: Uint8Array): Promise<void>;
  /** Has the conversation read bytes. */
  read(direction: Direction, bytes: Uint8Array): void;
  /** Ends the connection. */
  cut(): void;
}

/** What is done to one connection on purpose, in both directions. */
export class ConnectionFaults {
  readonly #options: ConnectionFaultsOptions;
  #lines: Record<Direction, FaultLine> | null = null;

  constructor(options: ConnectionFaultsOptions) {
    this.#options = options;
  }

  /** Whether bytes have to take this way. */
  get any(): boolean {
    return this.#options.rules.length > 0;
  }

  /** The handshake begins: from here on the connection's number, and so its faults, are known. */
  draw(id: string): void {
    if (!this.any) return;
    this.stop();
    const { rules, seed, write, cut } = this.#options;
    const line = (direction: Direction) =>
      new FaultLine({
        rules: rulesFor(rules, id, direction),
        seed: seedFor(seed, id, direction),
        write: (bytes) => write(direction, bytes),
        cut,
      });
    this.#lines = { in: line("in"), out: line("out") };
  }

  /** Decides what is done to each frame; gives them on, and what it is. */
  judge(direction: Direction, run: FrameRun, give: (run: FrameRun, fault?: string) => void): void {
    const line = this.#lines?.[direction];
    if (!line) return give(run);
    for (const frame of framesIn(run)) give(runOf(frame, run.part), line.frame(frame));
  }

  /** Behind the handshake bytes take the way of faults; before it they pass. */
  async pass(direction: Direction, bytes: Uint8Array): Promise<void> {
    const { conversation, read, write } = this.#options;
    const before = conversation.framesOf(direction).position;
    // A client that sends frames before its 101 is a step ahead: those pass.
    const early = direction === "in" && conversation.phase !== "websocket";
    read(direction, bytes);
    const { position, readable } = conversation.framesOf(direction);
    const head = early ? bytes.length : bytes.length - (position - before);
    if (head > 0) await write(direction, bytes.subarray(0, head));
    if (head < bytes.length) {
      await this.#lines?.[direction].send(bytes.subarray(head), before, readable);
    }
  }

  /** Resolves when everything of a direction was written. */
  async drained(direction: Direction): Promise<void> {
    await this.#lines?.[direction].drained();
  }

  /** Gives up what waits. */
  stop(): void {
    this.#lines?.in.stop();
    this.#lines?.out.stop();
  }
}
