import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { RoomError, type WaitingState } from "../../client/mod.ts";
import { FakeSocket } from "./fake_socket.ts";
import { Harness, isPending, welcome } from "./harness.ts";

/** The edges that the last link has passed, as `from→to by what code`. */
function edges({ client }: Harness): string[] {
  return client.link.value!.transitions.map(({ from, to, cause }) =>
    `${from}→${to} ${cause.by}: ${cause.what}${cause.code === undefined ? "" : ` ${cause.code}`}`
  );
}

function waiting({ client }: Harness): WaitingState {
  const state = client.state.value;
  assert(state.status === "waiting", state.status);
  return state;
}

Deno.test("connecting: idle, connecting, connected with the welcome", async () => {
  await using h = new Harness({ protocols: ["rooms"] });
  const states: string[] = [];
  h.client.state.subscribe((state) => states.push(state.status));
  assertEquals([h.client.link.value, h.client.welcome], [null, null]);
  const first = h.client.connect();
  const second = h.client.connect();
  assertEquals(h.sockets.length, 1);
  assertEquals([h.socket.url, h.socket.protocols, h.socket.binaryType], [
    "ws://test/ws",
    ["rooms"],
    "arraybuffer",
  ]);
  h.socket.open();
  assertEquals(h.status, "connecting");
  h.socket.receive(welcome());
  assertEquals((await first).clientId, "client-1");
  assertStrictEquals(await first, await second);
  assertStrictEquals(await h.client.connect(), h.client.welcome);
  assertEquals(states, ["idle", "connecting", "connected"]);
  assertEquals(edges(h), ["0→1 server: handshake done"]);
  assertEquals([h.client.link.value!.number, h.client.link.value!.url], [1, "ws://test/ws"]);
});

Deno.test("a lost link is waited out and made again, its attempts counted", async () => {
  await using h = new Harness({ random: () => 0.5 });
  h.up();
  h.socket.lose();
  assertEquals(edges(h), [
    "0→1 server: handshake done",
    "1→3 network: link lost: Unexpected EOF 1006",
  ]);
  assertEquals(waiting(h), {
    status: "waiting",
    attempt: 1,
    maxAttempts: 5,
    delayMs: 600,
    until: h.clock.now() + 600,
    code: 1006,
    closeReason: "",
  });
  h.clock.tick(599);
  assertEquals(h.sockets.length, 1);
  h.clock.tick(1);
  assertEquals(h.client.state.value, { status: "connecting", attempt: 1 });
  assertEquals(h.client.link.value!.number, 2);
  h.socket.lose();
  assertEquals(edges(h), ["0→3 network: handshake failed: Unexpected EOF 1006"]);
  assertEquals([waiting(h).attempt, waiting(h).delayMs], [2, 1_100]);
});

Deno.test("after the last attempt the client stops, and connect() starts it anew", async () => {
  await using h = new Harness({ maxAttempts: 2 });
  const connected = h.client.connect();
  for (let attempt = 0; attempt <= 2; attempt++) {
    assertEquals(h.client.state.value, { status: "connecting", attempt });
    h.socket.lose();
    h.clock.tick(100);
  }
  assertEquals(h.client.state.value, {
    status: "stopped",
    reason: "attempts_exhausted",
    code: 1006,
    closeReason: "",
  });
  assertEquals([h.sockets.length, h.clock.pending], [3, 0]);
  const error = await assertRejects(() => connected, RoomError);
  assertEquals([error.code, error.message], [
    "stopped",
    "Cannot connect: the last attempt failed, close code is 1006",
  ]);
  h.client.connect();
  assertEquals(h.client.state.value, { status: "connecting", attempt: 0 });
  h.up();
  assertEquals(h.status, "connected");
});

Deno.test("an ignored connect() that fails harms nobody", async () => {
  await using h = new Harness({ maxAttempts: 0 });
  h.client.connect();
  h.socket.lose();
  await Promise.resolve();
  assertEquals(h.status, "stopped");
});

