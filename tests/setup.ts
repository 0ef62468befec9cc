/**
 * What the tests need of the machine, installed where it is missing: Chromium, Python's
 * `websockets` and Prometheus's own parser of OpenMetrics, all from Debian.
 *
 * @module
 */

/** Where Debian puts Chromium. */
export const CHROMIUM = "/usr/bin/chromium";
/** Debian's Python; the first on the path may be another, without Debian's packages. */
export const PYTHON = "/usr/bin/python3";

/** Installs what is missing. */
export async function setUp(): Promise<void> {
  const missing = [
    ...(await succeeds(CHROMIUM, "--version") ? [] : ["chromium"]),
    ...(await succeeds(PYTHON, "-c", "import websockets") ? [] : ["python3-websockets"]),
    ...(await succeeds(PYTHON, "-c", "import prometheus_client.openmetrics.parser")
      ? []
      : ["python3-prometheus-client"]),
  ];
  if (missing.length === 0) return;
  console.log(`Installing ${missing.join(" and ")} …`);
  await aptGet("update", "-q");
  await aptGet("install", "-y", "-q", "--no-install-recommends", ...missing);
}

async function succeeds(command: string, ...args: string[]): Promise<boolean> {
  try {
    const { success } = await run(command, args);
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function aptGet(...args: string[]): Promise<void> {
  const root = Deno.uid() === 0;
  const command = root ? "apt-get" : "sudo";
  const { success, stderr } = await run(command, root ? args : ["apt-get", ...args]);
  if (success) return;
  throw new Error(`Cannot install what the tests need: ${new TextDecoder().decode(stderr)}`);
}

function run(command: string, args: string[]): Promise<Deno.CommandOutput> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  return new Deno.Command(command, { args, env, stdout: "piped", stderr: "piped" }).output();
}
