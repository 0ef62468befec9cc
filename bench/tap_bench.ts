/**
 * Bytes through the tap beside bytes through a bare relay, each in a thread of its own: `deno task
 * bench`. A client sends frames, a server behind the relay counts bytes. Compare within one run.
 *
 * Streams of small frames show the cost of a frame: a bare relay passes thousands of them in one
 * read. The last group shows what a message costs where each comes alone.
 *
 * @module
 */
import { CountingServer, MESSAGE, openThrough, send, STREAMS } from "./tap_traffic.ts";

const server = new CountingServer();
const KINDS = ["bare", "tap", "guard"] as const;
const relays = new Map<string, Deno.TcpConn>();
for (const kind of KINDS) relays.set(kind, await openThrough(kind, server.port));

for (const [name, bytes] of STREAMS) {
  const group = `${bytes.length} bytes, frames of ${name}`;
  for (const kind of KINDS) {
    Deno.bench(kind, { group, baseline: kind === "bare", n: 12, warmup: 3 }, async () => {
      const arrived = server.more(bytes.length);
      await send(relays.get(kind)!, bytes);
      await arrived;
    });
  }
}

const MESSAGES = 500;
for (const kind of KINDS) {
  const group = `${MESSAGES} messages of ${MESSAGE.length} B, one at a time`;
  Deno.bench(kind, { group, baseline: kind === "bare", n: 12, warmup: 3 }, async () => {
    for (let i = 0; i < MESSAGES; i++) {
      const arrived = server.more(MESSAGE.length);
      await send(relays.get(kind)!, MESSAGE);
      await arrived;
    }
  });
}
