/**
 * The dashboard of the tap command, over HTTP: who may do what, and what is refused.
 *
 * @module
 */
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { openDashboard } from "@/dashboard.ts";
import { dashboardOf, findDashboard } from "@/cli/tap/dashboard.ts";
import { CommandFailure } from "@/cli/tap/failure.ts";
import { FlagError } from "@/cli/flags.ts";
import { Tap } from "@/tap/mod.ts";
import type { CaptureList } from "@/utils.ts";
import { main } from "@/tap.ts";
import { ensureBuilt } from "../command.ts";
import { exchange, httpRequest } from "../facts/http_request.ts";
import { LOOPBACK, soon } from "../tap/support.ts";
import { WsClient, WsEcho } from "../tap/ws_peers.ts";
import { har } from "./capture_files.ts";
import { FakeTerminal } from "./tap_terminal.ts";

await ensureBuilt();

/** A dashboard on a tap before an echo server. */
async function opened() {
  const echo = await WsEcho.start();
  const tap = new Tap({ target: echo.address, guard: false });
  const { port } = tap.listen({ hostname: LOOPBACK, port: 0 });
  const said: string[] = [];
  const dashboard = await openDashboard({
    port: 0,
    tap: { tap, target: "ws://target/ws", address: `ws://127.0.0.1:${port}/ws` },
    files: [],
    say: (text) => said.push(text),
  });
  const page = await fetch(dashboard.url);
  const cookie = page.headers.get("set-cookie")!.split(";")[0];
  return {
    url: dashboard.url,
    port,
    html: await page.text(),
    cookie,
    async [Symbol.asyncDispose]() {
      await dashboard[Symbol.asyncDispose]();
      await tap.close({ graceMs: 0 });
      await echo[Symbol.asyncDispose]();
    },
  };
}

async function answerOf(url: string, init: RequestInit = {}): Promise<[number, string]> {
  const response = await fetch(url, init);
  return [response.status, await response.text()];
}

Deno.test("flags: the port needs the dashboard", () => {
  assertEquals(dashboardOf({ dashboard: true }), { port: undefined });
  assertEquals(dashboardOf({ dashboard: true, "dashboard-port": 7 }), { port: 7 });
  assertEquals(dashboardOf({}), null);
  let message = "";
  try {
    dashboardOf({ "dashboard-port": 7 });
  } catch (error) {
    assert(error instanceof FlagError);
    message = error.message;
  }
  assertEquals(message, "Cannot use --dashboard-port: --dashboard is missing");
});

Deno.test("without the pages, as in the JSR package, it says how to get them", async () => {
  const places = ["https://jsr.io/@roomscope/roomscope/0.1.0/dashboard.ts", "file:///no/where.ts"];
  for (const place of places) {
    const { message } = await assertRejects(() => findDashboard(new URL(place)), CommandFailure);
    assertStringIncludes(message, "not part of this package");
    assertStringIncludes(message, "deno task tap … --dashboard");
  }
});

Deno.test("a port that is taken: the next one, or a failure where it was asked for", async () => {
  await using first = await opened();
  const taken = Number(new URL(first.url).port);
  const options = { tap: null, files: [], say() {} };
  const { message } = await assertRejects(
    () => openDashboard({ ...options, port: taken }),
    CommandFailure,
  );
  assertStringIncludes(message, `Cannot open the dashboard on port ${taken}`);
});

Deno.test("pages of a server that isn't ours: no rooms, and plainly so", async () => {
  await using run = await opened();
  assertStringIncludes(run.html, "a server that isn’t ours");
  assert(!run.html.includes('href="/rooms"'));
  assertStringIncludes((await answerOf(`${run.url}/rooms`))[1], "it has no rooms here");
  await using client = await WsClient.open(run.port);
  client.socket.send("hello");
  await client.message();
  const stats = async () => JSON.parse((await answerOf(`${run.url}/api/stats`))[1]);
  const counted = async () => {
    for (;;) {
      const { totals } = await stats();
      if (totals.messagesReceived === 1 && totals.messagesSent === 1) return totals;
    }
  };
  const totals = await soon(counted(), "the figures");
  assertEquals([totals.activeConnections, totals.bytesReceived], [1, 5]);
});

