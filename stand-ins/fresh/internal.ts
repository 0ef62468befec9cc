/**
 * For the files that a build writes, and for nobody else.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { fileOnDisk } from "./files.ts";
import {
  addIslands,
  type Island,
  loadSpecials,
  type RouteFile,
  type Snapshot,
} from "./snapshot.ts";

export { attachSnapshot } from "./app.ts";

/** What a build has written about itself; paths are relative to `url`. */
export interface WrittenSnapshot {
  /** The address of the module that says all this. */
  url: string;
  /** The project's folder. */
  root: string;
  /** The build's id. */
  buildId: string;
  /** The address of the browser's entry module. */
  clientEntry: string;
  /** The island modules and the addresses of what was bundled from them. */
  islands: [module: Record<string, unknown>, file: string][];
  /** The files below `routes/`. */
  routes: RouteFile[];
  /** What is served. */
  files: [address: string, path: string, hash: string][];
}

/** Makes of it what an app takes. */
export async function openSnapshot(written: WrittenSnapshot): Promise<Snapshot> {
  const { url, buildId, clientEntry } = written;
  const islands = new Map<unknown, Island>();
  for (const [module, file] of written.islands) addIslands(islands, module, file);
  const files = new Map(
    written.files.map(([address, path, hash]) => [
      address,
      fileOnDisk(fileURLToPath(new URL(encodeURI(path), url)), hash),
    ]),
  );
  return {
    root: fileURLToPath(new URL(encodeURI(written.root), url)),
    buildId,
    clientEntry,
    isDevelopment: false,
    islands,
    routes: await loadSpecials(written.routes),
    file: (path) => Promise.resolve(files.get(path) ?? null),
  };
}
