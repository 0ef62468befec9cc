/**
 * `/metrics` of the start command, read by Debian's python3-prometheus-client: the reference
 * parser of OpenMetrics, which refuses what the standard does.
 *
 * @module
 */
import { assert, assertEquals, assertGreater } from "@std/assert";
import type { ServerStats } from "@/server/mod.ts";
import { startCommand } from "../command.ts";
import { Peer } from "../server/harness.ts";
import { PYTHON } from "../setup.ts";

const SCRIPT = new URL("./open_metrics.py", import.meta.url).pathname;

interface Sample {
  family: string;
  type: string;
  unit: string;
  help: string;
  name: string;
  labels: Record<string, string>;
  value: number;
}

async function parse(format: "openmetrics" | "prometheus", text: string): Promise<Sample[]> {
  const command = new Deno.Command(PYTHON, {
    args: [SCRIPT, format],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
  const child = command.spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
}

function valueOf(samples: Sample[], name: string, labels: Record<string, string> = {}): number {
  const text = JSON.stringify(labels);
  const found = samples.filter((one) => one.name === name && JSON.stringify(one.labels) === text);
  assertEquals(found.length, 1, name);
  return found[0].value;
}

Deno.test("Prometheus's parsers take /metrics in both formats, with the figures of /api/stats", async () => {
  await using run = await startCommand(["--rate-limit", "0"]);
  const ann = new Peer(`${run.socketUrl}`);
  await ann.next("welcome");
  await ann.join("lobby");
  for (let i = 0; i < 50; i++) {
    ann.send({ type: "room_message", room: "lobby", content: "x".repeat(i * 10), id: `${i}` });
    await ann.next("ack");
  }
  ann.send({ type: "room_message", room: "elsewhere", content: "x" });
  ann.send({ type: "nonsense" });
  await ann.settle();

  const scrape = async (accept: string) => {
    const response = await fetch(`${run.url}/metrics`, { headers: { accept } });
    return await response.text();
  };
  const { totals, histograms }: ServerStats = await (await fetch(`${run.url}/api/stats`)).json();
  const open = await parse("openmetrics", await scrape("application/openmetrics-text"));
  const plain = await parse("prometheus", await scrape("text/plain"));
  for (const samples of [open, plain]) {
    assertEquals(valueOf(samples, "roomscope_connections_total"), totals.totalConnections);
    assertEquals(valueOf(samples, "roomscope_messages_received_total"), 54);
    assertEquals(valueOf(samples, "roomscope_received_bytes_total"), totals.bytesReceived);
    assertEquals(valueOf(samples, "roomscope_errors_total", { code: "not_a_member" }), 1);
    assertEquals(valueOf(samples, "roomscope_errors_total", { code: "unknown_type" }), 1);
    assertEquals(valueOf(samples, "roomscope_fan_out_seconds_count"), histograms.fanOutMs.count);
    assertEquals(valueOf(samples, "roomscope_message_size_bytes_sum"), totals.bytesReceived);
    assertGreater(valueOf(samples, "roomscope_message_size_bytes_bucket", { le: "256.0" }), 0);
    assert(samples.every(({ help, type }) => help !== "" && type !== "unknown"));
  }
  const units = new Set(open.map(({ family, unit }) => `${family.split("_").at(-1)} ${unit}`));
  assert(units.has("bytes bytes") && units.has("seconds seconds"));
  ann.socket.close(1000);
  await ann.closed;
});
