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
  /** What a string may be; anything where it is left out. */
  choices?: readonly string[];
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
  return valuesOf(specs, parse(specs, args).values, env);
}

/** A command line with more than flags. */
export interface Arguments {
  /** The flags. */
  flags: FlagValues;
  /** What isn't a flag, in its order. */
  operands: string[];
}

/**
 * Reads flags and operands, in any order; `--` ends the flags, `-` is an operand.
 *
 * @param specs The flags that there are.
 * @param args The command line.
 * @param env Looks an environment variable up.
 * @throws {FlagError} If a flag is unknown or a value can't be used.
 */
export function readArguments(
  specs: Readonly<Record<string, FlagSpec>>,
  args: readonly string[],
  env: (name: string) => string | undefined,
): Arguments {
  const { values, positionals } = parse(specs, args, true);
  return { flags: valuesOf(specs, values, env), operands: positionals };
}

function valuesOf(
  specs: Readonly<Record<string, FlagSpec>>,
  given: Record<string, Raw | undefined>,
  env: (name: string) => string | undefined,
): FlagValues {
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => {
      const raw = given[name];
      const found = raw === undefined
        ? fromEnvironment(name, spec, env)
        : { source: `--${name}`, raw };
      return [name, found === undefined ? spec.fallback : convert(found, spec)];
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

type Raw = string | boolean | (string | boolean)[];

/** What was given, and where, as messages name it. */
interface Found {
  source: string;
  raw: Raw;
}

function parse(
  specs: Readonly<Record<string, FlagSpec>>,
  args: readonly string[],
  allowPositionals = false,
): { values: Record<string, Raw | undefined>; positionals: string[] } {
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, { kind }]) => [name, {
      type: kind === "boolean" ? "boolean" as const : "string" as const,
      multiple: kind === "strings",
    }]),
  );
  try {
    return parseArgs({ args: [...args], options, allowPositionals });
  } catch (error) {
    throw new FlagError(firstSentence(error instanceof Error ? error.message : String(error)));
  }
}

/** What comes after it is advice for programmers. */
function firstSentence(text: string): string {
  return text.split(/\.\s/)[0];
}

function fromEnvironment(
  name: string,
  spec: FlagSpec,
  env: (name: string) => string | undefined,
): Found | undefined {
  for (const source of [variableName(name), ...(spec.env === undefined ? [] : [spec.env])]) {
    const raw = env(source);
    if (raw !== undefined && raw !== "") return { source, raw };
  }
}

function convert(found: Found, spec: FlagSpec): string | number | boolean | string[] {
  const { source, raw } = found;
  if (typeof raw === "boolean") return raw;
  if (Array.isArray(raw)) return raw.map(String);
  if (spec.kind === "boolean") return booleanOf(source, raw);
  if (spec.kind === "integer") return integerOf(source, spec, raw);
  if (spec.kind === "strings") return listOf(raw);
  return stringOf(source, spec, raw);
}

function stringOf(source: string, { choices }: FlagSpec, raw: string): string {
  if (raw === "") throw new FlagError(`Cannot use ${source}: it is empty`);
  if (choices === undefined || choices.includes(raw)) return raw;
  throw new FlagError(`Cannot use ${source}: it is not one of ${choices.join(", ")} but ${raw}`);
}

function booleanOf(source: string, raw: string): boolean {
  if (["1", "true", "yes"].includes(raw)) return true;
  if (["0", "false", "no"].includes(raw)) return false;
  throw new FlagError(`Cannot use ${source}: it is neither true nor false but ${raw}`);
}

function integerOf(source: string, { range }: FlagSpec, raw: string): number {
  const [least, most] = range ?? [0, Number.MAX_SAFE_INTEGER];
  const value = Number(raw);
  if (/^\d+$/.test(raw) && value >= least && value <= most) return value;
  throw new FlagError(
    `Cannot use ${source}: it is not a whole number from ${least} to ${most} but ${raw}`,
  );
}

/** An environment variable holds a list, with commas between. */
function listOf(raw: string): string[] {
  return raw.split(",").map((item) => item.trim()).filter((item) => item !== "");
}
