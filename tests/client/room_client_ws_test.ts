import { assert, assertEquals, assertGreaterOrEqual, assertRejects } from "@std/assert";
import WsWebSocket from "ws";
import {
  type ClientState,
  RoomClient,
  type RoomClientOptions,
  RoomError,
  type WebSocketConstructor,
} from "../../client/mod.ts";
import { ScriptedServer } from "./scripted_server.ts";

const QUICK: RoomClientOptions = { minDelayMs: 1, baseDelayMs: 5, laterDelayMs: 20 };

/** The next time that a client is in a state. */
function reached<S extends ClientState["status"]>(
  client: RoomClient,
  status: S,
): Promise<Extract<ClientState, { status: S }>> {
  return new Promise((resolve) => {
    const unsubscribe = client.state.subscribe((state) => {
      if (state.status !== status) return;
      queueMicrotask(() => unsubscribe());
      resolve(state as Extract<ClientState, { status: S }>);
    });
  });
}

function edges(client: RoomClient): string[] {
  return client.link.value!.transitions.map(({ from, to, cause }) =>
    `${from}→${to} ${cause.code ?? ""}`.trim()
  );
}

/** Each test runs on the platform's WebSocket and on npm's, as Node would. */
function onBoth(name: string, run: (WebSocket: WebSocketConstructor) => Promise<void>): void {
  Deno.test(`${name} (Deno's WebSocket)`, () => run(WebSocket));
  Deno.test(`${name} (npm's ws)`, () => run(WsWebSocket));
}

onBoth("join, publish, leave, close", async (WebSocket) => {
  await using server = await ScriptedServer.start();
  await using client = new RoomClient(server.url, { WebSocket });
  const welcome = await client.connect();
  assertEquals(welcome.clientId, "client-1");
  const { members, epoch, seq } = await client.join("lobby");
  assertEquals([members.length, epoch, seq], [1, "e1", 7]);
  const receipts = await Promise.all(
    Array.from({ length: 50 }, (_, i) => client.publish("lobby", i)),
  );
  assertEquals(receipts.map((receipt) => receipt.seq), Array.from({ length: 50 }, (_, i) => i + 1));
  await client.leave("lobby");
  const link = await server.next();
  await client.close(4001, "bye");
  assertEquals(await link.closed, { code: 4001, reason: "bye" });
  assertEquals(edges(client), ["0→1", "1→2 4001", "2→3 4001"]);
});

onBoth("a cut link: rejoined, the outbox flushed in order, the rest unknown", async (WebSocket) => {
  await using server = await ScriptedServer.start();
  await using client = new RoomClient(server.url, { ...QUICK, WebSocket });
  await client.connect();
  await client.join("lobby");
  const first = await server.next();
  server.script.answers = false;
  const unknown = client.publish("lobby", "sent");
  await first.next("room_message");
  const waits = reached(client, "waiting");
  first.peer.terminate();
  assertEquals((await assertRejects(() => unknown, RoomError)).code, "outcome_unknown");
  assertEquals((await waits).code, 1006);
  assertEquals(edges(client).at(-1), "1→3 1006");
  server.script.answers = true;
  const receipts = ["a", "b", "c"].map((content) => client.publish("lobby", content));
  const second = await server.next();
  await Promise.all(receipts);
  const contents: unknown[] = [];
  for (let i = 0; i < 3; i++) contents.push((await second.next("room_message")).content);
  assertEquals(contents, ["a", "b", "c"]);
  assertEquals(client.rooms, ["lobby"]);
});

