import { assertEquals } from "@std/assert";
import type { ServerStats } from "@/server/mod.ts";
import { type CommandOptions, type RunningCommand, startCommand } from "../command.ts";
import { httpRequest } from "./http_request.ts";
import { within } from "./waiting.ts";

const PAGE_BYTES = 4_096;
/** The closing handshakes' 5 s, the tap's grace and the listener's 2 s. */
export const LONGEST_STOP_MS = 10_000;

/** The start command under test: what it takes of the machine, and that it ends by itself. */
export class Server implements AsyncDisposable {
  readonly #command: RunningCommand;
  #stopped: Promise<void> | undefined;

  private constructor(command: RunningCommand) {
    this.#command = command;
  }

  static async start(args: readonly string[] = [], options: CommandOptions = {}): Promise<Server> {
    return new Server(await within(15_000, startCommand(args, options), "the command to listen"));
  }

  get port(): number {
    return this.#command.port;
  }

  get pid(): number {
    return this.#command.pid;
  }

  get url(): string {
    return this.#command.socketUrl;
  }

  /** What it has printed so far. */
  get printed(): string {
    return this.#command.printed();
  }

  /** Resident memory, in bytes. */
  residentBytes(): number {
    const pages = Deno.readTextFileSync(`/proc/${this.pid}/statm`).split(" ")[1];
    return Number(pages) * PAGE_BYTES;
  }

  /** How many file descriptors it has open. */
  descriptors(): number {
    return [...Deno.readDirSync(`/proc/${this.pid}/fd`)].length;
  }

  /** What `/api/stats` says. */
  async stats(): Promise<ServerStats> {
    const { status, body } = await httpRequest(this.port, "GET /api/stats HTTP/1.1");
    assertEquals(status, 200);
    return JSON.parse(body);
  }

  /** Sends a signal without waiting; one that has ended doesn't mind. */
  signal(signal: Deno.Signal): void {
    try {
      Deno.kill(this.pid, signal);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Ends it with SIGTERM; fails unless it ends by itself, in bounded time, with code 0. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const ended = this.#command.stop();
    const status = await within(LONGEST_STOP_MS, ended, "the command to end").catch((error) => {
      this.signal("SIGKILL");
      throw error;
    });
    assertEquals([status.code, status.signal], [0, null], this.printed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
