/**
 * Outside the gate: Prometheus itself scrapes the start command, and promtool lints what it gives.
 * Needs Debian's package: `apt-get install prometheus`. Run it with
 * `deno run -A tests/interop/prometheus.ts`; it ends with 1 where something doesn't hold.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { startCommand } from "../command.ts";
import { RawClient } from "../facts/raw_client.ts";

/** How long Prometheus may take to scrape, in milliseconds. */
const PATIENCE_MS = 30_000;

async function main(): Promise<void> {
  await requireProgram("promtool");
  await requireProgram("prometheus");
  await using run = await startCommand();
  using ann = await RawClient.join(run.port, "lobby");
  await ann.say({ type: "room_message", room: "lobby", content: "hi", id: "1" });
  await ann.next("ack");
  await ann.say({ type: "nonsense" });
  await ann.next("error");
  await lint(`${run.url}/metrics`);
  await scrape(run.port);
}

async function requireProgram(name: string): Promise<void> {
  try {
    await new Deno.Command(name, { args: ["--version"], stdout: "null", stderr: "null" }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.error(`Cannot check: ${name} is missing. Run apt-get install prometheus.`);
    Deno.exit(1);
  }
}

/** promtool reads the older format alone: in OpenMetrics it takes counters for undocumented. */
async function lint(url: string): Promise<void> {
  const response = await fetch(url, { headers: { accept: "text/plain" } });
  const command = new Deno.Command("promtool", {
    args: ["check", "metrics"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
  const child = command.spawn();
  await response.body!.pipeTo(child.stdin);
  const { code, stdout, stderr } = await child.output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assertEquals([code, said], [0, ""]);
  console.log("promtool check metrics: nothing to say");
}

/** Prometheus asks for OpenMetrics and refuses a scrape that breaks its rules. */
async function scrape(port: number): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "roomscope_prometheus_" });
  const config = `scrape_configs:
  - job_name: roomscope
    scrape_interval: 1s
    static_configs: [{ targets: ["localhost:${port}"] }]
`;
  await Deno.writeTextFile(`${folder}/prometheus.yml`, config);
  const own = freePort();
  const child = new Deno.Command("prometheus", {
    args: [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${own}`,
    ],
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    await checkScraped(`http://127.0.0.1:${own}`);
  } finally {
    child.kill("SIGTERM");
    await child.status;
    await Deno.remove(folder, { recursive: true });
  }
}

async function checkScraped(prometheus: string): Promise<void> {
  const target = await scrapedTarget(prometheus);
  assertEquals([target.health, target.lastError], ["up", ""]);
  const expected: [string, number][] = [
    ["roomscope_connections_total", 1],
    ['roomscope_errors_total{code="unknown_type"}', 1],
    ["roomscope_fan_out_seconds_count", 1],
    ['roomscope_message_size_bytes_bucket{le="+Inf"}', 3],
  ];
  for (const [query, value] of expected) {
    const url = `${prometheus}/api/v1/query?query=${encodeURIComponent(query)}`;
    const { data: { result } } = await (await fetch(url)).json();
    assertEquals(result.map((one: { value: [number, string] }) => Number(one.value[1])), [value]);
  }
  const { data } = await (await fetch(`${prometheus}/api/v1/metadata`)).json();
  assertEquals(data.roomscope_round_trip_seconds[0].unit, "seconds", "it was read as OpenMetrics");
  console.log(`Prometheus: scraped, ${Object.keys(data).length} families with their metadata`);
}

interface Target {
  health: string;
  lastError: string;
}

async function scrapedTarget(prometheus: string): Promise<Target> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    const answer = await fetch(`${prometheus}/api/v1/targets`).catch(() => null);
    const target = (await answer?.json())?.data?.activeTargets?.[0];
    if (target !== undefined && target.health !== "unknown") return target;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`Prometheus has not scraped in ${PATIENCE_MS} ms`);
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

await main();
