import { assert, assertEquals, assertMatch } from "@std/assert";
import { VERSION } from "@/protocol/mod.ts";
import { importsOf, ROOT } from "./sources.ts";

const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
const entries: string[] = Object.values<string>(config.exports).map((path) => path.slice(2));

Deno.test("the version is deno.json's", () => {
  assertEquals(VERSION, config.version);
  assertMatch(VERSION, /^\d+\.\d+\.\d+$/);
});

Deno.test("the package exports what its users were told", () => {
  assertEquals(Object.keys(config.exports).toSorted(), [
    ".",
    "./client",
    "./frames",
    "./protocol",
    "./server",
    "./tap",
    "./tap/cli",
  ]);
});

for (const entry of entries) {
  Deno.test(`${entry} is there and begins with what it is, and an example`, async () => {
    const text = await Deno.readTextFile(new URL(entry, ROOT));
    const doc = /^\/\*\*([^]*?)\*\//.exec(text)?.[1] ?? "";
    assertMatch(doc, /@module/);
    assertMatch(doc, /@example|```(ts|sh)/);
    assert(doc.split("\n")[1].length > 20, "a summary");
  });
}

Deno.test("everything that the exports reach is published, and nothing of a test", async () => {
  const included: string[] = config.publish.include;
  const isIncluded = (file: string) =>
    included.some((one) => file === one || (one.endsWith("/") && file.startsWith(one)));
  const seen = new Set<string>();
  const queue = [...entries];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    assert(isIncluded(file), `${file} is not published`);
    queue.push(...(await importsOf(file)).flatMap(({ target }) => target ?? []));
  }
  assert(seen.size > 50, `only ${seen.size} files were read`);
});

Deno.test("every package that the published code imports is one of deno.json's", async () => {
  const known = Object.keys(config.imports);
  const missing: string[] = [];
  for (const folder of ["frames", "protocol", "client", "server", "tap"]) {
    for await (const { name, isFile } of Deno.readDir(new URL(folder, ROOT))) {
      if (!isFile || !name.endsWith(".ts")) continue;
      for (const { specifier, target } of await importsOf(`${folder}/${name}`)) {
        const isKnown = known.some((one) => specifier === one || specifier.startsWith(`${one}/`));
        if (target === null && !isKnown) missing.push(`${folder}/${name}: ${specifier}`);
      }
    }
  }
  assertEquals(missing, []);
});
