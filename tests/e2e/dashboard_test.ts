import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Page } from "playwright-core";
import { type RunningCommand, startCommand } from "../command.ts";
import { Peer } from "../server/harness.ts";
import { type Chrome, findings, openChrome, overflow, showsText } from "./browser.ts";

const PAGES = [
  "/",
  "/connections",
  "/connections/1",
  "/connections/none",
  "/frames",
  "/handshake",
  "/rooms",
  "/captures",
];
const OTHERS = ["/signin?failed=1", "/no-such-page"];
const MOST_ROWS = 100;

/** Two peers in a room, one of which has said something. */
async function twoPeers(command: RunningCommand): Promise<[Peer, Peer]> {
  const peers: [Peer, Peer] = [new Peer(command.socketUrl), new Peer(command.socketUrl)];
  for (const peer of peers) {
    await peer.next("welcome");
    await peer.join("lobby");
  }
  peers[0].send({ type: "room_message", room: "lobby", content: "Hello, bytes", id: "1" });
  await peers[0].next("ack");
  await peers[1].next("room_message");
  return peers;
}

async function openFrames(chrome: Chrome, command: RunningCommand): Promise<Page> {
  const page = await chrome.page(1440);
  await page.goto(`${command.url}/frames`);
  await page.locator("#frames [role=row]").filter({ hasText: "→ in" }).first().waitFor();
  return page;
}

async function close(...peers: Peer[]): Promise<void> {
  for (const peer of peers) peer.socket.close(1000);
  await Promise.all(peers.map((peer) => peer.closed));
}

Deno.test("the dashboard says how to connect the first client, with and without scripts", async () => {
  await using command = await startCommand();
  const html = await (await fetch(command.url)).text();
  assertMatch(html, /Open connections/);
  assert(!/<[^>]* style=/.test(html), "the server sends no style attributes");
  await using chrome = await openChrome();
  const page = await chrome.page();
  await page.goto(command.url);
  const socket = command.socketUrl.replace("127.0.0.1", "localhost");
  await showsText(page, ".recipe code", new RegExp(`npx wscat -c ${socket}`));
  await showsText(page, ".link-status", /Live/);
  assertEquals(chrome.problems, []);
});

