import { parseArgs } from "node:util";

/** What a flag takes. */
export type FlagKind = "boolean" | "string" | "strings" | "integer";

/** A flag of a command. */
export interface FlagSpec {
  /** What it takes. */
  kind: FlagKind;
  /** What it takes, in the help text: `N`, `NAME`. */
  value?: string;
  /** One line of help. */
  help: string;
  /** What holds where it is left out. */
  fallback?: string | number;
  /** Smallest and largest integer. */
  range?: readonly [number, number];
  /** A second environment variable, besides `ROOMSCOPE_…`. */
  env?: string;
}

/** The values of flags, by name. */
export type FlagValues = Record<string, string | number | boolean | string[] | undefined>;

/** A flag or its value is wrong: told to the user, exit code 2. */
export class FlagError extends Error {
  /** Its name. */
  override name = "FlagError";
}

/**
 * Reads flags; what isn't on the command line comes from the environment, then from the fallback.
 *
 * @param specs The flags that there are.
 * @param args The command line.
 * @param env Looks an environment variable up.
 * @throws {FlagError} If a flag is unknown or a value can't be used.
 */
export function readFlags(
  specs: Readonly<Record<string, FlagSpec>>,
  args: readonly string[],
  env: (name: string) => string | undefined,
): FlagValues {
  const given = parse(specs, args);
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => {
      const raw = given[name] ?? fromEnvironment(name, spec, env);
      return [name, raw === undefined ? spec.fallback : convert(name, spec, raw)];
    }),
  );
}

/** The environment variable of a flag. */
export function variableName(flag: string): string {
  return `ROOMSCOPE_${flag.toUpperCase().replaceAll("-", "_")}`;
}

/** Formats the list of flags for `--help`. */
export function helpText(specs: Readonly<Record<string, FlagSpec>>): string {
  const rows = Object.entries(specs).map(([name, spec]): [string, string] => {
    const fallback = spec.fallback === undefined ? "" : ` [${spec.fallback}]`;
    return [`--${name}${spec.value === undefined ? "" : ` ${spec.value}`}`, spec.help + fallback];
  });
  const width = Math.max(...rows.map(([flag]) => flag.length)) + 2;
  return rows.map(([flag, help]) => `  ${flag.padEnd(width)}${help}`).join("\n");
}

type Given = Record<string, string | boolean | (string | boolean)[] | undefined>;

function parse(specs: Readonly<Record<string, FlagSpec>>, args: readonly string[]): Given {
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, { kind }]) => [name, {
      type: kind === "boolean" ? "boolean" as const : "string" as const,
      multiple: kind === "strings",
    }]),
  );
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (error) {
    throw new FlagError(error instanceof Error ? error.message.split(". ")[0] : String(error));
  }
}

function fromEnvironment(
  name: string,
  spec: FlagSpec,
  env: (name: string) => string | undefined,
): string | boolean | undefined {
  const value = env(variableName(name)) ?? (spec.env === undefined ? undefined : env(spec.env));
  if (value === undefined || value === "") return undefined;
  return spec.kind === "boolean" ? booleanOf(name, value) : value;
}

function booleanOf(name: string, value: string): boolean {
  if (["1", "true", "yes"].includes(value)) return true;
  if (["0", "false", "no"].includes(value)) return false;
  throw new FlagError(`Cannot use ${variableName(name)}: ${value} is neither true nor false`);
}

function convert(
  name: string,
  spec: FlagSpec,
  raw: Exclude<Given[string], undefined>,
): string | number | boolean | string[] {
  if (spec.kind === "integer") return integerOf(name, spec, String(raw));
  if (spec.kind === "strings") return Array.isArray(raw) ? raw.map(String) : String(raw).split(",");
  return Array.isArray(raw) ? String(raw.at(-1)) : raw;
}

function integerOf(name: string, { range }: FlagSpec, raw: string): number {
  const [least, most] = range ?? [0, Number.MAX_SAFE_INTEGER];
  const value = Number(raw);
  if (/^\d+$/.test(raw) && value >= least && value <= most) return value;
  throw new FlagError(
    `Cannot use --${name}: ${raw} is not a whole number from ${least} to ${most}`,
  );
}
