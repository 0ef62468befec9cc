import { App, HttpError, type Middleware, staticFiles } from "fresh";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { answer, ask, collectErrors, FIXTURE } from "./support.ts";

interface State {
  trail?: string[];
}

/** An app whose middlewares leave their names, and whose routes tell them. */
function trailing() {
  const app = new App<State>();
  const mark = (name: string): Middleware<State> => (ctx) => {
    (ctx.state.trail ??= []).push(name);
    return ctx.next();
  };
  return { app, mark };
}

Deno.test("a middleware covers only what is registered after it", async () => {
  const { app, mark } = trailing();
  const handler = app
    .get("/early", (ctx) => ctx.json(ctx.state.trail ?? []))
    .use(mark("a"), mark("b"))
    .get("/late", (ctx) => ctx.json(ctx.state.trail))
    .handler();
  assertEquals((await answer(handler, "/early")).text, "[]");
  assertEquals((await answer(handler, "/late")).text, '["a","b"]');
});

Deno.test("a middleware with a path goes by the route's pattern", async () => {
  const { app, mark } = trailing();
  const tell: Middleware<State> = (ctx) => ctx.json(ctx.state.trail ?? []);
  const handler = app
    .use("/admin", mark("admin"))
    .use("/admin/*", mark("never"))
    .get("/admin", tell)
    .get("/admin/users/:id", tell)
    .get("/administrator", tell)
    .get("/:slug/settings", tell)
    .handler();
  assertEquals((await answer(handler, "/admin")).text, '["admin"]');
  assertEquals((await answer(handler, "/admin/users/1")).text, '["admin"]');
  assertEquals((await answer(handler, "/administrator")).text, "[]");
  assertEquals((await answer(handler, "/admin/settings")).text, "[]");
});

Deno.test("the first registration of a method and path answers", async () => {
  const handler = new App()
    .get("/a", (ctx) => ctx.text("first"))
    .get("/a", (ctx) => ctx.text("second"))
    .handler();
  assertEquals((await answer(handler, "/a")).text, "first");
});

Deno.test("each of a route's functions passes on to the next", async () => {
  const handler = new App()
    .get(
      "/a",
      async (ctx) => new Response(`<${await (await ctx.next()).text()}>`),
      (ctx) => ctx.text("inner"),
    )
    .handler();
  assertEquals((await answer(handler, "/a")).text, "<inner>");
});

Deno.test("exact paths come before patterns, patterns in their order", async () => {
  const handler = new App()
    .get("/:any", (ctx) => ctx.text(`any ${ctx.params.any}`))
    .get("/:other", (ctx) => ctx.text("other"))
    .get("/exact", (ctx) => ctx.text("exact"))
    .handler();
  assertEquals((await answer(handler, "/exact")).text, "exact");
  assertEquals((await answer(handler, "/x")).text, "any x");
});

Deno.test("only exact paths take an extra trailing slash, and case matters", async () => {
  const handler = new App()
    .get("/exact", (ctx) => ctx.text("exact"))
    .get("/slash/", (ctx) => ctx.text("slash"))
    .get("/p/:id", (ctx) => ctx.text("pattern"))
    .handler();
  const statuses: Record<string, number> = {
    "/exact/": 200,
    "/slash": 200,
    "/p/1": 200,
    "/p/1/": 404,
    "/Exact": 404,
    "/": 404,
  };
  for (const [path, status] of Object.entries(statuses)) {
    assertEquals((await answer(handler, path)).status, status, path);
  }
});

Deno.test("repeated slashes are squeezed in ctx.url and kept in ctx.req.url", async () => {
  const handler = new App()
    .get("/a/b", (ctx) => ctx.json([ctx.url.pathname, new URL(ctx.req.url).pathname, ctx.route]))
    .handler();
  assertEquals((await answer(handler, "/a//b")).text, '["/a/b","/a//b","/a/b"]');
});

Deno.test("params have no prototype and are decoded like decodeURI", async () => {
  const handler = new App()
    .get(
      "/p/:id",
      (ctx) => ctx.json([ctx.params.id, Object.getPrototypeOf(ctx.params) === null, ctx.route]),
    )
    .handler();
  assertEquals((await answer(handler, "/p/a%20b%2Fc%C3%A4")).text, '["a b%2Fcä",true,"/p/:id"]');
  await assertRejects(() => ask(handler, "/p/%zz"), URIError);
});

Deno.test("HEAD is answered by GET without the body", async () => {
  const handler = new App().get("/a", (ctx) => ctx.text("body", { headers: { "x-a": "1" } }))
    .handler();
  const { status, text, headers } = await answer(handler, "/a", { method: "HEAD" });
  assertEquals([status, text, headers.get("x-a")], [200, "", "1"]);
});

