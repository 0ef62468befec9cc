import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What the bundler needs of the project's deno.json. */
export interface Project {
  /** The folder of deno.json and node_modules. */
  folder: string;
  /** Names that stand for something else. */
  imports: Record<string, string>;
  /** Where the JSX functions come from. */
  jsxImportSource: string;
}

/** Reads the nearest deno.json, in this folder or above it. */
export async function findProject(folder: string): Promise<Project> {
  try {
    const { imports = {}, compilerOptions = {} } = JSON.parse(
      await Deno.readTextFile(join(folder, "deno.json")),
    );
    const { jsxImportSource } = compilerOptions;
    if (!jsxImportSource) throw new Error(`Cannot build: jsxImportSource is not set in ${folder}`);
    return { folder, imports, jsxImportSource };
  } catch (error) {
    const parent = dirname(folder);
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    if (parent === folder) throw new Error("Cannot build: no deno.json is found");
    return await findProject(parent);
  }
}

/**
 * The import map in the bundler's words. It looks into node_modules by itself and knows no
 * registries: a package of JSR that isn't for islands stays unknown to it.
 */
export function aliases({ folder, imports }: Project): Record<string, string> {
  // Only names can be replaced, not addresses or paths.
  const names = Object.entries(imports).filter(([name]) => /^[^./:][^:]*$/.test(name));
  const targets = names.map(([name, target]) => [
    name.replace(/\/$/, ""),
    targetOf(target, folder),
  ]);
  return Object.fromEntries(targets.filter(([name, target]) => target && name !== target));
}

function targetOf(target: string, folder: string): string | null {
  if (/^\.{0,2}\//.test(target)) return join(folder, target).replace(/\/$/, "");
  if (/^jsr:\/?@fresh\/core(@[^/]*)?\/runtime$/.test(target)) {
    return fileURLToPath(new URL("runtime.ts", import.meta.url));
  }
  // In npm:@scope/name@^1/sub only the version is unknown to node_modules.
  return target.match(/^npm:\/?((?:@[^/]+\/)?[^/@]+)(?:@[^/]*)?(\/.*)?$/)?.slice(1).join("") ??
    null;
}
