/**
 * Our decoder beside npm `ws`'s Receiver, our encoder beside its Sender, and memcpy: `deno task
 * bench`. Compare within one run, and run it more than once; `frames_ratios.ts` takes turns and is
 * steadier.
 *
 * @module
 */
import { PAYLOADS, readersOf } from "./frames_readers.ts";
import { writersOf, WRITING } from "./frames_writers.ts";

for (const payloadBytes of PAYLOADS) {
  const { frames, ...readers } = readersOf(payloadBytes);
  const group = `read ${frames} frames of ${payloadBytes} B`;
  for (const [name, read] of Object.entries(readers)) {
    Deno.bench(name, { group, baseline: name === "roomscope" }, read);
  }
  for (const writing of WRITING) {
    const { frames, ...writers } = writersOf(payloadBytes, writing);
    const group = `write ${frames} frames of ${payloadBytes} B, ${writing}`;
    for (const [name, write] of Object.entries(writers)) {
      Deno.bench(name, { group, baseline: name === "roomscope" }, write);
    }
  }
}
