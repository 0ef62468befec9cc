import { assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { jsrConfigText } from "@/cli/jsr.ts";

async function read(name: string): Promise<string> {
  return await Deno.readTextFile(new URL(`../../${name}`, import.meta.url));
}

/** Runs `cli/jsr.ts` with a small registry of this test's, or with none. */
async function runJsr(folder: string, registry: string, ...task: string[]) {
  const script = new URL("../../cli/jsr.ts", import.meta.url).href;
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-config", script, ...task],
    cwd: folder,
    env: { JSR_URL: registry },
  });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

async function withProject(run: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  const config = {
    name: "@a/b",
    version: "1.0.0",
    exports: "./a.ts",
    workspace: ["./stand-ins/x"],
    tasks: { outer: "deno task inner", inner: "deno run --allow-read=. a.ts" },
  };
  await Deno.mkdir(`${folder}/stand-ins/x`, { recursive: true });
  await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(config));
  await Deno.writeTextFile(`${folder}/deno.jsr.lock`, '{"version":"5"}');
  await Deno.writeTextFile(
    `${folder}/a.ts`,
    `console.log(Deno.readTextFileSync("deno.json"), [...Deno.readDirSync(".")].length);`,
  );
  await run(folder).finally(() => Deno.remove(folder, { recursive: true }));
}

Deno.test("deno.jsr.json is what deno.json makes of it", async () => {
  const written = await read("deno.jsr.json");
  // In the copy that runs on the real packages they are the same already.
  assertEquals(written, jsrConfigText(await read("deno.json")));
});

Deno.test("only the workspace differs", async () => {
  const { workspace: _, ...config } = JSON.parse(await read("deno.json"));
  const written = JSON.parse(await read("deno.jsr.json"));
  assertFalse("workspace" in written);
  assertEquals(written, config);
});

Deno.test("a task and those that it starts run by the other configuration", async () => {
  const serve = () => new Response("{}");
  await using server = Deno.serve({ port: 0, onListen() {} }, serve);
  await withProject(async (folder) => {
    const { code, stdout } = await runJsr(folder, `http://localhost:${server.addr.port}`, "outer");
    assertEquals(code, 0);
    const written = await Deno.readTextFile(`${folder}/deno.jsr.json`);
    // deno.json, deno.jsr.json, both locks and a.ts
    assertEquals(stdout, `${written} 5\n`);
    assertFalse(written.includes("workspace"));
  });
});

Deno.test("without a task only the configuration is written", async () => {
  await withProject(async (folder) => {
    const { code, stderr } = await runJsr(folder, "http://localhost:1");
    assertEquals([code, stderr], [0, ""]);
    assertStringIncludes(await Deno.readTextFile(`${folder}/deno.jsr.json`), '"outer"');
  });
});

Deno.test("a registry that can't be reached is said so", async () => {
  await withProject(async (folder) => {
    const { code, stderr } = await runJsr(folder, "http://localhost:1", "outer");
    assertEquals(code, 1);
    const said = "Cannot run on the real packages: http://localhost:1 can't be reached";
    assertStringIncludes(stderr, said);
  });
});
