/**
 * One relay in a thread of its own, so that it has a core to itself as a tap has: the tap, or a bare
 * relay that only copies bytes.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { AdaptiveReader, type NetConn, SerialWriter } from "@/tap/relay.ts";
import { Tap } from "@/tap/mod.ts";

const hostname = "127.0.0.1";

/** Copies bytes, and knows nothing about them. */
async function pump(from: NetConn, to: NetConn): Promise<void> {
  const reader = new AdaptiveReader(from);
  const writer = new SerialWriter(to);
  for (let bytes = await reader.read(); bytes !== null; bytes = await reader.read()) {
    await writer.write(bytes);
  }
  to.close();
}

function bareRelay(port: number): number {
  const listener = Deno.listen({ hostname, port: 0 });
  const serve = async () => {
    for await (const client of listener) {
      const server = await Deno.connect({ hostname, port });
      for (const conn of [client, server]) conn.setNoDelay(true);
      // An end closes both: the second pump fails then.
      for (const [a, b] of [[client, server], [server, client]]) pump(a, b).catch(() => {});
    }
  };
  void serve();
  return listener.addr.port;
}

self.onmessage = ({ data: { kind, port } }: MessageEvent<{ kind: string; port: number }>) => {
  if (kind === "bare") return self.postMessage(bareRelay(port));
  const target = { hostname, port };
  const tap = new Tap({ target, guard: kind === "guard" });
  self.postMessage(tap.listen({ hostname, port: 0 }).port);
};
