/**
 * Runs a task on the real packages of JSR instead of their stand-ins: `deno task jsr test`.
 *
 * Members of a workspace always win over the registry, so `deno.jsr.json` is deno.json without its
 * workspace. The task runs in a copy of the work tree in which that file takes deno.json's place:
 * every `deno` in it, those that tasks and tests start included, goes by the same configuration.
 * Without a task only `deno.jsr.json` is written.
 *
 * @module
 */

/** Where the other configuration is kept, next to deno.json, and what it has locked. */
const CONFIG = "deno.jsr.json";
const LOCK = "deno.jsr.lock";
const LEFT_OUT = [".cache", ".git", "_fresh", "coverage", "deno.lock", "node_modules", "stand-ins"];
const REGISTRY_TIMEOUT_MS = 10_000;

/** What `deno.jsr.json` must hold, given the text of deno.json. */
export function jsrConfigText(denoJson: string): string {
  const { workspace: _, ...config } = JSON.parse(denoJson);
  return JSON.stringify(config, null, 2) + "\n";
}

/** Why the registry can't be used, or null where it answers. */
async function unreachable(registry: string): Promise<string | null> {
  try {
    const signal = AbortSignal.timeout(REGISTRY_TIMEOUT_MS);
    const response = await fetch(new URL("/@fresh/core/meta.json", registry), { signal });
    await response.body?.cancel();
    return response.ok ? null : `it answers ${response.status}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function copyFolder(from: string, to: string, leftOut: string[] = []) {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory, isFile } of Deno.readDir(from)) {
    if (leftOut.includes(name)) continue;
    if (isDirectory) await copyFolder(`${from}/${name}`, `${to}/${name}`);
    if (isFile) await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

/** Copies a file; one that isn't there is passed over. */
async function copyIfThere(from: string, to: string) {
  await Deno.copyFile(from, to).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

async function runInCopy(task: string[]): Promise<number> {
  const copy = await Deno.makeTempDir({ prefix: "roomscope_jsr_" });
  try {
    await copyFolder(".", copy, LEFT_OUT);
    await Deno.copyFile(CONFIG, `${copy}/deno.json`);
    await copyIfThere(LOCK, `${copy}/deno.lock`);
    const command = new Deno.Command(Deno.execPath(), { args: ["task", ...task], cwd: copy });
    const { code } = await command.spawn().status;
    await copyIfThere(`${copy}/deno.lock`, LOCK);
    return code;
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
}

async function main(task: string[]): Promise<number> {
  await Deno.writeTextFile(CONFIG, jsrConfigText(await Deno.readTextFile("deno.json")));
  if (task.length === 0) return 0;
  const registry = Deno.env.get("JSR_URL") ?? "https://jsr.io";
  const reason = await unreachable(registry);
  if (reason === null) return await runInCopy(task);
  console.error(`Cannot run on the real packages: ${registry} can't be reached, ${reason}`);
  return 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
