import { Builder } from "fresh/dev";
import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { answer, ask, collectErrors, FIXTURE, tagOf, textOf } from "./support.ts";
import { app } from "./fixture/main.ts";

(await new Builder({ root: FIXTURE }).build({ snapshot: "memory" }))(app);
const handler = app.handler();

/** The addresses of scripts that a page names. */
function scriptsOf(html: string): string[] {
  return [...new Set(html.match(/\/_fresh\/js\/[^"]+\.js/g) ?? [])];
}

Deno.test("islands render in the page like any component", async () => {
  const { status, text } = await answer(handler, "/islands");
  assertEquals(status, 200);
  for (const id of ["first", "second", "live"]) {
    assertStringIncludes(tagOf(text, id), 'data-browser="false"');
  }
  assertStringIncludes(text, 'id="slot"');
  assertEquals(text.match(/class="twin"/g)?.length, 2);
});

Deno.test("an island's props arrive as they were in the page", async () => {
  const { text } = await answer(handler, "/islands");
  assertStringIncludes(textOf(text, "facts")!, "true nothing=Undefined:undefined; nan=Number:NaN");
});

Deno.test("a page with islands names its modules and preloads them", async () => {
  const response = await ask(handler, "/islands");
  const link = response.headers.get("link") ?? "";
  assertStringIncludes(link, "modulepreload");
  const scripts = scriptsOf(await response.text());
  assert(scripts.length >= 2);
  for (const script of scripts) {
    assertStringIncludes(link, script);
    const { status, text, headers } = await answer(handler, script);
    assertEquals(status, 200);
    assertStringIncludes(headers.get("content-type")!, "javascript");
    assert(text.length > 0);
  }
});

Deno.test("a page without islands has no module at all", async () => {
  const response = await ask(handler, "/about");
  assertEquals(response.headers.get("link"), null);
  const text = await response.text();
  assertEquals(scriptsOf(text), []);
  assertFalse(text.includes('type="module"'));
});

Deno.test("a page names only the islands that it uses", async () => {
  const room = scriptsOf((await answer(handler, "/rooms/1")).text);
  const all = scriptsOf((await answer(handler, "/islands")).text);
  assertEquals(room.filter((script) => all.includes(script)).length, 1);
  assertEquals(textOf((await answer(handler, "/rooms/1")).text, "badge"), "1");
});

Deno.test("JSX that an island doesn't show travels in a template", async () => {
  const { text } = await answer(handler, "/islands");
  assert(text.indexOf("<template") < text.indexOf('id="late"'));
  assert(text.indexOf("<template") !== -1);
});

Deno.test("texts can't end the script that carries them", async () => {
  const { text } = await answer(handler, "/islands");
  const script = text.slice(text.indexOf('<script type="module"'));
  assertEquals(script.split("</script>").length, 2);
  assertFalse(script.includes("<!--"));
});

Deno.test("functions and lists of JSX can't be sent", async () => {
  assertEquals((await answer(handler, "/wrong_props?kind=plain")).status, 200);
  for (const kind of ["function", "array"]) {
    const { result } = await collectErrors(() => answer(handler, `/wrong_props?kind=${kind}`));
    assertEquals(result.status, 500, kind);
  }
});

Deno.test("a page's scripts and styles carry the nonce that its policy allows", async () => {
  const nonces = new Set<string>();
  for (let i = 0; i < 2; i++) {
    const { text, headers } = await answer(handler, "/islands");
    const nonce = headers.get("content-security-policy")!.match(/'nonce-([^']+)'/)![1];
    const tags = text.match(/<(script|style)\b[^>]*>/g)!;
    assert(tags.length >= 2);
    for (const tag of tags) assertStringIncludes(tag, `nonce="${nonce}"`);
    nonces.add(nonce);
  }
  assertEquals(nonces.size, 2);
});
