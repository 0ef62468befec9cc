/**
 * What counting costs a message: `deno bench -A bench/metrics_bench.ts`, and once more with
 * `OTEL_DENO=true OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1` for what OpenTelemetry adds.
 *
 * @module
 */
import { Log } from "../server/log.ts";
import { Metrics } from "../server/metrics.ts";
import { Telemetry } from "../server/telemetry.ts";

const alone = new Metrics();
const metrics = new Metrics();
const telemetry = new Telemetry(() => metrics.readings(0));
metrics.listener = telemetry;
const log = new Log(() => {});
const handle = () => metrics;

Deno.bench("a message counted, nobody listening", () => alone.received(200));
Deno.bench("a message counted, with telemetry", () => metrics.received(200));
Deno.bench("a fan-out counted, nobody listening", () => alone.fannedOut(0.3));
Deno.bench("a fan-out counted, with telemetry", () => metrics.fannedOut(0.3));
Deno.bench("a message handled in its span", () => {
  telemetry.handling("room_message", handle);
});
Deno.bench("an entry over the log's budget", () => log.write("warn", "limit_reached"));
