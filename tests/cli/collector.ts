/** What OTLP over HTTP/JSON holds of interest here. */
export interface Exported {
  /** Names of metrics, of our scope. */
  metrics: Map<string, DataPoint[]>;
  /** Spans of our scope. */
  spans: ExportedSpan[];
  /** Everything that came, as text. */
  text: string;
}

/** The latest point of each set of attributes. */
export interface DataPoint {
  attributes: string;
  value: number;
  /** Of a histogram. */
  bounds: number[];
}

/** A span of ours. */
export interface ExportedSpan {
  name: string;
  id: string;
  parent: string;
}

interface Otlp {
  resourceMetrics?: {
    scopeMetrics: { scope: { name: string }; metrics: Record<string, unknown>[] }[];
  }[];
  resourceSpans?: {
    scopeSpans: {
      scope: { name: string };
      spans: { name: string; spanId: string; parentSpanId: string }[];
    }[];
  }[];
}

interface Points {
  dataPoints: {
    attributes: { key: string; value: { stringValue?: string } }[];
    asInt?: string;
    asDouble?: number;
    count?: string;
    explicitBounds?: number[];
  }[];
}

/** An OpenTelemetry collector for tests: it takes what is exported and forgets nothing. */
export class Collector implements AsyncDisposable {
  readonly exported: Exported = { metrics: new Map(), spans: [], text: "" };
  readonly #http: Deno.HttpServer<Deno.NetAddr>;
  #waiting: (() => void)[] = [];

  constructor() {
    const options = { port: 0, hostname: "127.0.0.1", onListen() {} };
    this.#http = Deno.serve(options, async (request) => {
      const text = await request.text();
      this.#take(text);
      for (const resolve of this.#waiting.splice(0)) resolve();
      return Response.json({});
    });
  }

  /** Where it takes exports, as the environment of the exporter. */
  get env(): Record<string, string> {
    return {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#http.addr.port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_METRIC_EXPORT_INTERVAL: "100",
      OTEL_BSP_SCHEDULE_DELAY: "100",
    };
  }

  /** Waits until a condition on what has come holds. */
  async until(condition: (exported: Exported) => boolean): Promise<void> {
    while (!condition(this.exported)) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http.shutdown();
  }

  #take(text: string): void {
    this.exported.text += text;
    const { resourceMetrics = [], resourceSpans = [] }: Otlp = JSON.parse(text);
    for (const { scope, metrics } of resourceMetrics.flatMap((one) => one.scopeMetrics)) {
      if (scope.name === "roomscope") { for (const metric of metrics) this.#takeMetric(metric); }
    }
    for (const { scope, spans } of resourceSpans.flatMap((one) => one.scopeSpans)) {
      if (scope.name !== "roomscope") continue;
      for (const { name, spanId: id, parentSpanId: parent } of spans) {
        this.exported.spans.push({ name, id, parent });
      }
    }
  }

  #takeMetric({ name, ...kinds }: Record<string, unknown>): void {
    const points = Object.values(kinds).flatMap((kind) => (kind as Points)?.dataPoints ?? []);
    this.exported.metrics.set(
      String(name),
      points.map(({ attributes, asInt, asDouble, count, explicitBounds = [] }) => ({
        attributes: attributes.map(({ value }) => value.stringValue).join(),
        value: Number(asInt ?? asDouble ?? count),
        bounds: explicitBounds,
      })),
    );
  }
}
