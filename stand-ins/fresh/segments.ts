import { type Context, surroundingsOf } from "./context.ts";
import { HttpError } from "./http_error.ts";
import { answerRoute } from "./route.ts";
import type { LayoutConfig, Middleware, Route, RouteComponent } from "./types.ts";

/** What is registered for one prefix of the routes' patterns. */
export interface Segment<State> {
  middlewares: Middleware<State>[];
  app: RouteComponent<State> | null;
  layout: { component: RouteComponent<State>; config: LayoutConfig } | null;
  errorPage: Route<State> | null;
}

/**
 * The prefixes of a route's pattern, the root (empty) first. With `whole` the pattern's last part
 * belongs to them; a trailing slash leaves nothing to add.
 */
export function prefixesOf(pattern: string, whole: boolean): string[] {
  if (["/", "*", "/*"].includes(pattern)) return [""];
  const parts = pattern.split("/").slice(1);
  if (!whole || parts.at(-1) === "") parts.pop();
  return ["", ...parts.map((_, index) => "/" + parts.slice(0, index + 1).join("/"))];
}

/** Finds what covers a route at the time at which it is registered. */
export class Segments<State> {
  #byPrefix = new Map<string, Segment<State>>();

  /** The segment of a pattern; made when first asked for. */
  at(pattern: string): Segment<State> {
    return this.#get(prefixesOf(pattern, true).at(-1)!);
  }

  /** What stands before a route's own handler, outermost first. */
  before(pattern: string, whole: boolean): Middleware<State>[] {
    return prefixesOf(pattern, whole).flatMap((prefix) => {
      const segment = this.#get(prefix);
      return [boundary(segment), ...segment.middlewares];
    });
  }

  #get(prefix: string): Segment<State> {
    return this.#byPrefix.getOrInsertComputed(prefix, () => ({
      middlewares: [],
      app: null,
      layout: null,
      errorPage: null,
    }));
  }
}

/** Puts the wrapper and layout in force and catches what is thrown below. */
function boundary<State>({ app, layout, errorPage }: Segment<State>): Middleware<State> {
  return async (ctx) => {
    const surroundings = surroundingsOf(ctx);
    const outside = { ...surroundings };
    if (app) surroundings.app = app;
    if (layout) addLayout(ctx, layout);
    try {
      return await ctx.next();
    } catch (error) {
      if (!errorPage) throw error;
      const status = error instanceof HttpError ? error.status : 500;
      return await answerRoute(ctx, errorPage, status);
    } finally {
      Object.assign(surroundings, outside);
    }
  };
}

function addLayout<State>(
  ctx: Context<State>,
  { component, config }: NonNullable<Segment<State>["layout"]>,
) {
  const surroundings = surroundingsOf(ctx);
  if (config.skipAppWrapper) surroundings.app = null;
  const inherited = config.skipInheritedLayouts ? [] : surroundings.layouts;
  surroundings.layouts = [...inherited, component];
}
