import type { Transition, TransitionParty } from "./connection_state.ts";
import type { ReadyState } from "./ready_state.ts";

/** What has been counted since the server started; watchers are left out. */
export interface Totals {
  /** Connections that were opened. */
  totalConnections: number;
  /** Connections that are open now. */
  activeConnections: number;
  /** Messages sent to clients. */
  messagesSent: number;
  /** Messages received from clients. */
  messagesReceived: number;
  /** Payload bytes sent to clients. */
  bytesSent: number;
  /** Payload bytes received from clients. */
  bytesReceived: number;
  /** Errors by their code (error codes, close codes' names, rules of the guard). */
  errors: Record<string, number>;
  /** Clients that came back: those that sent `resume`. */
  reconnections: number;
  /** Rooms with members now. */
  rooms: number;
  /** Clients that were disconnected because they read too slowly. */
  slowConsumersClosed: number;
}

/** One second of the server's life. */
export interface Bucket {
  /** The second, in seconds since the Unix epoch. */
  second: number;
  /** Messages received in it. */
  messagesIn: number;
  /** Messages sent in it. */
  messagesOut: number;
  /** Payload bytes received in it. */
  bytesIn: number;
  /** Payload bytes sent in it. */
  bytesOut: number;
  /** Connections open at its end. */
  active: number;
  /** Connections opened in it. */
  opened: number;
  /** Connections closed in it. */
  closed: number;
  /** Errors in it. */
  errors: number;
  /** Slowest fan-out of one publish in it, in milliseconds; `null` without a publish. */
  fanOutMs: number | null;
}

/** Quantiles of one histogram since the server started. */
export interface Quantiles {
  /** How many samples it has. */
  count: number;
  /** The median; `null` without samples. */
  p50: number | null;
  /** The 95th percentile. */
  p95: number | null;
  /** The 99th percentile. */
  p99: number | null;
}

/** The three histograms. */
export interface Histograms {
  /** Round-trip time of the server's own pings through the tap, in milliseconds. */
  roundTripMs: Quantiles;
  /** Time from a publish to the last member's `send`, in milliseconds. */
  fanOutMs: Quantiles;
  /** Size of received messages, in bytes. */
  messageBytes: Quantiles;
}

/** What the counters of one connection say. */
export interface ConnectionCounters {
  /** Messages received from it. */
  messagesIn: number;
  /** Messages sent to it. */
  messagesOut: number;
  /** Payload bytes received from it. */
  bytesIn: number;
  /** Payload bytes sent to it. */
  bytesOut: number;
  /** `error` messages sent to it. */
  errors: number;
  /** Last round-trip time of a ping, in milliseconds; `null` before the first. */
  roundTripMs: number | null;
}

/** How a connection ended. */
export interface CloseRecord {
  /** Close code, 1005 and 1006 included. */
  code: number;
  /** Close reason. */
  reason: string;
  /** Whether the closing handshake was done by both sides. */
  clean: boolean;
  /** Who began it. */
  by: TransitionParty;
  /** The rule that was broken, where the guard ended it. */
  rule?: string;
}

/** Everything the dashboard shows of one connection. */
export interface ConnectionRecord {
  /** Number of the connection, unique while the server runs. */
  id: string;
  /** Client id; `null` if the handshake failed. */
  clientId: string | null;
  /** User id; the client id of one who is anonymous. */
  userId: string | null;
  /** The client's address and port. */
  address: string;
  /** `User-Agent` of the handshake, or `null`. */
  userAgent: string | null;
  /** `Origin` of the handshake, or `null`. */
  origin: string | null;
  /** When it came, in milliseconds since the Unix epoch. */
  connectedAt: number;
  /** Ready state, 0 to 3. */
  state: ReadyState;
  /** Passed edges, oldest first. */
  transitions: Transition[];
  /** Rooms it is a member of. */
  rooms: string[];
  /** Its permissions. */
  permissions: string[];
  /** Its counters. */
  counters: ConnectionCounters;
  /** How it ended, or `null`. */
  close: CloseRecord | null;
}

/** What the dashboard shows of one room. */
export interface RoomRecord {
  /** The room's name. */
  room: string;
  /** Number of members. */
  members: number;
  /** Epoch of its log. */
  epoch: string;
  /** Sequence number of its last message. */
  seq: number;
}

