import { assert, assertEquals, assertThrows } from "@std/assert";
import WsWebSocket, { WebSocketServer } from "ws";
import {
  PoolFullError,
  type WebSocketConstructor,
  type WebSocketLike,
  WebSocketPool,
} from "../../client/mod.ts";

/** A foreign server: npm's. */
async function serve() {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  return {
    url: (path: string) => `ws://127.0.0.1:${port}/${path}`,
    clients: server.clients,
    async [Symbol.asyncDispose]() {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function event(socket: WebSocketLike, type: "open" | "close"): Promise<void> {
  const state = type === "open" ? 1 : 3;
  if (socket.readyState === state) return;
  await new Promise<void>((resolve) => socket.addEventListener(type, () => resolve()));
}

function onBoth(name: string, run: (WebSocket: WebSocketConstructor) => Promise<void>): void {
  Deno.test(`${name} (Deno's WebSocket)`, () => run(WebSocket));
  Deno.test(`${name} (npm's ws)`, () => run(WsWebSocket));
}

onBoth("one address has one socket, kept when nobody uses it", async (WebSocket) => {
  await using server = await serve();
  await using pool = new WebSocketPool({ WebSocket });
  const first = pool.acquire(server.url("a"));
  const second = pool.acquire(new URL(server.url("a")));
  const other = pool.acquire(server.url("b"));
  assert(first.socket === second.socket && first.socket !== other.socket);
  await Promise.all([event(first.socket, "open"), event(other.socket, "open")]);
  assertEquals([pool.size, pool.idle, server.clients.size], [2, 0, 2]);
  first.release();
  first.release();
  assertEquals(pool.idle, 0);
  second.release();
  assertEquals([pool.size, pool.idle], [2, 1]);
  assert(pool.acquire(server.url("a")).socket === first.socket);
});

onBoth("the socket that was idle longest is closed when there are too many", async (WebSocket) => {
  await using server = await serve();
  await using pool = new WebSocketPool({ WebSocket, maxSockets: 2 });
  const a = pool.acquire(server.url("a"));
  const b = pool.acquire(server.url("b"));
  await Promise.all([event(a.socket, "open"), event(b.socket, "open")]);
  assertThrows(() => pool.acquire(server.url("c")), PoolFullError, "all 2 of the pool are in use");
  b.release();
  a.release();
  const c = pool.acquire(server.url("c"));
  await event(b.socket, "close");
  assertEquals([pool.size, a.socket.readyState], [2, 1]);
  await event(c.socket, "open");
});

onBoth("a socket that has closed is replaced", async (WebSocket) => {
  await using server = await serve();
  await using pool = new WebSocketPool({ WebSocket });
  const first = pool.acquire(server.url("a"));
  await event(first.socket, "open");
  for (const client of server.clients) client.close();
  await event(first.socket, "close");
  assertEquals(pool.size, 0);
  const second = pool.acquire(server.url("a"));
  assert(second.socket !== first.socket);
  first.release();
  assertEquals(pool.idle, 0);
  await event(second.socket, "open");
});

onBoth("a server that can't be reached leaves nothing behind", async (WebSocket) => {
  await using pool = new WebSocketPool({ WebSocket });
  const { socket } = pool.acquire("ws://127.0.0.1:1/");
  await event(socket, "close");
  assertEquals(pool.size, 0);
});

Deno.test("a closed pool lends nothing, a wrong one isn't made", async () => {
  const pool = new WebSocketPool();
  await pool.close();
  assertThrows(() => pool.acquire("ws://127.0.0.1:1/"), TypeError, "the pool is closed");
  assertThrows(() => new WebSocketPool({ maxSockets: 0 }), RangeError, "it is 0");
  assertThrows(() => new WebSocketPool().acquire("ftp://a"), TypeError, "scheme is ftp:");
});
