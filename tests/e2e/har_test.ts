/**
 * One conversation, seen by Chromium's DevTools and by the tap: what DevTools export is read by us,
 * and what we write is imported by DevTools, each with the buttons of the Network panel.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import type { CaptureEvent } from "@/protocol/mod.ts";
import { Opcode } from "@/frames/mod.ts";
import { captureEncoder, readCapture, Tap } from "@/tap/mod.ts";
import { FrameView } from "@/tap/frame_view.ts";
import { soon, until } from "../tap/support.ts";
import { WsEcho } from "../tap/ws_peers.ts";
import { openDevToolsChrome } from "./devtools.ts";

/** A page's clock and ours are one, read at different moments. */
const CLOCK_SECONDS = 1;
/** Both directions, text and binary: what {@linkcode converse} makes. */
const DATA_MESSAGES = 7;

/** Text, bytes and a fragmented message, a ping, and a close. */
async function converse(page: Page, url: string, echo: WsEcho): Promise<void> {
  await page.evaluate(async (url) => {
    const socket = new WebSocket(url, ["chat"]);
    socket.binaryType = "arraybuffer";
    const next = (event: string) =>
      new Promise((resolve) => socket.addEventListener(event, resolve, { once: true }));
    await next("open");
    for (const data of ["Grüße 🌍", Uint8Array.of(0, 255, 128, 7), ""]) {
      socket.send(data);
      await next("message");
    }
    const closed = next("close");
    void next("message").then(() => socket.close(4001, "so long"));
    Object.assign(globalThis, { ended: closed });
  }, url);
  const [server] = echo.wss.clients;
  const ponged = new Promise((resolve) => server.once("pong", resolve));
  server.ping("still there?");
  await soon(ponged, "the page's pong");
  server.send("one ", { fin: false });
  server.send("two", { fin: true });
  await page.evaluate(() => (globalThis as unknown as { ended: Promise<unknown> }).ended);
}

/** What the tap saw, from the first event to the end of the connection. */
async function captured(tap: Tap): Promise<CaptureEvent[]> {
  await until(() => tap.connections === 0, "the connection is over");
  return tap.journal.read(tap.journal.start, { limit: Infinity }).events;
}

/** Data messages: who sent it, opcode, payload. */
function dataOf(events: readonly CaptureEvent[]): [string, number, string][] {
  const messages: [string, number, string][] = [];
  for (const event of events) {
    if (event.type !== "frame") continue;
    const view = new FrameView(event);
    if (!view.isData) continue;
    const hex = view.payload.toHex();
    if (view.opcode !== Opcode.CONTINUATION) messages.push([event.direction, view.opcode, hex]);
    else messages[messages.length - 1][2] += hex;
  }
  return messages;
}

function har(events: readonly CaptureEvent[]): Uint8Array {
  const encoder = captureEncoder("har");
  for (const event of events) encoder.add(event);
  return encoder.end();
}

/** DevTools sort the headers of a request. */
function lines(headers: { name: string; value: string }[]): string[] {
  return headers.map(({ name, value }) => `${name}: ${value}`).sort();
}

Deno.test("Chromium's DevTools export a HAR that we read, and import the one we write", async () => {
  await using echo = await WsEcho.start();
  await using tap = new Tap({ target: echo.address, guard: false });
  const { port } = tap.listen({ hostname: "127.0.0.1", port: 0 });
  await using chrome = await openDevToolsChrome();
  const page = await chrome.page();
  await page.goto(`http://127.0.0.1:${echo.port}/`);
  const files = await Deno.makeTempDir({ prefix: "roomscope-har-" });
  const [theirs, ours] = [`${files}/chromium.har`, `${files}/roomscope.har`];

  const live = await chrome.network(page);
  await converse(page, `ws://127.0.0.1:${port}/chat?room=lobby`, echo);
  await live.webSocket(DATA_MESSAGES);
  await live.exportHar(theirs);
  const events = await captured(tap);

  const exported = await Array.fromAsync(readCapture([await Deno.readFile(theirs)]));
  assertEquals(dataOf(exported), dataOf(events));
  assertEquals(dataOf(exported).length, DATA_MESSAGES);
  const head = exported.find((event) => event.type === "head");
  const request = new TextDecoder().decode(head?.bytes);
  assert(request.startsWith("GET /chat?room=lobby HTTP/1.1\r\n"), request);
  assert(request.includes("Sec-WebSocket-Protocol: chat\r\n"), request);

  await Deno.writeFile(ours, har(events));
  const written = JSON.parse(await Deno.readTextFile(ours)).log.entries[0];
  const panel = await chrome.network();
  await panel.importHar(ours);
  const seen = await panel.webSocket(written._webSocketMessages.length);
  assertEquals(seen.url, `ws://127.0.0.1:${port}/chat?room=lobby`);
  assertEquals([seen.statusCode, seen.statusText, seen.type], [
    101,
    "Switching Protocols",
    "websocket",
  ]);
  assertEquals(lines(seen.requestHeaders), lines(written.request.headers));
  assertEquals(lines(seen.responseHeaders), lines(written.response.headers));
  assertEquals(seen.startTime, Date.parse(written.startedDateTime) / 1_000);
  assertEquals(
    seen.frames.map(({ type, opCode, text, time, mask }) => [type, opCode, text, time, mask]),
    written._webSocketMessages.map((
      { type, opcode, data, time }: { type: string; opcode: number; data: string; time: number },
    ) => [type, opcode, data, time, type === "send"]),
  );
  // Seven messages of data, a ping with its pong, and both Close frames.
  assertEquals(seen.frames.map(({ opCode }) => opCode).toSorted((a, b) => a - b), [
    ...[1, 1, 1, 1, 1, 2, 2],
    ...[8, 8, 9, 10],
  ]);
  const exportedTimes = exported.flatMap((event) => event.type === "frame" ? [event.at] : []);
  const dataTimes = seen.frames.filter(({ opCode }) => opCode < 8).map(({ time }) => time);
  for (const [i, at] of exportedTimes.entries()) {
    const difference = Math.abs(at / 1_000 - dataTimes[i]);
    assert(difference < CLOCK_SECONDS, `Chromium and the tap differ by ${difference} s`);
  }
  await Deno.remove(files, { recursive: true });
});
