import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { FlagError, type FlagSpec, helpText, readFlags, variableName } from "@/cli/flags.ts";
import { START_FLAGS } from "@/cli/start_flags.ts";

const SPECS: Record<string, FlagSpec> = {
  "port": { kind: "integer", value: "N", help: "Port", fallback: 8000, range: [0, 9], env: "PORT" },
  "host": { kind: "string", value: "ADDRESS", help: "Host", fallback: "here" },
  "file": { kind: "string", value: "FILE", help: "File" },
  "origin": { kind: "strings", value: "URL", help: "Origin" },
  "no-tap": { kind: "boolean", help: "Without" },
  "big": { kind: "integer", value: "N", help: "Any number" },
};

function read(args: string[], env: Record<string, string> = {}, specs = SPECS) {
  return readFlags(specs, args, (name) => env[name]);
}

function messageOf(args: string[], env: Record<string, string> = {}): string {
  return assertThrows(() => read(args, env), FlagError).message;
}

Deno.test("without anything each flag has its fallback", () => {
  assertEquals(read([]), {
    "port": 8000,
    "host": "here",
    "file": undefined,
    "origin": undefined,
    "no-tap": undefined,
    "big": undefined,
  });
});

Deno.test("the command line, with = or without", () => {
  const { port, host, origin } = read([
    "--port=7",
    "--host",
    "there",
    "--origin",
    "a",
    "--origin=b",
  ]);
  assertEquals([port, host, origin], [7, "there", ["a", "b"]]);
});

Deno.test("of a flag given twice that isn't repeatable the last holds", () => {
  assertEquals(read(["--port", "1", "--port", "2"]).port, 2);
});

Deno.test("a value may hold commas and equals signs on the command line", () => {
  assertEquals(read(["--origin", "a,b=c"]).origin, ["a,b=c"]);
});

Deno.test("the environment: each flag has its variable, some a second one", () => {
  const env = { ROOMSCOPE_PORT: "3", ROOMSCOPE_HOST: "there", ROOMSCOPE_NO_TAP: "1" };
  const { port, host, "no-tap": noTap } = read([], env);
  assertEquals([port, host, noTap], [3, "there", true]);
  assertEquals(read([], { PORT: "4" }).port, 4);
});

Deno.test("precedence: command line, own variable, second variable, fallback", () => {
  const env = { ROOMSCOPE_PORT: "3", PORT: "4" };
  assertEquals(read(["--port", "2"], env).port, 2);
  assertEquals(read([], env).port, 3);
  assertEquals(read([], { PORT: "4" }).port, 4);
  assertEquals(read(["--port", "0"], env).port, 0, "0 is a value");
});

Deno.test("an empty variable is none", () => {
  const env = { ROOMSCOPE_PORT: "", PORT: "", ROOMSCOPE_ORIGIN: "", ROOMSCOPE_NO_TAP: "" };
  const { port, origin, "no-tap": noTap } = read([], env);
  assertEquals([port, origin, noTap], [8000, undefined, undefined]);
});

Deno.test("booleans: a flag is true, a variable says which", () => {
  assertEquals(read(["--no-tap"])["no-tap"], true);
  for (const [text, value] of [["1", true], ["true", true], ["yes", true]] as const) {
    assertEquals(read([], { ROOMSCOPE_NO_TAP: text })["no-tap"], value);
  }
  for (const text of ["0", "false", "no"]) {
    assertEquals(read([], { ROOMSCOPE_NO_TAP: text })["no-tap"], false);
  }
  assertEquals(read(["--no-tap"], { ROOMSCOPE_NO_TAP: "0" })["no-tap"], true);
});

Deno.test("lists: repeated on the command line, with commas in the environment", () => {
  assertEquals(read([], { ROOMSCOPE_ORIGIN: "a, b,,c " }).origin, ["a", "b", "c"]);
  assertEquals(read(["--origin", "x"], { ROOMSCOPE_ORIGIN: "a" }).origin, ["x"]);
});

Deno.test("integers: their whole range and nothing else", () => {
  for (const value of ["0", "9", "007"]) assertEquals(read(["--port", value]).port, Number(value));
  for (const value of ["10", "-1", "1.5", "1e0", "0x1", " 1", "abc", "", "٣", "1".repeat(400)]) {
    const message = messageOf([`--port=${value}`]);
    assertEquals(message, `Cannot use --port: it is not a whole number from 0 to 9 but ${value}`);
  }
  assertEquals(read(["--big", "9007199254740991"]).big, Number.MAX_SAFE_INTEGER);
  assertStringIncludes(messageOf(["--big", "9007199254740992"]), "not a whole number");
});

Deno.test("a wrong value is told with where it came from", () => {
  assertStringIncludes(messageOf([], { PORT: "abc" }), "Cannot use PORT: ");
  assertStringIncludes(messageOf([], { ROOMSCOPE_PORT: "abc" }), "Cannot use ROOMSCOPE_PORT: ");
  assertEquals(
    messageOf([], { ROOMSCOPE_NO_TAP: "maybe" }),
    "Cannot use ROOMSCOPE_NO_TAP: it is neither true nor false but maybe",
  );
  assertEquals(messageOf(["--file", ""]), "Cannot use --file: it is empty");
});

Deno.test("what the command line must not hold", () => {
  const bad: [string[], string][] = [
    [["--bogus"], "Unknown option '--bogus'"],
    [["--bogus=1"], "Unknown option '--bogus'"],
    [["-x"], "Unknown option '-x'"],
    [["--toString"], "Unknown option '--toString'"],
    [["stray"], "Unexpected argument 'stray'"],
    [["--port"], "Option '--port <value>' argument missing"],
    [["--host", "--no-tap"], "Option '--host' argument is ambiguous"],
    [["--no-tap=1"], "Option '--no-tap' does not take an argument"],
  ];
  for (const [args, message] of bad) assertEquals(messageOf(args), message, args.join(" "));
});

Deno.test("help has a line for each flag, with what it takes and its default", () => {
  const lines = helpText(START_FLAGS).split("\n");
  const flags = Object.entries(START_FLAGS);
  assertEquals(lines.length, flags.length);
  for (const [i, [name, { value, help, fallback }]] of flags.entries()) {
    assert(lines[i].startsWith(`  --${name}${value === undefined ? "" : ` ${value}`} `), lines[i]);
    assertStringIncludes(lines[i], help);
    if (fallback !== undefined) assert(lines[i].endsWith(` [${fallback}]`), lines[i]);
  }
});

Deno.test("the start command's flags: names of their own, fallbacks within their range", () => {
  const variables = Object.keys(START_FLAGS).map(variableName);
  assertEquals(new Set(variables).size, variables.length);
  assertEquals(variableName("rate-limit"), "ROOMSCOPE_RATE_LIMIT");
  for (const [name, spec] of Object.entries(START_FLAGS)) {
    if (spec.kind !== "integer" || spec.fallback === undefined) continue;
    assertEquals(read([`--${name}`, `${spec.fallback}`], {}, START_FLAGS)[name], spec.fallback);
    const most = spec.range?.[1] ?? Number.MAX_SAFE_INTEGER;
    assertEquals(read([`--${name}`, `${most}`], {}, START_FLAGS)[name], most);
    assertThrows(() => read([`--${name}=${most + 1}`], {}, START_FLAGS), FlagError, name);
    assertThrows(() => read([`--${name}=-1`], {}, START_FLAGS), FlagError, name);
  }
});
