import { type Context, surroundingsOf } from "./context.ts";
import type { Middleware } from "./types.ts";

/** Makes one middleware of a list, which isn't empty: `ctx.next()` starts the one after it. */
export function chain<State>(middlewares: Middleware<State>[]): Middleware<State> {
  return (ctx) => step(middlewares, 0, ctx, ctx.next);
}

async function step<State>(
  middlewares: Middleware<State>[],
  index: number,
  ctx: Context<State>,
  last: () => Promise<Response>,
): Promise<Response> {
  const surroundings = surroundingsOf(ctx);
  const { app, layouts } = surroundings;
  // Like Fresh: where nobody is left to answer, this throws at once instead of rejecting.
  const isLast = index + 1 === middlewares.length;
  ctx.next = isLast ? last : () => step(middlewares, index + 1, ctx, last);
  try {
    return await middlewares[index](ctx);
  } catch (error) {
    ctx.error = error;
    throw error;
  } finally {
    Object.assign(surroundings, { app, layouts });
  }
}
