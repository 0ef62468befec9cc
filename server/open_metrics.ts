import type { CumulativeBucket, Histogram } from "./histogram.ts";
import type { Readings } from "./metrics.ts";

/**
 * OpenMetrics 1.0, or the older text format of Prometheus (0.0.4) for programs that ask for
 * `text/plain`. They differ in what HELP and TYPE call a counter, in UNIT, and in the end.
 *
 * Written here because npm's prom-client emits no UNIT and would count everything a second time.
 */
export type ExpositionFormat = "openmetrics" | "prometheus";

/** The formats' media types. */
const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
};

const PREFIX = "roomscope";
const MS_PER_SECOND = 1_000;

/** What is exposed. */
export interface ExposedFigures extends Readings {
  /** When the server started, in milliseconds since the Unix epoch. */
  startedAt: number;
  /** How many connections watch. */
  viewers: number;
}

/** One metric family. */
interface Family {
  /** Its name, without `roomscope_` and `_total`; ends with its unit, where it has one. */
  name: string;
  type: "counter" | "gauge" | "histogram";
  help: string;
  unit?: "seconds" | "bytes";
  samples: Sample[];
}

interface Sample {
  /** What the sample's name ends with, besides a counter's `_total`. */
  suffix?: string;
  label?: readonly [name: string, value: string];
  value: number;
}

/** Answers a scrape with the format that its `Accept` asks for. */
export function expositionResponse(figures: ExposedFigures, accept: string | null): Response {
  const format = formatFor(accept);
  return new Response(exposition(figures, format), {
    headers: { "content-type": CONTENT_TYPES[format], "cache-control": "no-store" },
  });
}

/** OpenMetrics, unless `Accept` names `text/plain` and not OpenMetrics. */
function formatFor(accept: string | null): ExpositionFormat {
  const types = (accept ?? "").toLowerCase();
  if (types.includes("application/openmetrics-text")) return "openmetrics";
  return types.includes("text/plain") ? "prometheus" : "openmetrics";
}

function exposition(figures: ExposedFigures, format: ExpositionFormat): string {
  const lines = families(figures).flatMap((family) => familyLines(family, format));
  if (format === "openmetrics") lines.push("# EOF");
  return `${lines.join("\n")}\n`;
}

/** Every total has its place here: the type asks for a new one's as well. */
function families(figures: ExposedFigures): Family[] {
  const { totals, startedAt, viewers, roundTrip, fanOut, messageBytes } = figures;
  const ofTotals: Record<keyof typeof totals, Family> = {
    totalConnections: counter("connections", "Connections opened.", totals.totalConnections),
    activeConnections: gauge("active_connections", "Open connections.", totals.activeConnections),
    messagesSent: counter("messages_sent", "Messages sent to clients.", totals.messagesSent),
    messagesReceived: counter(
      "messages_received",
      "Messages received from clients.",
      totals.messagesReceived,
    ),
    bytesSent: {
      ...counter("sent_bytes", "Payload bytes sent to clients.", totals.bytesSent),
      unit: "bytes",
    },
    bytesReceived: {
      ...counter("received_bytes", "Payload bytes received from clients.", totals.bytesReceived),
      unit: "bytes",
    },
    errors: {
      name: "errors",
      type: "counter",
      help: "Errors by error code, close code's name or broken rule.",
      samples: Object.entries(totals.errors).map(([code, value]) => ({
        label: ["code", code],
        value,
      })),
    },
    reconnections: counter(
      "reconnections",
      "Clients that came back with a resume.",
      totals.reconnections,
    ),
    rooms: gauge("rooms", "Rooms with members.", totals.rooms),
    slowConsumersClosed: counter(
      "slow_consumers_closed",
      "Clients disconnected because they read too slowly.",
      totals.slowConsumersClosed,
    ),
  };
  return [
    ...Object.values(ofTotals),
    gauge("viewers", "Connections that watch; no other figure holds them.", viewers),
    {
      ...gauge("start_time_seconds", "Unix time of the start.", startedAt / MS_PER_SECOND),
      unit: "seconds",
    },
    inSeconds("round_trip_seconds", "Round-trip time of the server's pings.", roundTrip),
    inSeconds("fan_out_seconds", "Time from a publish to the last member's send.", fanOut),
    histogram("message_size_bytes", "Size of received messages.", "bytes", {
      buckets: messageBytes.cumulative(),
      sum: messageBytes.sum,
    }),
  ];
}

function counter(name: string, help: string, value: number): Family {
  return { name, type: "counter", help, samples: [{ value }] };
}

function gauge(name: string, help: string, value: number): Family {
  return { name, type: "gauge", help, samples: [{ value }] };
}

function inSeconds(name: string, help: string, milliseconds: Histogram): Family {
  const buckets = milliseconds.cumulative().map(({ bound, count }) => ({
    bound: bound / MS_PER_SECOND,
    count,
  }));
  return histogram(name, help, "seconds", { buckets, sum: milliseconds.sum / MS_PER_SECOND });
}

function histogram(
  name: string,
  help: string,
  unit: "seconds" | "bytes",
  { buckets, sum }: { buckets: CumulativeBucket[]; sum: number },
): Family {
  const samples: Sample[] = buckets.map(({ bound, count }) => ({
    suffix: "_bucket",
    label: ["le", boundText(bound)],
    value: count,
  }));
  const count = buckets.at(-1)!.count;
  samples.push({ suffix: "_sum", value: sum }, { suffix: "_count", value: count });
  return { name, type: "histogram", help, unit, samples };
}

function familyLines({ name, type, help, unit, samples }: Family, format: ExpositionFormat) {
  const isOpen = format === "openmetrics";
  const family = `${PREFIX}_${name}`;
  const total = type === "counter" ? "_total" : "";
  const described = isOpen ? family : family + total;
  return [
    `# HELP ${described} ${help}`,
    `# TYPE ${described} ${type}`,
    ...(isOpen && unit !== undefined ? [`# UNIT ${family} ${unit}`] : []),
    ...samples.map((sample) => sampleLine(`${family}${sample.suffix ?? total}`, sample)),
  ];
}

function sampleLine(name: string, { label, value }: Sample): string {
  const labels = label === undefined ? "" : `{${label[0]}="${escaped(label[1])}"}`;
  return `${name}${labels} ${value}`;
}

/** Label values escape these three (OpenMetrics, "ABNF": `escaped-char`). */
function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

/** Bounds are floats, in the canonical form of which a whole number has one decimal. */
function boundText(bound: number): string {
  if (bound === Infinity) return "+Inf";
  return Number.isInteger(bound) ? bound.toFixed(1) : String(bound);
}
