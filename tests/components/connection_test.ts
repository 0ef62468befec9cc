import { assert, assertEquals } from "@std/assert";
import { TALL_LAYOUT, WIDE_LAYOUT } from "../../components/connection/diagram_layout.ts";
import {
  describeCause,
  edgeCounts,
  edgeFacts,
  illegalTransitions,
  stateSince,
} from "../../components/connection/lifecycle.ts";
import { limitKind, limitLabel } from "../../components/overview/limits.ts";
import { CONNECTION_EDGES, type Transition } from "../../protocol/connection_state.ts";
import { connection } from "./records.ts";

const OPENED: Transition = {
  from: 0,
  to: 1,
  at: 1_003,
  cause: { by: "server", what: "handshake done" },
};
const CLOSING: Transition = {
  from: 1,
  to: 2,
  at: 5_000,
  cause: { by: "client", what: "Close received", code: 4001, reason: "bye" },
};
const CLOSED: Transition = {
  from: 2,
  to: 3,
  at: 5_004,
  cause: { by: "server", what: "Close answered" },
};

Deno.test("each edge has its time, its duration and its count", () => {
  const record = connection("1", { state: 3, transitions: [OPENED, CLOSING, CLOSED] });
  const facts = edgeFacts(record, edgeCounts([record, connection("2")]));
  assertEquals(facts.map(({ edge }) => edge.name), CONNECTION_EDGES.map(({ name }) => name));
  const of = (name: string) => facts.find(({ edge }) => edge.name === name)!;
  assertEquals([of("opened").after, of("closing").after, of("closed").after], [3, 3_997, 4]);
  assertEquals([of("opened").count, of("closing").count, of("lost").count], [2, 1, 0]);
  assertEquals([of("lost").passed, of("lost").after], [null, null]);
});

Deno.test("a transition that the diagram lacks is found", () => {
  const back: Transition = { from: 3, to: 1, at: 6_000, cause: { by: "network", what: "?" } };
  const record = connection("1", { transitions: [OPENED, back] });
  assertEquals(illegalTransitions(record), [back]);
  assertEquals(illegalTransitions(connection("2")), []);
});

Deno.test("a state lasts since it was entered", () => {
  assertEquals(stateSince(connection("1")), 1_003);
  assertEquals(stateSince(connection("1", { state: 0, transitions: [] })), 1_000);
});

Deno.test("a cause in one line", () => {
  assertEquals(describeCause(CLOSING), "by client · 4001 “bye” · Close received");
  assertEquals(describeCause(OPENED), "by server · handshake done");
});

Deno.test("both drawings have every state and every edge, and stay inside", () => {
  for (const layout of [WIDE_LAYOUT, TALL_LAYOUT]) {
    assertEquals(layout.nodes.length, 4);
    for (const { name } of CONNECTION_EDGES) {
      const { labelX, labelY } = layout.edges[name];
      assert(labelX > 0 && labelX < layout.width && labelY > 0 && labelY < layout.height);
    }
    for (const box of layout.nodes) {
      assert(box.x + box.width <= layout.width && box.y + box.height <= layout.height);
    }
  }
});

Deno.test("limits read as words and units", () => {
  assertEquals(["maxMessageBytes", "headTimeoutMs", "maxConnections"].map(limitKind), [
    "bytes",
    "ms",
    "count",
  ]);
  assertEquals(["maxRoomsPerClient", "headTimeoutMs"].map(limitLabel), [
    "Max rooms per client",
    "Head timeout",
  ]);
});
