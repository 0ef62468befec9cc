import { App, csp, type CSPOptions } from "fresh";
import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { answer, ask } from "./support.ts";

async function policyOf(path: string, options?: CSPOptions): Promise<string> {
  const handler = new App().use(csp(options))
    .get("/text", (ctx) => ctx.text("a"))
    .get("/page", (ctx) => ctx.render(<p />))
    .handler();
  const response = await ask(handler, path);
  await response.body?.cancel();
  return response.headers.get("content-security-policy") ?? "";
}

Deno.test("the default policy allows this site only", async () => {
  const directives = (await policyOf("/text")).split("; ");
  for (
    const directive of [
      "default-src 'self'",
      "script-src 'self' 'unsafe-inline'",
      "style-src 'self' 'unsafe-inline'",
      "object-src 'none'",
      "frame-ancestors 'none'",
      "upgrade-insecure-requests",
    ]
  ) {
    assert(directives.includes(directive), directive);
  }
});

Deno.test("own directives take the defaults' place, at the end", async () => {
  const policy = await policyOf("/text", { csp: ["img-src https:", "connect-src 'self' wss:"] });
  assertFalse(policy.includes("img-src 'self'"));
  assert(policy.endsWith("img-src https:; connect-src 'self' wss:"));
});

Deno.test("a nonce replaces 'unsafe-inline' on rendered pages only", async () => {
  const page = await policyOf("/page", { useNonce: true });
  assertStringIncludes(page, "script-src 'self' 'nonce-");
  assertStringIncludes(page, "style-src 'self' 'nonce-");
  assertFalse(page.includes("unsafe-inline"));
  assertStringIncludes(await policyOf("/text", { useNonce: true }), "'unsafe-inline'");
  assertFalse((await policyOf("/page")).includes("nonce-"));
});

Deno.test("a directive without 'unsafe-inline' gets no nonce", async () => {
  const page = await policyOf("/page", { useNonce: true, csp: ["script-src 'self'"] });
  assertStringIncludes(page, "style-src 'self' 'nonce-");
  assert(page.endsWith("script-src 'self'"));
});

Deno.test("breaches can be reported only", async () => {
  const handler = new App().use(csp({ reportOnly: true, reportTo: "/report" }))
    .get("/", (ctx) => ctx.text("a")).handler();
  const { headers } = await answer(handler, "/");
  assertEquals(headers.get("content-security-policy"), null);
  assertStringIncludes(headers.get("content-security-policy-report-only")!, "report-uri /report");
  assertStringIncludes(headers.get("reporting-endpoints")!, '"/report"');
});
