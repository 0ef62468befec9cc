import { assert, assertEquals, assertMatch } from "@std/assert";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { Tap } from "@/tap/mod.ts";
import { WsEcho } from "../tap/ws_peers.ts";
import { openChrome, showsText } from "./browser.ts";
import { serveDashboard } from "./tapped_dashboard.ts";

const LOOPBACK = "127.0.0.1";
/** What the page says; the third has a secret, the last is binary. */
const LONG = JSON.stringify({ type: "note", text: "compressed all the way ".repeat(40) });
const SECRET = JSON.stringify({ type: "auth", token: "correct-horse-battery-staple" });

/** Has Chromium's own WebSocket say something through the tap, and hear the echo. */
async function talk(page: Page, port: number): Promise<string> {
  return await page.evaluate(async ([url, long, secret]) => {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = () => reject(new Error("no WebSocket"));
    });
    const messages = [long, long, secret, new Uint8Array(300).fill(7)];
    for (const message of messages) {
      socket.send(message);
      await new Promise((resolve) => socket.onmessage = resolve);
    }
    socket.close(1000);
    await new Promise((resolve) => socket.onclose = resolve);
    return socket.extensions;
  }, [`ws://${LOOPBACK}:${port}/`, LONG, SECRET]);
}

async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return await page.evaluate(async () => {
    // deno-lint-ignore no-explicit-any -- put there by the script
    const { violations } = await (globalThis as any).axe.run(document);
    return violations.map(({ id, nodes }: { id: string; nodes: { html: string }[] }) =>
      `${id}: ${nodes.map(({ html }) => html).join(" ")}`
    );
  });
}

Deno.test("what Chromium and ws compress is read in the dashboard", async (t) => {
  await using echo = await WsEcho.start({ perMessageDeflate: { threshold: 0 } });
  await using tap = new Tap({ target: echo.address, guard: false });
  const { port } = tap.listen({ hostname: LOOPBACK, port: 0 });
  await using dashboard = await serveDashboard(tap);
  await using chrome = await openChrome();
  const page = await chrome.page(1440);
  await page.goto(`${dashboard.url}/frames`);
  await showsText(page, ".link-status", /Live/);
  // From another page: the dashboard's own policy lets it speak to nobody else.
  assertMatch(await talk(await chrome.page(), port), /permessage-deflate/);
  const rows = page.locator("#frames .sheet-row");
  const inflated = page.getByRole("radio", { name: "Inflated" });
  const inbound = rows.filter({ hasText: "→ in" });

  await t.step("the list shows the inflated text and its length", async () => {
    await showsText(page, "#frames .compressed-mark", new RegExp(`inflated ${LONG.length}`));
    await showsText(page, "#frames .col-preview", /"type":"note","text":"compressed all the way/);
    assertEquals(await page.locator("#frames .finding-mark").count(), 0);
  });

  await t.step("the inspector reads the message, and has a third source of bytes", async () => {
    await inbound.nth(1).click();
    await showsText(page, "#frame .payload-text", /compressed all the way .*"\}$/);
    await showsText(page, "#frame .payload-note", /inflated message/);
    await showsText(page, "#frame .field-meaning", /the message is compressed/);
    await inflated.check({ force: true });
    await showsText(page, "#frame .byte-status", /7b, offset 0x0000.*inflated message/);
    await page.locator("#frame .hex-scroll").focus();
    await page.keyboard.press("ArrowRight");
    await showsText(page, "#frame .byte-status", /22, offset 0x0001/);
    assertEquals(await violationsOf(page), []);
  });

  await t.step("another frame keeps the source, where it has it", async () => {
    await inbound.nth(2).click();
    await showsText(page, "#frame .payload-text", /"token":"\*{28}"/);
    await showsText(page, "#frame .payload-note", /hidden: it holds a secret/);
    assert(await inflated.isChecked());
    assert(!(await page.content()).includes("correct-horse"));
    await inbound.last().click();
    await showsText(page, "#frame .payload-text", /./);
    assertEquals(await inflated.count(), 0, "a Close is never compressed");
  });

  await t.step("a frame that the list doesn't have is found by its address", async () => {
    const other = await chrome.page(1440);
    await other.goto(`${dashboard.url}/frames#frame=1.0`);
    await showsText(other, "#frame .payload-note", /inflated message/);
  });
  assertEquals(chrome.problems, []);
});
