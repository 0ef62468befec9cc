import { assert } from "@std/assert";
import { COUNT, DEFLATE_PART, judgeStreams } from "./judging.ts";

const HALF = Math.ceil(COUNT * (1 - DEFLATE_PART) / 2);

Deno.test(`${HALF} streams, good and broken: we and ws agree, or it is ruled on (2)`, async () => {
  const tally = await judgeStreams(HALF, { part: 2, deflate: false });
  // So that the streams stay what they are for.
  assert(tally.of("good") > HALF * 0.2, JSON.stringify([...tally.counts]));
  for (const rule of ["length-not-minimal", "length-high-bit"]) {
    assert(tally.of(`ruled: ${rule}`) > 0, `No stream shows the ruling on ${rule}`);
  }
  assert(tally.of("too long to complete") < HALF * 0.02, JSON.stringify([...tally.counts]));
});
