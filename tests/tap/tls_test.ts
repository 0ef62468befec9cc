import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { WebSocket, WebSocketServer } from "ws";
import { LOOPBACK, soon, startTap } from "./support.ts";
import { WsEcho } from "./ws_peers.ts";
import { Tap } from "@/tap/mod.ts";

const file = (name: string) =>
  readFileSync(new URL(`certificates/${name}`, import.meta.url), "utf8");
const [ca, cert, key] = ["ca.pem", "server.pem", "server.key"].map(file);

/** An echo server behind TLS. */
async function tlsEcho() {
  const http = createServer({ cert, key });
  const wss = new WebSocketServer({ server: http });
  wss.on("connection", (socket) => socket.on("message", (data) => socket.send(data)));
  await new Promise<void>((resolve) => http.listen(0, LOOPBACK, resolve));
  return {
    port: (http.address() as { port: number }).port,
    async [Symbol.asyncDispose]() {
      for (const socket of wss.clients) socket.terminate();
      http.closeAllConnections();
      await new Promise<void>((resolve) => http.close(() => resolve()));
    },
  };
}

async function echoed(socket: WebSocket, word: string): Promise<string> {
  const answer = new Promise<string>((resolve, reject) => {
    socket.once("message", (data: Uint8Array) => resolve(new TextDecoder().decode(data)));
    socket.once("open", () => socket.send(word));
    socket.once("error", reject);
  });
  return await soon(answer, "the echo");
}

async function closed(socket: WebSocket): Promise<void> {
  const end = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.close(1000);
  await soon(end, "the close");
}

for (const guard of [true, false]) {
  Deno.test(`a wss target behind a tap, guard ${guard}`, async () => {
    await using echo = await tlsEcho();
    const tls = { caCerts: [ca] };
    const { tap, port } = startTap({
      target: { hostname: "localhost", port: echo.port, tls },
      guard,
    });
    await using _tap = tap;
    const socket = new WebSocket(`ws://${LOOPBACK}:${port}/`);
    assertEquals(await echoed(socket, "over TLS"), "over TLS");
    await closed(socket);
    assertEquals(tap.capture.stats.seen, 4);
  });
}

Deno.test("a tap that listens with a certificate", async () => {
  await using echo = await WsEcho.start();
  await using tap = new Tap({ target: echo.address });
  const { port } = tap.listen({ hostname: LOOPBACK, port: 0, certificate: { cert, key } });
  const socket = new WebSocket(`wss://localhost:${port}/`, { ca });
  assertEquals(await echoed(socket, "to the tap"), "to the tap");
  await closed(socket);
});

Deno.test("a certificate for another name is refused unless any name is taken", async () => {
  await using echo = await tlsEcho();
  for (const anyName of [false, true]) {
    const target = { hostname: LOOPBACK, port: echo.port, tls: { caCerts: [ca], anyName } };
    const { tap, port, told } = startTap({ target });
    await using _tap = tap;
    const socket = new WebSocket(`ws://${LOOPBACK}:${port}/`);
    const outcome = await echoed(socket, "hello").catch((error) => String(error));
    if (anyName) {
      assertEquals(outcome, "hello");
      await closed(socket);
    } else {
      assert(outcome.includes("502"), outcome);
      assertEquals(told.failures.map(({ rule }) => rule), ["target-unreachable"]);
    }
  }
});

Deno.test("a certificate that nobody vouches for is refused", async () => {
  await using echo = await tlsEcho();
  const { tap, port } = startTap({ target: { hostname: "localhost", port: echo.port, tls: {} } });
  await using _tap = tap;
  const socket = new WebSocket(`ws://${LOOPBACK}:${port}/`);
  assert((await echoed(socket, "hello").catch((error) => String(error))).includes("502"));
});
