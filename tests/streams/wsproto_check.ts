/**
 * The seeded streams, judged by Debian's python3-wsproto (`apt-get install python3-wsproto`):
 * `deno run -A tests/streams/wsproto_check.ts`. Outside of the gate. `ROOMSCOPE_STREAMS` is the count,
 * `ROOMSCOPE_SEED` the seed. Ends with 1 if there is a disagreement that isn't ruled on.
 *
 * @module
 */
import { Random } from "../frames/helpers.ts";
import { PYTHON } from "../setup.ts";
import { completed } from "./completion.ts";
import { type StreamCase, streamCase } from "./generator.ts";
import { rulingOn } from "./rulings.ts";
import { ourVerdict, same, type Verdict } from "./verdicts.ts";

const COUNT = Number(Deno.env.get("ROOMSCOPE_STREAMS") ?? 20_000);
const SEED = Number(Deno.env.get("ROOMSCOPE_SEED") ?? 1);
/** It has no limit for messages. */
const UNLIMITED = { maxMessageBytes: 1 << 20 };

interface Judged {
  readonly about: StreamCase;
  readonly ours: Verdict;
}

function* cases(count: number): Generator<Judged> {
  const random = new Random(SEED);
  for (let round = 0; round < count; round++) {
    const about = { ...streamCase(random, { deflate: round % 4 === 0 }), ...UNLIMITED };
    const ours = ourVerdict([about.bytes], about);
    const bytes = ours.offset === undefined ? about.bytes : completed(about, ours.offset);
    if (bytes) yield { about: { ...about, bytes }, ours };
  }
}

async function wsprotoVerdicts(judged: readonly Judged[]): Promise<Verdict[]> {
  const script = new URL("wsproto_check.py", import.meta.url).pathname;
  const command = new Deno.Command(PYTHON, { args: [script], stdin: "piped", stdout: "piped" });
  const process = command.spawn();
  const lines = judged.map(({ about: { bytes, sender, deflate } }) =>
    JSON.stringify({ bytes: bytes.toHex(), sender, deflate }) + "\n"
  );
  const written = ReadableStream.from(lines).pipeThrough(new TextEncoderStream())
    .pipeTo(process.stdin);
  const output = await new Response(process.stdout).text();
  await written;
  await process.status;
  return output.trimEnd().split("\n").map((line) => JSON.parse(line));
}

const judged = [...cases(COUNT)];
const verdicts = await wsprotoVerdicts(judged);
const classes = new Map<string, { count: number; example: string }>();
let open = 0;
for (const [i, { about, ours }] of judged.entries()) {
  const theirs = verdicts[i];
  const ruling = rulingOn("wsproto", { ours, theirs, about });
  const agreed = same(ours, theirs);
  if (!agreed && !ruling) open++;
  const name = agreed
    ? "agreed"
    : ruling
    ? `ruled: ${ruling.rule}: ${ruling.instead}`
    : `OPEN: ${ours.error} (${ours.closeCode}), theirs ${theirs.closeCode}: ${theirs.error}`;
  const known = classes.get(name) ??
    { count: 0, example: `${about.sender} ${about.bytes.toHex()}` };
  classes.set(name, { ...known, count: known.count + 1 });
}
for (const [name, { count, example }] of classes) {
  console.log(`${count} ${name}${name.startsWith("OPEN") ? `\n  ${example}` : ""}`);
}
Deno.exit(open === 0 ? 0 : 1);
