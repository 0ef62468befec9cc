import { assert, assertEquals } from "@std/assert";
import { FrameDecoder } from "@/frames/mod.ts";
import { concat, masked, noise, openRaw, recordingUpgrader, seeded, startTap } from "./support.ts";

const CASES = 120;

/** A few frames, most of them good, sometimes with a byte changed. */
function stream(random: () => number): Uint8Array {
  const frames = Array.from({ length: 1 + random() * 6 }, () => {
    const payload = noise(random() < 0.2 ? 200 + random() * 2_000 : random() * 120, random);
    const opcode = [2, 2, 2, 9, 10, 1, 0, 3][Math.floor(random() * 8)];
    return masked(opcode === 1 ? "text" : payload, { opcode, fin: random() < 0.9 });
  });
  const bytes = concat(...frames);
  if (random() < 0.5) bytes[Math.floor(random() * Math.min(bytes.length, 40))] ^= 1 << random() * 8;
  return bytes;
}

Deno.test("whatever comes, the server gets whole valid frames, and exactly those that came", async () => {
  const { target, heard } = recordingUpgrader();
  await using _target = target;
  const { tap, port } = startTap({ target: target.address });
  await using _tap = tap;
  const random = seeded(42);
  for (let i = 0; i < CASES; i++) {
    const sent = stream(random);
    const expected = wholeValidFrames(sent);
    {
      using client = await openRaw(port);
      for (let at = 0; at < sent.length;) {
        const end = at + 1 + Math.floor(random() * 400);
        await client.write(sent.subarray(at, end)).catch(() => {});
        at = end;
      }
      await client.conn.closeWrite().catch(() => {});
      await client.rest();
    }
    assertEquals(await heard(i), expected, `case ${i}`);
  }
  const { seen, kept, discarded } = tap.capture.stats;
  assert(seen === kept + discarded && seen > CASES);
});

/** What a decoder takes, up to the end of the last whole frame. */
function wholeValidFrames(sent: Uint8Array): Uint8Array {
  const decoder = new FrameDecoder({ sender: "client", maxMessageBytes: 65_536 });
  let end = 0;
  try {
    for (const frame of decoder.decode(sent)) {
      end = frame.offset + frame.header.length + frame.payloadLength;
    }
  } catch {
    // The rest must not go on.
  }
  return sent.slice(0, end);
}
