import { isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type App, attachSnapshot } from "./app.ts";
import { newBuildId } from "./build_id.ts";
import { type Bundle, bundle } from "./bundle.ts";
import { compareRoutes } from "./file_routes.ts";
import { fileInMemory, fileNow, filesBelow, pathWithin } from "./files.ts";
import { keepAlive } from "./live_reload.ts";
import { addIslands, type Island, loadSpecials, type Snapshot } from "./snapshot.ts";
import { writeBuild } from "./write_build.ts";

/** Where a project's parts are. */
export interface BuildOptions {
  /** The project's folder. @default {"."} */
  root?: string;
  /** Where the build goes. @default {"_fresh"} */
  outDir?: string;
  /** Files that are served as they are. @default {"static"} */
  staticDir?: string;
  /** Components that run in the browser. @default {"islands"} */
  islandDir?: string;
  /** Pages. @default {"routes"} */
  routeDir?: string;
  /** The module that exports `app`. @default {"main.ts"} */
  serverEntry?: string;
  /** The browsers that are bundled for. @default {["chrome99", "firefox99", "safari15"]} */
  target?: string | string[];
}

/** Where the dev server listens. */
export type ListenOptions = Partial<Deno.ServeTcpOptions & Deno.TlsCertifiedKeyPem>;

type Mode = "development" | "production";

/** A file below `routes/`. */
export interface RoutePath {
  id: string;
  path: string;
}

/** What was found in the project and made of it. */
export interface Build {
  options: Required<BuildOptions>;
  buildId: string;
  bundle: Bundle;
  /** The island modules' files. */
  islands: string[];
  routes: RoutePath[];
}

const CODE = /\.[jt]sx?$/;
const TEST = /[._]test\.[jt]sx?$/;

/** Builds a project: bundles its islands and finds its pages. */
export class Builder {
  /** Where the parts are, as whole paths. */
  readonly config: Required<BuildOptions>;

  /** Paths are relative to `root`, which is relative to the working directory. */
  constructor(options: BuildOptions = {}) {
    const root = resolve(options.root ?? ".");
    const at = (path: string) => isAbsolute(path) ? path : join(root, path);
    this.config = {
      root,
      outDir: at(options.outDir ?? "_fresh"),
      staticDir: at(options.staticDir ?? "static"),
      islandDir: at(options.islandDir ?? "islands"),
      routeDir: at(options.routeDir ?? "routes"),
      serverEntry: at(options.serverEntry ?? "main.ts"),
      target: options.target ?? ["chrome99", "firefox99", "safari15"],
    };
  }

  /** Builds, to disk unless told otherwise, and gives the function that hands it to an app. */
  async build(
    { snapshot = "disk", mode = "production" }: { snapshot?: "disk" | "memory"; mode?: Mode } = {},
  ): Promise<<State>(app: App<State>) => void> {
    const build = await make(this.config, mode);
    const made = snapshot === "disk" ? await writeBuild(build) : await inMemory(build, mode);
    return (app) => attachSnapshot(app, made);
  }

  /** Serves the app for development. Each start builds anew: let `deno run --watch` restart it. */
  async listen<State>(
    importApp: () => Promise<{ app: App<State> } | App<State>>,
    options: ListenOptions = {},
  ): Promise<void> {
    const snapshot = await inMemory(await make(this.config, "development"), "development");
    const imported = await importApp();
    const app = "app" in imported ? imported.app : imported;
    attachSnapshot(app, snapshot, "development");
    Deno.serve({ port: 8000, ...options }, keepAlive(app.handler()));
  }
}

async function make(options: Required<BuildOptions>, mode: Mode): Promise<Build> {
  const { root, target, islandDir, routeDir } = options;
  const isCode = (path: string) => CODE.test(path) && !TEST.test(path);
  const below = (await filesBelow(routeDir)).filter(isCode);
  const islands = [
    ...(await filesBelow(islandDir)).filter(isCode),
    ...below.filter((path) => path.includes("/(_islands)/")),
  ];
  const buildId = await newBuildId();
  const isDevelopment = mode === "development";
  return {
    options,
    buildId,
    bundle: await bundle({ root, target, islands, buildId, isDevelopment }),
    islands,
    routes: routesOf(routeDir, below),
  };
}

/** Folders like `(_parts)` hold files that are no pages. */
function routesOf(routeDir: string, paths: string[]): RoutePath[] {
  return paths
    .map((path) => ({ id: pathWithin(routeDir, path).replace(CODE, ""), path }))
    .filter(({ id }) => !/(^|\/)\(_[^/]*\)\//.test(id))
    .sort((a, b) => compareRoutes(a.id, b.id));
}

/** The address of a bundled file. */
export function addressOf({ buildId }: Build, file: string): string {
  return `/_fresh/js/${buildId}/${file}`;
}

async function inMemory(build: Build, mode: Mode): Promise<Snapshot> {
  const { options, buildId, bundle } = build;
  const load = (path: string) => import(pathToFileURL(path).href);
  const islands = new Map<unknown, Island>();
  for (const [index, path] of build.islands.entries()) {
    addIslands(islands, await load(path), addressOf(build, bundle.islands[index]));
  }
  const bundled = new Map(
    [...bundle.files].map(([name, content]) => [
      addressOf(build, name),
      fileInMemory(name, content),
    ]),
  );
  return {
    root: options.root,
    buildId,
    clientEntry: addressOf(build, bundle.client),
    isDevelopment: mode === "development",
    islands,
    routes: await loadSpecials(
      build.routes.map(({ id, path }) => ({ id, load: () => load(path) })),
    ),
    file: async (path) => bundled.get(path) ?? await fileNow(options.staticDir, path),
  };
}
