import { PYTHON } from "../setup.ts";

const SCRIPT = new URL("./python_client.py", import.meta.url).pathname;

type Message = Record<string, unknown> & { type: string };

/** Python's `websockets` in a process of its own. */
export class PythonClient implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #messages: Message[] = [];
  readonly #reading: Promise<void>;
  #wake: () => void = () => {};

  constructor(url: string) {
    const command = new Deno.Command(PYTHON, {
      args: [SCRIPT, url],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    });
    this.#child = command.spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#reading = this.#read();
  }

  async send(message: Message): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
  }

  /** The next message of a type; those before it are dropped. */
  async next(type: string): Promise<Message> {
    while (true) {
      const index = this.#messages.findIndex((message) => message.type === type);
      if (index >= 0) return this.#messages.splice(0, index + 1).at(-1)!;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Ends it as the system would: nothing of it can say goodbye. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      // It has ended already.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#end();
  }

  async #end(): Promise<void> {
    await this.#child.status;
    await this.#reading;
    await this.#input.abort().catch(() => {});
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      this.#messages.push(...lines.map((line) => JSON.parse(line)));
      this.#wake();
    }
  }
}
