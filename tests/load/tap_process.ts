/**
 * A tap in a process of its own, for `tap_memory.ts`: prints its port, then its memory for each line
 * it is given. Run with `--v8-flags=--expose-gc`.
 *
 * @module
 */
import type { CaptureStats } from "@/protocol/mod.ts";
import { Tap } from "@/tap/mod.ts";
import { lines } from "./lines.ts";

/** So long V8 may take to free buffers. */
const SWEEP_MS = 50;

/** What the process takes, in bytes, and what its ring says. */
export interface TapSample extends Pick<Deno.MemoryUsage, "rss" | "heapUsed" | "external"> {
  ring: CaptureStats;
}

if (import.meta.main) {
  const { gc } = globalThis as unknown as { gc: () => void };
  const target = { hostname: "127.0.0.1", port: Number(Deno.args[0]) };
  await using tap = new Tap({ target, guard: false });
  console.log(tap.listen({ hostname: "127.0.0.1", port: 0 }).port);
  for await (const _ of lines(Deno.stdin.readable)) {
    // The first finds what is garbage; buffers are let go of behind it, in another thread.
    gc();
    await new Promise((resolve) => setTimeout(resolve, SWEEP_MS));
    gc();
    const { rss, heapUsed, external } = Deno.memoryUsage();
    const sample: TapSample = { rss, heapUsed, external, ring: tap.capture.stats };
    console.log(JSON.stringify(sample));
  }
}
