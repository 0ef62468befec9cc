import {
  MAX_FRAME_GET_BYTES,
  MAX_MESSAGE_ID_LENGTH,
  MAX_METHOD_LENGTH,
  MAX_REQUEST_ERROR_CODE_LENGTH,
  MAX_ROOM_NAME_LENGTH,
  MAX_STREAM_CREDIT,
} from "@/protocol/mod.ts";

/** A message as it should be, with every field, and values that its fields must not have. */
export interface MessageCase {
  good: { type: string } & Record<string, unknown>;
  bad: Record<string, unknown[]>;
  optional?: string[];
}

const NO_STRING = [7, null, true, [], {}];
const NO_NUMBER = ["7", null, true, [], {}];
const NO_COUNT = [...NO_NUMBER, -1];
const NO_INTEGER = [...NO_COUNT, 0.5, 2 ** 53, Infinity];
const NO_LIST = ["x", 7, null, {}];
const NO_OBJECT = ["x", 7, null, true];
const NO_BOOLEAN = ["true", 1, null];
const NO_ROOM_NAME = [
  ...NO_STRING,
  "",
  "x".repeat(MAX_ROOM_NAME_LENGTH + 1),
  "a\u0000b",
  "a\nb",
  "\u007f",
  "\u0085",
];
const NO_ID = [...NO_STRING, "", "x".repeat(MAX_MESSAGE_ID_LENGTH + 1)];
const NO_CREDIT = [...NO_INTEGER, 0, MAX_STREAM_CREDIT + 1];
const NO_CONNECTION = [...NO_STRING, "", "x".repeat(65)];

/** Every message that a client can send. */
export const CLIENT_CASES: MessageCase[] = [
  { good: { type: "ping", timestamp: -1.5 }, bad: { timestamp: [...NO_NUMBER, Infinity] } },
  {
    good: { type: "auth", token: "secret" },
    bad: { token: [...NO_STRING, "", "x".repeat(8_193)] },
  },
  {
    good: { type: "resume", session: "secret" },
    bad: { session: [...NO_STRING, "", "x".repeat(129)] },
  },
  {
    good: { type: "join_room", room: "lobby", since: { epoch: "e", seq: 3 } },
    bad: {
      room: NO_ROOM_NAME,
      since: [
        ...NO_OBJECT,
        {},
        { epoch: "e" },
        { seq: 1 },
        { epoch: "", seq: 1 },
        { epoch: "x".repeat(65), seq: 1 },
        ...NO_INTEGER.map((seq) => ({ epoch: "e", seq })),
      ],
    },
    optional: ["since"],
  },
  { good: { type: "leave_room", room: "lobby" }, bad: { room: NO_ROOM_NAME } },
  {
    good: { type: "room_message", room: "lobby", content: { text: "hi" }, id: "m1" },
    bad: {
      room: NO_ROOM_NAME,
      id: NO_ID,
    },
    optional: ["id"],
  },
  {
    good: { type: "presence_set", room: "lobby", state: { name: "Ann" }, id: "p1" },
    bad: { room: NO_ROOM_NAME, id: [...NO_STRING, "", "x".repeat(MAX_MESSAGE_ID_LENGTH + 1)] },
    optional: ["id"],
  },
  {
    good: { type: "presence_watch", room: "lobby", id: "p1" },
    bad: { room: NO_ROOM_NAME, id: [...NO_STRING, "", "x".repeat(MAX_MESSAGE_ID_LENGTH + 1)] },
    optional: ["id"],
  },
  { good: { type: "presence_unwatch", room: "lobby" }, bad: { room: NO_ROOM_NAME } },
  {
    good: { type: "request", id: "r1", method: "sum", data: [1, 2], credit: 16 },
    bad: {
      id: NO_ID,
      method: [...NO_STRING, "", "x".repeat(MAX_METHOD_LENGTH + 1)],
      credit: NO_CREDIT,
    },
    optional: ["data", "credit"],
  },
  { good: { type: "cancel", id: "r1" }, bad: { id: NO_ID } },
  { good: { type: "stream_credit", id: "r1", n: 8 }, bad: { id: NO_ID, n: NO_CREDIT } },
  {
    good: {
      type: "monitor_start",
      topics: ["metrics", "connections", "frames"],
      connection: "7",
      capture: "1",
    },
    bad: {
      topics: [
        ...NO_LIST,
        [],
        ["everything"],
        [7],
        ["metrics", "metrics", "metrics", "metrics"],
      ],
      connection: NO_CONNECTION,
      capture: NO_CONNECTION,
    },
    optional: ["connection", "capture"],
  },
  { good: { type: "monitor_stop" }, bad: {} },
  {
    good: {
      type: "frame_get",
      connection: "7",
      frame: 0,
      offset: 0,
      length: 1,
      source: "inflated",
    },
    bad: {
      connection: NO_CONNECTION,
      frame: NO_INTEGER,
      offset: NO_INTEGER,
      length: [...NO_INTEGER, 0, MAX_FRAME_GET_BYTES + 1],
      source: [null, 1, "", "unmasked"],
    },
    optional: ["source"],
  },
  { good: { type: "heads_get", connection: "7" }, bad: { connection: NO_CONNECTION } },
];

