import type { CaptureEvent } from "../../protocol/mod.ts";
import { type CaptureEncoder, captureEncoder, CaptureFileError } from "../../tap/mod.ts";
import { CommandFailure, reasonOf } from "./failure.ts";
import type { SaveOptions } from "./relay_flags.ts";
import type { Terminal } from "./terminal.ts";

/** Writes events to a capture file as they come. */
export class CaptureSaver {
  readonly #path: string;
  readonly #terminal: Pick<Terminal, "say">;
  readonly #encoder: CaptureEncoder;
  readonly #file: Deno.FsFile;
  #failed = false;

  /**
   * Opens the file: JSONL is appended to, anything else must not be there.
   *
   * @throws {CommandFailure} If it can't be written.
   */
  constructor({ path, format }: SaveOptions, terminal: Pick<Terminal, "say">) {
    this.#path = path;
    this.#terminal = terminal;
    this.#encoder = captureEncoder(format);
    this.#file = openFile(path, format === "jsonl");
    this.#writeSync(this.#encoder.begin());
  }

  /** Whether something could not be saved. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Takes the next events. */
  async write(events: readonly CaptureEvent[]): Promise<void> {
    if (this.#failed) return;
    try {
      for (const event of events) await writeAll(this.#file, this.#encoder.add(event));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Writes the file's end and closes it. */
  close(): void {
    try {
      this.#writeSync(this.#encoder.end());
    } catch (error) {
      this.#fail(error);
    }
    this.#file.close();
  }

  #writeSync(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) at += this.#file.writeSync(bytes.subarray(at));
  }

  /** What was saved so far stays; the relay goes on. */
  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    const what = error instanceof CaptureFileError ? error.message : reasonOf(error);
    this.#terminal.say(`Cannot save on to ${this.#path}: ${what}`);
  }
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

function openFile(path: string, append: boolean): Deno.FsFile {
  try {
    return Deno.openSync(
      path,
      append ? { append: true, create: true } : { write: true, createNew: true },
    );
  } catch (error) {
    const why = error instanceof Deno.errors.AlreadyExists
      ? "it is there already"
      : reasonOf(error);
    throw new CommandFailure(`Cannot save to ${path}: ${why}`);
  }
}
