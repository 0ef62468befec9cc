import { type BuildOptions, buildSync } from "esbuild";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { aliases, findProject } from "./resolve.ts";

/** What is bundled, and how. */
export interface BundleOptions {
  root: string;
  target: string | string[];
  islands: string[];
  buildId: string;
  isDevelopment: boolean;
}

/** What comes out: files by name, and which of them are entries. */
export interface Bundle {
  files: Map<string, Uint8Array<ArrayBuffer>>;
  /** The file of each island module, in the order of the modules. */
  islands: string[];
  /** The file that starts the islands. */
  client: string;
}

const CLIENT = "fresh-runtime";

/** Bundles the islands for the browser: one module each, what they share in chunks. */
export async function bundle(options: BundleOptions): Promise<Bundle> {
  const source = options.isDevelopment ? "client_dev.ts" : "client.ts";
  const client = fileURLToPath(new URL(source, import.meta.url));
  const names = uniqueNames(options.islands);
  const entries = [[CLIENT, client], ...options.islands.map((path, i) => [names[i], path])];
  // The compiler is a process of its own; asked synchronously it has ended when this returns.
  const { outputFiles } = buildSync(await settings(options, Object.fromEntries(entries)));
  return {
    files: new Map(outputFiles.map((file) => [
      basename(file.path),
      file.contents as Uint8Array<ArrayBuffer>,
    ])),
    islands: names.map((name) => `${name}.js`),
    client: `${CLIENT}.js`,
  };
}

async function settings(
  { root, target, buildId, isDevelopment }: BundleOptions,
  entryPoints: Record<string, string>,
) {
  const project = await findProject(root);
  return {
    entryPoints,
    alias: aliases(project),
    absWorkingDir: project.folder,
    outdir: join(root, "_bundle"),
    write: false,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target,
    minify: !isDevelopment,
    sourcemap: isDevelopment ? "inline" : false,
    jsx: "automatic",
    jsxDev: isDevelopment,
    jsxImportSource: project.jsxImportSource,
    tsconfigRaw: {},
    logLevel: "silent",
    define: {
      FRESH_BUILD_ID: JSON.stringify(buildId),
      "process.env.NODE_ENV": JSON.stringify(isDevelopment ? "development" : "production"),
    },
  } satisfies BuildOptions & { write: false };
}

/** Modules of different folders may have the same name. */
function uniqueNames(paths: string[]): string[] {
  const seen = new Map([[CLIENT, 1]]);
  return paths.map((path) => {
    const name = basename(path, extname(path)).replace(/[^\w$-]/g, "_");
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return count === 0 ? name : `${name}.${count}`;
  });
}
