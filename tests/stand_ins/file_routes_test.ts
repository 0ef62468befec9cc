import { App } from "fresh";
import { Builder } from "fresh/dev";
import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { answer, ask, collectErrors, FIXTURE, tagOf, textOf } from "./support.ts";
import { app } from "./fixture/main.ts";

const apply = await new Builder({ root: FIXTURE }).build({ snapshot: "memory" });
apply(app);
const handler = app.handler();

Deno.test("a page stands inside its layout and the wrapper", async () => {
  const { status, text } = await answer(handler, "/");
  assertEquals(status, 200);
  const order = ["data-wrapper", 'data-layout="root"', "<h1>Home</h1>"].map((it) =>
    text.indexOf(it)
  );
  assertFalse(order.includes(-1));
  assertEquals(order, order.toSorted((a, b) => a - b));
});

Deno.test("what a page sets while it renders is known to the wrapper", async () => {
  const { text } = await answer(handler, "/");
  assertStringIncludes(text, "<title>Home &amp; title</title>");
});

Deno.test("a page without handler gets empty data and answers every method", async () => {
  for (const method of ["GET", "POST", "DELETE"]) {
    const { status, text } = await answer(handler, "/", { method });
    assertEquals([status, textOf(text, "data")], [200, "{}"], method);
  }
});

Deno.test("a handler gives its page data, a status and headers", async () => {
  const { status, text, headers } = await answer(handler, "/about?q=a%26b");
  assertEquals([status, textOf(text, "query")], [203, "a&b"]);
  assertEquals(headers.get("x-page"), "about");
});

Deno.test("a method that a file route has no handler for is not found", async () => {
  const post = await ask(handler, "/about", { method: "POST" });
  assertEquals([post.status, post.headers.get("location")], [
    303,
    "/evil.example/x?next=//y",
  ]);
  assertEquals((await answer(handler, "/about", { method: "PUT" })).status, 404);
  assertEquals((await answer(handler, "/about", { method: "OPTIONS" })).status, 404);
  assertEquals((await answer(handler, "/api/only_get", { method: "POST" })).status, 404);
});

Deno.test("HEAD of a file route is its GET without the body", async () => {
  const { status, text, headers } = await answer(handler, "/api/only_get", { method: "HEAD" });
  assertEquals([status, text, headers.get("x-length")], [200, "", "3"]);
});

Deno.test("handlers wins over handler", async () => {
  assertEquals((await answer(handler, "/admin.json")).text, '["root"]');
});

Deno.test("a folder's middlewares and layout cover the files in it", async () => {
  const { text, headers } = await answer(handler, "/admin");
  assertEquals(textOf(text, "trail"), "root,admin");
  assertEquals(headers.get("x-admin"), "yes");
  assert(text.indexOf('data-layout="root"') < text.indexOf('data-layout="admin"'));
  assertEquals((await answer(handler, "/admin/")).status, 200);
  assertEquals((await ask(handler, "/admin.json")).headers.get("x-admin"), null);
});

Deno.test("layouts get null as data", async () => {
  assertStringIncludes((await answer(handler, "/admin")).text, 'data-null="yes"');
});

Deno.test("a page can leave out the wrapper and the layouts", async () => {
  const { text } = await answer(handler, "/plain");
  assertEquals(textOf(text, "plain"), "no wrapper");
  assertFalse(text.includes("data-wrapper") || text.includes("data-layout"));
});

Deno.test("an async page is awaited and may answer by itself", async () => {
  assertEquals(textOf((await answer(handler, "/slow")).text, "slow"), "root");
  const answered = await answer(handler, "/slow?answer");
  assertEquals([answered.status, answered.text], [202, "answered"]);
});

Deno.test("names in brackets are parameters", async () => {
  const { text } = await answer(handler, "/rooms/caf%C3%A9%2Fbar");
  assertEquals(JSON.parse(textOf(text, "facts")!), {
    room: "café%2Fbar",
    route: "/rooms/:room",
    bare: true,
  });
  assertEquals(textOf((await answer(handler, "/rooms")).text, "rooms"), "all rooms");
});

Deno.test("a rest parameter takes the rest of the path, or nothing", async () => {
  assertEquals((await answer(handler, "/files/a/b.txt")).text, '{"rest":"a/b.txt"}');
  assertEquals((await answer(handler, "/files")).text, '{"rest":""}');
  assertEquals((await answer(handler, "/files/")).status, 404);
});

