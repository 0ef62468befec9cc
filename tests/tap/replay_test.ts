import { assertEquals, assertRejects } from "@std/assert";
import type { CaptureEvent } from "@/protocol/mod.ts";
import { replay } from "@/tap/mod.ts";
import { masked, plain, TcpTarget, upgradeRequest, upgradingTarget } from "./support.ts";

/** A capture: the client says each word, the server answers with what is given. */
function capture(answers: Uint8Array[], gapMs = 0): CaptureEvent[] {
  const place = { connection: "4", at: 1_000 };
  const frames = answers.flatMap((answer, i) =>
    [masked(`word ${i}`), answer].map((wire, side): CaptureEvent => {
      const headerLength = side === 0 ? 6 : 2;
      return {
        ...{ type: "frame", ...place, frame: 2 * i + side, at: 1_000 + i * gapMs, wire },
        ...{ direction: side === 0 ? "in" : "out", headerLength, findings: [] },
        length: wire.length - headerLength,
      };
    })
  );
  const bytes = new TextEncoder().encode(upgradeRequest({ lines: ["Cookie: ****"] }));
  return [{ type: "head", ...place, direction: "in", bytes }, ...frames];
}

const WORD = masked("word 0").length;

Deno.test("pings may come at another place, data may not", async () => {
  await using target = upgradingTarget(async (peer) => {
    await peer.take(2 * WORD);
    await peer.write(plain("a"));
    await peer.write(plain("p", { opcode: 9 }));
    await peer.rest();
  });
  const events = capture([plain("p", { opcode: 9 }), plain("a")]);
  const options = { target: target.address, patienceMs: 1_000 };
  assertEquals(await replay(events, options), {
    ...{ connection: "4", sent: 2, expected: 2, received: 2, differences: [] },
  });
  const swapped = await replay(capture([plain("b"), plain("p", { opcode: 10 })]), options);
  assertEquals(swapped.differences.map(({ frame, message }) => [frame, message]), [
    [1, "payload byte 0 is 61 in place of 62"],
    [3, "a frame of opcode 0x9, 1 bytes in place of a frame of opcode 0xa, 1 bytes"],
  ]);
});

Deno.test("what is missing or more is told", async () => {
  await using target = upgradingTarget(async (peer) => {
    await peer.take(WORD);
    await peer.write(plain("a", { fin: false }));
    await peer.write(plain("b"));
    await peer.rest();
  });
  const options = { target: target.address, patienceMs: 100, speed: 0 };
  const more = await replay(capture([plain("a", { fin: false })]), options);
  const missing = await replay(
    capture([plain("a", { fin: false }), plain("b"), plain("c")]),
    options,
  );
  assertEquals(missing.differences, [
    { frame: 5, message: "missing: a frame of opcode 0x1, 1 bytes" },
  ]);
  assertEquals(more.expected, 1);
});

Deno.test("frames are sent as far apart as they were, or closer", async () => {
  const gaps: number[] = [];
  await using target = upgradingTarget(async (peer) => {
    await peer.take(WORD);
    const began = performance.now();
    await peer.take(WORD);
    gaps.push(performance.now() - began);
    await peer.write(plain(""));
    await peer.write(plain(""));
    await peer.rest();
  });
  const events = capture([plain(""), plain("")], 150);
  const options = { target: target.address };
  await replay(events, options);
  await replay(events, { ...options, speed: 10 });
  assertEquals([gaps[0] > 120, gaps[1] < 120], [true, true], gaps.join());
});

Deno.test("the head is the capture's, with the target's Host and what was asked for", async () => {
  const heads: string[] = [];
  await using target = new TcpTarget(async (peer) => {
    heads.push(await peer.head());
    await peer.write("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
  });
  const { differences } = await replay(capture([plain("a")]), {
    target: target.address,
    path: "/other",
    headers: [{ name: "cookie", value: "id=1" }],
  });
  const lines = heads[0].split("\r\n");
  assertEquals(lines.slice(0, 3), [
    "GET /other HTTP/1.1",
    `Host: 127.0.0.1:${target.address.port}`,
    "cookie: id=1",
  ]);
  assertEquals(lines.filter((line) => /^cookie/i.test(line)).length, 1);
  assertEquals(differences.map(({ message }) => message), [
    "the handshake was answered 401, in the capture 101",
    "missing: a frame of opcode 0x1, 1 bytes",
  ]);
});

Deno.test("a server that says nothing isn't waited for without end", async () => {
  await using target = new TcpTarget(async (peer) => void await peer.rest());
  const { differences } = await replay(capture([]), { target: target.address, patienceMs: 50 });
  assertEquals(differences.map(({ message }) => message), [
    "the server didn't answer the handshake",
  ]);
});

Deno.test("nothing of a client can't be replayed", async () => {
  await assertRejects(
    () => replay([], { target: { hostname: "127.0.0.1", port: 1 } }),
    TypeError,
    "there is nothing of a client",
  );
});
