import * as v from "valibot";

const count = v.pipe(v.number(), v.finite(), v.minValue(0));
const time = v.number();
const readyState = v.picklist([0, 1, 2, 3]);

export const Totals = v.object({
  totalConnections: count,
  activeConnections: count,
  messagesSent: count,
  messagesReceived: count,
  bytesSent: count,
  bytesReceived: count,
  errors: v.record(v.string(), count),
  reconnections: count,
  rooms: count,
  slowConsumersClosed: count,
});

export const Bucket = v.object({
  second: count,
  messagesIn: count,
  messagesOut: count,
  bytesIn: count,
  bytesOut: count,
  active: count,
  opened: count,
  closed: count,
  errors: count,
  fanOutMs: v.nullable(count),
});

export const Quantiles = v.object({
  count,
  p50: v.nullable(count),
  p95: v.nullable(count),
  p99: v.nullable(count),
});

export const Histograms = v.object({
  roundTripMs: Quantiles,
  fanOutMs: Quantiles,
  messageBytes: Quantiles,
});

export const TransitionCauseRecord = v.object({
  by: v.picklist(["client", "server", "guard", "network"]),
  what: v.string(),
  code: v.optional(v.number()),
  reason: v.optional(v.string()),
});

export const TransitionRecord = v.object({
  from: readyState,
  to: readyState,
  at: time,
  cause: TransitionCauseRecord,
});

export const ConnectionCounters = v.object({
  messagesIn: count,
  messagesOut: count,
  bytesIn: count,
  bytesOut: count,
  errors: count,
  roundTripMs: v.nullable(count),
});

export const CloseRecord = v.object({
  code: v.number(),
  reason: v.string(),
  clean: v.boolean(),
  by: v.picklist(["client", "server", "guard", "network"]),
  rule: v.optional(v.string()),
});

export const ConnectionRecord = v.object({
  id: v.string(),
  clientId: v.nullable(v.string()),
  userId: v.nullable(v.string()),
  address: v.string(),
  userAgent: v.nullable(v.string()),
  origin: v.nullable(v.string()),
  connectedAt: time,
  state: readyState,
  transitions: v.array(TransitionRecord),
  rooms: v.array(v.string()),
  permissions: v.array(v.string()),
  counters: ConnectionCounters,
  close: v.nullable(CloseRecord),
});

export const RoomRecord = v.object({
  room: v.string(),
  members: count,
  epoch: v.string(),
  seq: count,
});

export const FindingRecord = v.object({
  rule: v.string(),
  section: v.string(),
  closeCode: v.number(),
  offset: v.number(),
  message: v.string(),
});

export const InflatedRecord = v.object({ length: count, kept: count, preview: v.string() });

export const CompressedRecord = v.object({
  first: count,
  opcode: count,
  hidden: v.optional(v.literal(true)),
  problem: v.optional(v.string()),
  inflated: v.optional(InflatedRecord),
});

export const FrameRecord = v.object({
  connection: v.string(),
  frame: count,
  at: time,
  direction: v.picklist(["in", "out"]),
  fin: v.boolean(),
  rsv: count,
  opcode: count,
  maskingKey: v.nullable(v.string()),
  headerLength: count,
  length: count,
  preview: v.string(),
  findings: v.array(FindingRecord),
  compressed: v.optional(CompressedRecord),
  fault: v.optional(v.string()),
});

export const CaptureStats = v.object({
  seen: count,
  kept: count,
  discarded: count,
  keptBytes: count,
  maxFrames: count,
  maxBytes: count,
});

export const ServerPolicy = v.object({
  version: v.string(),
  transport: v.literal("deno"),
  tap: v.boolean(),
  guard: v.boolean(),
  redact: v.boolean(),
  limits: v.record(v.string(), v.number()),
  source: v.optional(v.object({
    kind: v.picklist(["target", "file"]),
    name: v.string(),
    address: v.optional(v.string()),
  })),
  faultSeed: v.optional(v.number()),
});
