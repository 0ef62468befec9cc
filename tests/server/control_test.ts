/**
 * The server with a tap before it, seen from the server: what it asks of the tap and what it does
 * with what the tap tells.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  type ConnectionControl,
  type ConnectionRecord,
  type CutReason,
  type FailedHandshake,
  ReadyState,
} from "@/protocol/mod.ts";
import { answerTo, GOOD } from "./handshakes.ts";
import { type ServedRooms, serveRooms } from "./harness.ts";

/** A tap as the server knows it. Like the real one it doesn't tell of cuts that it was asked for. */
class FakeControl implements ConnectionControl {
  readonly guards = true;
  readonly redacts = true;
  readonly limits = { headTimeoutMs: 7 };
  observer: ConnectionControl["observer"] = null;
  readonly cuts: { id: string; reason: CutReason }[] = [];
  /** Whether connections are numbered and known. */
  answers: "numbered" | "unnumbered" | "unknown" = "numbered";
  #lastId = 0;

  identify(port: number) {
    if (this.answers === "unknown") return undefined;
    const id = this.answers === "numbered" ? String(++this.#lastId) : "";
    return { id, hostname: "2001:db8::1", port };
  }

  cut(id: string, reason: CutReason): void {
    this.cuts.push({ id, reason });
  }

  setExcluded(): void {}
}

const edges = (record: ConnectionRecord) =>
  record.transitions.map(({ from, to, cause }) => [from, to, cause.by, cause.code]);

async function ended(served: ServedRooms): Promise<ConnectionRecord> {
  const find = () => served.rooms.connections().find(({ state }) => state === ReadyState.CLOSED);
  await served.until(() => find() !== undefined);
  return find()!;
}

Deno.test("a cut that the server asks for is its own: the record says so at once, and the room is told", async () => {
  const control = new FakeControl();
  await using served = serveRooms({ control, limits: { maxRefusedMessages: 1 } });
  const [ann, bob] = [await served.connect(), await served.connect()];
  await bob.join("lobby");
  await ann.join("lobby");
  for (let i = 0; i < 12; i++) ann.socket.send("garbage");
  assertEquals((await bob.next("user_left")).clientId, ann.clientId);
  await served.until(() => control.cuts.length > 0);
  assertEquals(ann.mailbox.filter(({ type }) => type === "error").length, 11, "answers come first");
  assertEquals(control.cuts, [{ id: "1", reason: { code: 1008, reason: "Too many messages" } }]);
  ann.socket.terminate();
  const record = await ended(served);
  assertEquals(edges(record), [
    [0, 1, "client", undefined],
    [1, 2, "server", 1008],
    [2, 3, "server", undefined],
  ]);
  assertEquals(record.close, {
    code: 1008,
    reason: "Too many messages",
    clean: false,
    by: "server",
  });
  assertEquals(served.rooms.getStats().totals.errors.abnormal, undefined);
});

Deno.test("a cut by the guard: its rule is in the record and among the errors", async () => {
  const control = new FakeControl();
  await using served = serveRooms({ control });
  const ann = await served.connect();
  await ann.join("lobby");
  control.observer!.cut("1", { code: 1002, reason: "Not masked", rule: "mask-missing" });
  control.observer!.cut("1", { code: 1009, reason: "Later", rule: "another" });
  assertEquals(served.rooms.getStats().totals.rooms, 0, "its memberships end at once");
  ann.socket.terminate();
  const record = await ended(served);
  assertEquals(edges(record)[1], [1, 2, "guard", 1002]);
  assertEquals(record.close?.rule, "mask-missing");
  const { errors, activeConnections } = served.rooms.getStats().totals;
  assertEquals([errors["mask-missing"], errors.another, activeConnections], [1, undefined, 0]);
});

Deno.test("what the tap tells of connections that are gone does no harm", async () => {
  const control = new FakeControl();
  await using served = serveRooms({ control });
  control.observer!.cut("99", { code: 1002, reason: "" });
  control.observer!.roundTrip("99", 5);
  assertEquals(served.rooms.connections(), []);
  assertEquals(served.rooms.getStats().histograms.roundTripMs.count, 1);
});

Deno.test("round trips are a connection's and the server's", async () => {
  const control = new FakeControl();
  await using served = serveRooms({ control });
  await served.connect();
  control.observer!.roundTrip("1", 12.5);
  assertEquals(served.rooms.connections()[0].counters.roundTripMs, 12.5);
  assertEquals(served.rooms.getStats().histograms.roundTripMs.count, 1);
});

Deno.test("what the tap refuses before anybody spoke is counted", async () => {
  const control = new FakeControl();
  await using served = serveRooms({ control });
  control.observer!.connectionRefused("address-full");
  control.observer!.connectionRefused("address-full");
  assertEquals(served.rooms.getStats().totals.errors, { "address-full": 2 });
});

Deno.test("a handshake that the server refused is recorded once, the tap's as well", async () => {
  const control = new FakeControl();
  await using served = serveRooms({ control, allowedHosts: ["localhost"] });
  const { status } = await answerTo(served.port, { ...GOOD, Host: "example.org" });
  assertEquals(status, 403);
  control.observer!.handshakeFailed(failure("1", "server-refused"));
  control.observer!.handshakeFailed(failure("2", "head-timeout"));
  const records = served.rooms.connections();
  assertEquals(records.map(({ id, close }) => [id, close?.rule]), [
    ["1", "host-refused"],
    ["2", "head-timeout"],
  ]);
  assertEquals(records[0].address.startsWith("[2001:db8::1]:"), true);
  assertEquals(records[1].transitions[0].cause.what, "Too slow (no answer)");
});

Deno.test("the tap's numbers are only for WebSockets: what has none is no handshake that failed", async () => {
  const control = new FakeControl();
  control.answers = "unnumbered";
  await using served = serveRooms({ control });
  assertEquals((await answerTo(served.port, { ...GOOD, Upgrade: "h2c" })).status, 400);
  assertEquals([served.rooms.connections(), served.rooms.getStats().totals.errors], [[], {}]);
});

Deno.test("without a guard, what the tap didn't understand has a number of its own", async () => {
  const control = new FakeControl();
  control.answers = "unnumbered";
  await using served = serveRooms({ control });
  await served.connect();
  await served.connect();
  assertEquals(served.rooms.connections().map(({ id }) => id), ["untapped-1", "untapped-2"]);
});

Deno.test("a port that the tap knows is not enough: it dials from one address", async () => {
  await using served = serveRooms({ control: new FakeControl() });
  const request = new Request("http://localhost/ws", { headers: GOOD });
  const remoteAddr = { transport: "tcp", hostname: "127.0.0.2", port: 1 } as const;
  const response = served.rooms.handler(request, { remoteAddr });
  assertEquals([response.status, await response.text()], [
    403,
    "Cannot serve a connection that did not come through the tap\n",
  ]);
});

Deno.test("who didn't come through the tap isn't let in", async () => {
  const control = new FakeControl();
  control.answers = "unknown";
  await using served = serveRooms({ control });
  assertEquals((await answerTo(served.port, GOOD)).status, 403);
  assertEquals(served.rooms.connections(), []);
});

Deno.test("a client that never answers a Close is cut by the tap", async () => {
  const control = new FakeControl();
  await using served = serveRooms({ control, closeTimeoutMs: 20 });
  const ann = await served.connect();
  // Paused, it doesn't read the Close and so doesn't answer it.
  ann.socket.pause();
  served.rooms.disconnect(ann.clientId);
  await served.until(() => control.cuts.length > 0);
  assertEquals(control.cuts, [{ id: "1", reason: { code: 1000, reason: "Bye" } }]);
});

Deno.test("what is in force says what the tap adds", async () => {
  const control = new FakeControl();
  await using served = serveRooms({ control });
  const { policy, capture } = served.rooms.getStats();
  assertEquals([policy.tap, policy.guard, policy.redact, capture], [true, true, true, null]);
  assertEquals([policy.limits.headTimeoutMs, policy.limits.maxMessageBytes], [7, 65_536]);
});

function failure(id: string, rule: string): FailedHandshake {
  return {
    id,
    address: "192.0.2.1:1",
    at: 1,
    status: 0,
    rule,
    message: "Too slow",
    by: "guard",
  };
}