Deno.test("attempts count anew once a link was stable for 10 s, not before", async () => {
  await using h = new Harness();
  h.up();
  h.socket.lose();
  assertEquals(waiting(h).attempt, 1);
  h.clock.tick(100);
  h.up();
  h.clock.tick(9_999);
  h.socket.lose();
  assertEquals(waiting(h).attempt, 2);
  h.clock.tick(100);
  h.up();
  h.clock.tick(10_000);
  h.socket.lose();
  assertEquals(waiting(h).attempt, 1);
});

Deno.test("a handshake without a welcome isn't stable, however long it lasted", async () => {
  await using h = new Harness({ connectTimeoutMs: 60_000 });
  h.client.connect();
  h.socket.lose();
  h.clock.tick(100);
  h.socket.open();
  h.clock.tick(50_000);
  h.socket.lose();
  assertEquals(waiting(h).attempt, 2);
});

Deno.test("close codes that say never end it", async () => {
  for (const code of [1000, 1002, 1003, 1007, 1008, 1009, 4001]) {
    await using h = new Harness({ maxAttempts: Infinity });
    h.up();
    h.socket.endWith(code, "Go away");
    assertEquals(h.client.state.value, {
      status: "stopped",
      reason: "refused",
      code,
      closeReason: "Go away",
    });
    assertEquals(edges(h).slice(1), [
      `1→2 server: Close received ${code}`,
      `2→3 server: closing handshake done ${code}`,
    ]);
    assertEquals(h.clock.pending, 0);
  }
});

Deno.test("close codes that say reconnect wait as usual, those that say later wait longer", async () => {
  const delays = new Map<number, number>();
  for (const code of [1001, 1005, 1012, 4321, 1011, 1013, 1014]) {
    await using h = new Harness();
    h.up();
    h.socket.endWith(code);
    delays.set(code, waiting(h).delayMs);
  }
  assertEquals([...delays.values()], [100, 100, 100, 100, 5_000, 5_000, 5_000]);
});

Deno.test("neither a handshake nor a welcome may take longer than the timeout", async () => {
  await using h = new Harness({ connectTimeoutMs: 3_000 });
  h.client.connect();
  h.clock.tick(2_999);
  assertEquals(h.status, "connecting");
  h.clock.tick(1);
  assertEquals(edges(h), ["0→3 client: no welcome in 3000 ms 1006"]);
  assertEquals(h.socket.closedWith, [undefined, undefined]);
  h.clock.tick(100);
  h.socket.open();
  h.clock.tick(3_000);
  assertEquals(edges(h).at(-1), "1→3 client: no welcome in 3000 ms 1006");
  assertEquals(waiting(h).attempt, 2);
});

Deno.test("a dropped socket isn't listened to any more", async () => {
  await using h = new Harness({ connectTimeoutMs: 3_000 });
  h.client.connect();
  const [dropped] = h.sockets;
  h.clock.tick(3_000);
  assertEquals(dropped.listeners, 0);
  dropped.open();
  dropped.receive(welcome());
  dropped.lose();
  assertEquals(waiting(h).attempt, 1);
});

Deno.test("a dropped socket is terminated where the platform can", async () => {
  let terminated = 0;
  await using h = new Harness({
    connectTimeoutMs: 3_000,
    WebSocket: class extends FakeSocket {
      terminate() {
        terminated++;
      }
    },
  });
  h.client.connect();
  h.clock.tick(3_000);
  assertEquals(terminated, 1);
});

Deno.test("no pong in 10 s: the link is dropped at once and made again", async () => {
  await using h = new Harness();
  const socket = h.up();
  h.clock.tick(30_000);
  const [ping] = socket.take();
  assertEquals(ping, { type: "ping", timestamp: h.clock.now() });
  socket.receive({ type: "pong", timestamp: ping.timestamp });
  h.clock.tick(30_000);
  // Anything else that the server says isn't a pong.
  socket.receive({ type: "room_left", room: "elsewhere" });
  h.clock.tick(9_999);
  assertEquals(h.status, "connected");
  h.clock.tick(1);
  assertEquals(edges(h).at(-1), "1→3 client: no pong in 10000 ms 1006");
  assertEquals([waiting(h).attempt, socket.listeners], [1, 0]);
  h.clock.tick(100);
  assertEquals(h.sockets.length, 2);
});

