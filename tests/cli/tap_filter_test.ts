import { assertEquals, assertThrows } from "@std/assert";
import { encodeFrame, type EncodeOptions } from "@/frames/mod.ts";
import { FlagError } from "@/cli/flags.ts";
import { parseFilter } from "@/cli/tap/filter.ts";
import { FrameView } from "@/tap/frame_view.ts";
import type { FrameEvent } from "@/protocol/mod.ts";

function view(
  payload: string | Uint8Array,
  options: EncodeOptions,
  more: Partial<FrameEvent> = {},
): FrameView {
  const wire = encodeFrame(payload, { unchecked: true, ...options });
  const length = new Blob([payload as string]).size;
  return new FrameView({
    type: "frame",
    connection: "3",
    frame: 7,
    at: 0,
    direction: options.maskingKey ? "in" : "out",
    headerLength: wire.length - length,
    length,
    wire,
    findings: [],
    ...more,
  });
}

const maskingKey = Uint8Array.of(1, 2, 3, 4);
const finding = {
  ...{ rule: "mask-missing", section: "5.1", closeCode: 1002, offset: 1 },
  message: "Cannot decode frame",
};
const FRAMES: Record<string, FrameView> = {
  hello: view("hello you", { opcode: 1, maskingKey }),
  ping: view("x".repeat(125), { opcode: 9 }),
  long: view("y".repeat(126), { opcode: 2, rsv1: true }),
  fragment: view("", { opcode: 0, fin: false, maskingKey }),
  close: view(Uint8Array.of(0x03, 0xe9), { opcode: 8 }, { headerLength: 2, length: 2 }),
  odd: view("", { opcode: 3 }, { findings: [finding], fault: "duplicated" }),
};

/** The names of the frames that a filter shows. */
function shown(filter: string): string {
  const passes = parseFilter(filter);
  return Object.keys(FRAMES).filter((name) => passes(FRAMES[name])).join(" ");
}

const CASES: [filter: string, shown: string][] = [
  ["opcode=ping", "ping"],
  ["opcode==0x9", "ping"],
  ["opcode!=1", "ping long fragment close odd"],
  ["len>125", "long"],
  ["len >= 125", "ping long"],
  ["len<1", "fragment odd"],
  ["len<=2 out", "close odd"],
  ["dir=in", "hello fragment"],
  ["dir!=in", "ping long close odd"],
  ["in", "hello fragment"],
  ["conn=3 frame=7", "hello ping long fragment close odd"],
  ["conn=4", ""],
  ["rsv=4", "long"],
  ["rsv", "long"],
  ["finding", "odd"],
  ["finding=mask-missing", "odd"],
  ["finding!=mask-missing control", "ping close"],
  ["!finding control", "ping close"],
  ["not (control or data)", ""],
  ["fault", "odd"],
  ["reserved", "odd"],
  ["masked fin", "hello"],
  ["fragment", "fragment"],
  ["code=1001", "close"],
  ["code<2000", "hello ping long fragment close odd"],
  ["text", "hello"],
  ["text~hello", "hello"],
  ['text="hello you"', "hello"],
  ['text ~ "o y"', "hello"],
  ["close or text", "hello close"],
  ["in text or out (ping or close)", "hello ping close"],
  ["!!text", "hello"],
];

for (const [filter, names] of CASES) {
  Deno.test(`filter ${filter}`, () => assertEquals(shown(filter), names));
}

const FAULTS: [filter: string, message: RegExp][] = [
  ["", /at character 1: a term is missing/],
  ["text or", /at character 8: a term is missing/],
  ["nonsense", /at character 1: there is no word "nonsense"; there are finding/],
  ["in nonsense=1", /at character 4: there is no field "nonsense"; there are dir/],
  ["len", /at character 1: len needs a comparison, like len>0/],
  ["len>", /at character 4: len> has no value/],
  ["len>abc", /at character 5: len is a whole number, not "abc"/],
  ["len~5", /len can't be compared with ~/],
  ["opcode=pings", /whole number or one of continuation, .*not "pings"/],
  ["dir=up", /dir is in or out, not "up"/],
  ["dir>in", /dir can only be compared with = and !=/],
  ["text>a", /text is compared with ~ and =/],
  ["(in", /at character 4: a bracket is not closed/],
  ["in )", /at character 4: nothing can be done with "\)"/],
  ['text~"abc', /at character 6: a quote is not closed/],
  ["!", /a term is missing/],
  ["constructor", /there is no word "constructor"/],
  ["toString=1", /there is no field "toString"/],
];

for (const [filter, message] of FAULTS) {
  Deno.test("a filter asks compressed messages for what came out of them", () => {
    const inflated = { length: 9_000, bytes: new TextEncoder().encode("once upon a time") };
    const first = view("hello", { opcode: 1, rsv1: true, fin: false }, {
      ...{ compressed: { first: 7, opcode: 1 } },
    });
    const last = view("hello", { opcode: 0 }, { compressed: { first: 7, opcode: 1, inflated } });
    const passed = (filter: string) =>
      [first, last, FRAMES.hello].map((frame) => parseFilter(filter)(frame));
    assertEquals(passed("compressed"), [true, true, false]);
    assertEquals(passed("text~upon"), [false, true, false]);
    assertEquals(passed("text~hello"), [false, false, true]);
    assertEquals(passed("inflated>8999"), [false, true, false]);
    assertEquals(passed("inflated<9001"), [false, true, false]);
    assertEquals(passed("len=5 !compressed or inflated!=9000"), [true, false, true]);
  });

  Deno.test(`filter ${JSON.stringify(filter)} is explained`, () => {
    const error = assertThrows(() => parseFilter(filter), FlagError);
    assertEquals(message.test(error.message), true, error.message);
  });
}
