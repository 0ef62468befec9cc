/**
 * What the start command exports with `OTEL_DENO=true`, seen at a collector.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { startCommand } from "../command.ts";
import { Peer } from "../server/harness.ts";
import { Collector, type Exported } from "./collector.ts";

const METRICS = [
  "roomscope.connections",
  "roomscope.connections.active",
  "roomscope.messages",
  "roomscope.io",
  "roomscope.errors",
  "roomscope.reconnections",
  "roomscope.rooms",
  "roomscope.slow_consumers",
  "roomscope.round_trip.duration",
  "roomscope.fan_out.duration",
  "roomscope.message.size",
];

function valueOf({ metrics }: Exported, name: string, attributes = ""): number | undefined {
  return metrics.get(name)?.find((point) => point.attributes === attributes)?.value;
}

Deno.test("OTEL_DENO=true: our metrics and spans arrive, without token, session or content", async () => {
  await using collector = new Collector();
  await using run = await startCommand([], { env: collector.env });
  const ann = new Peer(`ws://127.0.0.1:${run.port}/ws`, {
    headers: { cookie: "session=secret-cookie", authorization: "Bearer secret-bearer" },
  });
  const { session } = await ann.next("welcome");
  await ann.join("secret-room");
  ann.send({ type: "room_message", room: "secret-room", content: "secret-content", id: "1" });
  await ann.next("ack");
  ann.send({ type: "auth", token: "secret-token" });
  await ann.next("error");
  ann.send({ type: "secret-type" });
  await ann.next("error");
  await collector.until((exported) =>
    METRICS.every((name) =>
      name === "roomscope.round_trip.duration" || exported.metrics.has(name)
    ) &&
    valueOf(exported, "roomscope.errors", "unknown_type") === 1 &&
    exported.spans.some(({ name }) => name === "receive auth")
  );
  const { exported } = collector;
  assertEquals(valueOf(exported, "roomscope.connections"), 1);
  assertEquals(valueOf(exported, "roomscope.connections.active"), 1);
  assertEquals(valueOf(exported, "roomscope.messages", "receive"), 4);
  assertEquals(valueOf(exported, "roomscope.rooms"), 1);
  assertEquals(valueOf(exported, "roomscope.errors", "auth_unsupported"), 1);
  assertEquals(valueOf(exported, "roomscope.fan_out.duration"), 1);
  assertEquals(valueOf(exported, "roomscope.message.size"), 4);
  assertEquals(exported.metrics.get("roomscope.fan_out.duration")![0].bounds[0], 0.0001);
  const received = exported.spans.find(({ name }) => name === "receive room_message")!;
  const fanOut = exported.spans.find(({ name }) => name === "fan_out")!;
  assertEquals(fanOut.parent, received.id, "the fan-out belongs to the message");

  ann.socket.close(1000);
  await ann.closed;
  await collector.until((now) => valueOf(now, "roomscope.connections.active") === 0);
  assertEquals((await run.stop()).code, 0);
  assert(!exported.text.includes("secret"), "a secret, a room's name or content was exported");
  assert(!exported.text.includes(session), "a session was exported");
});

Deno.test("OpenTelemetry's own sampler decides on spans", async () => {
  await using collector = new Collector();
  const env = { ...collector.env, OTEL_TRACES_SAMPLER: "always_off" };
  await using run = await startCommand([], { env });
  const ann = new Peer(`ws://127.0.0.1:${run.port}/ws`);
  await ann.next("welcome");
  await ann.join("lobby");
  await collector.until((now) => valueOf(now, "roomscope.rooms") === 1);
  ann.socket.close(1000);
  await ann.closed;
  assertEquals((await run.stop()).code, 0);
  assertEquals(collector.exported.spans, []);
});

Deno.test("without OTEL_DENO nothing is exported", async () => {
  await using collector = new Collector();
  await using run = await startCommand([], { env: { ...collector.env, OTEL_DENO: "" } });
  const ann = new Peer(`ws://127.0.0.1:${run.port}/ws`);
  await ann.next("welcome");
  await ann.join("lobby");
  ann.socket.close(1000);
  await ann.closed;
  assertEquals((await run.stop()).code, 0);
  assertEquals(collector.exported.text, "");
});