Deno.test("the heartbeat is the option's, else the server's, else 30 s", async () => {
  const firstPing = async (heartbeatMs: number | undefined, welcomed: number) => {
    await using h = new Harness({ heartbeatMs });
    h.client.connect();
    h.socket.open();
    h.socket.receive(welcome({}, welcomed));
    return h.clock.untilNext;
  };
  assertEquals(await firstPing(undefined, 20_000), 20_000);
  assertEquals(await firstPing(undefined, 0), 30_000);
  assertEquals(await firstPing(undefined, 1), 100);
  assertEquals(await firstPing(5, 20_000), 5);
  assertEquals(await firstPing(0, 20_000), Infinity);
});

Deno.test("the round trip is measured, per link", async () => {
  await using h = new Harness();
  const socket = h.up();
  h.clock.tick(30_000);
  h.clock.tick(42);
  socket.receive({ type: "pong", timestamp: socket.take()[0].timestamp });
  assertEquals(h.client.roundTripMs, 42);
  socket.lose();
  assertEquals(h.client.roundTripMs, null);
});

Deno.test("a ping that the server finds too fast is no dead link", async () => {
  await using h = new Harness();
  const socket = h.up();
  h.clock.tick(30_000);
  socket.receive({ type: "error", code: "rate_limited", message: "Too many" });
  h.clock.tick(20_000);
  assertEquals(h.status, "connected");
});

Deno.test("while the platform is closing there is no pong, so the link is dead", async () => {
  await using h = new Harness();
  const socket = h.up();
  // The server's Close has come, its end of the connection stays open.
  socket.readyState = 2;
  h.clock.tick(40_000);
  assertEquals(socket.sent, []);
  assertEquals(waiting(h).attempt, 1);
});

Deno.test("back online: the wait is over and failures count anew", async () => {
  await using h = new Harness();
  h.up();
  globalThis.dispatchEvent(new Event("online"));
  assertEquals(h.socket.take().map(({ type }) => type), ["ping"]);
  for (let attempt = 1; attempt <= 3; attempt++) {
    h.socket.lose();
    assertEquals(waiting(h).attempt, attempt);
    h.clock.tick(attempt < 3 ? 100 : 0);
  }
  globalThis.dispatchEvent(new Event("online"));
  assertEquals(h.client.state.value, { status: "connecting", attempt: 1 });
  globalThis.dispatchEvent(new Event("online"));
  assertEquals(h.sockets.length, 4);
});

Deno.test("visible again: the wait is over, unless the server has asked for rest", async () => {
  const page = Object.assign(new EventTarget(), { visibilityState: "hidden" });
  Object.defineProperty(globalThis, "document", { value: page, configurable: true });
  try {
    await using h = new Harness();
    h.up();
    h.socket.lose();
    page.dispatchEvent(new Event("visibilitychange"));
    assertEquals(h.status, "waiting");
    page.visibilityState = "visible";
    page.dispatchEvent(new Event("visibilitychange"));
    assertEquals(h.client.state.value, { status: "connecting", attempt: 1 });
    h.up();
    h.socket.endWith(1013);
    page.dispatchEvent(new Event("visibilitychange"));
    assertEquals(h.status, "waiting");
    h.client.connect();
    assertEquals(h.status, "connecting");
  } finally {
    Reflect.deleteProperty(globalThis, "document");
  }
});

Deno.test("a stopped or closed client doesn't listen for the network", async () => {
  await using h = new Harness({ maxAttempts: 0 });
  h.up();
  h.socket.lose();
  globalThis.dispatchEvent(new Event("online"));
  assertEquals([h.status, h.sockets.length], ["stopped", 1]);
});

