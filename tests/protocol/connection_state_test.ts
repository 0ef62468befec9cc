import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  CONNECTION_EDGES,
  connectionEdge,
  ConnectionState,
  READY_STATE_NAMES,
  ReadyState,
  type TransitionCause,
} from "@/protocol/mod.ts";

const CAUSE: TransitionCause = { by: "client", what: "test" };
const STATES = Object.values(ReadyState);
/** The edges of spec §4. */
const LEGAL = ["0→1", "0→2", "0→3", "1→2", "1→3", "2→3"];
/** How to get to each state. */
const WAYS: Record<ReadyState, ReadyState[]> = { 0: [], 1: [1], 2: [1, 2], 3: [1, 2, 3] };

function stateAt(state: ReadyState): ConnectionState {
  const machine = new ConnectionState();
  for (const [at, to] of WAYS[state].entries()) machine.advance(to, CAUSE, at);
  return machine;
}

Deno.test("a connection begins CONNECTING, with nothing behind it", () => {
  const { current, transitions } = new ConnectionState();
  assertEquals([current, transitions], [ReadyState.CONNECTING, []]);
});

for (const from of STATES) {
  for (const to of STATES) {
    const edge = `${from}→${to}`;
    const names = `${READY_STATE_NAMES[from]} to ${READY_STATE_NAMES[to]}`;
    if (LEGAL.includes(edge)) {
      Deno.test(`${names} is passed and kept with its time and cause`, () => {
        const machine = stateAt(from);
        const before = machine.transitions.length;
        machine.advance(to, CAUSE, 1_234);
        assertEquals(machine.current, to);
        assertEquals(machine.transitions.length, before + 1);
        assertEquals(machine.transitions.at(-1), { from, to, at: 1_234, cause: CAUSE });
        assert(connectionEdge(from, to) !== undefined);
      });
    } else {
      Deno.test(`${names} is refused and changes nothing`, () => {
        const machine = stateAt(from);
        const before = [...machine.transitions];
        const error = assertThrows(() => machine.advance(to, CAUSE, 1_234), RangeError);
        assertStringIncludes(error.message, READY_STATE_NAMES[to]);
        assertStringIncludes(error.message, READY_STATE_NAMES[from]);
        assertEquals(machine.current, from);
        assertEquals([...machine.transitions], before);
        assertEquals(connectionEdge(from, to), undefined);
      });
    }
  }
}

Deno.test("the diagram has the six edges of the spec, each with a name of its own", () => {
  assertEquals(CONNECTION_EDGES.map(({ from, to }) => `${from}→${to}`).toSorted(), LEGAL);
  assertEquals(new Set(CONNECTION_EDGES.map(({ name }) => name)).size, LEGAL.length);
  assert(CONNECTION_EDGES.every(({ meaning }) => meaning.length > 0));
});

Deno.test("a state that there isn't is refused", () => {
  const machine = new ConnectionState();
  for (const to of [-1, 4, 0.5, NaN]) {
    assertThrows(() => machine.advance(to as ReadyState, CAUSE, 0), RangeError);
  }
  assertEquals(machine.current, ReadyState.CONNECTING);
});

Deno.test("ready states are the WHATWG standard's numbers", () => {
  const { CONNECTING, OPEN, CLOSING, CLOSED } = WebSocket;
  assertEquals(ReadyState, { CONNECTING, OPEN, CLOSING, CLOSED } as typeof ReadyState);
  for (const [name, number] of Object.entries(ReadyState)) {
    assertEquals<string>(READY_STATE_NAMES[number], name);
  }
});
