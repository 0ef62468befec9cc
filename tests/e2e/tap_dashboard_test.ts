/**
 * The dashboard on a server that isn't ours, and on capture files, in Chromium.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { LOOPBACK } from "../tap/support.ts";
import { WsClient, WsEcho } from "../tap/ws_peers.ts";
import { type Chrome, findings, openChrome, overflow, showsText } from "./browser.ts";
import { type RunningTap, startTap } from "./tap_command.ts";

const MEBIBYTE = 1024 * 1024;
const UPLOAD = "#capture-file";

/** A tap before an echo server, with a fault for the second connection. */
async function tapped(): Promise<RunningTap> {
  const echo = await WsEcho.start();
  const tap = await startTap([
    ...["--listen", `${LOOPBACK}:0`, "--quiet", "--target", `ws://${LOOPBACK}:${echo.port}/ws`],
    ...["--fault", "conn=2 dir=out opcode=text drop", "--seed", "7"],
  ]);
  return {
    ...tap,
    async [Symbol.asyncDispose]() {
      await tap[Symbol.asyncDispose]();
      await echo[Symbol.asyncDispose]();
    },
  };
}

async function open(chrome: Chrome, url: string): Promise<Page> {
  const page = await chrome.page(1440);
  await page.goto(url);
  await showsText(page, ".link-status", /Live/);
  return page;
}

async function saved(tap: RunningTap, path: string, file: string): Promise<string> {
  const bytes = await (await fetch(`${tap.url}/api/captures/live/${path}`)).bytes();
  await Deno.writeFile(file, bytes);
  return file;
}

