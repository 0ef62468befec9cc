/** An import or re-export in a source file. */
export interface Import {
  /** Folder or file at the root that holds the importing file: `server`, `start.ts`. */
  from: string;
  /** The importing file, from the root. */
  file: string;
  /** What is written. */
  specifier: string;
  /** The imported file from the root, or `null` for a package. */
  target: string | null;
  /** Whether nothing of it is left at run time. */
  typeOnly: boolean;
}

/** Where the project is. */
export const ROOT = new URL("../../", import.meta.url);

const SOURCE = /\.tsx?$/;
/** Clauses don't hold quotes or semicolons, so one match can't run into the next statement. */
const STATEMENT = /^\s*(?:import|export)\s+(type\s+)?([^"';]*?)\s*from\s*"([^"]+)"/gm;
const BARE = /^\s*import\s+"([^"]+)"/gm;
const DYNAMIC = /\bimport\(\s*"([^"]+)"\s*\)/g;

/** Paths of the sources in a folder or of a file, from the root; none where it isn't there. */
export async function sourcesIn(entry: string): Promise<string[]> {
  const found: string[] = [];
  try {
    if ((await Deno.stat(new URL(entry, ROOT))).isFile) return [entry];
    for await (const { name, isDirectory } of Deno.readDir(new URL(entry, ROOT))) {
      const path = `${entry}/${name}`;
      if (isDirectory) found.push(...await sourcesIn(path));
      else if (SOURCE.test(name)) found.push(path);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found.toSorted();
}

/** A file's code, without comments. */
export async function codeOf(file: string): Promise<string> {
  const text = await Deno.readTextFile(new URL(file, ROOT));
  return text.replace(/\/\*[^]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
}

/** What a file imports. */
export async function importsOf(file: string): Promise<Import[]> {
  return importsIn(file, await codeOf(file));
}

/** What code imports that stands in a file of this name. */
export function importsIn(file: string, code: string): Import[] {
  const make = (specifier: string, typeOnly: boolean): Import => {
    const from = file.split("/")[0];
    return { from, file, specifier, target: targetOf(specifier, file), typeOnly };
  };
  return [
    ...[...code.matchAll(STATEMENT)].map(([, type, clause, specifier]) =>
      make(specifier, type !== undefined || hasOnlyTypes(clause))
    ),
    ...[...code.matchAll(BARE), ...code.matchAll(DYNAMIC)].map(([, specifier]) =>
      make(specifier, false)
    ),
  ];
}

/** `{ type A, type B }` and nothing else. */
function hasOnlyTypes(clause: string): boolean {
  const names = /^\{([^}]*)\}$/.exec(clause)?.[1].split(",").map((name) => name.trim());
  return names?.filter((name) => name !== "").every((name) => name.startsWith("type ")) ?? false;
}

function targetOf(specifier: string, file: string): string | null {
  if (specifier.startsWith("@/")) return specifier.slice(2);
  if (!specifier.startsWith(".")) return null;
  return new URL(specifier, new URL(file, "file:///")).pathname.slice(1);
}
