import { App, type Context, createDefine, HttpError, page } from "fresh";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { answer, ask, collectErrors, type Handler } from "./support.ts";

interface State {
  count?: number;
}

function serving(handle: (ctx: Context<State>) => Response | Promise<Response>): Handler {
  return new App<State>().get("/a", handle).handler();
}

Deno.test("a second ctx.next() goes on deeper in the chain", async () => {
  const statuses: unknown[] = [];
  const handler = new App()
    .use(async (ctx) => {
      statuses.push((await ctx.next()).status);
      try {
        await ctx.next();
      } catch (error) {
        statuses.push(error instanceof HttpError && error.status);
      }
      return ctx.text("done");
    })
    .get("/a", (ctx) => ctx.text("a"))
    .handler();
  assertEquals((await answer(handler, "/a")).text, "done");
  assertEquals(statuses, [200, 404]);
});

Deno.test("each request has a state of its own", async () => {
  const handler = serving((ctx) => ctx.json(ctx.state.count = (ctx.state.count ?? 0) + 1));
  for (let i = 0; i < 2; i++) assertEquals((await answer(handler, "/a")).text, "1");
});

Deno.test("a redirect to a path stays on the site", async () => {
  const targets: [string, string][] = [
    ["//evil.example//x", "/evil.example/x"],
    ["/a?next=//b", "/a?next=//b"],
    ["/a#//b", "/a#//b"],
    ["https://example.com//x", "https://example.com//x"],
    ["/", "/"],
  ];
  for (const [target, location] of targets) {
    const response = await ask(serving((ctx) => ctx.redirect(target)), "/a");
    assertEquals([response.status, response.headers.get("location")], [302, location]);
  }
});

Deno.test("a redirect takes a status, and cookies afterwards", async () => {
  const response = await ask(
    serving((ctx) => {
      const response = ctx.redirect("/b", 303);
      response.headers.append("set-cookie", "a=1");
      return response;
    }),
    "/a",
  );
  assertEquals(response.status, 303);
  assertEquals(response.headers.getSetCookie(), ["a=1"]);
});

Deno.test("text and json answer with what they are given", async () => {
  const text = await answer(serving((ctx) => ctx.text("hi", { status: 201 })), "/a");
  assertEquals([text.status, text.text], [201, "hi"]);
  assertStringIncludes(text.headers.get("content-type")!, "text/plain");
  const json = await answer(serving((ctx) => ctx.json({ a: [1] }, { status: 422 })), "/a");
  assertEquals([json.status, json.text], [422, '{"a":[1]}']);
  assertStringIncludes(json.headers.get("content-type")!, "application/json");
});

Deno.test("info comes from the server, or stands for it in tests", async () => {
  const handler = serving(({ info: { remoteAddr } }) =>
    Response.json("hostname" in remoteAddr && remoteAddr.hostname)
  );
  assertEquals((await answer(handler, "/a")).text, '"localhost"');
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, handler);
  const response = await fetch(`http://127.0.0.1:${server.addr.port}/a`);
  assertEquals(await response.text(), '"127.0.0.1"');
  await server.shutdown();
});

Deno.test("render makes a whole document and says that it is HTML", async () => {
  const headers = { "content-type": "text/plain", "x-a": "1" };
  const handler = serving((ctx) => ctx.render(<p>hello & bye</p>, { status: 202, headers }));
  const { status, text, headers: got } = await answer(handler, "/a");
  assertEquals([status, got.get("x-a")], [202, "1"]);
  assertEquals(got.get("content-type"), "text/html; charset=utf-8");
  assert(text.startsWith("<!DOCTYPE html>"));
  for (const part of ["<html", "<head", "<body", "hello &amp; bye"]) {
    assertEquals(text.split(part).length, 2, part);
  }
});

Deno.test("render leaves a document's own tags alone", async () => {
  const handler = serving((ctx) =>
    ctx.render(
      <html lang="en">
        <head>
          <title>own</title>
        </head>
        <body class="own">text</body>
      </html>,
    )
  );
  const { text } = await answer(handler, "/a");
  for (const part of ["<html", "<head", "<body"]) assertEquals(text.split(part).length, 2, part);
  assertStringIncludes(text, 'class="own"');
});

Deno.test("render takes null and refuses what isn't JSX", async () => {
  assertEquals((await answer(serving((ctx) => ctx.render(null)), "/a")).status, 200);
  const handler = serving((ctx) => ctx.render("text" as never));
  assertEquals((await collectErrors(() => answer(handler, "/a"))).result.status, 500);
});

Deno.test("createDefine gives back what it gets", () => {
  const define = createDefine<State>();
  const handlers = { GET: () => page("x") };
  const component = () => <p />;
  const middleware = (ctx: Context<State>) => ctx.next();
  assertEquals(define.handlers(handlers) as unknown, handlers);
  assertEquals<unknown>([define.page(component), define.layout(component)], [component, component]);
  assertEquals(define.middleware(middleware), middleware);
});

Deno.test("page brings data, a status and headers", () => {
  const { data, status, headers } = page({ a: 1 }, { status: 201, headers: { "x-a": "1" } });
  assertEquals<unknown>([data, status, headers], [{ a: 1 }, 201, { "x-a": "1" }]);
  assertEquals(page().data, undefined);
});
