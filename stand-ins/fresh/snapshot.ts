import type { ComponentType } from "preact";
import type { Middleware, RouteComponent, RouteConfig, RouteHandler } from "./types.ts";

/** An exported component that also runs in the browser. */
export interface Island {
  /** The export's name in its module. */
  exportName: string;
  /** The address of its bundled module. */
  file: string;
}

/** A file that `staticFiles` serves. */
export interface StaticFile {
  /** What its entity tag is made of; null where it may change at any time. */
  hash: string | null;
  /** Its media type. */
  contentType: string;
  /** Reads it. */
  read(): Promise<Uint8Array<ArrayBuffer>>;
}

/** What a file below `routes/` can export. */
export interface RouteModule {
  /** The component, or the middlewares of a `_middleware` file. */
  default?: RouteComponent<unknown> | Middleware<unknown> | Middleware<unknown>[];
  /** What answers. */
  handler?: RouteHandler<unknown, unknown>;
  /** The same; it wins. */
  handlers?: RouteHandler<unknown, unknown>;
  /** What is left out around the page. */
  config?: RouteConfig;
}

/** One file below `routes/`. */
export interface RouteFile {
  /** Its path below `routes/`, without the extension. */
  id: string;
  /** Imports it. */
  load(): Promise<RouteModule>;
  /** Already imported: those that stand around pages are needed from the start. */
  module?: RouteModule;
}

/** What a build hands to the app. */
export interface Snapshot {
  /** The project's folder. */
  root: string;
  /** The build's id. */
  buildId: string;
  /** The address of the browser's entry module. */
  clientEntry: string;
  /** Whether every page loads it, islands or not. */
  isDevelopment: boolean;
  /** The islands by component. */
  islands: Map<unknown, Island>;
  /** The files below `routes/`, in the order in which they are registered. */
  routes: RouteFile[];
  /** The static file of a decoded path, if there is one. */
  file(path: string): Promise<StaticFile | null>;
}

/** Every function that an island module exports is an island. */
export function addIslands(
  islands: Map<unknown, Island>,
  module: Record<string, unknown>,
  file: string,
) {
  for (const [exportName, value] of Object.entries(module)) {
    if (typeof value === "function") islands.set(value as ComponentType, { exportName, file });
  }
}

/** Imports the files that must be there before the first request. */
export async function loadSpecials(routes: RouteFile[]): Promise<RouteFile[]> {
  const isSpecial = ({ id }: RouteFile) => /(^|\/)_[^/]*$/.test(id);
  return await Promise.all(
    routes.map(async (file) => isSpecial(file) ? { ...file, module: await file.load() } : file),
  );
}
