import { chain } from "./middleware.ts";
import { answerRoute } from "./route.ts";
import { METHODS } from "./router.ts";
import type { Table } from "./app.ts";
import type { RouteFile, RouteModule } from "./snapshot.ts";
import type { Middleware, Route, RouteComponent } from "./types.ts";

const SPECIALS = ["_app", "_layout", "_middleware", "_error"];

/** Registers one file below `routes/`. */
export function registerFile<State>(table: Table<State>, file: RouteFile) {
  const [, folder, name] = file.id.match(/^(.*?)([^/]*)$/)!;
  if (file.module && SPECIALS.includes(name)) {
    return registerSpecial(table, name, patternOf(folder, true), file.module);
  }
  if (["_404", "_500"].includes(name)) {
    throw new Error(`Cannot register route: the stand-in has no ${name}, the file is ${file.id}`);
  }
  const pattern = patternOf(file.id, true) + (name === "index" ? "/" : "");
  const answer = chain([...table.segments.before(pattern, false), lazily(file)]);
  for (const method of METHODS) table.router.add(method, patternOf(file.id, false), answer);
}

function registerSpecial<State>(
  table: Table<State>,
  name: string,
  pattern: string,
  module: RouteModule,
) {
  const segment = table.segments.at(pattern);
  const component = module.default as RouteComponent<State>;
  if (name === "_app") table.segments.at("/").app = component;
  if (name === "_layout") segment.layout = { component, config: module.config ?? {} };
  if (name === "_error") segment.errorPage = toRoute<State>(module);
  if (name === "_middleware") {
    segment.middlewares.push(...[module.default as Middleware<State>].flat());
  }
}

/** Pages are imported when they are first asked for. */
function lazily<State>(file: RouteFile): Middleware<State> {
  let route: Route<State> | undefined;
  return async (ctx) => {
    route ??= toRoute<State>(file.module ?? await file.load(), file.id);
    return await answerRoute(ctx, route);
  };
}

function toRoute<State>(module: RouteModule, id = "_error"): Route<State> {
  const handler = module.handlers ?? module.handler;
  if (!module.default && !handler && !module.config) {
    throw new Error(`Cannot use route: no component, handler or config is exported by ${id}`);
  }
  return { component: module.default, handler, config: module.config } as Route<State>;
}

/**
 * The URL pattern of a path below `routes/`. Groups are no part of addresses, but they are of the
 * patterns by which layouts and middlewares find what they cover.
 */
export function patternOf(id: string, withGroups: boolean): string {
  if (id.includes("[[")) {
    throw new Error(`Cannot register route: the stand-in has no optional parts, the file is ${id}`);
  }
  const parts = id.split("/").filter((part) => part !== "");
  if (parts.at(-1) === "index") parts.pop();
  return "/" + parts
    .filter((part) => withGroups || !/^\(.*\)$/.test(part))
    .map((part) => part.replace(/^\[\.\.\.(.+)\]$/, ":$1*").replace(/\[([^\]]+)\]/g, ":$1"))
    .join("/");
}

/** Specials, index, literal names, groups, parameters, rest parameters: at each level of folders. */
export function compareRoutes(a: string, b: string): number {
  const [left, right] = [a.split("/"), b.split("/")];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    if (left[i] === right[i]) continue;
    const order = rank(left[i], i === left.length - 1) - rank(right[i], i === right.length - 1);
    return order || (left[i] < right[i] ? -1 : 1);
  }
  return left.length - right.length;
}

function rank(part: string, isFile: boolean): number {
  if (isFile && SPECIALS.includes(part)) return 0;
  if (isFile && part === "index") return 1;
  if (part.startsWith("(")) return 3;
  if (part.startsWith("[...")) return 5;
  return part.startsWith("[") ? 4 : 2;
}
