/**
 * Our decoder beside npm `ws`'s Receiver and memcpy: `deno task bench`. Compare within one run, and
 * run it more than once; `frames_ratios.ts` takes turns and is steadier.
 *
 * @module
 */
import { PAYLOADS, readersOf } from "./frames_readers.ts";

for (const payloadBytes of PAYLOADS) {
  const { frames, ...readers } = readersOf(payloadBytes);
  const group = `${frames} frames of ${payloadBytes} B`;
  for (const [name, read] of Object.entries(readers)) {
    Deno.bench(name, { group, baseline: name === "roomscope" }, read);
  }
}