Deno.test("a capture is loaded, listed, saved and removed", async () => {
  await using run = await opened();
  const headers = { cookie: run.cookie };
  const api = `${run.url}/api/captures`;
  const [status, made] = await answerOf(`${api}?name=chat.har`, {
    ...{ method: "POST", headers, body: har(3) as BufferSource },
  });
  assertEquals(status, 201, made);
  const { id } = JSON.parse(made);
  const list: CaptureList = JSON.parse((await answerOf(api))[1]);
  assertEquals(list.captures.map(({ name, frames }) => [name, frames]), [["chat.har", 3]]);
  assertEquals(list.live, true);
  const saved = await fetch(`${api}/${id}/pcap`);
  assertMatch(
    saved.headers.get("content-disposition")!,
    /attachment; filename\*=UTF-8''chat\.pcap/,
  );
  assert((await saved.bytes()).length > 100);
  for (const path of ["", "/frames", "/connections/1"]) {
    const [code, page] = await answerOf(`${run.url}/captures/${id}${path}`);
    assertEquals(code, 200);
    assertStringIncludes(page, "chat.har");
  }
  assertEquals((await answerOf(`${api}/${id}`, { method: "DELETE", headers }))[0], 204);
  assertEquals((await answerOf(`${api}/${id}`, { method: "DELETE", headers }))[0], 404);
  assertEquals((await answerOf(`${run.url}/captures/${id}`))[0], 404);
});

Deno.test("what is refused: strangers, too much, noise, names that don't exist", async (t) => {
  await using run = await opened();
  const api = `${run.url}/api/captures`;
  const headers = { cookie: run.cookie };
  const post = (init: RequestInit) => answerOf(api, { method: "POST", ...init });
  const body = har() as BufferSource;

  await t.step("no cookie, another origin, another host", async () => {
    assertEquals((await post({ body }))[0], 403);
    assertEquals(
      (await post({ body, headers: { ...headers, origin: "http://evil.example" } }))[0],
      403,
    );
    assertEquals((await answerOf(`${api}/1`, { method: "DELETE" }))[0], 403);
    const { status } = await httpRequest(Number(new URL(run.url).port), "GET / HTTP/1.1", [
      "Host: evil.example",
    ]);
    assertEquals(status, 403);
  });

  await t.step("broken and empty files", async () => {
    const [status, text] = await post({ body: "noise", headers });
    assertEquals(status, 400);
    assertEquals(JSON.parse(text), {
      error: "Cannot read capture: it is neither JSONL, HAR, pcap nor pcapng",
    });
    assertEquals((await post({ headers }))[0], 400);
  });

  await t.step("a file that is too large", async () => {
    const lines = ["Host: localhost", `Cookie: ${run.cookie}`, "Content-Length: 70000000"];
    const head = ["POST /api/captures HTTP/1.1", ...lines].join("\r\n") + "\r\n\r\n";
    const { status } = await exchange(
      Number(new URL(run.url).port),
      new TextEncoder().encode(head),
      { endsItsSide: true },
    );
    assertEquals(status, 413);
  });

  await t.step("names that don't exist", async () => {
    for (const path of ["/9/har", "/live/exe", "/live%00/har", "/9"]) {
      assertEquals((await answerOf(api + path))[0], 404, path);
    }
  });
});

Deno.test("read --dashboard: a file that can't be read is a failure, not a page", async () => {
  const terminal = new FakeTerminal();
  const path = await Deno.makeTempFile({ suffix: ".har" });
  await Deno.writeTextFile(path, '{"log": {');
  assertEquals(await main(["read", path, "--dashboard", "--dashboard-port", "0"], terminal), 1);
  assertStringIncludes(terminal.said.join("\n"), "it is not JSON");
  assertEquals(await main(["read", path, "--dashboard-port", "0"], terminal), 2);
  await Deno.remove(path);
});
