import { CACHE_KEY } from "./asset.ts";
import { buildId } from "./build_id.ts";
import { type Context, surroundingsOf } from "./context.ts";
import type { StaticFile } from "./snapshot.ts";
import type { Middleware } from "./types.ts";

const FOR_GOOD = "public, max-age=31536000, immutable";
const NEVER = "no-cache, no-store, max-age=0, must-revalidate";

/** Serves the files of `static/` and what the build has bundled. */
export function staticFiles<State>(): Middleware<State> {
  return async (ctx) => {
    const file = await find(ctx);
    if (file) return await serve(ctx, file);
    return ctx.url.pathname === "/favicon.ico" && surroundingsOf(ctx).snapshot
      ? new Response(null, { status: 404 })
      : await ctx.next();
  };
}

async function find<State>(ctx: Context<State>): Promise<StaticFile | null> {
  try {
    const path = decodeURIComponent(ctx.url.pathname);
    return await surroundingsOf(ctx).snapshot?.file(path) ?? null;
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}

async function serve<State>({ req, url, config }: Context<State>, file: StaticFile) {
  if (req.method !== "GET" && req.method !== "HEAD") {
    return new Response("Method Not Allowed", { status: 405 });
  }
  const key = url.searchParams.get(CACHE_KEY);
  if (key !== null && key !== buildId()) return withoutKey(url);

  const isProduction = config.mode === "production";
  const headers = new Headers({ "Content-Type": file.contentType, "Vary": "If-None-Match" });
  if (isProduction && file.hash) {
    const tag = `W/"${file.hash}"`;
    const seen = req.headers.get("if-none-match");
    if (seen === tag || seen === file.hash) return new Response(null, { status: 304, headers });
    headers.set("ETag", tag);
  }
  const isKept = key !== null || url.pathname.startsWith(`/_fresh/js/${buildId()}/`);
  headers.set("Cache-Control", isProduction && isKept ? FOR_GOOD : NEVER);
  const content = await file.read();
  headers.set("Content-Length", String(content.byteLength));
  return new Response(req.method === "HEAD" ? null : content, { headers });
}

/** An address of another build: the browser asks again without the key and keeps nothing. */
function withoutKey(url: URL): Response {
  const target = new URL(url);
  target.searchParams.delete(CACHE_KEY);
  const location = target.pathname + target.search;
  return new Response(null, { status: 307, headers: { location } });
}
