/**
 * Seeded streams, good and broken, read by our strict decoder and by npm `ws`'s Receiver: 100,000 in
 * the gate, over three test files, so that `--parallel` uses more than one core.
 * `ROOMSCOPE_STREAMS` is another count, `ROOMSCOPE_SEED` another seed.
 *
 * @module
 */
import { assert } from "@std/assert";
import { Random } from "../frames/helpers.ts";
import { completed } from "./completion.ts";
import { type StreamCase, streamCase } from "./generator.ts";
import { rulingOn } from "./rulings.ts";
import { ourVerdict, poisonedChunks, same, type Verdict, wsVerdict } from "./verdicts.ts";

/** How many streams there are in all. */
export const COUNT = Number(Deno.env.get("ROOMSCOPE_STREAMS") ?? 100_000);
const SEED = Number(Deno.env.get("ROOMSCOPE_SEED") ?? 1);
/** Compressed messages cost ws a call to another thread each: of such streams there are fewer. */
export const DEFLATE_PART = 0.05;
/** What happened to the cases, by name. */
export class Tally {
  readonly counts = new Map<string, number>();

  add(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  of(name: string): number {
    return this.counts.get(name) ?? 0;
  }
}

/** A case, to be run again by hand. */
function shown(about: StreamCase, ...verdicts: Verdict[]): string {
  const { bytes, ...rest } = about;
  return [JSON.stringify(rest), bytes.toHex(), ...verdicts.map((one) => JSON.stringify(one))]
    .join("\n");
}

/** Ours comes to the same however the stream is cut, and whatever stands beside the chunks. */
function judgeByUs(about: StreamCase, random: Random): Verdict {
  const copy = about.bytes.slice();
  const ours = ourVerdict([about.bytes], about);
  const cut = ourVerdict(poisonedChunks(about.bytes, random), about);
  assert(same(ours, cut) && ours.offset === cut.offset, shown(about, ours, cut));
  assert(about.bytes.every((byte, i) => byte === copy[i]), "The decoder has changed its input");
  return ours;
}

/** ws is asked about the same stream, of a broken one up to where it has to see that, too. */
async function judgeByWs(about: StreamCase, ours: Verdict, tally: Tally): Promise<void> {
  const bytes = ours.offset === undefined ? about.bytes : completed(about, ours.offset);
  if (bytes === null) return tally.add("too long to complete");
  const theirs = await wsVerdict(bytes, about);
  if (same(ours, theirs)) return tally.add(ours.error ?? "good");
  const ruling = rulingOn("ws", { ours, theirs, about });
  assert(ruling, `No ruling on this:\n${shown({ ...about, bytes }, ours, theirs)}`);
  tally.add(`ruled: ${ruling.rule}`);
}

/** Judges that many streams; the part makes them others than those of another part. */
export async function judgeStreams(
  count: number,
  { part, deflate }: { part: number; deflate: boolean },
): Promise<Tally> {
  const random = new Random(SEED * 1000 + part);
  const tally = new Tally();
  for (let round = 0; round < count; round++) {
    const about = streamCase(random, { deflate });
    await judgeByWs(about, judgeByUs(about, random), tally);
  }
  return tally;
}
