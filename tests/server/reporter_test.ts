import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { parseMetricsReport } from "@/protocol/mod.ts";
import { type LogEntry, MetricsReporter, type MetricsReporterOptions } from "@/server/mod.ts";
import { RoomServer } from "@/server/mod.ts";
import { serveRooms } from "./harness.ts";

/** What a receiver got, and what it answers. */
interface Receiver extends AsyncDisposable {
  url: string;
  bodies: string[];
  headers: Headers[];
  times: number[];
  /** Resolves when so many have come. */
  got(count: number): Promise<void>;
}

function receiver(answer: (n: number) => Response | Promise<Response>): Receiver {
  const bodies: string[] = [];
  const headers: Headers[] = [];
  const times: number[] = [];
  let wake = () => {};
  const http = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    bodies.push(await request.text());
    headers.push(request.headers);
    times.push(performance.now());
    wake();
    return await answer(bodies.length);
  });
  return {
    url: `http://127.0.0.1:${http.addr.port}/in?key=query-secret`,
    bodies,
    headers,
    times,
    async got(count) {
      while (bodies.length < count) await new Promise<void>((resolve) => wake = resolve);
    },
    async [Symbol.asyncDispose]() {
      await http.shutdown();
    },
  };
}

const NO_CONTENT = () => new Response(null, { status: 204 });

function reporterOf(options: MetricsReporterOptions) {
  const entries: LogEntry[] = [];
  let wake = () => {};
  const rooms = new RoomServer();
  const reporter = new MetricsReporter(rooms, {
    intervalMs: 10,
    random: () => 0,
    log: (entry) => {
      entries.push(entry);
      wake();
    },
    ...options,
  });
  return {
    entries,
    reporter,
    async logged(count: number) {
      while (entries.length < count) await new Promise<void>((resolve) => wake = resolve);
    },
    async [Symbol.asyncDispose]() {
      await reporter.close();
      await rooms.close();
    },
  };
}

Deno.test("reports come again and again, as JSON of the written shape, with the token", async () => {
  await using target = receiver(NO_CONTENT);
  await using made = reporterOf({ url: target.url, token: "token-secret" });
  await target.got(3);
  const results = target.bodies.map(parseMetricsReport);
  assert(results.every(({ ok }) => ok));
  const reports = results.map((result) => result.ok ? result.report : null!);
  assertEquals(new Set(reports.map(({ instance }) => instance)).size, 1);
  assert(reports[0].sentAt <= reports[1].sentAt && reports[0].startedAt <= reports[0].sentAt);
  assertEquals(target.headers[0].get("content-type"), "application/json");
  assertEquals(target.headers[0].get("authorization"), "Bearer token-secret");
  assertEquals(made.entries, []);
});

Deno.test("a report says what happened, and nothing of who or what", async () => {
  await using target = receiver(NO_CONTENT);
  await using served = serveRooms();
  const ann = await served.connect({ headers: { cookie: "session=cookie-secret" } });
  await ann.join("room-name-secret");
  ann.send({ type: "auth", token: "auth-secret" });
  ann.send({ type: "room_message", room: "room-name-secret", content: "content-secret", id: "1" });
  await ann.next("ack");
  const reporter = new MetricsReporter(served.rooms, { url: target.url, intervalMs: 1 });
  await target.got(1);
  await reporter.close();
  const result = parseMetricsReport(target.bodies[0]);
  assert(result.ok);
  const { totals, histograms } = result.report;
  assertEquals([totals.totalConnections, totals.rooms, totals.errors], [1, 1, {
    auth_unsupported: 1,
  }]);
  assertEquals(histograms.fanOutMs.count, 1);
  for (const secret of ["secret", ann.clientId, "127.0.0.1"]) {
    assertEquals(target.bodies[0].includes(secret), false, secret);
  }
});

Deno.test("what fails is tried again with new figures, and the recovery is told", async () => {
  await using target = receiver((n) => n < 3 ? new Response("no", { status: 503 }) : NO_CONTENT());
  await using made = reporterOf({ url: target.url, intervalMs: 50 });
  await target.got(4);
  await made.logged(3);
  const told = made.entries.map((
    { event, fields },
  ) => [event, fields.status ?? null, fields.failures]);
  assertEquals(told, [
    ["report_failed", 503, 1],
    ["report_failed", 503, 2],
    ["report_recovered", null, 2],
  ]);
  assert(new Set(target.bodies).size === target.bodies.length, "each is made anew");
  const { fields } = made.entries[0];
  assertEquals(fields.url, target.url.split("?")[0]);
  assertEquals(JSON.stringify(made.entries).includes("secret"), false);
});