Deno.test("as many listeners of the page's are removed as were added", () => {
  const calls: string[] = [];
  const page = {
    visibilityState: "visible",
    addEventListener: (type: string) => calls.push(`+${type}`),
    removeEventListener: (type: string) => calls.push(`-${type}`),
  };
  const { addEventListener, removeEventListener } = globalThis;
  Object.assign(globalThis, {
    addEventListener: page.addEventListener,
    removeEventListener: page.removeEventListener,
    document: page,
  });
  try {
    const h = new Harness();
    h.up();
    h.socket.lose();
    h.clock.tick(100);
    h.up();
    assertEquals(calls, ["+online", "+visibilitychange"]);
    h.client.close();
    assertEquals(calls.slice(2), ["-online", "-visibilitychange"]);
  } finally {
    Object.assign(globalThis, { addEventListener, removeEventListener });
    Reflect.deleteProperty(globalThis, "document");
  }
});

Deno.test("a platform that makes no socket stops the client with the cause", async () => {
  const cause = new DOMException("mixed content", "SecurityError");
  await using h = new Harness({
    WebSocket: class extends FakeSocket {
      constructor(url: string) {
        super(url);
        throw cause;
      }
    },
  });
  const error = await assertRejects(() => h.client.connect(), RoomError);
  assertStrictEquals(error.cause, cause);
  assertEquals(h.client.state.value, {
    status: "stopped",
    reason: "failed",
    code: 1006,
    closeReason: "",
  });
  assertEquals(h.clock.pending, 0);
});

Deno.test("close() shakes hands, stops for good, and is the same however often", async () => {
  await using h = new Harness();
  const socket = h.up();
  const closed = h.client.close(4000, "done");
  assertStrictEquals(h.client.close(), closed);
  assertEquals(socket.closedWith, [4000, "done"]);
  assertEquals(h.client.state.value, {
    status: "stopped",
    reason: "closed",
    code: 4000,
    closeReason: "done",
  });
  assertEquals(h.client.link.value!.readyState, 2);
  assert(await isPending(closed));
  socket.endWith(4000, "done");
  await closed;
  assertEquals(edges(h).slice(1), [
    "1→2 client: Close sent 4000",
    "2→3 server: closing handshake done 4000",
  ]);
  assertEquals([h.clock.pending, socket.listeners, h.sockets.length], [0, 0, 1]);
  await assertRejects(() => h.client.connect(), RoomError, "Cannot connect: the client is closed");
  await h.client.close();
});

Deno.test("close() gives a server up that never answers", async () => {
  await using h = new Harness({ closeTimeoutMs: 700 });
  const socket = h.up();
  const closed = h.client.close();
  h.clock.tick(699);
  assert(await isPending(closed));
  h.clock.tick(1);
  await closed;
  assertEquals(edges(h).at(-1), "2→3 client: no Close in 700 ms 1006");
  assertEquals([h.clock.pending, socket.listeners], [0, 0]);
});

Deno.test("close() before the handshake is done", async () => {
  await using h = new Harness();
  const connected = h.client.connect();
  const closed = h.client.close();
  assertEquals((await assertRejects(() => connected, RoomError)).code, "closed");
  h.socket.lose();
  await closed;
  assertEquals(edges(h), [
    "0→2 client: close() called early 1000",
    "2→3 network: handshake given up: Unexpected EOF 1006",
  ]);
});

Deno.test("close() while a link is lost, while waiting, before any link", async () => {
  await using lost = new Harness();
  const socket = lost.up();
  const closed = lost.client.close();
  socket.lose();
  await closed;
  assertEquals(
    edges(lost).at(-1),
    "2→3 network: link lost before the Close came: Unexpected EOF 1006",
  );

  await using waits = new Harness();
  waits.up().lose();
  await waits.client.close();
  assertEquals([waits.clock.pending, waits.status], [0, "stopped"]);

  await using idle = new Harness();
  await idle.client.close();
  assertEquals(idle.status, "stopped");
});

