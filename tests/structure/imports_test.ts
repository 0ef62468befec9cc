/**
 * Who may import whom, read from the sources.
 *
 * ```
 * frames ← protocol ← client
 *        ↖          ↖ server     tap         never each other
 * client, protocol, frames ← components, islands ← routes
 * ```
 *
 * `start.ts`, `dashboard.ts`, `tap.ts` and `dev.ts` wire the halves together. `cli/` is what the two commands
 * share, no half of its own: it takes the limits' defaults for `--help` from server and tap, and
 * the server's idea of loopback, so that both say the same.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { codeOf, type Import, importsIn, importsOf, sourcesIn } from "./sources.ts";

/** What the code of each folder or file may import at run time, besides itself. */
const MAY_IMPORT: Record<string, string[]> = {
  "frames": [],
  "protocol": ["frames"],
  "client": ["protocol"],
  "server": ["protocol", "frames"],
  "tap": ["protocol", "frames"],
  // The front panel around every page holds islands.
  "components": ["islands", "client", "protocol", "frames"],
  "islands": ["components", "client", "protocol", "frames"],
  "routes": ["islands", "components", "client", "protocol", "frames", "utils.ts"],
  "utils.ts": ["protocol"],
  "main.ts": ["components", "utils.ts"],
  "mod.ts": ["client", "protocol", "server", "frames", "tap"],
  "cli": ["server", "tap", "protocol", "frames"],
  "start.ts": ["cli", "server", "tap", "protocol", "frames", "utils.ts"],
  "dashboard.ts": ["cli", "server", "tap", "protocol", "frames", "utils.ts"],
  "tap.ts": ["cli", "tap", "protocol", "frames"],
  "dev.ts": ["main.ts", "start.ts", "cli"],
};

/** Types alone may come from further away: nothing of them is left at run time. */
const MAY_IMPORT_TYPES: Record<string, string[]> = {
  "cli": ["utils.ts"],
  "components": ["server", "tap", "utils.ts"],
  "islands": ["server", "tap", "utils.ts"],
  "routes": ["server", "tap"],
  "utils.ts": ["server", "tap"],
};

/** Packages that the published code may use; everything else is the application's. */
const PACKAGES: Record<string, string[]> = {
  "frames": ["@noble/hashes", "fflate", "pako"],
  "protocol": ["valibot"],
  "client": [],
  "server": ["@opentelemetry/api"],
  "tap": [],
};

/** Sockets, timers, clocks, logs and the platform: what a core without I/O does without. */
const IO = [
  "Deno",
  "process",
  "console",
  "fetch",
  "WebSocket",
  "setTimeout",
  "setInterval",
  "queueMicrotask",
  "performance",
  "Date",
  "localStorage",
  "document",
];

async function allImports(): Promise<Import[]> {
  const files = (await Promise.all(Object.keys(MAY_IMPORT).map(sourcesIn))).flat();
  return (await Promise.all(files.map(importsOf))).flat();
}

/** Why an import may not be, or `null`. */
function fault({ from, file, target, specifier, typeOnly }: Import): string | null {
  if (target === null) return packageFault(from, file, specifier);
  const to = target.split("/")[0];
  if (to === from || MAY_IMPORT[from].includes(to)) return null;
  if (typeOnly && MAY_IMPORT_TYPES[from]?.includes(to)) return null;
  return `${file} imports ${target}`;
}

function packageFault(from: string, file: string, specifier: string): string | null {
  const allowed = PACKAGES[from];
  if (allowed === undefined) return null;
  const isAllowed = allowed.some((name) => specifier === name || specifier.startsWith(`${name}/`));
  return isAllowed ? null : `${file} imports ${specifier}`;
}

Deno.test("imports go in the directions that the layout has", async () => {
  const faults = (await allImports()).map(fault).filter((one) => one !== null);
  assertEquals(faults, []);
});

