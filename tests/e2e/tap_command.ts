/**
 * The tap command with its dashboard as a child process.
 *
 * @module
 */
const ROOT = new URL("../..", import.meta.url).pathname;

/** A running tap command. */
export interface RunningTap extends AsyncDisposable {
  /** Where clients connect; empty where it only shows a file. */
  socketUrl: string;
  /** Where the dashboard is. */
  url: string;
}

/** Runs the command, quiet and on free ports, until disposed. */
export async function startTap(args: readonly string[]): Promise<RunningTap> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "tap.ts", ...args, "--dashboard", "--dashboard-port", "0"],
    cwd: ROOT,
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let said = "";
  const ready = Promise.withResolvers<string>();
  const reading = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      said += text;
      const url = /^Dashboard: (\S+)$/m.exec(said)?.[1];
      if (url !== undefined) ready.resolve(url);
    }
    ready.reject(new Error(`The tap ended before it was ready:\n${said}`));
  })();
  const url = await ready.promise;
  return {
    url,
    socketUrl: /^Tap ready: (\S+)/m.exec(said)?.[1] ?? "",
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
      await reading;
    },
  };
}
