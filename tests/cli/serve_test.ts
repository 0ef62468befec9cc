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

/** Asks until it is answered: nobody is told when a listener is back. */
async function askUntilAnswered(port: number, path: string): Promise<number> {
  for (let attempt = 0; attempt < 500; attempt++) {
    const status = await ask(port, path).catch(() => 0);
    if (status !== 0) return status;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return 0;
}

const fine = () => new Response("fine");

/** Every server that `Deno.serve` makes until disposed. */
class Listeners implements Disposable {
  readonly all: Deno.HttpServer[] = [];
  readonly #serve = Deno.serve;

  constructor() {
    Deno.serve = ((...args: Parameters<typeof Deno.serve>) => {
      const server = this.#serve(...args);
      this.all.push(server as Deno.HttpServer);
      return server;
    }) as typeof Deno.serve;
  }

  /** The newest ends, without anybody having stopped what keeps it. */
  async kill(): Promise<void> {
    await this.all.at(-1)!.shutdown();
  }

  [Symbol.dispose](): void {
    Deno.serve = this.#serve;
  }
}

Deno.test("it goes on at the same port after the listener died, and more than once", async () => {
  using listeners = new Listeners();
  const server = keepServing(LOOPBACK, fine);
  try {
    const { port } = server.address;
    assertNotEquals(port, 0);
    assertEquals(await ask(port, "/"), 200);
    for (let round = 1; round <= 3; round++) {
      await listeners.kill();
      assertEquals(await askUntilAnswered(port, "/"), 200, `round ${round}`);
      assertEquals(listeners.all.length, round + 1);
    }
  } finally {
    await server.stop();
  }
  await assertRejects(() => ask(server.address.port, "/"), Deno.errors.ConnectionRefused);
});

Deno.test("stopping right after the listener died leaves nothing that listens", async () => {
  using listeners = new Listeners();
  for (let round = 0; round < 5; round++) {
    const server = keepServing(LOOPBACK, fine);
    const { port } = server.address;
    await listeners.kill();
    await server.stop();
    await assertRejects(() => ask(port, "/"), Deno.errors.ConnectionRefused);
  }
});

Deno.test("stopping while it can't listen again ends too", async () => {
  using listeners = new Listeners();
  const server = keepServing(LOOPBACK, fine);
  const { port } = server.address;
  const { serve } = Deno;
  const tried = Promise.withResolvers<void>();
  Deno.serve = (() => {
    tried.resolve();
    throw new Error("Too many open files");
  }) as unknown as typeof Deno.serve;
  try {
    await listeners.kill();
    await tried.promise;
    await server.stop();
  } finally {
    Deno.serve = serve;
  }
  await assertRejects(() => ask(port, "/"), Deno.errors.ConnectionRefused);
  assertEquals(listeners.all.length, 1);
});

Deno.test("a taken port is the caller's to explain", async () => {
  const server = keepServing(LOOPBACK, fine);
  const { port } = server.address;
  assertThrows(
    () => keepServing({ ...LOOPBACK, port }, fine),
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
