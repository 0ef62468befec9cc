import { assert, assertEquals } from "@std/assert";
import { parseMetricsReport } from "@/protocol/mod.ts";
import { ReportInbox, RoomServer } from "@/server/mod.ts";

const JSON_TYPE = { "content-type": "application/json" };

async function report(instance: string): Promise<Record<string, unknown>> {
  const rooms = new RoomServer();
  const { startedAt, now, totals, histograms, viewers } = rooms.getStats();
  await rooms.close();
  return { version: "1", instance, startedAt, sentAt: now, totals, histograms, viewers };
}

function post(body: BodyInit | null, headers: Record<string, string> = JSON_TYPE): Request {
  return new Request("http://localhost/in", { method: "POST", headers, body });
}

async function refusalOf(response: Response): Promise<[number, string]> {
  return [response.status, (await response.json()).error];
}

/** A report that is wrong in one place. */
async function broken(change: (report: Record<string, unknown>) => void): Promise<string> {
  const made = structuredClone(await report("a"));
  change(made);
  return JSON.stringify(made);
}

Deno.test("a report is kept, the sender's next one takes its place, the latest is first", async () => {
  const inbox = new ReportInbox();
  const before = Date.now();
  for (const instance of ["a", "b", "a"]) {
    const { status } = await inbox.receive(post(JSON.stringify(await report(instance))));
    assertEquals(status, 204);
  }
  assertEquals(inbox.reports().map(({ report }) => report.instance), ["a", "b"]);
  assert(inbox.reports().every(({ receivedAt }) => receivedAt >= before));
});

Deno.test("a hundred senders are kept, who was silent longest goes", async () => {
  const inbox = new ReportInbox();
  const template = await report("x");
  const send = (instance: string) => inbox.receive(post(JSON.stringify({ ...template, instance })));
  for (let i = 0; i < 100; i++) await send(`s${i}`);
  await send("s0");
  for (let i = 100; i < 1_000; i++) await send(`s${i}`);
  assertEquals(inbox.reports().length, 100);
  assertEquals(inbox.reports()[0].report.instance, "s999");
});

Deno.test("what isn't known is left out", async () => {
  const inbox = new ReportInbox();
  const body = JSON.stringify({ ...(await report("a")), password: "secret" });
  assertEquals((await inbox.receive(post(body))).status, 204);
  assertEquals(JSON.stringify(inbox.reports()).includes("secret"), false);
});

Deno.test("400: what is no report, and why", async () => {
  const inbox = new ReportInbox();
  const wrong: [string, string][] = [
    ["", "The report is not JSON"],
    ["{", "The report is not JSON"],
    ["null", "The report's fields are wrong: report is not Object"],
    ["[]", "The report's fields are wrong: version is missing"],
    ["{}", "The report's fields are wrong: version is missing"],
    [
      await broken((one) => one.viewers = "3"),
      "The report's fields are wrong: viewers is not number",
    ],
    [
      await broken((one) => one.viewers = -1),
      "The report's fields are wrong: viewers breaks the rule min_value",
    ],
    [
      await broken((one) => one.instance = "x".repeat(65)),
      "The report's fields are wrong: instance breaks the rule max_length",
    ],
    [
      await broken((one) => (one.totals as { errors: unknown }).errors = { ["x".repeat(65)]: 1 }),
      `The report's fields are wrong: totals.errors.${"x".repeat(64)} breaks the rule max_length`,
    ],
    [
      await broken((one) =>
        (one.totals as { errors: unknown }).errors = Object.fromEntries(
          Array.from({ length: 513 }, (_, i) => [`c${i}`, 1]),
        )
      ),
      "The report's fields are wrong: totals.errors breaks the rule check",
    ],
    [
      (await broken(() => {})).replace('"viewers":0', '"viewers":1e999'),
      "The report's fields are wrong: viewers breaks the rule finite",
    ],
    ["[".repeat(60_000), "The report is not JSON"],
  ];
  for (const [body, error] of wrong) {
    assertEquals(await refusalOf(await inbox.receive(post(body))), [400, error]);
  }
  const notUtf8 = post(new Uint8Array([0x22, 0xff, 0x22]));
  assertEquals(await refusalOf(await inbox.receive(notUtf8)), [400, "The report can't be read"]);
  assertEquals(inbox.reports(), []);
});