const TOTALS = {
  totalConnections: 3,
  activeConnections: 2,
  messagesSent: 1,
  messagesReceived: 1,
  bytesSent: 9,
  bytesReceived: 9,
  errors: { bad_json: 1 },
  reconnections: 0,
  rooms: 1,
  slowConsumersClosed: 0,
};
const BUCKET = {
  second: 1,
  messagesIn: 0,
  messagesOut: 0,
  bytesIn: 0,
  bytesOut: 0,
  active: 1,
  opened: 1,
  closed: 0,
  errors: 0,
  fanOutMs: null,
};
const QUANTILES = { count: 1, p50: 1, p95: 2.5, p99: null };
const HISTOGRAMS = { roundTripMs: QUANTILES, fanOutMs: QUANTILES, messageBytes: QUANTILES };
const COUNTERS = {
  messagesIn: 1,
  messagesOut: 1,
  bytesIn: 1,
  bytesOut: 1,
  errors: 0,
  roundTripMs: null,
};
const CONNECTION = {
  id: "1",
  clientId: "c",
  userId: null,
  address: "127.0.0.1:1",
  userAgent: null,
  origin: "http://localhost",
  connectedAt: 1,
  state: 3,
  transitions: [{ from: 0, to: 1, at: 1, cause: { by: "client", what: "Handshake done" } }],
  rooms: ["lobby"],
  permissions: ["read"],
  counters: COUNTERS,
  close: { code: 1002, reason: "", clean: false, by: "guard", rule: "mask-missing" },
};
const ROOM = { room: "lobby", members: 1, epoch: "e", seq: 1 };
const FRAME = {
  connection: "1",
  frame: 0,
  at: 1,
  direction: "in",
  fin: true,
  rsv: 0,
  opcode: 1,
  maskingKey: "37fa213d",
  headerLength: 6,
  length: 2,
  preview: "aGk=",
  findings: [{ rule: "r", section: "5.2", closeCode: 1002, offset: 0, message: "m" }],
};
const CAPTURE = { seen: 1, kept: 1, discarded: 0, keptBytes: 8, maxFrames: 10, maxBytes: 100 };
const POLICY = {
  version: "0.1.0",
  transport: "deno",
  tap: true,
  guard: true,
  redact: false,
  limits: { messagesPerSecond: 10 },
};
const LIMITS = {
  messagesPerSecond: 10,
  maxMessageBytes: 65_536,
  maxContentLength: 1_000,
  maxRoomsPerClient: 100,
  maxRoomNameLength: 128,
  maxOpenRequests: 16,
};
const BAD_TOTALS = [
  ...NO_OBJECT,
  {},
  { ...TOTALS, rooms: -1 },
  { ...TOTALS, errors: { bad_json: "1" } },
];
const BAD_HISTOGRAMS = [
  ...NO_OBJECT,
  {},
  { ...HISTOGRAMS, fanOutMs: { ...QUANTILES, p50: "1" } },
];
const BAD_BUCKETS = [{}, 7, { ...BUCKET, opened: -1 }, { ...BUCKET, fanOutMs: "1" }];

const PRESENT = { clientId: "c", userId: "u", state: 0 };

const HEAD = { direction: "in", at: 1, bytes: "R0VU", total: 3 };

