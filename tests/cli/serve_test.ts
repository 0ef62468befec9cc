import {
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { keepServing } from "@/cli/serve.ts";

const LOOPBACK = { hostname: "127.0.0.1", port: 0 };

/** The status of one request over a connection of its own. */
async function ask(port: number, path: string, headers: Record<string, string> = {}) {
  return Number((await answerOf(port, path, headers)).split(" ")[1] ?? 0);
}

async function answerOf(
  port: number,
  path: string,
  headers: Record<string, string> = {},
): Promise<string> {
  using conn = await Deno.connect({ ...LOOPBACK, port });
  const lines = Object.entries({ Host: "localhost", Connection: "close", ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`).join("");
  await conn.write(new TextEncoder().encode(`GET ${path} HTTP/1.1\r\n${lines}\r\n`));
  const buffer = new Uint8Array(4_096);
  const read = await conn.read(buffer) ?? 0;
  return new TextDecoder().decode(buffer.subarray(0, read));
}

const UPGRADE = {
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version": "13",
};

/** Asks until it is answered: nobody is told when a listener is back. */
async function askUntilAnswered(port: number, path: string): Promise<number> {
  for (let attempt = 0; attempt < 500; attempt++) {
    const status = await ask(port, path).catch(() => 0);
    if (status !== 0) return status;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return 0;
}

/** A handler that answers, unless the path is one that brings `Deno.serve` down. */
function fragile(request: Request): Response {
  if (!request.url.endsWith("/fatal")) return new Response("fine");
  Deno.upgradeWebSocket(request);
  // After an upgrade nothing else may be answered (deno-facts §1a).
  return new Response("not the upgrade's");
}

Deno.test("it goes on at the same port after the listener died, and more than once", async () => {
  const server = keepServing(LOOPBACK, fragile);
  try {
    const { port } = server.address;
    assertNotEquals(port, 0);
    assertEquals(await ask(port, "/"), 200);
    for (let round = 0; round < 3; round++) {
      await ask(port, "/fatal", UPGRADE).catch(() => {});
      assertEquals(await askUntilAnswered(port, "/"), 200, `round ${round}`);
    }
  } finally {
    await server.stop();
  }
  await assertRejects(() => ask(server.address.port, "/"), Deno.errors.ConnectionRefused);
});

Deno.test("stopping right after the listener died leaves nothing that listens", async () => {
  for (let round = 0; round < 5; round++) {
    const server = keepServing(LOOPBACK, fragile);
    const { port } = server.address;
    await ask(port, "/fatal", UPGRADE).catch(() => {});
    await server.stop();
    await assertRejects(() => ask(port, "/"), Deno.errors.ConnectionRefused);
  }
});

Deno.test("a taken port is the caller's to explain", async () => {
  const server = keepServing(LOOPBACK, () => new Response("fine"));
  const { port } = server.address;
  assertThrows(
    () => keepServing({ ...LOOPBACK, port }, () => new Response("fine")),
    Deno.errors.AddrInUse,
  );
  await server.stop();
});

Deno.test("a handler that throws answers 500 and tells nothing", async () => {
  const secret = "the database's password";
  const printed: unknown[][] = [];
  const { error } = console;
  console.error = (...values) => printed.push(values);
  const server = keepServing(LOOPBACK, () => {
    throw new Error(secret);
  });
  try {
    const answer = await answerOf(server.address.port, "/");
    assertStringIncludes(answer, "HTTP/1.1 500 ");
    assertStringIncludes(answer, "Internal server error\n");
    assertEquals(answer.includes(secret), false);
    assertEquals(printed.length, 1);
  } finally {
    console.error = error;
    await server.stop();
  }
});
