import { STATUS_TEXT } from "@std/http/status";
import { setBuildId } from "./build_id.ts";
import { Context } from "./context.ts";
import { registerFile } from "./file_routes.ts";
import { HttpError } from "./http_error.ts";
import { chain } from "./middleware.ts";
import { type Match, Router } from "./router.ts";
import { Segments } from "./segments.ts";
import { knowIslands } from "./render.ts";
import type { Snapshot } from "./snapshot.ts";
import type { FreshConfig, Method, Middleware, ResolvedFreshConfig } from "./types.ts";

/** What registrations write into. */
export interface Table<State> {
  router: Router<State>;
  segments: Segments<State>;
  snapshot: Snapshot | null;
}

/** Gives an app what a build made. */
export let attachSnapshot: <State>(
  app: App<State>,
  snapshot: Snapshot,
  mode?: ResolvedFreshConfig["mode"],
) => void;

/** Where a request comes from when nobody says, as in tests. */
const NOWHERE = {
  remoteAddr: { transport: "tcp", hostname: "localhost", port: 1234 },
  completed: Promise.resolve(),
} satisfies Deno.ServeHandlerInfo;

/** Middlewares and routes, registered in order: one covers only those that come after it. */
export class App<State> {
  /** What the app goes by. */
  config: ResolvedFreshConfig;

  #registrations: ((table: Table<State>) => void)[] = [];
  #snapshot: Snapshot | null = null;

  static {
    attachSnapshot = (app, snapshot, mode = app.config.mode) => {
      Object.assign(app.config, { root: snapshot.root, mode });
      app.#snapshot = snapshot;
      setBuildId(snapshot.buildId);
      knowIslands(snapshot.islands.keys());
    };
  }

  /** Makes an app without any route. */
  constructor({ mode = "production", trustProxy = false }: FreshConfig = {}) {
    this.config = { root: ".", basePath: "", mode, trustProxy };
  }

  /** Adds middlewares for every request. */
  use(...middlewares: Middleware<State>[]): this;
  /** Adds middlewares for the routes whose pattern begins with these segments. */
  use(path: string, ...middlewares: Middleware<State>[]): this;
  use(first: string | Middleware<State>, ...rest: Middleware<State>[]): this {
    const path = typeof first === "string" ? first : "*";
    const middlewares = typeof first === "string" ? rest : [first, ...rest];
    return this.#register(({ segments }) => segments.at(path).middlewares.push(...middlewares));
  }

  /** Adds what answers GET, and HEAD, on a path. */
  get(path: string, ...middlewares: Middleware<State>[]): this {
    return this.#handle("GET", path, middlewares);
  }

  /** Adds what answers POST on a path. */
  post(path: string, ...middlewares: Middleware<State>[]): this {
    return this.#handle("POST", path, middlewares);
  }

  /** Adds the files below `routes/`. */
  fsRoutes(): this {
    return this.#register((table) => {
      for (const file of table.snapshot?.routes ?? []) registerFile(table, file);
    });
  }

  #handle(method: Method, path: string, middlewares: Middleware<State>[]): this {
    return this.#register(({ router, segments }) =>
      router.add(method, path, chain([...segments.before(path, true), ...middlewares]))
    );
  }

  #register(registration: (table: Table<State>) => void): this {
    this.#registrations.push(registration);
    return this;
  }

  /** What `Deno.serve` calls for each request. */
  handler(): (request: Request, info?: Deno.ServeHandlerInfo) => Promise<Response> {
    const snapshot = this.#snapshot;
    if (!snapshot && Deno.env.has("DENO_DEPLOYMENT_ID") && this.config.mode === "production") {
      throw new Error("Cannot make handler: no build is attached, serve _fresh/server.js instead");
    }
    const table = { router: new Router<State>(), segments: new Segments<State>(), snapshot };
    for (const register of this.#registrations) register(table);
    const unmatched = chain(table.segments.before("/", false));

    return async (req, info = NOWHERE) => {
      const url = addressOf(req, this.config.trustProxy);
      const match = table.router.match(req.method, url);
      const { config } = this;
      const ctx = new Context<State>({
        ...{ req, url, info, config, snapshot },
        ...{ route: match.route, params: match.params, next: () => noAnswer(req.method, match) },
      });
      return await respond(ctx, match.answer ?? unmatched);
    };
  }
}

function addressOf(req: Request, trustProxy: boolean): URL {
  const url = new URL(req.url);
  url.pathname = url.pathname.replace(/\/+/g, "/");
  if (!trustProxy) return url;
  const proto = req.headers.get("x-forwarded-proto");
  const host = req.headers.get("x-forwarded-host");
  if (proto) url.protocol = `${proto}:`;
  if (host) url.host = host;
  return url;
}

/** The end of the chain: nobody has answered. Throws at once, not in its promise. */
function noAnswer<State>(
  method: string,
  { route, answer, methods }: Match<State>,
): Promise<Response> {
  const isOtherMethod = route !== null && !answer;
  if (isOtherMethod && method === "OPTIONS") {
    const headers = { allow: methods.join(", ") };
    return Promise.resolve(new Response(null, { status: 204, headers }));
  }
  throw new HttpError(isOtherMethod ? 405 : 404);
}

async function respond<State>(
  ctx: Context<State>,
  answer: Middleware<State>,
): Promise<Response> {
  try {
    const response: unknown = await answer(ctx);
    if (!(response instanceof Response)) {
      throw new Error(`Cannot answer: not a Response but ${Deno.inspect(response)}`);
    }
    return ctx.req.method === "HEAD" ? new Response(null, response) : response;
  } catch (error) {
    return lastResort(error);
  }
}

function lastResort(error: unknown): Response {
  const status = error instanceof HttpError ? error.status : 500;
  if (status >= 500) console.error(error);
  const text = error instanceof HttpError
    ? error.message || STATUS_TEXT[error.status]
    : "Internal server error";
  return new Response(text, { status });
}
