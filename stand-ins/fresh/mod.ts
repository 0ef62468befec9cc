/**
 * Stands in for `@fresh/core` where the JSR registry can't be reached: the part that this project
 * uses, under the same names and with the same behaviour. What isn't here is not to be used.
 *
 * @module
 */
export { App } from "./app.ts";
export type { Context, Context as FreshContext } from "./context.ts";
export { csp, type CSPOptions } from "./csp.ts";
export { createDefine, type Define, page } from "./define.ts";
export { HttpError } from "./http_error.ts";
export type { Island } from "./snapshot.ts";
export { staticFiles } from "./static_files.ts";
export type {
  FreshConfig,
  HandlerByMethod,
  HandlerFn,
  LayoutConfig,
  Method,
  Middleware,
  MiddlewareFn,
  PageProps,
  PageResponse,
  ResolvedFreshConfig,
  RouteConfig,
  RouteHandler,
} from "./types.ts";
