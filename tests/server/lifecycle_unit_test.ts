import { assert, assertEquals } from "@std/assert";
import { CLOSE_REASONS, ReadyState } from "@/protocol/mod.ts";
import { Lifecycle } from "@/server/lifecycle.ts";
import { Log } from "@/server/log.ts";
import { Metrics } from "@/server/metrics.ts";
import { ConnectionRegistry } from "@/server/registry.ts";
import { ServerLog } from "@/server/server_log.ts";
import { fakeConnection } from "./fakes.ts";

/** A lifecycle whose clock goes on by a tenth of a second each time it is read. */
function onSteppingClock() {
  const clock = { now: 0 };
  const registry = new ConnectionRegistry();
  const gone: string[] = [];
  const lifecycle = new Lifecycle({
    registry,
    metrics: new Metrics(),
    log: new ServerLog(new Log(() => {})),
    closeTimeoutMs: 60_000,
    onGone: ({ id }) => gone.push(id),
    onEnded: () => {},
    now: () => clock.now += 100,
  });
  return { clock, registry, lifecycle, gone };
}

const CLEAN = { code: 1000, reason: "Bye", wasClean: true } as CloseEvent;

Deno.test("a client that never pauses gets its Close after a second", async () => {
  const { clock, lifecycle } = onSteppingClock();
  const { connection, socket } = fakeConnection();
  const closed = Promise.withResolvers<number>();
  socket.close = () => closed.resolve(clock.now);
  Object.defineProperty(connection, "lastMessageAt", { get: () => clock.now + 100 });
  lifecycle.disconnect(connection, CLOSE_REASONS.normal);
  const at = await closed.promise;
  assert(at >= 1_000 && at <= 1_500, `at ${at}`);
  lifecycle.socketClosed(connection, CLEAN);
  assertEquals(connection.state.current, ReadyState.CLOSED);
});

Deno.test("a client that is quiet gets its Close at once", () => {
  const { lifecycle } = onSteppingClock();
  const { connection, socket } = fakeConnection();
  lifecycle.disconnect(connection, CLOSE_REASONS.normal);
  assertEquals(socket.closes, [{ code: 1000, reason: "Bye" }]);
  lifecycle.socketClosed(connection, CLEAN);
});

Deno.test("who goes while its Close waits for a pause gets none", async () => {
  const { clock, lifecycle, registry } = onSteppingClock();
  const { connection, socket } = fakeConnection();
  registry.add(connection);
  connection.lastMessageAt = clock.now + 1_000;
  lifecycle.disconnect(connection, CLOSE_REASONS.normal);
  lifecycle.socketClosed(connection, { ...CLEAN, wasClean: false, code: 0 } as CloseEvent);
  // The sanitizers fail this test if the Close is still on its way.
  await Promise.resolve();
  assertEquals([socket.closes, registry.size], [[], 0]);
});

Deno.test("what ends twice, or leaves twice, does so once", () => {
  const { lifecycle, registry, gone } = onSteppingClock();
  const { connection } = fakeConnection();
  registry.add(connection);
  lifecycle.disconnect(connection, CLOSE_REASONS.normal);
  lifecycle.disconnect(connection, CLOSE_REASONS.internalError);
  lifecycle.tapCuts(connection, { code: 1002, reason: "" });
  lifecycle.socketClosed(connection, CLEAN);
  lifecycle.socketClosed(connection, CLEAN);
  assertEquals(gone, [connection.id]);
  assertEquals(connection.state.transitions.map(({ to }) => to), [1, 2, 3]);
  assertEquals(connection.close, { code: 1000, reason: "Bye", clean: true, by: "server" });
});

Deno.test("a handshake that never became a connection: CONNECTING to CLOSED, nobody has left", () => {
  const { lifecycle, registry, gone } = onSteppingClock();
  const { connection } = fakeConnection({ state: ReadyState.CONNECTING });
  registry.add(connection);
  lifecycle.socketClosed(connection, { ...CLEAN, wasClean: false, code: 0 } as CloseEvent);
  const [{ from, to, cause }] = connection.state.transitions;
  assertEquals([from, to, cause], [0, 3, { by: "network", what: "Handshake failed" }]);
  assertEquals([gone, registry.size, connection.close], [[], 0, null]);
});

Deno.test("a lost link says what the socket said", () => {
  for (const [socketError, what] of [[null, "Link lost"], ["Unexpected EOF", "Unexpected EOF"]]) {
    const { lifecycle } = onSteppingClock();
    const { connection } = fakeConnection();
    connection.socketError = socketError;
    lifecycle.socketClosed(connection, { code: 0, reason: "", wasClean: false } as CloseEvent);
    const { from, to, cause } = connection.state.transitions.at(-1)!;
    assertEquals([from, to, cause], [1, 3, { by: "network", what: what!, code: 1006 }]);
  }
});