Deno.test("a frame is taken apart: fields and bytes lead to each other", async (t) => {
  await using command = await startCommand();
  await using chrome = await openChrome();
  const peers = await twoPeers(command);
  const page = await openFrames(chrome, command);
  const marked = page.locator("#frame .byte.in-field");

  await t.step("a message from a client, its payload unmasked", async () => {
    await page.locator("#frame-text").fill("hello, bytes");
    await page.locator("#frames [role=row]").filter({ hasText: "→ in" }).click();
    await showsText(page, "#frame .payload-text", /"content":"Hello, bytes"/);
    await page.getByLabel("JSON").check({ force: true });
    await showsText(page, "#frame .payload-text", /"content": "Hello, bytes"/);
  });

  await t.step("a field marks its bytes", async () => {
    await page.locator("#frame .field-row").filter({ hasText: "masking key" }).click();
    assertEquals(await marked.count(), 4);
    assertEquals(await marked.first().getAttribute("data-offset"), "2");
    await showsText(page, "#frame .field-row[aria-selected=true]", /masking key.*§5\.3/);
  });

  await t.step("a byte names its field, by the keyboard alone", async () => {
    await page.locator("#frame .hex-scroll").focus();
    await page.keyboard.press("Control+Home");
    await showsText(page, "#frame .field-row[aria-selected=true]", /opcode/);
    await page.keyboard.press("ArrowRight");
    await showsText(page, "#frame .field-row[aria-selected=true]", /payload length/);
    await showsText(page, "#frame .byte-status", /offset 0x0001.*MASK, payload length/);
    await page.keyboard.press("End");
    await showsText(page, "#frame .field-row[aria-selected=true]", /^.*payload/);
    assertMatch(page.url(), /#frame=\d+\.\d+&off=15$/);
  });

  await t.step("unmasked, the same byte is chosen", async () => {
    const wire = await page.locator("#byte-15").textContent();
    await page.getByLabel("Unmasked").check({ force: true });
    assert(await page.locator("#byte-15").textContent() !== wire);
    assertEquals(await page.locator("#frame .byte.at-cursor").getAttribute("id"), "byte-15");
  });

  await t.step("its address leads to the same byte on another page", async () => {
    const other = await chrome.page();
    await other.goto(page.url());
    await other.locator("#byte-15.at-cursor").waitFor();
    await other.close();
  });

  await t.step("a frame that isn't in the ring says so", async () => {
    const other = await chrome.page();
    await other.goto(`${command.url}/frames#frame=999.7`);
    await showsText(other, "#frame", /has left the ring/);
    await other.close();
  });

  await t.step("no page reported an error", () => assertEquals(chrome.problems, []));
  await close(...peers);
});

Deno.test("the list of frames follows, pauses and is walked by keys", async (t) => {
  await using command = await startCommand(["--rate-limit", "0"]);
  await using chrome = await openChrome();
  const [peer, other] = await twoPeers(command);
  const page = await openFrames(chrome, command);
  const seen = page.locator(".meter b").first();

  await t.step("paused, the view stands still and counts what is new", async () => {
    await page.keyboard.press("p");
    const rows = await page.locator("#frames [role=row]").count();
    for (let count = 0; count < 10; count++) peer.send({ type: "ping", timestamp: count });
    await showsText(page, "#frames .panel-note", /Paused · 20 new/);
    assertEquals(await page.locator("#frames [role=row]").count(), rows);
    await page.keyboard.press("p");
    await showsText(page, "#frames .panel-note", /Following/);
  });

  await t.step("counters add up", async () => {
    const numbers = (await page.locator(".meter").first().locator("b").allTextContents())
      .map((text) => Number(text.replaceAll(",", "")));
    assertEquals(numbers[0], numbers[1] + numbers[2]);
    assertEquals(await seen.textContent(), String(numbers[0]));
  });

  await t.step("pings are hidden and counted", async () => {
    peer.socket.ping("are you there");
    await page.locator("#frames [role=row]").filter({ hasText: "are you there" }).first().waitFor();
    await page.getByLabel(/Hide ping\/pong/).check();
    await showsText(page, ".filter-bar", /\(2 hidden\)/);
    await page.getByRole("button", { name: "Clear" }).click();
  });

  await t.step("keys choose, open and filter", async () => {
    await page.locator(".frame-sheet").focus();
    await page.keyboard.press("k");
    await page.keyboard.press("k");
    await page.locator("#frames [aria-selected=true]").waitFor();
    await page.locator("#frame [role=tree]").waitFor();
    await page.keyboard.press("Enter");
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute("role"));
    assertEquals(await focused(), "tree");
    await page.keyboard.press("/");
    assertEquals(await page.evaluate(() => document.activeElement?.id), "frame-text");
    await page.keyboard.type("no such text");
    await showsText(page, "#frames", /None of \d+ frames fits the filter/);
    await page.keyboard.press("Escape");
  });

  await t.step("many frames, few rows in the document", async () => {
    for (let count = 0; count < 400; count++) peer.send({ type: "ping", timestamp: count });
    await peer.settle();
    await page.waitForFunction(() =>
      Number(document.querySelector(".meter b")?.textContent?.replaceAll(",", "")) > 800
    );
    assert(await page.locator("#frames [role=row]").count() <= MOST_ROWS);
  });

  await t.step("no page reported an error", () => assertEquals(chrome.problems, []));
  await close(peer, other);
});

