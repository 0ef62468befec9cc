import { assertEquals, assertMatch } from "@std/assert";
import { check } from "./checker.ts";
import type { LogEntry } from "./log.ts";

const ENDS = { r: { epoch: "e", seq: 3 } };

const joined = (seq: number, more: Partial<LogEntry & { at: "joined" }> = {}): LogEntry => ({
  ...{ at: "joined", room: "r", epoch: "e", seq },
  ...more,
});
const got = (seq: number, id = `m${seq}`): LogEntry => ({ at: "got", room: "r", seq, id });
const published = (id: string): LogEntry => ({ at: "published", room: "r", id });
const acked = (seq: number, id = `m${seq}`): LogEntry => (
  { at: "acked", room: "r", epoch: "e", seq, id }
);

/** Publishes m1 to m3; what it sees is fine. */
const ANN = {
  member: "ann",
  entries: [
    ...[joined(0), published("m1"), published("m2"), published("m3")],
    ...[acked(1), acked(2), acked(3)],
  ],
};

function judge(entries: LogEntry[], window = 2) {
  return check([ANN, { member: "bob", entries }], { window, ends: ENDS });
}

Deno.test("a log in which everything is right has nothing broken", () => {
  const verdict = judge([joined(0), got(1), joined(3, { recovered: true }), got(2), got(3)]);
  assertEquals(verdict, {
    ...{ broken: [], published: 3, acked: 3, delivered: 3, recovered: 1, notRecovered: 0 },
  });
});

const WRONG: [what: string, entries: LogEntry[], found: RegExp][] = [
  ["a message is missing", [joined(0), got(1), got(3)], /1 missing in r of 0 to 3: 2/],
  ["the last message is missing", [joined(0), got(1), got(2)], /1 missing .*: 3/],
  ["a message comes twice", [joined(0), got(1), got(2), got(2), got(3)], /twice or out of order/],
  ["messages are swapped", [joined(0), got(1), got(3), got(2)], /m2 came at 2, after 3/],
  [
    "a place has another message",
    [joined(0), got(1), got(2, "m3"), got(3, "m2")],
    /m3 stands at r e 2, for others that is m2/,
  ],
  ["a message that nobody published", [joined(0), got(1), got(2), got(3, "m9")], /m9/],
  ["a message before the join", [got(1), joined(1), got(2), got(3)], /before r was joined/],
  [
    "not recovered without need",
    [joined(0), got(1), joined(3, { recovered: false, reason: "too_old" })],
    /wasn't recovered \(too_old\) with 2 missed at 1/,
  ],
  [
    "a hole before a return that isn't recovered",
    [joined(0), got(2), joined(3, { epoch: "f", recovered: false, reason: "epoch_changed" })],
    /1 missing in r of 0 to 2: 1/,
  ],
  [
    "recovered into another epoch",
    [joined(0), got(1), joined(3, { epoch: "f", recovered: true })],
    /recovered into another epoch/,
  ],
  [
    "a publish that is never settled",
    [joined(0), got(1), got(2), got(3), published("b1")],
    /b1 in r was never settled/,
  ],
  [
    "a publish that is acknowledged twice",
    [joined(0), got(1), got(2), published("m3"), acked(3), acked(3)],
    /m3 was settled twice/,
  ],
  [
    "a publish that is rejected",
    [
      ...[joined(0), got(1), got(2), got(3), published("b1")],
      { at: "rejected", room: "r", id: "b1", code: "outcome_unknown" },
    ],
    /b1 was rejected with outcome_unknown/,
  ],
];

for (const [what, entries, found] of WRONG) {
  Deno.test(`the checker finds: ${what}`, () => {
    assertMatch(judge(entries).broken.join("\n"), found);
  });
}

Deno.test("a return from outside the window may be told so", () => {
  const entries = [joined(0), joined(3, { recovered: false, reason: "too_old" })];
  const { broken, notRecovered } = judge(entries);
  assertEquals([broken, notRecovered], [[], 1]);
});

Deno.test("a message that a room has twice is found by its id", () => {
  const twice = { member: "bob", entries: [joined(0), got(1), got(2), got(3), got(4, "m3")] };
  const { broken } = check([ANN, twice], { window: 2, ends: { r: { epoch: "e", seq: 4 } } });
  assertMatch(broken.join("\n"), /m3 stands at r e 4 and at r e 3/);
});