Deno.test("nobody listens: it goes on, with ever longer waits, and logs no address's secrets", async () => {
  const gone = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = gone.addr;
  gone.close();
  await using made = reporterOf({ url: `http://127.0.0.1:${port}/in?key=query-secret` });
  await made.logged(4);
  assertEquals(made.entries.map(({ fields }) => fields.failures).slice(0, 4), [1, 2, 3, 4]);
  assertEquals(JSON.stringify(made.entries).includes("secret"), false);
});

Deno.test("waits after failures: from one second on, doubled, never beyond the interval", async () => {
  const waits: number[] = [];
  const original = globalThis.setTimeout;
  // Each wait is noted and cut short.
  globalThis.setTimeout = ((run: () => void, milliseconds?: number) => {
    if (milliseconds !== undefined && milliseconds > 50) waits.push(milliseconds);
    return original(run, Math.min(milliseconds ?? 0, 1));
  }) as typeof setTimeout;
  try {
    await using target = receiver(() => new Response(null, { status: 500 }));
    await using _ = reporterOf({ url: target.url, intervalMs: 60_000, random: () => 1 });
    await target.got(9);
  } finally {
    globalThis.setTimeout = original;
  }
  assertEquals(waits.slice(0, 9), [
    ...[60_000, 1_100, 2_100, 4_100, 8_100, 16_100, 32_100, 60_100, 60_100],
  ]);
});

Deno.test("what the receiver finds wrong waits for the next interval; a redirect isn't followed", async () => {
  await using other = receiver(NO_CONTENT);
  for (const status of [400, 401, 413, 302]) {
    await using target = receiver(() =>
      new Response(null, { status, headers: status === 302 ? { location: other.url } : {} })
    );
    await using made = reporterOf({ url: target.url, intervalMs: 20, token: "token-secret" });
    await target.got(3);
    await made.logged(2);
    assertEquals(made.entries[0].fields.status, status);
    const between = target.times[2] - target.times[1];
    assert(between >= 18, `${between} ms`);
  }
  assertEquals(other.bodies, []);
});

Deno.test("a receiver that doesn't answer: given up in time, and close ends what is under way", async () => {
  const answers: PromiseWithResolvers<Response>[] = [];
  const hang = () => {
    answers.push(Promise.withResolvers<Response>());
    return answers.at(-1)!.promise;
  };
  await using target = receiver(hang);
  const made = reporterOf({ url: target.url, timeoutMs: 30 });
  await made.logged(1);
  assertEquals(made.entries[0].fields.error, "no answer in time");
  await made[Symbol.asyncDispose]();

  const slow = reporterOf({ url: target.url, timeoutMs: 60_000 });
  await target.got(answers.length + 1);
  const began = performance.now();
  await slow.reporter.close();
  assert(performance.now() - began < 2_000);
  assertEquals(slow.entries, [], "its end is no failure");
  await slow[Symbol.asyncDispose]();
  for (const { resolve } of answers) resolve(new Response());
});

Deno.test("closed: no report comes any more, a second close is harmless", async () => {
  await using target = receiver(NO_CONTENT);
  const made = reporterOf({ url: target.url });
  await target.got(1);
  await made.reporter.close();
  await made.reporter.close();
  const count = target.bodies.length;
  await target.got(count);
  await new Promise((resolve) => setTimeout(resolve, 40));
  assertEquals(target.bodies.length, count);
  await made[Symbol.asyncDispose]();
});

Deno.test("figures that can't be had are no reason to throw", async () => {
  const entries: LogEntry[] = [];
  const told = Promise.withResolvers<void>();
  const source = {
    getStats(): never {
      throw new Error("no figures");
    },
  };
  const reporter = new MetricsReporter(source, {
    url: "http://127.0.0.1:1/",
    intervalMs: 1,
    log: (entry) => {
      entries.push(entry);
      told.resolve();
    },
  });
  await told.promise;
  await reporter.close();
  assertEquals(entries[0].event, "report_failed");
});

Deno.test("addresses and times that can't be used are refused, without their secrets", () => {
  const source = new RoomServer();
  const make = (options: MetricsReporterOptions) => () => new MetricsReporter(source, options);
  for (const url of ["", "no address", "ftp://example.com/", "//example.com"]) {
    assertThrows(make({ url }), TypeError, "not an http or https address");
  }
  const { message } = assertThrows(make({ url: "http://me:word@example.com/" }), TypeError);
  assertStringIncludes(message, "name and password");
  assertEquals(message.includes("word@"), false);
  for (const time of [0, -1, 1.5, NaN, 2 ** 31]) {
    assertThrows(make({ url: "http://x/", intervalMs: time }), RangeError, "intervalMs");
    assertThrows(make({ url: "http://x/", timeoutMs: time }), RangeError, "timeoutMs");
  }
});