/** Every message that a server can send. */
export const SERVER_CASES: MessageCase[] = [
  {
    good: {
      type: "welcome",
      version: "0.1.0",
      clientId: "c",
      session: "s",
      serverTime: 1,
      heartbeatMs: 30_000,
      permissions: ["read"],
      limits: LIMITS,
    },
    bad: {
      version: NO_STRING,
      clientId: NO_STRING,
      session: NO_STRING,
      serverTime: NO_NUMBER,
      heartbeatMs: NO_COUNT,
      permissions: [...NO_LIST, [7]],
      limits: [...NO_OBJECT, {}, { ...LIMITS, maxMessageBytes: -1 }],
    },
  },
  { good: { type: "pong", timestamp: 1.5 }, bad: { timestamp: NO_NUMBER } },
  {
    good: {
      type: "auth_success",
      userId: "u",
      permissions: [],
      expiresAt: 1,
      message: "Hello",
    },
    bad: {
      userId: NO_STRING,
      permissions: [...NO_LIST, [null]],
      expiresAt: NO_NUMBER,
      message: NO_STRING,
    },
    optional: ["expiresAt"],
  },
  {
    good: {
      type: "room_joined",
      room: "lobby",
      members: [{ clientId: "c", userId: "u" }],
      count: 2,
      epoch: "e",
      seq: 0,
      recovered: false,
      missed: 0,
      reason: "too_old",
    },
    bad: {
      room: NO_STRING,
      members: [...NO_LIST, [{}], [{ clientId: "c" }]],
      count: NO_COUNT,
      epoch: NO_STRING,
      seq: NO_COUNT,
      recovered: NO_BOOLEAN,
      missed: NO_COUNT,
      reason: [...NO_STRING, "no_reason"],
    },
    optional: ["count", "recovered", "missed", "reason"],
  },
  { good: { type: "room_left", room: "lobby" }, bad: { room: NO_STRING } },
  ...["user_joined", "user_left"].map((type) => ({
    good: { type, room: "lobby", clientId: "c", userId: "u" },
    bad: { room: NO_STRING, clientId: NO_STRING, userId: NO_STRING },
  })),
  {
    good: {
      type: "room_members",
      room: "lobby",
      count: 1,
      members: [{ clientId: "c", userId: "u" }],
    },
    bad: { room: NO_STRING, count: NO_COUNT, members: [...NO_LIST, [{}], [{ clientId: "c" }]] },
    optional: ["members"],
  },
  {
    good: { type: "presence_state", room: "lobby", count: 1, members: [PRESENT] },
    bad: { room: NO_STRING, count: NO_COUNT, members: [...NO_LIST, [{}], [{ clientId: "c" }]] },
    optional: ["members"],
  },
  {
    good: { type: "presence_update", room: "lobby", count: 1, changed: [PRESENT], removed: ["d"] },
    bad: {
      room: NO_STRING,
      count: NO_COUNT,
      changed: [...NO_LIST, [{}], [{ clientId: "c", userId: "u" }]],
      removed: [...NO_LIST, [7]],
    },
    optional: ["changed", "removed"],
  },
  {
    good: {
      type: "room_message",
      room: "lobby",
      from: "u",
      clientId: "c",
      content: null,
      timestamp: 1,
      seq: 1,
    },
    bad: {
      room: NO_STRING,
      from: NO_STRING,
      clientId: NO_STRING,
      timestamp: NO_NUMBER,
      seq: NO_COUNT,
    },
  },
  {
    good: { type: "ack", room: "lobby", id: "m1", epoch: "e", seq: 1 },
    bad: { room: NO_STRING, id: NO_STRING, epoch: NO_STRING, seq: NO_COUNT },
  },
  { good: { type: "reply", id: "r1", data: { sum: 3 } }, bad: { id: NO_ID }, optional: ["data"] },
  {
    good: { type: "stream_chunk", id: "r1", seq: 1, data: "a" },
    bad: { id: NO_ID, seq: [...NO_INTEGER, 0] },
    optional: ["data"],
  },
  { good: { type: "stream_end", id: "r1" }, bad: { id: NO_ID } },
  { good: { type: "cancelled", id: "r1" }, bad: { id: NO_ID } },
  {
    good: {
      type: "error",
      code: "rate_limited",
      message: "Too many messages",
      id: "m1",
      room: "lobby",
      retryAfterMs: 10,
      failure: { code: "sold_out", data: { left: 0 } },
    },
    bad: {
      code: [...NO_STRING, "no_such_code"],
      message: NO_STRING,
      id: NO_STRING,
      room: NO_STRING,
      retryAfterMs: NO_COUNT,
      failure: [
        ...NO_OBJECT,
        {},
        { code: "" },
        { code: "x".repeat(MAX_REQUEST_ERROR_CODE_LENGTH + 1) },
      ],
    },
    optional: ["id", "room", "retryAfterMs", "failure"],
  },
  {
    good: {
      type: "monitor_snapshot",
      serverTime: 2,
      startedAt: 1,
      policy: POLICY,
      totals: TOTALS,
      histograms: HISTOGRAMS,
      history: [BUCKET],
      viewers: 1,
    },
    bad: {
      serverTime: NO_NUMBER,
      startedAt: NO_NUMBER,
      policy: [
        ...NO_OBJECT,
        {},
        { ...POLICY, transport: "carrier pigeon" },
        { ...POLICY, limits: { a: "1" } },
      ],
      totals: BAD_TOTALS,
      histograms: BAD_HISTOGRAMS,
      history: [...NO_LIST, ...BAD_BUCKETS.map((bucket) => [bucket])],
      viewers: NO_COUNT,
    },
  },
  {
    good: {
      type: "metrics",
      bucket: { ...BUCKET, fanOutMs: 0.5 },
      totals: TOTALS,
      histograms: HISTOGRAMS,
      viewers: 1,
      skipped: 0,
    },
    bad: {
      bucket: BAD_BUCKETS,
      totals: BAD_TOTALS,
      histograms: BAD_HISTOGRAMS,
      viewers: NO_COUNT,
      skipped: NO_COUNT,
    },
  },
  {
    good: {
      type: "connections",
      changed: [CONNECTION],
      counters: [{ id: "2", counters: { ...COUNTERS, roundTripMs: 1.5 } }],
      removed: ["3"],
      rooms: [ROOM],
      roomsRemoved: ["talk"],
    },
    bad: {
      changed: [
        ...NO_LIST,
        [{}],
        [{ ...CONNECTION, state: 4 }],
        [{ ...CONNECTION, clientId: 7 }],
        [{ ...CONNECTION, transitions: [{ from: 0, to: 1, at: 1 }] }],
        [{ ...CONNECTION, close: { code: 1000 } }],
        [{ ...CONNECTION, counters: {} }],
      ],
      counters: [...NO_LIST, [{ id: "2" }], [{ counters: COUNTERS }]],
      removed: [...NO_LIST, [7]],
      rooms: [...NO_LIST, [{ ...ROOM, members: -1 }]],
      roomsRemoved: [...NO_LIST, [null]],
    },
  },
  {
    good: { type: "frames", frames: [FRAME], capture: CAPTURE, skipped: 3 },
    bad: {
      frames: [
        ...NO_LIST,
        [{}],
        [{ ...FRAME, direction: "up" }],
        [{ ...FRAME, maskingKey: 7 }],
        [{ ...FRAME, findings: [{}] }],
        [{ ...FRAME, compressed: {} }],
        [{ ...FRAME, compressed: { first: 0, opcode: 1, hidden: false } }],
        [{ ...FRAME, compressed: { first: 0, opcode: 1, problem: 7 } }],
        [{ ...FRAME, compressed: { first: 0, opcode: 1, inflated: { length: 1 } } }],
      ],
      capture: [...NO_OBJECT, {}, { ...CAPTURE, kept: -1 }],
      skipped: NO_COUNT,
    },
  },
  {
    good: {
      type: "frame_bytes",
      connection: "1",
      frame: 0,
      source: "inflated",
      offset: 0,
      total: 8,
      kept: 8,
      bytes: "aGk=",
    },
    bad: {
      connection: NO_STRING,
      frame: NO_COUNT,
      source: [null, 1, "", "unmasked"],
      offset: NO_COUNT,
      total: NO_COUNT,
      kept: NO_COUNT,
      bytes: NO_STRING,
    },
    optional: ["source"],
  },
  {
    good: { type: "frame_gone", connection: "1", frame: 0, source: "wire" },
    bad: { connection: NO_STRING, frame: NO_COUNT, source: [null, 1, "", "unmasked"] },
    optional: ["source"],
  },
  {
    good: { type: "connection_heads", connection: "1", heads: [HEAD] },
    bad: {
      connection: NO_STRING,
      heads: [
        ...NO_LIST,
        ...[[{}], [{ ...HEAD, direction: "up" }], [{ ...HEAD, at: "1" }], [{ ...HEAD, bytes: 7 }]],
        [{ ...HEAD, total: -1 }],
      ],
    },
  },
];