/** One thing that a frame does against the standard. */
export interface FindingRecord {
  /** Stable name of the broken rule. */
  rule: string;
  /** Section of RFC 6455. */
  section: string;
  /** Close code that the rule asks for. */
  closeCode: number;
  /** First byte, counted from the beginning of the frame. */
  offset: number;
  /** What was wrong or done, for people. */
  message: string;
}

/** The compressed message (RFC 7692) that a frame belongs to, as lists show it. */
export interface CompressedRecord {
  /** Number of the message's first frame in its connection. */
  first: number;
  /** Opcode of the message: 1 for text, 2 for binary. */
  opcode: number;
  /** The payload on the wire was overwritten: the message holds a secret, or may hold one. */
  hidden?: true;
  /** Why the message couldn't be inflated from this frame on, for people. */
  problem?: string;
  /** On the message's last frame: what came out of all its frames; absent if nothing could. */
  inflated?: InflatedRecord;
}

/** What came out of a compressed message. */
export interface InflatedRecord {
  /** Bytes that came out. */
  length: number;
  /** Bytes of them that were kept, from the first on. */
  kept: number;
  /** The first 64 bytes at most, base64. */
  preview: string;
}

/** A captured frame: its header as fields and the beginning of its payload. */
export interface FrameRecord {
  /** Connection it belongs to. */
  connection: string;
  /** Number of the frame in its connection, from 0, both directions counted together. */
  frame: number;
  /** When its last byte came, in milliseconds since the Unix epoch. */
  at: number;
  /** `in` from the client, `out` from the server. */
  direction: "in" | "out";
  /** FIN bit. */
  fin: boolean;
  /** The RSV bits, 0 to 7, RSV1 the highest. */
  rsv: number;
  /** Opcode, 0 to 15. */
  opcode: number;
  /** Masking key in hex, or `null` where the frame isn't masked. */
  maskingKey: string | null;
  /** Bytes of the header, key included. */
  headerLength: number;
  /** Bytes of the payload as the header declares them. */
  length: number;
  /** The first 64 bytes of the payload at most, unmasked, base64. */
  preview: string;
  /** What it does against the standard. */
  findings: FindingRecord[];
  /** The compressed message that it belongs to; absent for any other frame. */
  compressed?: CompressedRecord;
  /** What a fault that was asked for did to it, in a few words: `dropped`, `held 2000 ms`. */
  fault?: string;
}

/** How full the capture's ring is. */
export interface CaptureStats {
  /** Frames seen since the start. */
  seen: number;
  /** Frames in the ring now. */
  kept: number;
  /** Frames that left the ring, or never entered it. `seen = kept + discarded`. */
  discarded: number;
  /** Bytes in the ring now. */
  keptBytes: number;
  /** Most frames the ring holds. */
  maxFrames: number;
  /** Most bytes the ring holds. */
  maxBytes: number;
}

/** Where connections and frames come from that aren't this server's own. */
export interface ForeignSource {
  /** A server behind the tap that isn't ours, or a capture file. */
  kind: "target" | "file";
  /** The target's URL, or the file's name. */
  name: string;
  /** Where clients connect in place of the target. */
  address?: string;
}

/** What is in force on this server. */
export interface ServerPolicy {
  /** Version of this package. */
  version: string;
  /** Transport that carries the rooms. */
  transport: "deno";
  /** Whether the tap stands before it. */
  tap: boolean;
  /** Whether the tap guards. */
  guard: boolean;
  /** Whether contents are hidden in captures. */
  redact: boolean;
  /** Limits by their option name; 0 means switched off. */
  limits: Record<string, number>;
  /** Where what is shown comes from, unless it is this server itself. */
  source?: ForeignSource;
  /** Decides what faults leave to chance, where the tap was asked for faults. */
  faultSeed?: number;
}

/** What a server has to say about itself. */
export interface ServerStats {
  /** When it started, in milliseconds since the Unix epoch. */
  startedAt: number;
  /** When this was made, in milliseconds since the Unix epoch. */
  now: number;
  /** What is in force. */
  policy: ServerPolicy;
  /** What has been counted since the start; watchers are left out. */
  totals: Totals;
  /** The three histograms. */
  histograms: Histograms;
  /** How many connections watch. */
  viewers: number;
  /** How full the capture is; `null` without a tap. */
  capture: CaptureStats | null;
}
