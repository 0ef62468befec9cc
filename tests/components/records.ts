import type { Bucket, ConnectionRecord, FrameRecord } from "../../protocol/monitor_records.ts";

/** A bucket with so many messages. */
export function bucketAt(second: number, messagesIn: number): Bucket {
  return {
    second,
    messagesIn,
    messagesOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    active: 0,
    opened: 0,
    closed: 0,
    errors: 0,
    fanOutMs: null,
  };
}

/** An open connection that came at 1,000 ms. */
export function connection(id: string, change: Partial<ConnectionRecord> = {}): ConnectionRecord {
  return {
    id,
    clientId: `client-${id}`,
    userId: `client-${id}`,
    address: "127.0.0.1:50000",
    userAgent: null,
    origin: null,
    connectedAt: 1_000,
    state: 1,
    transitions: [{ from: 0, to: 1, at: 1_003, cause: { by: "server", what: "handshake done" } }],
    rooms: [],
    permissions: ["read", "write"],
    counters: {
      messagesIn: 0,
      messagesOut: 0,
      bytesIn: 0,
      bytesOut: 0,
      errors: 0,
      roundTripMs: null,
    },
    close: null,
    ...change,
  };
}

/** A text frame from the server that says "hello". */
export function frame(number: number, change: Partial<FrameRecord> = {}): FrameRecord {
  return {
    connection: "1",
    frame: number,
    at: 1_000,
    direction: "out",
    fin: true,
    rsv: 0,
    opcode: 1,
    maskingKey: null,
    headerLength: 2,
    length: 5,
    preview: btoa("hello"),
    findings: [],
    ...change,
  };
}
