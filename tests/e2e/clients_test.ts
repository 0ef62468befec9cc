import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { startCommand } from "../command.ts";
import { Peer } from "../server/harness.ts";
import { openChrome, showsText } from "./browser.ts";
import { PythonClient } from "./python_client.ts";

/** Runs in the page: a plain WebSocket with a list of what it got. */
async function connectInPage(page: Page, url: string): Promise<void> {
  await page.evaluate((url) => {
    const got: { type: string; from?: string; content?: unknown }[] = [];
    const socket = new WebSocket(url);
    socket.onmessage = ({ data }) => got.push(JSON.parse(data));
    Object.assign(globalThis, { got, socket });
    return new Promise((resolve) => socket.onopen = resolve);
  }, url);
}

function sendInPage(page: Page, message: object): Promise<void> {
  return page.evaluate((text) => {
    (globalThis as unknown as { socket: WebSocket }).socket.send(text);
  }, JSON.stringify(message));
}

async function waitInPage(page: Page, type: string, content?: string): Promise<void> {
  await page.waitForFunction(
    ([type, content]) =>
      (globalThis as unknown as { got: { type: string; content?: unknown }[] }).got.some(
        (message) => message.type === type && (content === null || message.content === content),
      ),
    [type, content ?? null],
  );
}

Deno.test("three clients that we didn't write talk, and the dashboard sees through them", async (t) => {
  await using command = await startCommand();
  await using chrome = await openChrome();
  const ws = new Peer(command.socketUrl);
  await ws.next("welcome");
  await using python = new PythonClient(command.socketUrl);
  await python.next("welcome");
  const page = await chrome.browser.newPage();
  await page.goto(`${command.url}/healthz`);
  await connectInPage(page, command.socketUrl);
  await waitInPage(page, "welcome");

  await t.step("they join one room and hear each other", async () => {
    await ws.join("lobby");
    await python.send({ type: "join_room", room: "lobby" });
    await python.next("room_joined");
    await sendInPage(page, { type: "join_room", room: "lobby" });
    await waitInPage(page, "room_joined");

    ws.send({ type: "room_message", room: "lobby", content: "from ws", id: "1" });
    assertEquals((await ws.next("ack")).seq, 1);
    assertEquals((await python.next("room_message")).content, "from ws");
    await waitInPage(page, "room_message", "from ws");
    await python.send({ type: "room_message", room: "lobby", content: "from Python ü" });
    assertEquals((await ws.next("room_message")).content, "from Python ü");
    await waitInPage(page, "room_message", "from Python ü");
    await sendInPage(page, { type: "room_message", room: "lobby", content: "from Chromium" });
    assertEquals((await ws.next("room_message")).content, "from Chromium");
    assertEquals((await python.next("room_message")).content, "from Chromium");
  });

  const dashboard = await chrome.page();
  await t.step("the overview shows three open connections, and not itself", async () => {
    await dashboard.goto(command.url);
    await showsText(dashboard, "#counters", /Open connections\s*3/i);
    for (const id of ["1", "2", "3"]) {
      await dashboard.locator(`#connections a[href="/connections/${id}"]`).waitFor();
    }
    await showsText(dashboard, "#connections", /OPEN\s*3/);
    await showsText(dashboard, "#rooms", /lobby/);
    const rows = dashboard.locator('#connections a[href^="/connections/"]');
    assertEquals(await rows.count(), 3);
  });

  await t.step("each connection shows its state and its own frames", async () => {
    for (const [id, sent] of [["1", "from ws"], ["2", "from Python"], ["3", "from Chromium"]]) {
      await dashboard.goto(`${command.url}/connections/${id}`);
      await showsText(dashboard, "#state .node", /OPEN\s*● now/);
      const own = dashboard.locator("#frames [role=row]").filter({ hasText: sent });
      await own.filter({ hasText: "→ in" }).filter({ hasText: "MASK" }).first().waitFor();
    }
  });

  await t.step("SIGKILL: OPEN to CLOSED with 1006, and the room is told", async () => {
    await dashboard.goto(`${command.url}/connections/2`);
    await showsText(dashboard, "#state .node", /OPEN\s*● now/);
    await python.kill();
    await ws.next("user_left");
    await waitInPage(page, "user_left");
    await showsText(dashboard, "#state .node", /CLOSED\s*● now/);
    await showsText(dashboard, "#transitions tr:not(.not-passed)", /OPEN → CLOSED.*1006/);
    await showsText(dashboard, "#close", /1006/);
    assertEquals(await dashboard.locator("#transitions tbody tr:not(.not-passed)").count(), 2);
  });

  await t.step('close 4001 "bye": OPEN, CLOSING, CLOSED with code and reason', async () => {
    await dashboard.goto(`${command.url}/connections/1`);
    await showsText(dashboard, "#state .node", /OPEN\s*● now/);
    ws.socket.close(4001, "bye");
    assertEquals(await ws.closed, { code: 4001, reason: "bye" });
    await showsText(dashboard, "#state .node", /CLOSED\s*● now/);
    await showsText(dashboard, "#transitions tr:not(.not-passed)", /OPEN → CLOSING.*4001.*bye/);
    await showsText(dashboard, "#transitions tr:not(.not-passed)", /CLOSING → CLOSED/);
    await showsText(dashboard, "#close", /4001/);
    await waitInPage(page, "user_left");
  });

  await t.step("no page reported an error", () => assertEquals(chrome.problems, []));
});