Deno.test("tap --dashboard shows a server that isn't ours, loads and saves captures", async (t) => {
  await using tap = await tapped();
  await using chrome = await openChrome();
  const folder = await Deno.makeTempDir();
  const client = new WsClient(tap.socketUrl);

  await t.step("an OPEN connection and its frames, live", async () => {
    const page = await open(chrome, `${tap.url}/connections`);
    await showsText(page, ".connection-row", /OPEN/);
    await page.locator(".connection-row .row-link").click();
    await showsText(page, "#state .node-lit", /OPEN/);
    await new Promise<void>((resolve) => client.socket.send("hello, tap", () => resolve()));
    await showsText(page, "#frames [role=row]", /→ in[\s\S]*hello, tap/);
    await showsText(page, "#frames [role=row]", /← out[\s\S]*hello, tap/);
    client.socket.close(4001, "bye");
    await client.closed;
    await showsText(page, "#state .node-lit", /CLOSED/);
    await showsText(page, "#transitions", /by client · 4001 “bye” · Close frame/);
    await showsText(page, "#close", /4001[\s\S]*“bye”[\s\S]*client[\s\S]*done by both sides/);
    await showsText(page, "#facts", /Target\s*ws:/);
    await page.close();
  });

  await t.step("a fault is marked in the list and told in the inspector", async () => {
    const page = await open(chrome, `${tap.url}/frames`);
    const second = new WsClient(tap.socketUrl);
    await new Promise((resolve) => second.socket.once("open", resolve));
    second.socket.send("never answered");
    const row = page.locator("#frames [role=row]").filter({ hasText: "dropped" });
    await row.first().click();
    await showsText(page, "#frame .fault-note", /dropped[\s\S]*seed 7/);
    second.socket.close(1000);
    await second.closed;
    await page.close();
  });

  await t.step("the overview counts it; rooms are plainly not there", async () => {
    const page = await open(chrome, tap.url);
    await showsText(page, "#counters", /Messages in\s*2/);
    await showsText(page, ".strip", /a server that isn’t ours/);
    assertEquals(await page.locator("#rooms").count(), 0);
    await page.goto(`${tap.url}/rooms`);
    await showsText(page, ".notice", /it has no rooms here/);
    await page.close();
  });

  const har = await saved(tap, "har", `${folder}/live.har`);
  const pcap = await saved(tap, "pcap?connection=1", `${folder}/one.pcap`);

  await t.step("a HAR and a pcap are loaded and browsed with the same pages", async () => {
    const page = await open(chrome, `${tap.url}/captures`);
    await showsText(page, "#captures", /No file is loaded/);
    await page.locator(UPLOAD).setInputFiles(har);
    await showsText(page, ".capture-row", /live\.har[\s\S]*Connections\s*2/);
    await page.locator(UPLOAD).setInputFiles(pcap);
    await showsText(page, ".capture-row", /one\.pcap[\s\S]*Connections\s*1/);
    await page.locator(".capture-row .row-link").filter({ hasText: "live.har" }).click();
    await showsText(page, ".capture-head", /from file\s*live\.har/);
    await showsText(page, ".connection-row", /CLOSED[\s\S]*4001 bye/);
    await page.getByRole("link", { name: "Frames" }).last().click();
    await showsText(page, "#frames [role=row]", /hello, tap/);
    await page.goto(`${tap.url}/captures/2/connections/1`);
    await showsText(page, "#state .node-lit", /CLOSED/);
    await showsText(page, "#close", /4001[\s\S]*“bye”/);
    await page.locator("#frames [role=row]").filter({ hasText: "→ in" }).first().click();
    await showsText(page, "#frame .payload-text", /hello, tap/);
    await page.close();
  });

  await t.step("what is saved from the page is the capture", async () => {
    const page = await open(chrome, `${tap.url}/captures`);
    const link = page.locator(".capture-row").filter({ hasText: "one.pcap" })
      .getByRole("link", { name: "JSONL" });
    const [name, text] = await link.evaluate(async (anchor) => {
      const response = await fetch((anchor as HTMLAnchorElement).href);
      return [response.headers.get("content-disposition"), await response.text()];
    });
    assertEquals(name, "attachment; filename*=UTF-8''one.jsonl");
    assert(text?.startsWith('{"roomscope":"capture"'), text?.slice(0, 80));
    await page.close();
  });

  await t.step("too large, broken, too many: it says so, and what is there stays", async () => {
    const page = await open(chrome, `${tap.url}/captures`);
    const large = `${folder}/large.pcap`;
    await Deno.writeTextFile(large, "");
    await Deno.truncate(large, 65 * MEBIBYTE);
    await page.locator(UPLOAD).setInputFiles(large);
    await showsText(page, "#upload-error", /large\.pcap has 65\.0 MiB; at most 64\.0 MiB/);
    const broken = `${folder}/broken.har`;
    await Deno.writeTextFile(broken, '{"log": {"entries": [');
    await page.locator(UPLOAD).setInputFiles(broken);
    await showsText(page, "#upload-error", /Cannot read HAR: it is not JSON/);
    assertEquals(await page.locator(".capture-row").count(), 2);
    // Chromium itself reports an answer of 400 in the console.
    assertEquals(chrome.problems.splice(0).filter((problem) => !problem.includes("400")), []);
    await page.close();
  });

  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1440, 360]) {
      await t.step(`axe and width: ${colorScheme}, ${width} px`, async () => {
        const page = await chrome.page(width);
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        const paths = ["/", "/rooms", "/captures"];
        const ofFile = ["/captures/1", "/captures/1/frames", "/captures/2/connections/1"];
        for (const path of [...paths, ...ofFile]) {
          await page.goto(tap.url + path);
          await showsText(page, path === "/rooms" ? ".notice" : ".link-status", /Live|no rooms/);
          assertEquals(await findings(page), [], path);
          assertEquals(await overflow(page), 0, `${path} is too wide`);
        }
        await page.close();
      });
    }
  }

  await t.step(
    "a capture is removed; a page that still shows it says that it is gone",
    async () => {
      const shown = await open(chrome, `${tap.url}/captures/1`);
      const page = await open(chrome, `${tap.url}/captures`);
      await page.locator(".capture-row").filter({ hasText: "live.har" })
        .getByRole("button", { name: /Remove/ }).click();
      await page.locator(".capture-row").filter({ hasText: "live.har" }).waitFor({
        state: "detached",
      });
      assertEquals(await page.locator(".capture-row").count(), 1);
      await shown.reload();
      await showsText(shown, ".notice", /There is no page at this address/);
      assertEquals(chrome.problems.splice(0).filter((problem) => !problem.includes("404")), []);
    },
  );

  await t.step("no page reported an error", () => assertEquals(chrome.problems, []));
  await Deno.remove(folder, { recursive: true });
});

Deno.test("tap read FILE --dashboard opens the file at once", async () => {
  await using chrome = await openChrome();
  const file = new URL("../tap/captures/tap.jsonl", import.meta.url).pathname;
  await using shown = await startTap(["read", file]);
  const page = await open(chrome, shown.url);
  await showsText(page, ".capture-head", /from file\s*tap\.jsonl/);
  await page.locator(".connection-row .row-link").first().click();
  await showsText(page, "#frames [role=row]", /→ in|← out/);
  await page.goto(new URL("/", shown.url).href);
  await showsText(page, "#captures", /tap\.jsonl/);
  assertEquals(await page.locator(".nav a").allTextContents(), ["Captures"]);
  assertEquals(chrome.problems, []);
});