Deno.test("a group is no part of the address and has its own layout", async () => {
  const { text } = await answer(handler, "/inner/page");
  assertEquals(textOf(text, "zone"), "in the zone");
  assertStringIncludes(text, 'data-layout="zone"');
});

Deno.test("folders like (_parts) and tests are no pages", async () => {
  for (const path of ["/helper", "/(_parts)/helper", "/rooms/(_islands)/Badge", "/skipped_test"]) {
    assertEquals((await answer(handler, path)).status, 404, path);
  }
});

Deno.test("an error page has the error's status", async () => {
  const missing = await answer(handler, "/nowhere");
  assertEquals([missing.status, textOf(missing.text, "error")], [404, "root error 404"]);
  assertStringIncludes(missing.text, "data-wrapper");
  const stopped = await answer(handler, "/admin?stop");
  assertEquals([stopped.status, textOf(stopped.text, "error")], [403, "root error 403"]);
});

Deno.test("what breaks while rendering is a 500 that tells nothing", async () => {
  const { result } = await collectErrors(() => answer(handler, "/broken"));
  assertEquals([result.status, textOf(result.text, "error")], [500, "root error 500"]);
  assertFalse(result.text.includes("secret"));
});

Deno.test("root error pages are rendered outside of the root middlewares", async () => {
  const { headers } = await answer(handler, "/nowhere");
  assertEquals(headers.get("content-security-policy"), null);
});

Deno.test("an error page of a folder covers the routes in it, not unmatched addresses", async () => {
  const failed = await answer(handler, "/api/only_get?fail");
  assertEquals([failed.status, failed.text], [418, '{"error":418}']);
  const missing = await answer(handler, "/api/nowhere");
  assertEquals([missing.status, textOf(missing.text, "error")], [404, "root error 404"]);
});

Deno.test("a root middleware that catches renders inside wrapper and layout, with headers", async () => {
  const catching = new App<{ title?: string }>()
    .use(async (ctx) => {
      const response = await ctx.next();
      response.headers.set("x-safe", "yes");
      return response;
    })
    .use(async (ctx) => {
      try {
        return await ctx.next();
      } catch {
        return ctx.render(null, { status: 418 });
      }
    })
    .fsRoutes();
  apply(catching);
  for (const path of ["/nowhere", "/broken"]) {
    const { status, text, headers } = await answer(catching.handler(), path);
    assertEquals([status, headers.get("x-safe")], [418, "yes"], path);
    assertStringIncludes(text, "data-wrapper");
    assertStringIncludes(text, 'data-layout="root"');
  }
});

Deno.test("coded pages before the file routes get no wrapper and no error page", async () => {
  const coded = new App<{ title?: string }>()
    .get("/early", (ctx) => ctx.render(null))
    .fsRoutes()
    .get("/late", (ctx) => ctx.render(null));
  apply(coded);
  assertFalse((await answer(coded.handler(), "/early")).text.includes("data-wrapper"));
  assertStringIncludes((await answer(coded.handler(), "/late")).text, "data-wrapper");
});

Deno.test("links that are created while rendering know where they stand", async () => {
  const { text } = await answer(handler, "/admin?tab=1");
  assertStringIncludes(tagOf(text, "here"), 'aria-current="page"');
  assertStringIncludes(tagOf(text, "here"), "data-current");
  assertStringIncludes(tagOf(text, "up"), 'aria-current="true"');
  assertStringIncludes(tagOf(text, "up"), "data-ancestor");
  assertStringIncludes(tagOf(text, "query"), 'aria-current="true"');
  assertStringIncludes(tagOf(text, "set"), 'aria-current="step"');
  const home = (await answer(handler, "/")).text;
  assertStringIncludes(tagOf(home, "home"), 'aria-current="page"');
  assertFalse(tagOf(home, "other").includes("aria-current"));
});

Deno.test("images get the build id unless they refuse it", async () => {
  const { text } = await answer(handler, "/");
  assertStringIncludes(tagOf(text, "logo"), "/logo.svg?__frsh_c=");
  assertFalse(tagOf(text, "plain").includes("__frsh_c"));
});