Deno.test("401: without permission, before the body is read", async () => {
  const inbox = new ReportInbox((request) => request.headers.get("authorization") === "Bearer x");
  const body = JSON.stringify(await report("a"));
  const response = await inbox.receive(post(body));
  assertEquals(response.headers.get("www-authenticate"), "Bearer");
  assertEquals(await refusalOf(response), [401, "The token is missing or wrong"]);
  const allowed = post(body, { ...JSON_TYPE, authorization: "Bearer x" });
  assertEquals((await inbox.receive(allowed)).status, 204);
});

Deno.test("405 and 415: another method, another type", async () => {
  const inbox = new ReportInbox();
  const get = await inbox.receive(new Request("http://localhost/in"));
  assertEquals([get.status, get.headers.get("allow")], [405, "POST"]);
  await get.body?.cancel();
  for (const type of ["text/plain", "application/jsonp", "", "multipart/form-data"]) {
    const { status, body } = await inbox.receive(post("{}", { "content-type": type }));
    assertEquals(status, 415, type);
    await body?.cancel();
  }
  const charset = post(JSON.stringify(await report("a")), {
    "content-type": "application/JSON ; charset=utf-8",
  });
  assertEquals((await inbox.receive(charset)).status, 204);
});

Deno.test("413: over 64 KiB, by what the head says or by what comes", async () => {
  const inbox = new ReportInbox();
  const most = 65_536;
  const text = JSON.stringify(await report("a"));
  const padded = (bytes: number) => text + " ".repeat(bytes - text.length);
  assertEquals((await inbox.receive(post(padded(most)))).status, 204);
  assertEquals((await refusalOf(await inbox.receive(post(padded(most + 1)))))[0], 413);
  const said = post("{}", { ...JSON_TYPE, "content-length": String(most + 1) });
  assertEquals((await refusalOf(await inbox.receive(said)))[0], 413);

  let pulled = 0;
  let cancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled += 1;
      controller.enqueue(new Uint8Array(8_192).fill(0x20));
    },
    cancel() {
      cancelled = true;
    },
  });
  assertEquals((await refusalOf(await inbox.receive(post(endless))))[0], 413);
  assert(cancelled && pulled <= 12, `${pulled} pieces were taken`);
});

Deno.test("characters cut between two pieces are read", async () => {
  const text = await broken((one) => one.version = "é€😀");
  const bytes = new TextEncoder().encode(text);
  for (const size of [1, 3, 7]) {
    const pieces = ReadableStream.from((function* () {
      for (let i = 0; i < bytes.length; i += size) yield bytes.slice(i, i + size);
    })());
    const inbox = new ReportInbox();
    assertEquals((await inbox.receive(post(pieces))).status, 204);
    assertEquals(inbox.reports()[0].report.version, "é€😀");
  }
});

Deno.test("reading a report throws for nothing", () => {
  for (const text of ["", "1", '"', '{"__proto__":1}', "{}", "[[[]]]", "\u0000"]) {
    assertEquals(parseMetricsReport(text).ok, false, text);
  }
});

Deno.test("400: a report that doesn't come to its end, after ten seconds", async () => {
  const waits: number[] = [];
  const original = globalThis.setTimeout;
  globalThis.setTimeout = ((run: () => void, milliseconds?: number) => {
    waits.push(milliseconds ?? 0);
    return original(run, 1);
  }) as typeof setTimeout;
  let cancelled = false;
  const stalled = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array([0x7b])),
    cancel: () => {
      cancelled = true;
    },
  });
  try {
    const response = await new ReportInbox().receive(post(stalled));
    assertEquals(await refusalOf(response), [400, "The report is not JSON"]);
  } finally {
    globalThis.setTimeout = original;
  }
  assertEquals([cancelled, waits.includes(10_000)], [true, true]);
});