onBoth("a link that is cut again and again loses and doubles nothing", async (WebSocket) => {
  await using server = await ScriptedServer.start();
  await using client = new RoomClient(server.url, { ...QUICK, WebSocket, maxAttempts: Infinity });
  client.connect();
  client.join("lobby").catch(() => {});
  const outcomes: Promise<string>[] = [];
  for (let round = 0; round < 10; round++) {
    const link = await server.next();
    const acknowledged = client.publish("lobby", `${round} acknowledged`);
    outcomes.push(
      ...[acknowledged, client.publish("lobby", `${round} racing`)].map((outcome) =>
        outcome.then(() => "ok", (error: RoomError) => error.code)
      ),
    );
    await acknowledged;
    link.peer.terminate();
    await link.closed;
  }
  await client.close();
  const counts = { ok: 0, outcome_unknown: 0, other: 0 };
  for (const outcome of await Promise.all(outcomes)) {
    counts[outcome in counts ? outcome as keyof typeof counts : "other"]++;
  }
  assertEquals(counts.other, 0);
  assertGreaterOrEqual(counts.ok, 10);
});

onBoth("the server's close codes decide", async (WebSocket) => {
  await using server = await ScriptedServer.start();
  await using client = new RoomClient(server.url, { ...QUICK, WebSocket });
  for (const code of [1001, 1012, 4321, 1013]) {
    await client.connect();
    const link = await server.next();
    const waits = reached(client, "waiting");
    link.peer.close(code, "later");
    assertEquals((await waits).code, code);
    assertEquals(edges(client), ["0→1", `1→2 ${code}`, `2→3 ${code}`]);
    await reached(client, "connected");
  }
  const link = await server.next();
  const stops = reached(client, "stopped");
  link.peer.close(1008, "no");
  assertEquals(await stops, {
    status: "stopped",
    reason: "refused",
    code: 1008,
    closeReason: "no",
  });
  assertEquals(server.connections, 5);
});

onBoth("a silent server is a dead link, dropped without its close event", async (WebSocket) => {
  await using server = await ScriptedServer.start({ answers: false, closes: false });
  await using client = new RoomClient(server.url, {
    ...QUICK,
    WebSocket,
    heartbeatMs: 20,
    pongTimeoutMs: 30,
    closeTimeoutMs: 30,
  });
  client.connect();
  const waits = reached(client, "waiting");
  const link = await server.next();
  await link.next("ping");
  await waits;
  assertEquals(client.link.value!.transitions.at(-1)!.cause, {
    by: "client",
    what: "no pong in 30 ms",
    code: 1006,
  });
  server.script.answers = true;
  await (await server.next()).next("ping");
});

onBoth("a server that never says welcome, and then does", async (WebSocket) => {
  await using server = await ScriptedServer.start({ welcomes: false });
  await using client = new RoomClient(server.url, { ...QUICK, WebSocket, connectTimeoutMs: 100 });
  const connected = client.connect();
  await reached(client, "waiting");
  assertEquals(client.link.value!.transitions.at(-1)!.cause.what, "no welcome in 100 ms");
  server.script.welcomes = true;
  await connected;
});

onBoth("a port that takes connections and says nothing", async (WebSocket) => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const client = new RoomClient(`ws://127.0.0.1:${listener.addr.port}`, {
    WebSocket,
    connectTimeoutMs: 50,
    maxAttempts: 0,
  });
  await assertRejects(() => client.connect(), RoomError);
  assertEquals(edges(client), ["0→3 1006"]);
  (await accepted).close();
  await client.close();
});

onBoth("a port where nobody listens", async (WebSocket) => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await using client = new RoomClient(`ws://127.0.0.1:${port}`, {
    ...QUICK,
    WebSocket,
    maxAttempts: 3,
  });
  const attempts: number[] = [];
  client.state.subscribe((state) => state.status === "waiting" && attempts.push(state.attempt));
  const error = await assertRejects(() => client.connect(), RoomError);
  assertEquals([error.code, attempts], ["stopped", [1, 2, 3]]);
});

onBoth("a server that restarts on its port is found again", async (WebSocket) => {
  const first = await ScriptedServer.start();
  await using client = new RoomClient(first.url, { ...QUICK, WebSocket, maxAttempts: Infinity });
  await client.connect();
  await client.join("lobby");
  const { port } = first;
  await first[Symbol.asyncDispose]();
  const published = client.publish("lobby", "after");
  await using second = await ScriptedServer.start({}, port);
  assertEquals((await published).seq, 1);
  assertEquals(second.connections, 1);
});

