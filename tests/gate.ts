/**
 * The whole gate: `deno task test`. Prints each check with its time, stops at the first that
 * doesn't hold, and says what it printed.
 *
 * @module
 */
import { setUp } from "./setup.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const COVERAGE = "coverage";
/** What users import; each file of it must appear in the coverage report. */
const MEASURED = ["frames", "protocol", "client", "server", "tap"];
const { exports } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
const ENTRIES = Object.values(exports as Record<string, string>);

/** A check: its name, what it runs, and the seconds it should stay under on two cores. */
interface Check {
  name: string;
  seconds: number;
  run: () => Promise<void>;
}

const test = (...args: string[]) =>
  deno("test", "-A", "--frozen", `--coverage=${COVERAGE}`, "--coverage-raw-data-only", ...args);

const CHECKS: Check[] = [
  { name: "fmt", seconds: 10, run: () => deno("fmt", "--check") },
  { name: "lint", seconds: 10, run: () => deno("lint") },
  { name: "types", seconds: 30, run: () => deno("check", "--frozen") },
  { name: "doc lint", seconds: 10, run: () => deno("doc", "--lint", ...ENTRIES) },
  {
    name: "publish dry run",
    seconds: 20,
    run: () => deno("publish", "--dry-run", "--allow-dirty"),
  },
  { name: "build", seconds: 10, run: () => deno("task", "build") },
  {
    name: "unit and protocol tests",
    seconds: 90,
    run: () =>
      test(
        ...["frames", "protocol", "client", "server", "components", "structure", "chaos"].map((
          dir,
        ) => `tests/${dir}`),
      ),
  },
  { name: "tap's tests", seconds: 60, run: () => test("tests/tap") },
  { name: "generated streams", seconds: 60, run: () => test("--parallel", "tests/streams") },
  { name: "stand-ins' tests", seconds: 60, run: () => test("tests/stand_ins") },
  { name: "doc examples", seconds: 30, run: () => test("--doc", "mod.ts", "tap.ts", ...MEASURED) },
  { name: "start command", seconds: 60, run: () => test("tests/cli") },
  { name: "what brings a Deno server down", seconds: 120, run: () => test("tests/facts") },
  { name: "browser and foreign clients", seconds: 150, run: () => test("tests/e2e") },
  { name: "coverage", seconds: 20, run: checkCoverage },
];

/** Runs deno in the project; what it prints is only shown when it fails. */
async function deno(...args: string[]): Promise<void> {
  await output(args);
}

async function output(args: string[]): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    stdout: "piped",
    stderr: "piped",
  });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  throw new Error(
    `deno ${args.join(" ")}\n${decoder.decode(stdout)}${decoder.decode(stderr)}`.trimEnd(),
  );
}

/** Thresholds are deno.json's; a file that no test has loaded fails as well. */
async function checkCoverage(): Promise<void> {
  const include = `--include=^file://${ROOT}(${MEASURED.join("|")})/`;
  const lcov = await output(["coverage", include, "--lcov", COVERAGE]);
  const seen = new Set([...lcov.matchAll(/^SF:(.*)$/gm)].map(([, path]) => path));
  const missing = (await sources()).filter((path) => !seen.has(path));
  if (missing.length > 0) throw new Error(`No test has loaded: ${missing.join(", ")}`);
  await deno("coverage", include, COVERAGE);
}

/** Files with something to run: types and pure re-exports have no coverage. */
async function sources(): Promise<string[]> {
  const paths: string[] = [];
  for (const dir of MEASURED) {
    for (const path of await filesBelow(`${ROOT}${dir}`)) {
      if (path.endsWith(".ts") && await hasCode(path)) paths.push(path);
    }
  }
  return paths;
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  const below = await Promise.all(entries.map(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    return isDirectory ? filesBelow(path) : [path];
  }));
  return below.flat();
}

async function hasCode(path: string): Promise<boolean> {
  const source = await Deno.readTextFile(path);
  return /^(export )?(default )?(async )?(function|class|const|let)\b/m.test(source);
}

async function main(): Promise<boolean> {
  await Deno.remove(`${ROOT}${COVERAGE}`, { recursive: true }).catch(() => {});
  await setUp();
  const started = performance.now();
  for (const check of CHECKS) {
    const began = performance.now();
    try {
      await check.run();
    } catch (error) {
      console.error(`✗ ${check.name}\n\n${error instanceof Error ? error.message : error}`);
      return false;
    }
    const took = (performance.now() - began) / 1_000;
    const late = took > check.seconds ? `, meant to take ${check.seconds} s` : "";
    console.log(`✓ ${check.name} (${took.toFixed(1)} s${late})`);
  }
  console.log(`All checks hold (${((performance.now() - started) / 1_000).toFixed(0)} s).`);
  return true;
}

Deno.exit(await main() ? 0 : 1);