Deno.test("close() refuses what a WebSocket wouldn't take, and goes on", async () => {
  await using h = new Harness();
  h.up();
  assertThrows(() => h.client.close(1001), RangeError);
  assertEquals(h.status, "connected");
});

Deno.test("a subscriber may close the client at any moment", async () => {
  for (const status of ["connecting", "connected", "waiting"]) {
    await using h = new Harness();
    let heard = 0;
    h.client.on("welcome", () => heard++);
    h.client.state.subscribe((state) => {
      if (state.status === status) h.client.close();
    });
    h.client.connect();
    h.socket.open();
    h.socket.receive(welcome());
    h.socket.lose();
    await h.client.close();
    assertEquals([h.status, h.clock.pending], ["stopped", 0]);
    assertEquals(heard, status === "waiting" ? 1 : 0);
  }
  for (const readyState of [0, 1, 2, 3]) {
    await using h = new Harness();
    h.client.link.subscribe((link) => {
      if (link?.readyState === readyState) h.client.close();
    });
    h.client.connect();
    h.socket.open();
    h.socket.endWith(1001);
    await h.client.close();
    assertEquals([h.status, h.clock.pending], ["stopped", 0]);
  }
});

Deno.test("handlers that throw are reported and the client goes on", async () => {
  await using h = new Harness();
  h.client.on("welcome", () => {
    throw new Error("oops");
  });
  h.client.state.subscribe((state) => {
    if (state.status === "connected") throw new Error("worse");
  });
  h.up();
  assertEquals(h.errors.map(([error, source]) => `${source}: ${(error as Error).message}`), [
    "a subscriber: worse",
    "a handler for welcome: oops",
  ]);
  assertEquals(h.status, "connected");
});

Deno.test("garbage from the server is counted and told, never thrown", async () => {
  await using h = new Harness();
  const socket = h.up();
  const events: string[] = [];
  h.client.on("invalid", ({ code, preview }) => events.push(`${code} ${preview.length}`));
  h.client.on("custom", ({ message }) => events.push(`custom ${message.type} ${message.value}`));
  socket.receiveRaw("{");
  socket.receiveRaw("x".repeat(500));
  socket.receiveRaw("null");
  socket.receiveRaw(JSON.stringify({ type: "no_such_type", value: 7 }));
  socket.receiveRaw(JSON.stringify({ type: "ack", room: "a" }));
  socket.receiveRaw("[".repeat(100) + "]".repeat(100));
  socket.receiveRaw(new ArrayBuffer(4));
  assertEquals(events, [
    "bad_json 1",
    "bad_json 200",
    "unknown_type 4",
    "custom no_such_type 7",
    "invalid_message 25",
    "too_deep 200",
    "invalid_message 0",
  ]);
  assertEquals([h.client.invalidMessages, h.status, h.errors], [6, "connected", []]);
});

Deno.test("answers to nobody's question are harmless", async () => {
  await using h = new Harness();
  const socket = h.up();
  socket.receive({ type: "ack", room: "a", id: "x", epoch: "e", seq: 1 });
  socket.receive({ type: "error", code: "forbidden", message: "No", id: "x" });
  socket.receive({ type: "error", code: "rate_limited", message: "No", id: "x" });
  socket.receive({ type: "error", code: "forbidden", message: "No", room: "x" });
  socket.receive({ type: "error", code: "bad_json", message: "No" });
  socket.receive({ type: "room_left", room: "x" });
  socket.receive({ type: "room_joined", room: "x", members: [], epoch: "e", seq: 0 });
  socket.receive({ type: "pong", timestamp: 1 });
  socket.receive({ ...welcome(), clientId: "second" });
  assertEquals([h.status, h.client.welcome!.clientId], ["connected", "client-1"]);
});

Deno.test("an unregistered handler hears nothing more", async () => {
  await using h = new Harness();
  const socket = h.up();
  let heard = 0;
  const off = h.client.on("pong", () => heard++);
  socket.receive({ type: "pong", timestamp: 1 });
  off();
  socket.receive({ type: "pong", timestamp: 1 });
  assertEquals(heard, 1);
});