onBoth("a server that never answers a Close is given up", async (WebSocket) => {
  await using server = await ScriptedServer.start({ closes: false });
  const client = new RoomClient(server.url, { WebSocket, closeTimeoutMs: 40 });
  await client.connect();
  await client.close();
  assertEquals(client.link.value!.transitions.at(-1)!.cause.what, "no Close in 40 ms");
});

onBoth("close() during the handshake, and twice", async (WebSocket) => {
  await using server = await ScriptedServer.start();
  const client = new RoomClient(server.url, { WebSocket });
  const connected = client.connect();
  await Promise.all([client.close(), client.close(), client[Symbol.asyncDispose]()]);
  assertEquals((await assertRejects(() => connected, RoomError)).code, "closed");
  assertEquals(edges(client), ["0→2 1000", "2→3 1006"]);
});

onBoth("garbage, binary and fragments", async (WebSocket) => {
  await using server = await ScriptedServer.start();
  await using client = new RoomClient(server.url, { WebSocket });
  const codes: string[] = [];
  client.on("invalid", ({ code }) => codes.push(code));
  await client.connect();
  const { peer } = await server.next();
  const heard = new Promise((resolve) => client.on("pong", resolve));
  peer.send("not JSON");
  peer.send(new Uint8Array([1, 2, 3]));
  peer.send('{"type":"po', { fin: false });
  peer.send('ng","timestamp":5}', { fin: true });
  assertEquals(await heard, { type: "pong", timestamp: 5 });
  assertEquals(codes, ["bad_json", "invalid_message"]);
});

onBoth(
  "a sliding second on the server's side sees no more than it advertises",
  async (WebSocket) => {
    const limit = 20;
    await using server = await ScriptedServer.start({ limits: { messagesPerSecond: limit } });
    await using client = new RoomClient(server.url, { WebSocket });
    await client.connect();
    const { peer } = await server.next();
    const arrivals: number[] = [];
    peer.on("message", () => arrivals.push(performance.now()));
    await client.join("lobby");
    await Promise.all(Array.from({ length: 30 }, (_, i) => client.publish("lobby", i)));
    assertEquals(arrivals.length, 31);
    assertGreaterOrEqual(arrivals[limit] - arrivals[0], 1_000);
  },
);

Deno.test("a refusing server gets the message again, in order, with its own id", async () => {
  await using server = await ScriptedServer.start({ answers: false });
  await using client = new RoomClient(server.url);
  await client.connect();
  const link = await server.next();
  const join = client.join("lobby");
  await link.next("join_room");
  link.send({ type: "room_joined", room: "lobby", members: [], epoch: "e", seq: 0 });
  await join;
  const receipts = Promise.all(["1", "2"].map((content) => client.publish("lobby", content)));
  const ids: unknown[] = [];
  for (let i = 0; i < 2; i++) {
    const { id } = await link.next("room_message");
    ids.push(id);
    const refusal = { code: "rate_limited", message: "Too many", room: "lobby", retryAfterMs: 30 };
    link.send({ type: "error", id, ...refusal });
  }
  for (let seq = 1; seq <= 2; seq++) {
    const { id, content } = await link.next("room_message");
    assertEquals([id, content], [ids[seq - 1], `${seq}`]);
    link.send({ type: "ack", room: "lobby", id, epoch: "e", seq });
  }
  assertEquals((await receipts).map(({ seq }) => seq), [1, 2]);
});

Deno.test("the client has nothing of Deno's or Node's own", async () => {
  const directory = new URL("../../client/", import.meta.url);
  for await (const { name } of Deno.readDir(directory)) {
    const source = await Deno.readTextFile(new URL(name, directory));
    const code = source.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
    assert(!/\bDeno\b|\bprocess\b|\bBuffer\b/.test(code), name);
    for (const [, from] of code.matchAll(/from "([^"]+)"/g)) {
      assert(/^\.\/|^\.\.\/protocol\//.test(from), `${name} imports ${from}`);
    }
  }
});
