/**
 * The Fresh app: everything but `/ws`, which the start command answers before Fresh sees it.
 * It never listens; the start command and `dev.ts` do.
 *
 * @module
 */
import { App, csp, HttpError, staticFiles } from "fresh";
import { h } from "preact";
import { ErrorPage } from "./components/ErrorPage.tsx";
import { dashboardHost, type ExporterHost, type State } from "./utils.ts";

const LIVE_PAGES = /^\/(?:(?:connections|frames|rooms)(?:\/.*)?)?$/;
const PLAIN_HTTP = "upgrade-insecure-requests";

/** The app; routes and islands come from the build. */
export const app = new App<State>();

app.use(async (ctx) => {
  const response = await ctx.next();
  const { headers } = response;
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Referrer-Policy", "no-referrer");
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  // Fresh always asks for HTTPS; a server that speaks plain HTTP would lock its own pages out.
  const policy = headers.get("Content-Security-Policy");
  if (policy !== null && ctx.url.protocol === "http:") {
    const kept = policy.split(/;\s*/).filter((directive) => directive !== PLAIN_HTTP);
    headers.set("Content-Security-Policy", kept.join("; "));
  }
  return response;
});

app.use(csp({ useNonce: true }));

// Right after the headers, so that error pages have them too.
app.use(async (ctx) => {
  try {
    return await ctx.next();
  } catch (error) {
    const status = error instanceof HttpError ? error.status : 500;
    if (status >= 500) logFailure(error);
    const message = status >= 500 ? "Internal server error" : (error as HttpError).message;
    if (ctx.url.pathname.startsWith("/api/")) return ctx.json({ error: message }, { status });
    ctx.state.title = `${status}`;
    return ctx.render(h(ErrorPage, { status, message }), { status });
  }
});

app.use(async (ctx) => {
  const host = dashboardHost();
  ctx.state.title = "Roomscope";
  ctx.state.kind = host?.kind ?? "server";
  ctx.state.monitor = host?.mayMonitor(ctx.req) ?? false;
  ctx.state.stats = host !== null && ctx.state.monitor ? host.stats() : null;
  const response = await ctx.next();
  const isPage = response.headers.get("Content-Type")?.startsWith("text/html") ?? false;
  const cookie = isPage ? host?.cookieFor(ctx.req) ?? null : null;
  if (cookie !== null) response.headers.append("Set-Cookie", cookie);
  return response;
});

app.use(staticFiles());

app.get("/healthz", (ctx) => ctx.text("ok"));

app.get("/api/stats", (ctx) => {
  if (ctx.state.stats === null) throw new HttpError(403, "The permission to monitor is missing");
  const reports = dashboardHost()?.exporter?.reports() ?? [];
  return ctx.json({ ...ctx.state.stats, reports }, { headers: { "Cache-Control": "no-store" } });
});

app.get("/metrics", (ctx) => {
  if (!ctx.state.monitor) throw new HttpError(403, "The permission to monitor is missing");
  return exporter().metrics(ctx.req);
});

// Who may report is decided there; another method is refused there as well.
app.get("/api/metrics/websocket", (ctx) => exporter().receiveReport(ctx.req));
app.post("/api/metrics/websocket", (ctx) => exporter().receiveReport(ctx.req));

app.post("/signin", async (ctx) => {
  const token = await signInToken(ctx.req);
  const cookie = dashboardHost()?.signIn(token) ?? null;
  if (cookie === null) return ctx.redirect("/signin?failed=1", 303);
  const response = ctx.redirect("/", 303);
  response.headers.append("Set-Cookie", cookie);
  return response;
});

// Pages of one who may not see them lead to the sign-in page.
app.use((ctx) => {
  const { pathname } = ctx.url;
  if (ctx.state.monitor || pathname === "/signin") return ctx.next();
  if (pathname.startsWith("/api/")) {
    throw new HttpError(403, "The permission to monitor is missing");
  }
  return ctx.redirect("/signin", 303);
});

// Where only files are open there is nothing live to see.
app.use((ctx) => {
  const { state: { kind }, url: { pathname } } = ctx;
  return kind === "files" && LIVE_PAGES.test(pathname)
    ? ctx.redirect("/captures", 303)
    : ctx.next();
});

app.fsRoutes();

function exporter(): ExporterHost {
  const found = dashboardHost()?.exporter;
  if (found === undefined) throw new HttpError(404, "Not found");
  return found;
}

function logFailure(error: unknown): void {
  const found = dashboardHost()?.exporter;
  if (found === undefined) console.error("Cannot answer:", error);
  else found.failed("answer", error);
}

const MAX_SIGN_IN_BYTES = 4096;

async function signInToken(request: Request): Promise<string> {
  const length = request.headers.get("Content-Length");
  if (length === null) throw new HttpError(411, "The form's length is missing");
  if (!(Number(length) <= MAX_SIGN_IN_BYTES)) throw new HttpError(413, "The form is too large");
  try {
    return String((await request.formData()).get("token") ?? "");
  } catch {
    throw new HttpError(400, "The form can't be read");
  }
}