Deno.test("a known path refuses other methods and tells its own", async () => {
  const { app, mark } = trailing();
  const handler = app.use(mark("root"))
    .get("/a", (ctx) => ctx.text("got"))
    .post("/a", (ctx) => ctx.text("posted"))
    .handler();
  assertEquals((await answer(handler, "/a", { method: "POST" })).text, "posted");
  assertEquals((await answer(handler, "/a", { method: "DELETE" })).status, 405);
  const { status, headers } = await answer(handler, "/a", { method: "OPTIONS" });
  assertEquals(status, 204);
  assertEquals(headers.get("allow")?.split(", ").sort(), ["GET", "POST"]);
});

Deno.test("an unmatched request passes all root middlewares before it is not found", async () => {
  const { app, mark } = trailing();
  const handler = app
    .use(mark("a"))
    .get("/a", (ctx) => ctx.text("a"))
    .use(mark("b"))
    .use(async (ctx) => {
      try {
        return await ctx.next();
      } catch (error) {
        return ctx.json([ctx.state.trail, ctx.route, error instanceof HttpError && error.status]);
      }
    })
    .handler();
  assertEquals((await answer(handler, "/nowhere")).text, '[["a","b"],null,404]');
  const passing = new App().use((ctx) => ctx.next()).handler();
  assertEquals((await answer(passing, "/nowhere")).status, 404);
});

Deno.test("the last ctx.next() throws at once where nobody answers", async () => {
  const handler = new App().use((ctx) => ctx.next().catch(() => ctx.text("caught"))).handler();
  assertEquals((await answer(handler, "/nowhere")).status, 404);
});

Deno.test("the last resort answers with an HttpError's status and text", async () => {
  const handler = new App()
    .get("/gone", () => {
      throw new HttpError(410, "taken away");
    })
    .get("/silent", () => {
      throw new HttpError(403);
    })
    .handler();
  const gone = await answer(handler, "/gone");
  assertEquals([gone.status, gone.text], [410, "taken away"]);
  const silent = await answer(handler, "/silent");
  assertEquals([silent.status, silent.text], [403, "Forbidden"]);
});

Deno.test("anything else that is thrown or returned is a logged 500 that tells nothing", async () => {
  const handler = new App()
    .get("/error", () => {
      throw new Error("secret detail");
    })
    .get("/response", () => {
      throw new Response("secret detail", { status: 201 });
    })
    .get("/text", () => "secret detail" as never)
    .handler();
  for (const path of ["/error", "/response", "/text"]) {
    const { result, logged } = await collectErrors(() => answer(handler, path));
    assertEquals([result.status, logged], [500, 1], path);
    assert(!result.text.includes("secret"), path);
  }
});

Deno.test("without a build there are no file routes and no static files", async () => {
  const handler = new App().use(staticFiles()).fsRoutes().get("/a", (ctx) => ctx.text("a"))
    .handler();
  assertEquals((await answer(handler, "/a")).text, "a");
  assertEquals((await answer(handler, "/logo.svg")).status, 404);
});

Deno.test("a deployment without a build is refused", async () => {
  const code = 'import { App } from "fresh"; new App().handler(); console.log("made");';
  const run = (env: Record<string, string>) =>
    new Deno.Command(Deno.execPath(), { args: ["eval", code], cwd: FIXTURE, env }).output();
  const refused = await run({ DENO_DEPLOYMENT_ID: "1" });
  assertEquals(refused.success, false);
  assertStringIncludes(new TextDecoder().decode((await run({})).stdout), "made");
});

Deno.test("a proxy's scheme and host count only where it is trusted", async () => {
  const headers = { "x-forwarded-proto": "https", "x-forwarded-host": "example.com" };
  for (const trustProxy of [false, true]) {
    const handler = new App({ trustProxy }).get("/", (ctx) => ctx.text(ctx.url.origin)).handler();
    const expected = trustProxy ? "https://example.com" : "http://localhost";
    assertEquals((await answer(handler, "/", { headers })).text, expected);
  }
});

Deno.test("the config is resolved", () => {
  const { basePath, mode, trustProxy } = new App().config;
  assertEquals({ basePath, mode, trustProxy }, {
    basePath: "",
    mode: "production",
    trustProxy: false,
  });
  assertEquals(new App({ mode: "development" }).config.mode, "development");
});

Deno.test("HttpError has a name, a status and a cause, and takes errors only", () => {
  const error = new HttpError(404, "not here", { cause: "x" });
  assertEquals([error.name, error.status, error.message, error.cause], [
    "HttpError",
    404,
    "not here",
    "x",
  ]);
  assertEquals(new HttpError(500).message, "");
  // @ts-expect-error a success is no error
  assert(new HttpError(200) instanceof Error);
});