Deno.test("a room is joined, talked in and left from the page", async (t) => {
  await using command = await startCommand();
  await using chrome = await openChrome();
  const [peer, other] = await twoPeers(command);
  const page = await chrome.page();
  await page.goto(`${command.url}/rooms`);

  await t.step("join by the list", async () => {
    await page.locator("#rooms .row-link").filter({ hasText: "lobby" }).click();
    await page.getByRole("button", { name: "Join lobby" }).click();
    await showsText(page, "#talk", /member/);
    await showsText(page, ".talk-members", /Members 3/);
    await peer.next("user_joined");
  });

  await t.step("an own message gets its place", async () => {
    await page.locator("#talk-text").fill("From the page");
    await page.keyboard.press("Enter");
    await showsText(page, ".talk-own", /ack, seq 2[\s\S]*From the page/);
    assertEquals((await peer.next("room_message")).content, "From the page");
  });

  await t.step("one that is too long is refused, and says why", async () => {
    await page.locator("#talk-text").fill("x".repeat(1001));
    await page.keyboard.press("Enter");
    await showsText(page, ".talk-own", /content_too_long/);
  });

  await t.step("others' messages and comings and goings show", async () => {
    peer.send({ type: "room_message", room: "lobby", content: { any: "JSON" } });
    await showsText(page, ".talk-line", /seq 3[\s\S]*{"any":"JSON"}/);
    await close(other);
    await showsText(page, ".talk-notice", /left/);
  });

  await t.step("leave", async () => {
    await page.getByRole("button", { name: "Leave" }).click();
    await showsText(page, "#talk", /not a member/);
    await peer.next("user_left");
  });

  await t.step("no page reported an error", () => assertEquals(chrome.problems, []));
  await close(peer);
});

Deno.test("every page passes axe and fits, on paper and phosphor, wide and narrow", async (t) => {
  await using command = await startCommand();
  await using chrome = await openChrome();
  const peers = await twoPeers(command);
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1440, 360]) {
      await t.step(`${colorScheme}, ${width} px`, async () => {
        const page = await chrome.page(width);
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        for (const path of [...PAGES, ...OTHERS]) {
          await page.goto(command.url + path);
          if (PAGES.includes(path)) await showsText(page, ".link-status", /Live/);
          await openWhatIsThere(page, path);
          assertEquals(await findings(page), [], path);
          assertEquals(await overflow(page), 0, `${path} is too wide`);
        }
        await page.close();
      });
    }
  }
  await close(...peers);
});

/** The inspector and the room's console are judged too. */
async function openWhatIsThere(page: Page, path: string): Promise<void> {
  if (path === "/frames") {
    await page.locator("#frames [role=row]").filter({ hasText: "→ in" }).first().click();
    await page.locator("#frame [role=tree]").waitFor();
  } else if (path === "/rooms") {
    await page.locator("#room-name").fill("lobby");
    await page.keyboard.press("Enter");
    await showsText(page, "#talk", /member/);
  }
}

Deno.test("the theme is remembered, a lost link says so", async (t) => {
  await using command = await startCommand();
  await using chrome = await openChrome();
  const page = await chrome.page();
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  await page.goto(command.url);
  await showsText(page, ".link-status", /Live/);

  await t.step("a chosen theme outlives the page", async () => {
    await page.getByLabel("Paper").check({ force: true });
    assertEquals(await theme(), "light");
    await page.reload();
    assertEquals(await theme(), "light");
    assert(await page.getByLabel("Paper").isChecked());
    await page.getByLabel("Auto").check({ force: true });
    assertEquals(await theme(), undefined);
  });

  await t.step(
    "without the server the figures stand still, and the page says since when",
    async () => {
      await showsText(page, ".link-status", /Live/);
      assertEquals(chrome.problems, []);
      await command.stop();
      await showsText(page, ".link-status", /Reconnecting/);
      await showsText(page, ".link-status", /Figures stand still since \d\d:\d\d:\d\d/);
      await page.getByRole("button", { name: "Retry now" }).waitFor();
    },
  );
});
