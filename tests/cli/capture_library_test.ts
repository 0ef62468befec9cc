import { assertEquals, assertObjectMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { downloadOf } from "@/cli/dashboard/capture_download.ts";
import { CaptureLibrary, CaptureRefused } from "@/cli/dashboard/capture_library.ts";
import { captureEncoder, type CaptureFormat, readCapture } from "@/tap/mod.ts";
import type { CaptureLimits } from "@/utils.ts";
import { har } from "./capture_files.ts";

const LIMITS: CaptureLimits = { maxFileBytes: 4_000, maxAllBytes: 5_000, maxCaptures: 3 };

async function refused(promise: Promise<unknown>): Promise<[number, string]> {
  const { status, message } = await assertRejects(() => promise, CaptureRefused);
  return [status, message];
}

Deno.test("a file is read, listed, watched and forgotten", async () => {
  const library = new CaptureLibrary();
  const summary = await library.upload("chat.har", [har(4)]);
  assertObjectMatch(summary, {
    ...{ id: "1", name: "chat.har", bytes: har(4).length, connections: 1, frames: 4, kept: 4 },
    ...{ findings: 0, first: 1767225600_000, last: 1767225603_000, notices: [] },
  });
  assertEquals(library.list(), [summary]);
  const { source } = library.get("1")!;
  assertEquals(source.policy.source, { kind: "file", name: "chat.har" });
  const [id] = source.ids();
  // HAR doesn't tell how it ended, so nobody says that it was lost.
  assertObjectMatch(source.record(id)!, { state: 1, counters: { messagesIn: 2, messagesOut: 2 } });
  assertEquals(source.startedAt, 1767225600_000);
  assertEquals([library.remove("1"), library.remove("1"), library.list()], [true, false, []]);
});

Deno.test("a HAR with its Close frame ends", async () => {
  const library = new CaptureLibrary();
  await library.upload("chat.har", [har(1, true)]);
  const { source } = library.get("1")!;
  assertObjectMatch(source.record(source.ids()[0])!, { state: 3, close: { code: 1000 } });
});

Deno.test("what is no capture is refused, and says why", async () => {
  const library = new CaptureLibrary(LIMITS);
  const upload = (bytes: Uint8Array) => refused(library.upload("x", [bytes]));
  const text = (json: string) => new TextEncoder().encode(json);
  const bad: [Uint8Array, number, string][] = [
    [new Uint8Array(0), 400, "it is empty"],
    [text("hello"), 400, "neither JSONL, HAR, pcap nor pcapng"],
    [text('{"log": {'), 400, "it is not JSON"],
    [text('{"log": {"entries": []}}'), 400, "there is no WebSocket in it"],
    [har().subarray(0, 100), 400, "it is not JSON"],
    [har(200), 413, "the file is larger than"],
  ];
  for (const [bytes, status, message] of bad) {
    const [given, said] = await upload(bytes);
    assertEquals(given, status, said);
    assertStringIncludes(said, message);
  }
  assertEquals(library.list(), []);
});

Deno.test("there is room for a few, and for so many bytes", async () => {
  const few = new CaptureLibrary({ ...LIMITS, maxAllBytes: 1e6 });
  for (let i = 0; i < 3; i++) await few.upload("x", [har()]);
  assertEquals((await refused(few.upload("x", [har()])))[0], 409);
  few.remove("2");
  assertEquals((await few.upload("x", [har()])).id, "4");
  const small = new CaptureLibrary(LIMITS);
  await small.upload("x", [har(40)]);
  const [status, message] = await refused(small.upload("x", [har(40)]));
  assertEquals(status, 413);
  assertStringIncludes(message, "together, remove one");
});

Deno.test("one file at a time; one that fails makes room for the next", async () => {
  const library = new CaptureLibrary(LIMITS);
  const gate = Promise.withResolvers<void>();
  const slow = library.upload(
    "slow",
    async function* () {
      await gate.promise;
      yield har();
    }(),
  );
  assertEquals((await refused(library.upload("second", [har()])))[0], 429);
  gate.resolve();
  await slow;
  assertEquals((await refused(library.upload("bad", [new Uint8Array(1)])))[0], 400);
  await library.upload("third", [har()]);
  assertEquals(library.list().map(({ name }) => name), ["slow", "third"]);
});

Deno.test("a long name is cut, many notices are counted", async () => {
  const library = new CaptureLibrary();
  const { name } = await library.upload("n".repeat(500), [har()]);
  assertEquals(name.length, 120);
});

for (const format of ["jsonl", "har", "pcap"] as const satisfies CaptureFormat[]) {
  Deno.test(`saved as ${format} and loaded again, it is the same`, async () => {
    const library = new CaptureLibrary();
    await library.upload("first", [har(6, true)]);
    const events = library.get("1")!.capture.events;
    const file = await new Response(downloadOf(events, { format })).bytes();
    const again = await library.upload("again", [file]);
    assertEquals([again.connections, again.frames], [1, 7]);
    const frames = library.get("2")!.capture.read(0).frames;
    const before = library.get("1")!.capture.read(0).frames;
    assertEquals(frames.map(({ preview }) => preview), before.map(({ preview }) => preview));
  });
}

Deno.test("one connection alone is saved without the others", async () => {
  const encoder = captureEncoder("jsonl");
  const events = [];
  for (const connection of ["a", "b"]) {
    for await (const event of readCapture([har()])) events.push({ ...event, connection });
  }
  const file = [encoder.begin(), ...events.map((event) => encoder.add(event))];
  const library = new CaptureLibrary();
  await library.upload("two.jsonl", file);
  const { capture } = library.get("1")!;
  const options = { format: "jsonl", connection: "b" } as const;
  const one = await new Response(downloadOf(capture.events, options)).bytes();
  await library.upload("one.jsonl", [one]);
  assertEquals(library.get("2")!.source.ids(), ["b"]);
});
