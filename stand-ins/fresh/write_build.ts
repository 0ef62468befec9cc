import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { addressOf, type Build } from "./builder.ts";
import { filesBelow, hashOf, pathWithin } from "./files.ts";
import type { Snapshot } from "./snapshot.ts";

/** A file that the built app serves: its path is relative to the snapshot. */
type ListedFile = [address: string, path: string, hash: string];

/** Writes a build and gives what it is for the app. The sources are still needed to run it. */
export async function writeBuild(build: Build): Promise<Snapshot> {
  const { outDir } = build.options;
  await Deno.remove(join(outDir, "static"), { recursive: true }).catch(ignoreMissing);
  const files = [...await writeBundle(build), ...await listStatic(build)];
  const snapshotPath = join(outDir, "snapshot.js");
  await Deno.writeTextFile(snapshotPath, snapshotSource(build, files));
  await Deno.writeTextFile(join(outDir, "server.js"), serverSource(build));
  // A second build in the same process must not get the first one's module.
  const { snapshot } = await import(`${pathToFileURL(snapshotPath)}?${crypto.randomUUID()}`);
  return snapshot;
}

function ignoreMissing(error: unknown) {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

async function writeBundle(build: Build): Promise<ListedFile[]> {
  const listed: ListedFile[] = [];
  for (const [name, content] of build.bundle.files) {
    const address = addressOf(build, name);
    const path = join(build.options.outDir, "static", address);
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeFile(path, content);
    listed.push([address, fromOutDir(build, path), await hashOf(content)]);
  }
  return listed;
}

/** Hidden files stay out, except for those that are hidden by a standard (RFC 8615). */
async function listStatic(build: Build): Promise<ListedFile[]> {
  const { staticDir } = build.options;
  const paths = (await filesBelow(staticDir)).filter((path) =>
    !/(^|\/)\.(?!well-known\/)/.test(pathWithin(staticDir, path))
  );
  return await Promise.all(paths.map(async (path): Promise<ListedFile> => [
    `/${pathWithin(staticDir, path)}`,
    fromOutDir(build, path),
    await hashOf(await Deno.readFile(path)),
  ]));
}

function fromOutDir({ options }: Build, path: string): string {
  return relative(options.outDir, path).replaceAll("\\", "/").replace(/^(?!\.)/, "./");
}

function snapshotSource(build: Build, files: ListedFile[]): string {
  const islands = build.islands.map((path, index) => ({
    specifier: JSON.stringify(fromOutDir(build, path)),
    file: JSON.stringify(addressOf(build, build.bundle.islands[index])),
  }));
  const routes = build.routes.map(({ id, path }) =>
    `{ id: ${JSON.stringify(id)}, load: () => import(${JSON.stringify(fromOutDir(build, path))}) },`
  );
  return `// Written by the build.
import { openSnapshot } from "fresh/internal";
${islands.map(({ specifier }, i) => `import * as island${i} from ${specifier};`).join("\n")}

export const snapshot = await openSnapshot({
  url: import.meta.url,
  root: ${JSON.stringify(fromOutDir(build, build.options.root))},
  buildId: ${JSON.stringify(build.buildId)},
  clientEntry: ${JSON.stringify(addressOf(build, build.bundle.client))},
  islands: [${islands.map(({ file }, i) => `[island${i}, ${file}]`).join(", ")}],
  routes: [
    ${routes.join("\n    ")}
  ],
  files: ${JSON.stringify(files, null, 2)},
});
`;
}

function serverSource(build: Build): string {
  const entry = fromOutDir(build, build.options.serverEntry);
  return `// Written by the build.
import { attachSnapshot } from "fresh/internal";
import { snapshot } from "./snapshot.js";
import { app } from ${JSON.stringify(entry)};

attachSnapshot(app, snapshot, "production");

export default { fetch: app.handler() };
`;
}
