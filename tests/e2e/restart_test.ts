import { startCommand } from "../command.ts";
import { openChrome, showsText } from "./browser.ts";

/** A port that nobody listens on: the second server has to come back where the first one was. */
function freePort(): string {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return String(listener.addr.port);
}

Deno.test("a page that is open finds the server again after a restart", async () => {
  const port = freePort();
  await using chrome = await openChrome();
  const page = await chrome.page();
  {
    await using first = await startCommand(["--port", port]);
    await page.goto(first.url);
    await showsText(page, ".link-status", /Live/);
  }
  await showsText(page, ".link-status", /Reconnect|Waiting|again/i);
  await using _second = await startCommand(["--port", port]);
  await showsText(page, ".link-status", /Live/);
  await showsText(page, "#counters", /Open connections\s*0/i);
});
