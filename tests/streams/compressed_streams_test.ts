import { assert } from "@std/assert";
import { COUNT, DEFLATE_PART, judgeStreams } from "./judging.ts";

const PART = Math.floor(COUNT * DEFLATE_PART);

Deno.test(`${PART} streams with permessage-deflate: we and ws agree, or it is ruled on`, async () => {
  const tally = await judgeStreams(PART, { part: 3, deflate: true });
  assert(tally.of("good") > PART * 0.2, JSON.stringify([...tally.counts]));
  assert(tally.of("ruled: deflate-invalid") > 0, "No stream shows the ruling on deflate-invalid");
});
