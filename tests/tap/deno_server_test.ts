import { assert, assertEquals } from "@std/assert";
import type { Tap, TapOptions } from "@/tap/mod.ts";
import { LOOPBACK, masked, openRaw, plain, soon, startTap, text, until } from "./support.ts";
import { WsClient } from "./ws_peers.ts";

interface Seen {
  peers: unknown[];
  closes: { code: number; cutsBefore: number }[];
}

/** Deno's own server with an echo behind a tap, which is the only one it takes connections from. */
function denoBehindTap(options: Partial<TapOptions> & { idleTimeout?: number } = {}) {
  const seen: Seen = { peers: [], closes: [] };
  const server = Deno.serve(
    { hostname: LOOPBACK, port: 0, onListen: () => {} },
    (request, info) => {
      const peer = tap.identify((info.remoteAddr as Deno.NetAddr).port);
      if (!peer) return new Response("not through the tap", { status: 403 });
      seen.peers.push(peer);
      if (request.headers.get("upgrade") !== "websocket") {
        return new Response(request.body ?? "hello");
      }
      const { idleTimeout = 30 } = options;
      const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout });
      socket.onmessage = ({ data }) => socket.send(data);
      socket.onerror = () => {};
      socket.onclose = ({ code }) => seen.closes.push({ code, cutsBefore: told.cuts.length });
      return response;
    },
  );
  const target = { hostname: LOOPBACK, port: server.addr.port };
  const { tap, port, told } = startTap({ target, ...options });
  return { server, tap, port, told, seen };
}

async function stop({ server, tap }: { server: Deno.HttpServer; tap: Tap }): Promise<void> {
  await tap.close({ graceMs: 0 });
  await server.shutdown();
}

Deno.test("Deno.serve behind the tap: pages, uploads and a WebSocket", async () => {
  const parts = denoBehindTap();
  const { server, port, seen, tap } = parts;
  const url = `http://${LOOPBACK}:${port}/`;
  {
    using client = Deno.createHttpClient({});
    for (let i = 0; i < 3; i++) {
      assertEquals(await (await fetch(url, { client } as RequestInit)).text(), "hello");
    }
    const body = "x".repeat(300_000);
    const upload = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(body));
        controller.close();
      },
    });
    const response = await fetch(url, { method: "POST", body: upload, client } as RequestInit);
    assertEquals((await response.text()).length, body.length);
    assertEquals((await fetch(url, { method: "HEAD", client } as RequestInit)).status, 200);
    const direct = await fetch(
      `http://${LOOPBACK}:${server.addr.port}/`,
      { client } as RequestInit,
    );
    assertEquals([direct.status, await direct.text()], [403, "not through the tap"]);
  }
  await using client = await WsClient.open(port);
  assertEquals((seen.peers.at(-1) as { id: string }).id, "1");
  client.socket.send("Grüße");
  assertEquals(text((await client.message()).data), text(new TextEncoder().encode("Grüße")));
  client.socket.close(4001, "bye");
  assertEquals(await soon(client.closed, "close"), { code: 4001, reason: "bye" });
  await until(() => seen.closes.length === 1, "the server saw it");
  assertEquals(seen.closes[0].code, 4001);
  await until(() => tap.connections === 0, "the connection has ended");
  await stop(parts);
});

Deno.test("the server hears why before its socket closes", async () => {
  const parts = denoBehindTap();
  const { port, seen, told } = parts;
  using client = await openRaw(port);
  await client.write(plain("unmasked"));
  await until(() => seen.closes.length > 0, "the server saw the end");
  assertEquals(seen.closes[0].cutsBefore, 1);
  assertEquals(told.cuts[0].reason.rule, "mask-missing");
  await stop(parts);
});

Deno.test("the round trip of the server's own pings is measured", async () => {
  const parts = denoBehindTap({ idleTimeout: 0.3 });
  const { port, told } = parts;
  await using _client = await WsClient.open(port);
  await until(() => told.roundTrips.length >= 2, "two pings were answered");
  assert(told.roundTrips.every(({ id, milliseconds }) => id === "1" && milliseconds < 250));
  await stop(parts);
});

Deno.test("many connections at once, each with its own number and its own frames", async () => {
  const parts = denoBehindTap();
  const { port, tap } = parts;
  const clients = await Promise.all(Array.from({ length: 100 }, () => WsClient.open(port)));
  await Promise.all(clients.map(async (client, i) => {
    client.socket.send(`message ${i}`);
    assertEquals(text((await client.message()).data), `message ${i}`);
  }));
  const { frames } = tap.capture.read(0, { limit: 1_000 });
  assertEquals(frames.length, 200);
  assertEquals(new Set(frames.map(({ connection }) => connection)).size, 100);
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
  await until(() => tap.connections === 0, "all have ended");
  await stop(parts);
});

Deno.test("a server that is stopped and an unfinished frame: everything ends", async () => {
  const parts = denoBehindTap();
  using client = await openRaw(parts.port);
  await client.write(masked("unfinished").subarray(0, 5));
  await stop(parts);
  assert((await client.rest()).length >= 0);
  assertEquals(parts.tap.connections, 0);
});