Deno.test("every folder with a rule is there and was read", async () => {
  const imports = await allImports();
  // The tap's own command comes with a later issue.
  for (const entry of Object.keys(MAY_IMPORT).filter((one) => one !== "tap.ts")) {
    const files = await sourcesIn(entry);
    assert(files.length > 0, `${entry} has no sources`);
    if (entry !== "frames") assert(imports.some(({ from }) => from === entry), entry);
  }
});

for (const folder of ["frames", "protocol"]) {
  Deno.test(`${folder}/ has no I/O: it runs in a browser, and its tests need nothing`, async () => {
    const found: string[] = [];
    for (const file of await sourcesIn(folder)) {
      const code = (await codeOf(file)).replace(/"(?:[^"\\\n]|\\.)*"|`[^`]*`/g, '""');
      for (const name of IO) {
        if (new RegExp(`(?<![.\\w#"])${name}\\b(?!\\s*:)`).test(code)) {
          found.push(`${file}: ${name}`);
        }
      }
      for (const { specifier } of await importsOf(file)) {
        if (specifier.startsWith("node:")) found.push(`${file}: ${specifier}`);
      }
    }
    assertEquals(found, []);
  });
}

Deno.test("what runs in the browser uses nothing of Deno's", async () => {
  const found: string[] = [];
  for (const folder of ["islands", "components", "client"]) {
    for (const file of await sourcesIn(folder)) {
      const imports = await importsOf(file);
      if (/\bDeno\.\w/.test(await codeOf(file))) found.push(file);
      if (imports.some(({ specifier }) => specifier.startsWith("node:"))) found.push(file);
      // Fresh itself is for the server; islands have its runtime.
      if (imports.some((one) => one.specifier === "fresh" && !one.typeOnly)) found.push(file);
    }
  }
  assertEquals(found, []);
});

Deno.test("the reader of imports sees every form of them", () => {
  const code = [
    'import a from "./a.ts";',
    'import { b, type B } from "../protocol/b.ts";',
    'import type { C } from "../server/c.ts";',
    'import { type D, type E } from "@/server/d.ts";',
    'import {\n  f,\n} from "@/tap/f.ts";',
    'export * from "./g.ts";',
    'export type { H } from "./h.ts";',
    'export { type I } from "./i.ts";',
    'import "../server/j.ts";',
    'const k = await import("../server/k.ts");',
    'import * as v from "valibot";',
    'const text = "import nothing from here";',
  ].join("\n");
  const seen = importsIn("client/x.ts", code).map(({ target, specifier, typeOnly }) =>
    `${typeOnly ? "type " : ""}${target ?? specifier}`
  );
  assertEquals(seen.toSorted(), [
    "client/a.ts",
    "client/g.ts",
    "protocol/b.ts",
    "server/j.ts",
    "server/k.ts",
    "tap/f.ts",
    "type client/h.ts",
    "type client/i.ts",
    "type server/c.ts",
    "type server/d.ts",
    "valibot",
  ]);
});

Deno.test("an import in a wrong direction is found", () => {
  const faultsOf = (file: string, code: string) => importsIn(file, code).map(fault);
  assertEquals(faultsOf("server/x.ts", 'import { Tap } from "../tap/mod.ts";'), [
    "server/x.ts imports tap/mod.ts",
  ]);
  assertEquals(faultsOf("tap/x.ts", 'import type { A } from "@/server/mod.ts";'), [
    "tap/x.ts imports server/mod.ts",
  ]);
  assertEquals(faultsOf("islands/X.tsx", 'import { A } from "../server/stats.ts";'), [
    "islands/X.tsx imports server/stats.ts",
  ]);
  assertEquals(faultsOf("islands/X.tsx", 'import type { A } from "../server/stats.ts";'), [null]);
  assertEquals(faultsOf("client/x.ts", 'import * as v from "valibot";'), [
    "client/x.ts imports valibot",
  ]);
});
