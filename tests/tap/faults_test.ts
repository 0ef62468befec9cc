import { assert, assertEquals, assertThrows } from "@std/assert";
import type { FrameEvent } from "@/protocol/mod.ts";
import { type FaultRule, parseFault, Tap, type TapOptions } from "@/tap/mod.ts";
import {
  concat,
  masked,
  openRaw,
  plain,
  type RawPeer,
  recordingUpgrader,
  soon,
  startTap,
  text,
  upgradingTarget,
} from "./support.ts";

const READ: [text: string, rule: FaultRule][] = [
  ["dir=in drop", { direction: "in", drop: true }],
  ["  conn=2   opcode=text dup ", { connection: "2", opcode: 1, duplicate: true }],
  ["opcode=0x9 after=10 hold=2s", { opcode: 9, after: { unit: "frames", count: 10 }, hold: 2_000 }],
  ["after=10kB every=3 corrupt=header", {
    ...{ after: { unit: "bytes", count: 10_000 }, every: 3, corrupt: "header" },
  }],
  ["after=1.5s chance=10% times=1 corrupt=payload", {
    ...{ after: { unit: "ms", count: 1_500 }, chance: 0.1, times: 1, corrupt: "payload" },
  }],
  ["latency=100±20", { latency: { ms: 100, jitter: 20 } }],
  ["latency=0.1s+-20ms", { latency: { ms: 100, jitter: 20 } }],
  ["latency=5", { latency: { ms: 5, jitter: 0 } }],
  ["bandwidth=10k slice=7", { bandwidth: 10_000, slice: 7 }],
  ["bandwidth=1.5MB/s", { bandwidth: 1_500_000 }],
  ["stall=5s cut=rst", { stall: 5_000, cut: "rst" }],
  ["cut=half", { cut: "half" }],
];

Deno.test("faults are read", () => {
  for (const [given, rule] of READ) assertEquals(parseFault(given), rule, given);
});

const UNREADABLE: [text: string, message: RegExp][] = [
  ["", /nothing is done; there are latency, .*drop/],
  ["dir=in", /nothing is done/],
  ["dir=up drop", /dir is in or out, not "up"/],
  ["explode", /there is no "explode"; there are dir=, .*drop, dup/],
  ["=5", /there is no "=5"/],
  ["constructor=5", /there is no "constructor=5"/],
  ["drop=5", /there is no "drop=5"/],
  ["latency=slow", /latency is a time like 100ms or 1\.5s, not "slow"/],
  ["latency=1±2±3", /latency is like 100ms±20ms/],
  ["latency=-5", /latency is a time/],
  ["bandwidth=fast", /bandwidth is a number of bytes like 500, 10k or 1M/],
  ["slice=0", /slice is a whole number from 1/],
  ["every=1.5 drop", /every is a whole number from 1/],
  ["chance=200% drop", /chance is 0% to 100%/],
  ["after=soon drop", /after is frames \(10\), bytes \(10kB\) or time \(5s\)/],
  ["opcode=99 drop", /opcode is continuation, .* or 0 to 15/],
  ["cut=hair", /cut is fin or rst or half/],
  ["corrupt=all", /corrupt is header or payload/],
];

for (const [given, message] of UNREADABLE) {
  Deno.test(`the fault ${JSON.stringify(given)} is explained`, () => {
    const error = assertThrows(() => parseFault(given), TypeError);
    assert(message.test(error.message), error.message);
  });
}

/** A tap with faults. */
function faulty(target: TapOptions["target"], faults: string[], seed = 1) {
  return startTap({ target, guard: false, faults: faults.map(parseFault), seed });
}

/** What a target hears of what a client sends. */
async function heard(
  faults: string[],
  frames: Uint8Array[],
  { seed = 1, cut = (bytes: Uint8Array) => [bytes] } = {},
) {
  const { target, heard } = recordingUpgrader();
  await using _target = target;
  const { tap, port } = faulty(target.address, faults, seed);
  await using _tap = tap;
  using client = await openRaw(port);
  for (const piece of cut(concat(...frames))) await client.write(piece);
  await client.conn.closeWrite();
  const bytes = await heard(0);
  return { bytes, told: faultsOf(tap) };
}

function faultsOf(tap: Tap): (string | undefined)[] {
  const { events } = tap.journal.read(tap.journal.start, { limit: Infinity });
  return events.filter((event): event is FrameEvent => event.type === "frame")
    .map(({ fault }) => fault);
}

