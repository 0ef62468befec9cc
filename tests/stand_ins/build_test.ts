import { App, staticFiles } from "fresh";
import { Builder } from "fresh/dev";
import { asset, assetSrcSet, IS_BROWSER } from "fresh/runtime";
import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { answer, ask, FIXTURE, type Handler, textOf } from "./support.ts";

const outDir = await Deno.makeTempDir({ prefix: "fresh_build_" });
addEventListener("unload", () => Deno.removeSync(outDir, { recursive: true }));
await new Builder({ root: FIXTURE, outDir }).build();
const built = await import(pathToFileURL(join(outDir, "server.js")).href);
const handler: Handler = built.default.fetch;

// The real compiler lives on, so all builds are made before the first test.
const unkept = await Promise.all((["production", "development"] as const).map(async (mode) => {
  const app = new App({ mode }).use(staticFiles());
  (await new Builder({ root: FIXTURE }).build({ snapshot: "memory", mode }))(app);
  return app.handler();
}));

const FOR_GOOD = "public, max-age=31536000, immutable";

async function buildScripts(): Promise<string[]> {
  const { text } = await answer(handler, "/islands");
  return [...new Set(text.match(/\/_fresh\/js\/[^"]+\.js/g))];
}

Deno.test("a build serves pages, files and islands by its server.js", async () => {
  assertStringIncludes((await answer(handler, "/")).text, "<h1>Home</h1>");
  assertEquals(textOf((await answer(handler, "/rooms/1")).text, "badge"), "1");
  assertStringIncludes((await answer(handler, "/logo.svg")).text, "<svg");
});

Deno.test("bundled modules are kept for good, and are complete", async () => {
  const queue = await buildScripts();
  const seen = new Set(queue);
  assert(queue.length >= 2);
  for (const script of queue) {
    const { status, text, headers } = await answer(handler, script);
    assertEquals([status, headers.get("cache-control")], [200, FOR_GOOD], script);
    for (const [, name] of text.matchAll(/(?:from|import)\s*"([^"]+)"/g)) {
      assertMatch(name, /^\.\//);
      const path = new URL(name, `http://localhost${script}`).pathname;
      if (!seen.has(path)) queue.push(path);
      seen.add(path);
    }
  }
  assert(seen.size > 2);
});

Deno.test("the bundle holds the modules behind the import map, minified, and nothing of the server", async () => {
  const files: string[] = [];
  for await (const name of bundled(join(outDir, "static"))) {
    files.push(await Deno.readTextFile(name));
  }
  const all = files.join("\n");
  assertStringIncludes(all, "data-browser");
  assertFalse(all.includes("Deno.serve") || all.includes("node:"));
  assertFalse(/\n {2,}(const|return) /.test(all));
  assert(files.length > 3);
});

async function* bundled(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* bundled(path);
    else if (entry.name.endsWith(".js")) yield path;
  }
}

Deno.test("island modules run outside of a browser too, with their exports", async () => {
  const scripts = (await buildScripts()).filter((path) => path.includes("Counter"));
  assertEquals(scripts.length, 1);
  const module = await import(pathToFileURL(join(outDir, "static", scripts[0])).href);
  assertEquals(typeof module.default, "function");
  assertEquals(typeof module.Twin, "function");
});

Deno.test("a static file has an entity tag, and is not sent again to one who has it", async () => {
  const first = await answer(handler, "/logo.svg");
  const tag = first.headers.get("etag")!;
  assertMatch(tag, /^W\/"[0-9a-f]+"$/);
  assertEquals(first.headers.get("content-type"), "image/svg+xml");
  assertEquals(first.headers.get("vary"), "If-None-Match");
  assertEquals(first.headers.get("content-length"), String(first.text.length));
  assertStringIncludes(first.headers.get("cache-control")!, "no-store");
  const again = await answer(handler, "/logo.svg", { headers: { "if-none-match": tag } });
  assertEquals([again.status, again.text], [304, ""]);
  const other = await answer(handler, "/logo.svg", { headers: { "if-none-match": 'W/"0"' } });
  assertEquals(other.status, 200);
});

Deno.test("a static file takes GET and HEAD", async () => {
  const head = await answer(handler, "/logo.svg", { method: "HEAD" });
  assertEquals([head.status, head.text], [200, ""]);
  assert(Number(head.headers.get("content-length")) > 0);
  assertEquals((await answer(handler, "/logo.svg", { method: "POST" })).status, 405);
});

Deno.test("a file under this build's key is kept for good, under another it is asked for anew", async () => {
  const kept = await answer(handler, asset("/logo.svg"));
  assertEquals([kept.status, kept.headers.get("cache-control")], [200, FOR_GOOD]);
  const stale = await ask(handler, "/logo.svg?__frsh_c=old&a=1");
  await stale.body?.cancel();
  assertEquals([stale.status, stale.headers.get("location")], [307, "/logo.svg?a=1"]);
});

Deno.test("hidden files stay hidden, except for .well-known", async () => {
  assertEquals((await answer(handler, "/.hidden")).status, 404);
  assertEquals((await answer(handler, "/.well-known/security.txt")).text, "contact\n");
  assertEquals((await answer(handler, "/deep/with%20space.txt")).text, "a b\n");
});

Deno.test("what is no file goes on; a missing icon is empty", async () => {
  assertEquals((await answer(handler, "/deep")).status, 404);
  assertEquals((await answer(handler, "/%2e%2e/main.ts")).status, 404);
  const icon = await answer(handler, "/favicon.ico");
  assertEquals([icon.status, icon.text], [404, ""]);
});

Deno.test("in memory and in development files have no tag and are not kept", async () => {
  for (const serve of unkept) {
    const { status, headers } = await answer(serve, "/logo.svg");
    assertEquals([status, headers.get("etag")], [200, null]);
    assertStringIncludes(headers.get("cache-control")!, "no-store");
  }
});

Deno.test("asset adds the build id to paths of this site", () => {
  assertMatch(asset("/a.css"), /^\/a\.css\?__frsh_c=[0-9a-f]{40}$/);
  assertMatch(asset("/a.css?b=1#c"), /^\/a\.css\?b=1&__frsh_c=[0-9a-f]{40}#c$/);
  for (const path of ["a.css", "//other/a.css", "https://other/a.css", "", asset("/a.css")]) {
    assertEquals(asset(path), path);
  }
  assertEquals(assetSrcSet("/a.png 1x, /b.png 2x").split("__frsh_c").length, 3);
  assertEquals(assetSrcSet("/a.png,,"), "/a.png,,");
});

Deno.test("this is no browser", () => assertFalse(IS_BROWSER));

Deno.test("a command that only builds comes to its end", async () => {
  const target = await Deno.makeTempDir({ prefix: "fresh_build_" });
  const args = ["run", "-A", join(FIXTURE, "build.ts"), target];
  const env = { DENO_DEPLOYMENT_ID: "one for all" };
  const { success } = await new Deno.Command(Deno.execPath(), { args, env, cwd: FIXTURE }).output();
  assert(success);
  // SHA-1 of "one for all"
  const id = "9b90456d881a95f39b38e7646dbedb7aaade3862";
  const [name] = await Array.fromAsync(Deno.readDir(join(target, "static/_fresh/js")));
  await Deno.remove(target, { recursive: true });
  assertEquals(name.name, id);
});

Deno.test("the dev server serves pages that reload, and nothing that is kept", async () => {
  const args = ["run", "-A", join(FIXTURE, "dev.ts")];
  const child = new Deno.Command(Deno.execPath(), {
    args,
    cwd: FIXTURE,
    stdout: "piped",
    stderr: "null",
  })
    .spawn();
  const origin = `http://localhost:${await portOf(child.stdout)}`;
  try {
    const page = await fetch(`${origin}/about`);
    assertStringIncludes(await page.text(), 'type="module"');
    const logo = await fetch(`${origin}/logo.svg`);
    assertEquals([logo.headers.get("etag"), await logo.text() !== ""], [null, true]);
    assertStringIncludes(logo.headers.get("cache-control")!, "no-store");
    assertEquals((await answerOf(`${origin}/.hidden`)).status, 200);
    await socketOpens(`${origin}/_frsh/alive`);
  } finally {
    child.kill();
    await child.status;
  }
});

async function answerOf(address: string) {
  const response = await fetch(address);
  return { status: response.status, text: await response.text() };
}

async function portOf(stdout: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<number> {
  let text = "";
  for await (const chunk of stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const port = text.match(/port (\d+)/)?.[1];
    if (port) return Number(port);
  }
  throw new Error(`Cannot find the port in: ${text}`);
}

async function socketOpens(address: string) {
  const socket = new WebSocket(address);
  const closed = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  socket.onopen = () => opened.resolve();
  socket.onclose = () => closed.resolve();
  socket.onerror = () => opened.reject(new Error("Cannot open the dev server's socket"));
  await opened.promise;
  socket.close();
  await closed.promise;
}
