/**
 * One relay in a thread of its own, so that it has a core to itself as a tap has: the tap, or a bare
 * relay that only copies bytes, and perhaps decodes them.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { FrameDecoder } from "@/frames/mod.ts";
import { AdaptiveReader, type NetConn, SerialWriter } from "@/tap/relay.ts";
import { Tap } from "@/tap/mod.ts";

const hostname = "127.0.0.1";

type Look = (bytes: Uint8Array) => void;

/** Copies bytes; `look` sees them while they are written. */
async function pump(from: NetConn, to: NetConn, look: Look): Promise<void> {
  const reader = new AdaptiveReader(from);
  const writer = new SerialWriter(to);
  for (let bytes = await reader.read(); bytes !== null; bytes = await reader.read()) {
    const written = writer.write(bytes);
    look(bytes);
    await written;
  }
  to.close();
}

/** Makes a client's frames of everything behind the first chunk, which is the request. */
function decoding(): Look {
  const decoder = new FrameDecoder({ sender: "client", mode: "lenient" });
  let frames = 0;
  let first = true;
  return (bytes) => {
    if (!first) { for (const { fin } of decoder.decode(bytes)) if (fin) frames++; }
    first = false;
  };
}

function bareRelay(port: number, looks: () => Look): number {
  const listener = Deno.listen({ hostname, port: 0 });
  const serve = async () => {
    for await (const client of listener) {
      const server = await Deno.connect({ hostname, port });
      for (const conn of [client, server]) conn.setNoDelay(true);
      // An end closes both: the second pump fails then.
      pump(client, server, looks()).catch(() => {});
      pump(server, client, () => {}).catch(() => {});
    }
  };
  void serve();
  return listener.addr.port;
}

self.onmessage = ({ data: { kind, port } }: MessageEvent<{ kind: string; port: number }>) => {
  if (kind === "bare") return self.postMessage(bareRelay(port, () => () => {}));
  if (kind === "decoding") return self.postMessage(bareRelay(port, decoding));
  const target = { hostname, port };
  const tap = new Tap({ target, guard: kind === "guard" });
  self.postMessage(tap.listen({ hostname, port: 0 }).port);
};
