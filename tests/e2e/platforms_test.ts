/** The client unchanged in Deno, in a real `node` with npm's `ws`, and in Chromium. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { RoomServer } from "@/server/mod.ts";
import { openChrome } from "./browser.ts";
import { scenario, type ScenarioResult } from "./client_scenario.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

const EXPECTED: ScenarioResult = {
  members: 2,
  acks: [1, 2],
  heard: ["hello ☃", [0, 128, 255]],
  reply: 6,
  refusal: ["sold_out", { left: 0 }],
  chunks: [1, 2, 3, 4, 5],
  superseded: "superseded",
  ready: "stopped",
};

const NODE_SCRIPT = `
import { createRequire } from "node:module";
import { scenario } from "./scenario.mjs";
const [, , url, root] = process.argv;
const { WebSocket } = createRequire(root)("ws");
console.log(JSON.stringify({ node: process.version, result: await scenario(url, WebSocket) }));
`;

/** A room server with the handlers that the scenario asks; everything else is a file of `files`. */
function serve(files: Record<string, [text: string, type: string]>) {
  const rooms = new RoomServer({ closeTimeoutMs: 500 });
  let generators = 0;
  rooms.handle("sum", (numbers) => (numbers as number[]).reduce((a, b) => a + b));
  rooms.handle("buy", (_data, { refuse }) => refuse("sold_out", { left: 0 }));
  rooms.handle("count", async function* (upTo) {
    generators++;
    try {
      for (let n = 1; n <= Number(upTo); n++) yield n;
    } finally {
      generators--;
    }
  });
  const http = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request, info) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/ws") return rooms.handler(request, info);
    const file = files[pathname];
    if (file === undefined) return new Response("Not found", { status: 404 });
    return new Response(file[0], { headers: { "content-type": file[1] } });
  });
  return {
    url: `http://127.0.0.1:${http.addr.port}`,
    socketUrl: `ws://127.0.0.1:${http.addr.port}/ws`,
    get generators() {
      return generators;
    },
    async [Symbol.asyncDispose]() {
      await rooms.close();
      await http.shutdown();
    },
  };
}

/** Runs a command to its end. */
async function run(command: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, cwd: ROOT }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (!success) throw new Error(`${command} ${args.join(" ")}\n${out}${err}`);
  return out;
}

Deno.test("one bundle: Deno, Node and Chromium see the same", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "roomscope-platforms-" });
  try {
    const bundle = `${folder}/scenario.mjs`;
    await run(Deno.execPath(), [
      ...["bundle", "--platform", "browser", "--output", bundle],
      "tests/e2e/client_scenario.ts",
    ]);
    const text = await Deno.readTextFile(bundle);
    await using server = serve({
      "/": ["<!doctype html><title>Scenario</title>", "text/html"],
      "/scenario.mjs": [text, "text/javascript"],
    });

    await t.step("Deno", async () => {
      const module = await import(`file://${bundle}`);
      assertEquals(await module.scenario(server.socketUrl), EXPECTED);
      assertEquals(await scenario(server.socketUrl), { ...EXPECTED, acks: [3, 4] });
    });

    await t.step("Node, with npm's ws", async () => {
      const script = `${folder}/run.mjs`;
      await Deno.writeTextFile(script, NODE_SCRIPT);
      const { node, result } = JSON.parse(
        await run("node", [script, server.socketUrl, `${ROOT}package.json`]),
      );
      assertStringIncludes(node, "v");
      assertEquals(result, { ...EXPECTED, acks: [5, 6] });
    });

    await t.step("Chromium", async () => {
      await using chrome = await openChrome();
      const page = await chrome.browser.newPage();
      await page.goto(server.url);
      const result = await page.evaluate(async (url) => {
        const { scenario } = await import(`${url}/scenario.mjs`);
        return await scenario(`${url}/ws`);
      }, server.url);
      assertEquals(result, { ...EXPECTED, acks: [7, 8] });
    });
    assertEquals(server.generators, 0, "every generator has ended");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