const WORDS = ["one", "two", "three", "four", "five"].map((word) => masked(word));

Deno.test("without a fault that fits every byte passes, however the stream is cut", async () => {
  for (const size of [1, 5, 100]) {
    const { bytes, told } = await heard(
      ["opcode=ping drop", "dir=out dup", "conn=2 drop", "after=100 drop"],
      WORDS,
      {
        cut: (all) =>
          Array.from(
            { length: Math.ceil(all.length / size) },
            (_, i) => all.subarray(i * size, (i + 1) * size),
          ),
      },
    );
    assertEquals(bytes, concat(...WORDS));
    assertEquals(told, Array(5).fill(undefined));
  }
});

Deno.test("frames are dropped and duplicated, and the record says so", async () => {
  const dropped = await heard(["every=2 drop"], WORDS);
  assertEquals(dropped.bytes, concat(WORDS[0], WORDS[2], WORDS[4]));
  assertEquals(dropped.told, [undefined, "dropped", undefined, "dropped", undefined]);
  const twice = await heard(["after=2 times=1 dup"], WORDS);
  assertEquals(twice.bytes, concat(...WORDS.slice(0, 3), WORDS[2], ...WORDS.slice(3)));
  assertEquals(twice.told, [undefined, undefined, "duplicated", undefined, undefined]);
});

Deno.test("the first fault that fits decides", async () => {
  const { told } = await heard(["times=1 drop", "dup"], WORDS.slice(0, 2));
  assertEquals(told, ["dropped", "duplicated"]);
});

Deno.test("one byte of a header or payload is changed, as the record says", async () => {
  for (const part of ["header", "payload"] as const) {
    const { bytes, told } = await heard([`corrupt=${part} times=1`], [WORDS[2]]);
    const changed = [...bytes.keys()].filter((i) => bytes[i] !== WORDS[2][i]);
    assertEquals(changed.length, 1);
    const [, where, place, xor] = /^(\w+) byte (\d+) XOR 0x(..)$/.exec(told[0] ?? "") ?? [];
    assertEquals(where, part);
    assertEquals(changed[0], Number(place) + (part === "payload" ? 6 : 0));
    assertEquals(bytes[changed[0]] ^ WORDS[2][changed[0]], parseInt(xor, 16));
  }
  const empty = await heard(["corrupt=payload"], [masked("")]);
  assertEquals(empty.told, [undefined]);
});

Deno.test("the same seed does the same, another something else", async () => {
  const frames = Array.from({ length: 60 }, (_, i) => masked(`number ${i}`));
  const faults = ["chance=30% drop", "chance=30% corrupt=payload"];
  const [first, again, other] = [
    await heard(faults, frames, { seed: 5 }),
    await heard(faults, frames, {
      seed: 5,
      cut: (all) => [all.subarray(0, 100), all.subarray(100)],
    }),
    await heard(faults, frames, { seed: 6 }),
  ];
  assertEquals(again.told, first.told);
  assertEquals(again.bytes, first.bytes);
  assert(other.told.join() !== first.told.join());
  const dropped = first.told.filter((fault) => fault === "dropped").length;
  assert(dropped > 5 && dropped < 40, `${dropped} of 60`);
});

Deno.test("a frame that is held is passed by others", async () => {
  const { bytes, told } = await heard(["times=1 hold=50ms"], WORDS.slice(0, 3));
  assertEquals(bytes, concat(WORDS[1], WORDS[2], WORDS[0]));
  assertEquals(told[0], "held for 50 ms");
});

/** How long a server's frames need to the client, and in which reads they come. */
async function timed(faults: string[], frames: Uint8Array[]) {
  await using target = upgradingTarget(async (peer) => {
    await peer.take(1);
    await peer.write(concat(...frames));
    await peer.rest();
  });
  const { tap, port } = faulty(target.address, faults);
  await using _tap = tap;
  using client = await openRaw(port);
  const began = performance.now();
  await client.write(Uint8Array.of(0x81));
  const bytes = await client.take(concat(...frames).length);
  return { bytes, took: performance.now() - began, tap };
}

