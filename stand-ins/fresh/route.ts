import { type Context, instantiate, surroundingsOf } from "./context.ts";
import type { HandlerFn, Method, PageResponse, Route } from "./types.ts";

/** Runs a route's handler, and renders its page unless the handler has answered. */
export async function answerRoute<State>(
  ctx: Context<State>,
  route: Route<State>,
  status = 200,
): Promise<Response> {
  const { component, config = {} } = route;
  const surroundings = surroundingsOf(ctx);
  if (config.skipAppWrapper) surroundings.app = null;
  if (config.skipInheritedLayouts) surroundings.layouts = [];

  const handle = handlerFor(route, ctx.req.method);
  if (!handle) return await ctx.next();
  const result = await handle(ctx);
  if (result instanceof Response) return result;

  const vnode = component ? await instantiate(ctx, component, result.data, () => null) : null;
  if (vnode instanceof Response) return vnode;
  return ctx.render(vnode, { headers: lastOfEach(result), status: result.status ?? status });
}

function emptyPage(): PageResponse<unknown> {
  return { data: {} };
}

/** A page without handler takes every method; with handlers only GET and HEAD go without one. */
function handlerFor<State>(
  { component, handler }: Route<State>,
  method: string,
): HandlerFn<unknown, State> | undefined {
  if (typeof handler === "function") return handler;
  if (!handler) return component && emptyPage;
  const get = handler.GET ?? (component && emptyPage);
  if (method === "GET") return get;
  return handler[method as Method] ?? (method === "HEAD" ? get : undefined);
}

function lastOfEach({ headers }: PageResponse<unknown>): Headers {
  const result = new Headers();
  const entries = Symbol.iterator in Object(headers)
    ? headers as Iterable<[string, string]>
    : Object.entries(headers ?? {});
  for (const [name, value] of entries) result.set(name, value);
  return result;
}
