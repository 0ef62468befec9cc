import {
  type Attributes,
  type BatchObservableCallback,
  type BatchObservableResult,
  type Meter,
  metrics,
  type Observable,
  ProxyTracerProvider,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { VERSION } from "../protocol/mod.ts";
import {
  FAN_OUT_MS,
  MESSAGE_BYTES,
  type Readings,
  ROUND_TRIP_MS,
  type SampleListener,
} from "./metrics.ts";

const SCOPE = "roomscope";
const MS_PER_SECOND = 1_000;
const inSeconds = (milliseconds: number): number => milliseconds / MS_PER_SECOND;

/**
 * Metrics and spans for whatever OpenTelemetry the process has: Deno's own with `OTEL_DENO=true`,
 * or an SDK that was registered before the server was made. Counters are read when they are
 * exported, so that counting costs nothing more; without OpenTelemetry there are no spans at all.
 *
 * A process reports the counters of one server: of several, those of the one made last.
 *
 * Nothing that a peer wrote becomes an attribute: no content, room name, token, session or URL.
 */
export class Telemetry implements SampleListener {
  readonly #meter: Meter = metrics.getMeter(SCOPE, VERSION);
  readonly #tracer = trace.getTracer(SCOPE, VERSION);
  readonly #traces = hasTracerProvider();
  readonly #roundTrip = this.#meter.createHistogram("roomscope.round_trip.duration", {
    description: "Round-trip time of the server's pings",
    unit: "s",
    advice: { explicitBucketBoundaries: ROUND_TRIP_MS.map(inSeconds) },
  });
  readonly #fanOut = this.#meter.createHistogram("roomscope.fan_out.duration", {
    description: "Time from a publish to the last member's send",
    unit: "s",
    advice: { explicitBucketBoundaries: FAN_OUT_MS.map(inSeconds) },
  });
  readonly #messageSize = this.#meter.createHistogram("roomscope.message.size", {
    description: "Size of received messages",
    unit: "By",
    advice: { explicitBucketBoundaries: [...MESSAGE_BYTES] },
  });
  readonly #observables: Observables;
  readonly #observe: BatchObservableCallback;

  /**
   * Starts to report.
   *
   * @param read What exporters read.
   */
  constructor(read: () => Readings) {
    this.#observables = makeObservables(this.#meter);
    this.#observe = (result) => observe(result, this.#observables, read());
    this.#meter.addBatchObservableCallback(this.#observe, Object.values(this.#observables));
  }

  /** {@inheritDoc SampleListener.roundTrip} */
  roundTrip(milliseconds: number): void {
    this.#roundTrip.record(inSeconds(milliseconds));
  }

  /** {@inheritDoc SampleListener.fannedOut} The span belongs to the message being handled. */
  fannedOut(milliseconds: number): void {
    this.#fanOut.record(inSeconds(milliseconds));
    if (!this.#traces) return;
    const startTime = Date.now() - milliseconds;
    this.#tracer.startSpan("fan_out", { kind: SpanKind.PRODUCER, startTime }).end();
  }

  /** {@inheritDoc SampleListener.received} */
  received(bytes: number): void {
    this.#messageSize.record(bytes);
  }

  /**
   * Runs the handling of a message in a span of its own; what it throws ends the span and goes on.
   *
   * @param type The message's type, one of the protocol's.
   * @param handle Handles it.
   */
  handling<T>(type: string, handle: () => T): T {
    if (!this.#traces) return handle();
    const options = { kind: SpanKind.CONSUMER, attributes: { "roomscope.message.type": type } };
    return this.#tracer.startActiveSpan(`receive ${type}`, options, (span) => {
      try {
        return handle();
      } catch (error) {
        const type = error instanceof Error ? error.name : typeof error;
        span.setAttribute("error.type", type).setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    });
  }

  /** Reports no more. */
  close(): void {
    this.#meter.removeBatchObservableCallback(this.#observe, Object.values(this.#observables));
  }
}

/** Whether somebody would get spans; a span for nobody costs as much as handing a message out. */
function hasTracerProvider(): boolean {
  const provider = trace.getTracerProvider();
  return !(provider instanceof ProxyTracerProvider) ||
    provider.getDelegateTracer(SCOPE) !== undefined;
}

type Observables = ReturnType<typeof makeObservables>;

function makeObservables(meter: Meter) {
  const counter = (name: string, description: string, unit: string): Observable =>
    meter.createObservableCounter(`roomscope.${name}`, { description, unit });
  const gauge = (name: string, description: string, unit: string): Observable =>
    meter.createObservableGauge(`roomscope.${name}`, { description, unit });
  return {
    connections: counter("connections", "Connections opened", "{connection}"),
    activeConnections: gauge("connections.active", "Open connections", "{connection}"),
    messages: counter("messages", "Messages received and sent", "{message}"),
    io: counter("io", "Payload bytes received and sent", "By"),
    errors: counter("errors", "Errors by error code, close code's name or rule", "{error}"),
    reconnections: counter("reconnections", "Clients that came back", "{connection}"),
    rooms: gauge("rooms", "Rooms with members", "{room}"),
    slowConsumers: counter("slow_consumers", "Clients that read too slowly", "{connection}"),
  };
}

const RECEIVED: Attributes = { "network.io.direction": "receive" };
const SENT: Attributes = { "network.io.direction": "transmit" };

function observe(result: BatchObservableResult, to: Observables, { totals }: Readings): void {
  result.observe(to.connections, totals.totalConnections);
  result.observe(to.activeConnections, totals.activeConnections);
  result.observe(to.messages, totals.messagesReceived, RECEIVED);
  result.observe(to.messages, totals.messagesSent, SENT);
  result.observe(to.io, totals.bytesReceived, RECEIVED);
  result.observe(to.io, totals.bytesSent, SENT);
  result.observe(to.reconnections, totals.reconnections);
  result.observe(to.rooms, totals.rooms);
  result.observe(to.slowConsumers, totals.slowConsumersClosed);
  for (const [code, count] of Object.entries(totals.errors)) {
    result.observe(to.errors, count, { "error.type": code });
  }
}