Deno.test("latency and stall delay what comes, and nothing is lost or changed", async () => {
  const frames = [plain("one"), plain("two")];
  for (const fault of ["dir=out latency=120ms±20ms", "dir=out stall=100ms"]) {
    const { bytes, took } = await timed([fault], frames);
    assertEquals(bytes, concat(...frames));
    assert(took >= 99, `${fault}: ${took} ms`);
  }
  const { took } = await timed(["dir=out conn=7 latency=5s"], frames);
  assert(took < 4_000, "another connection isn't delayed");
});

Deno.test("bandwidth is bounded", async () => {
  const frame = plain(new Uint8Array(10_000), { opcode: 2 });
  const { bytes, took } = await timed(["dir=out bandwidth=50k"], [frame]);
  assertEquals(bytes, frame);
  assert(took >= 150, `${took} ms`);
});

Deno.test("slices come one by one", async () => {
  const frame = plain("a frame in slices");
  await using target = upgradingTarget(async (peer) => {
    await peer.write(frame);
    await peer.rest();
  });
  const { tap, port } = faulty(target.address, ["dir=out slice=7"]);
  await using _tap = tap;
  using client = await openRaw(port);
  assertEquals(await client.take(frame.length), frame);
});

Deno.test("a link is cut in front of a frame; what came before it arrives", async () => {
  for (const how of ["fin", "rst"]) {
    const frames = [plain("one"), plain("two"), plain("three")];
    await using target = upgradingTarget(async (peer: RawPeer) => {
      await peer.write(concat(...frames));
      await peer.rest();
    });
    const { tap, port } = faulty(target.address, [`dir=out after=1 cut=${how}`]);
    await using _tap = tap;
    using client = await openRaw(port);
    assertEquals(text((await client.frame()).payload), "one");
    // Unread by the tap, which makes the kernel reset the link where that is asked for.
    await client.write(masked("still there?")).catch(() => {});
    assertEquals(await client.rest(), new Uint8Array(0));
    assertEquals(faultsOf(tap).filter((fault) => fault !== undefined), [
      `cut with ${how.toUpperCase()}`,
    ]);
    assertEquals(await soon(ended(tap), "the end"), ["tap", 1006]);
  }
});

Deno.test("a link is cut in the middle of a frame", async () => {
  const { bytes, told } = await heard(["dir=in after=1 cut=half"], WORDS.slice(0, 3));
  const half = WORDS[1].subarray(0, Math.ceil(WORDS[1].length / 2));
  assertEquals(bytes, concat(WORDS[0], half));
  assertEquals(told, [undefined, "cut in the middle", undefined]);
});

async function ended(tap: Tap): Promise<unknown[]> {
  for (;;) {
    const { events } = tap.journal.read(tap.journal.start, { limit: Infinity });
    for (const event of events) if (event.type === "end") return [event.endedBy, event.code];
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

Deno.test("what follows a Close frame, or can't be cut into frames, passes as it is", async () => {
  const closed = concat(masked("", { opcode: 8 }), Uint8Array.of(1, 2, 3));
  assertEquals((await heard(["opcode=text drop"], [WORDS[0], closed])).bytes, closed);
  const lost = Uint8Array.of(0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5);
  assertEquals((await heard(["opcode=text drop"], [WORDS[0], lost])).bytes, lost);
});

Deno.test("a frame that isn't whole at the end passes as far as it came", async () => {
  const half = WORDS[0].subarray(0, 5);
  assertEquals((await heard(["drop"], [WORDS[1], half])).bytes, half);
});

Deno.test("a slow link slows its sender: what waits is bounded", async () => {
  const { target } = recordingUpgrader();
  await using _target = target;
  const { tap, port } = faulty(target.address, ["dir=in stall=3600s"]);
  await using _tap = tap;
  using client = await openRaw(port);
  const piece = masked(new Uint8Array(100_000), { opcode: 2 });
  let sent = 0;
  const sending = (async () => {
    for (;; sent += piece.length) await client.write(piece);
  })().catch(() => {});
  let before = -1;
  // The kernel's buffers and ours fill up; then nothing moves any more.
  while (sent !== before) {
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert(sent < 64_000_000, `${sent} bytes were taken`);
  await tap.close({ graceMs: 0 });
  await soon(sending, "the sender's end");
});

Deno.test("a guard lets no faults through", () => {
  const target = { hostname: "127.0.0.1", port: 1 };
  const error = assertThrows(
    () => new Tap({ target, faults: [{ drop: true }] }),
    TypeError,
  );
  assertEquals(error.message, "Cannot make a tap: a guard lets no faults through");
});
