/**
 * The start command as a child process, for tests.
 *
 * @module
 */

const ROOT = new URL("..", import.meta.url).pathname;

/** A running start command. */
export interface RunningCommand extends AsyncDisposable {
  /** Where it listens. */
  port: number;
  /** Its process id. */
  pid: number;
  /** `http://localhost:PORT`. */
  url: string;
  /** `ws://localhost:PORT/ws`. */
  socketUrl: string;
  /** What it has printed to standard output and error so far. */
  printed(): string;
  /** Asks it to end, and resolves when it has. */
  stop(signal?: Deno.Signal): Promise<Deno.CommandStatus>;
}

/** How to run the command. */
export interface CommandOptions {
  /** Environment variables besides this process's own. */
  env?: Record<string, string>;
  /** Most file descriptors it may have; set by the shell. */
  descriptors?: number;
}

/** Builds the dashboard unless that has been done. */
export async function ensureBuilt(): Promise<void> {
  try {
    await Deno.stat(`${ROOT}_fresh/server.js`);
  } catch {
    const build = new Deno.Command(Deno.execPath(), { args: ["task", "build"], cwd: ROOT });
    const { success, stderr } = await build.output();
    if (!success) throw new Error(`Cannot build: ${new TextDecoder().decode(stderr)}`);
  }
}

/** Runs the command on a free port until disposed. */
export async function startCommand(
  args: readonly string[] = [],
  options: CommandOptions = {},
): Promise<RunningCommand> {
  await ensureBuilt();
  const child = spawn(["--port", "0", ...args], options);
  let printed = "";
  const ready = Promise.withResolvers<number>();
  const note = (text: string) => {
    printed += text;
    const port = /(?:Roomscope ready: |"event":"ready","url":")http:\/\/[^\s"]*:(\d+)/
      .exec(printed)?.[1];
    if (port !== undefined) ready.resolve(Number(port));
  };
  const reading = Promise.all([child.stdout, child.stderr].map((stream) => readAll(stream, note)));
  const ended = child.status.then(async (status) => {
    await reading;
    ready.reject(new Error(`Cannot start the command, it ended with ${status.code}:\n${printed}`));
    return status;
  });
  const port = await ready.promise;
  let stopping: Promise<Deno.CommandStatus> | undefined;
  const stop = (signal: Deno.Signal = "SIGTERM") => {
    if (stopping === undefined) {
      child.kill(signal);
      stopping = ended;
    }
    return stopping;
  };
  return {
    port,
    pid: child.pid,
    url: `http://localhost:${port}`,
    socketUrl: `ws://localhost:${port}/ws`,
    printed: () => printed,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}

function spawn(args: readonly string[], { env, descriptors }: CommandOptions): Deno.ChildProcess {
  const command = [Deno.execPath(), "run", "-A", "start.ts", ...args];
  const [program, ...rest] = descriptors === undefined
    ? command
    : ["/bin/sh", "-c", `ulimit -n ${descriptors}; exec "$@"`, "sh", ...command];
  return new Deno.Command(program, {
    args: rest,
    cwd: ROOT,
    stdout: "piped",
    stderr: "piped",
    ...(env === undefined ? {} : { env }),
  }).spawn();
}

async function readAll(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  note: (text: string) => void,
): Promise<void> {
  for await (const text of stream.pipeThrough(new TextDecoderStream())) note(text);
}
