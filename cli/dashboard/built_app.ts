/** Answers requests for pages. */
export type Fetch = (
  request: Request,
  info: Deno.ServeHandlerInfo<Deno.NetAddr>,
) => Promise<Response>;

const ROOT = new URL("../../", import.meta.url);
const BUILT = new URL("_fresh/server.js", ROOT);
/** What a build is made of. */
const SOURCES = [
  "main.ts",
  "utils.ts",
  "routes",
  "islands",
  "components",
  "static",
  "client",
  "protocol",
  "frames",
];

/** What the build wrote; `null` before the first. Its name is computed: it may not be there. */
export async function builtApp(): Promise<Fetch | null> {
  if (await builtAt() === null) return null;
  const { default: { fetch } } = await import(BUILT.href);
  return fetch;
}

/** Whether the dashboard was built since its sources were last changed. */
export async function isBuilt(): Promise<boolean> {
  const built = await builtAt();
  if (built === null) return false;
  const changes = await Promise.all(SOURCES.map((name) => changedAt(new URL(name, ROOT))));
  return Math.max(...changes) <= built;
}

/** Builds the dashboard, as `deno task build` does; says what went wrong, or `null`. */
export async function build(): Promise<string | null> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "dev.ts", "build"],
    cwd: ROOT,
    stdout: "piped",
    stderr: "piped",
  });
  const { success, stderr } = await command.output();
  return success ? null : new TextDecoder().decode(stderr).trim();
}

async function builtAt(): Promise<number | null> {
  const info = await Deno.stat(BUILT).catch(() => null);
  return info?.mtime?.getTime() ?? null;
}

async function changedAt(url: URL): Promise<number> {
  const { isDirectory, mtime } = await Deno.stat(url);
  if (!isDirectory) return mtime?.getTime() ?? 0;
  const entries = await Array.fromAsync(Deno.readDir(url));
  const times = await Promise.all(
    entries.map(({ name }) => changedAt(new URL(name, `${url.href}/`))),
  );
  return Math.max(0, ...times);
}
