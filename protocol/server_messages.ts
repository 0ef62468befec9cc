import type { FrameByteSource } from "./client_messages.ts";
import type { ErrorCode } from "./error_codes.ts";
import type {
  Bucket,
  CaptureStats,
  ConnectionCounters,
  ConnectionRecord,
  FrameRecord,
  Histograms,
  RoomRecord,
  ServerPolicy,
  Totals,
} from "./monitor_records.ts";
import type {
  CancelledMessage,
  ReplyMessage,
  RequestFailure,
  StreamChunkMessage,
  StreamEndMessage,
} from "./request_messages.ts";

/** What a server allows; 0 means that a limit is switched off. */
export interface AdvertisedLimits {
  /** Messages in a sliding second. */
  messagesPerSecond: number;
  /** Bytes of one message. */
  maxMessageBytes: number;
  /** UTF-16 units of a string content. */
  maxContentLength: number;
  /** Rooms of one client. */
  maxRoomsPerClient: number;
  /** UTF-16 units of a room's name. */
  maxRoomNameLength: number;
  /** Requests of one client that are open at a time; where it is missing nothing is said. */
  maxOpenRequests?: number;
}

/** `welcome`: the first message of every connection. */
export interface Welcome {
  /** Tells the messages apart. */
  type: "welcome";
  /** Version of this package. */
  version: string;
  /** Client id. */
  clientId: string;
  /** 256 random bits as 43 characters of base64url: a secret. */
  session: string;
  /** Milliseconds since the Unix epoch. */
  serverTime: number;
  /** How often a client should ping, in milliseconds. */
  heartbeatMs: number;
  /** What the client may do. */
  permissions: string[];
  /** What the server allows. */
  limits: AdvertisedLimits;
}

/** `pong {timestamp}`: the answer to `ping`. */
export interface Pong {
  /** Tells the messages apart. */
  type: "pong";
  /** Milliseconds, of any clock. */
  timestamp: number;
}

/** `auth_success`: the token was accepted. */
export interface AuthSuccess {
  /** Tells the messages apart. */
  type: "auth_success";
  /** User id; the client id of one who is anonymous. */
  userId: string;
  /** What the client may do. */
  permissions: string[];
  /** When the permission ends, in milliseconds since the Unix epoch. */
  expiresAt?: number;
  /** What was wrong or done, for people. */
  message: string;
}

/** A member of a room. */
export interface Member {
  /** Client id. */
  clientId: string;
  /** User id; the client id of one who is anonymous. */
  userId: string;
}

/** `room_joined`: the client is a member now. */
export interface RoomJoined {
  /** Tells the messages apart. */
  type: "room_joined";
  /** The room's name. */
  room: string;
  /** The members, the client itself included; in a large room only the client itself. */
  members: Member[];
  /** How many members there are, where `members` aren't all. */
  count?: number;
  /** Epoch of the room's log. */
  epoch: string;
  /** Sequence number of the room's last message. */
  seq: number;
  /** Whether everything since `since` follows. */
  recovered?: boolean;
  /** How many missed messages follow. */
  missed?: number;
  /** The reason that goes with it. */
  reason?: "epoch_changed" | "too_old" | "too_many";
}

/** `room_left`: the client isn't a member any more. */
export interface RoomLeft {
  /** Tells the messages apart. */
  type: "room_left";
  /** The room's name. */
  room: string;
}

/** `user_joined`: somebody else became a member. */
export interface UserJoined {
  /** Tells the messages apart. */
  type: "user_joined";
  /** The room's name. */
  room: string;
  /** Client id. */
  clientId: string;
  /** User id; the client id of one who is anonymous. */
  userId: string;
}

/** `user_left`: somebody else isn't a member any more. */
export interface UserLeft {
  /** Tells the messages apart. */
  type: "user_left";
  /** The room's name. */
  room: string;
  /** Client id. */
  clientId: string;
  /** User id; the client id of one who is anonymous. */
  userId: string;
}

/**
 * `room_members`: how many members a room has that is too large for `user_joined` and `user_left`;
 * with the members when it isn't any more.
 */
export interface RoomMembers {
  /** Tells the messages apart. */
  type: "room_members";
  /** The room's name. */
  room: string;
  /** How many members there are. */
  count: number;
  /** All of them; from here on each coming and going is told again. */
  members?: Member[];
}

/** Somebody who is present in a room. */
export interface PresenceMember {
  /** Client id. */
  clientId: string;
  /** User id; the client id of one who is anonymous. */
  userId: string;
  /** Any JSON value but `null`. */
  state: unknown;
}

/** `presence_state`: everybody who is present; what was known before is void. */
export interface PresenceState {
  /** Tells the messages apart. */
  type: "presence_state";
  /** The room's name. */
  room: string;
  /** How many are present. */
  count: number;
  /** They; left out where there are too many. */
  members?: PresenceMember[];
}

/** `presence_update`: what has changed, at most ten times a second a room. */
export interface PresenceUpdate {
  /** Tells the messages apart. */
  type: "presence_update";
  /** The room's name. */
  room: string;
  /** How many are present. */
  count: number;
  /** Who is new or has a new state; left out, as `removed`, where there are too many to tell. */
  changed?: PresenceMember[];
  /** Client ids of those who aren't present any more. */
  removed?: string[];
}

/** `room_message`: somebody else published. */
export interface DeliveredRoomMessage {
  /** Tells the messages apart. */
  type: "room_message";
  /** The room's name. */
  room: string;
  /** The publisher's user id. */
  from: string;
  /** Client id. */
  clientId: string;
  /** Any JSON value; a `Uint8Array` in a binary message. */
  content: unknown;
  /** Milliseconds since the Unix epoch. */
  timestamp: number;
  /** Its place in the room: the one before has `seq - 1`. */
  seq: number;
}

/** `ack`: a publish with an `id` has its place. */
export interface Ack {
  /** Tells the messages apart. */
  type: "ack";
  /** The room's name. */
  room: string;
  /** Id of the message, 1 to 64 UTF-16 units. */
  id: string;
  /** Epoch of the room's log. */
  epoch: string;
  /** Sequence number of the room's last message. */
  seq: number;
}

/** `error`: what the client asked for was refused. */
export interface ErrorMessage {
  /** Tells the messages apart. */
  type: "error";
  /** The code that goes with it. */
  code: ErrorCode;
  /** What was wrong or done, for people. */
  message: string;
  /** The `id` of the refused message, where it had one. */
  id?: string;
  /** The room of the refused message, where it had one. */
  room?: string;
  /** When to try again, in milliseconds from now. */
  retryAfterMs?: number;
  /** What the handler itself says, with `request_failed`. */
  failure?: RequestFailure;
}

/** `monitor_snapshot`: the answer to `monitor_start`; records of connections and frames follow. */
export interface MonitorSnapshot {
  /** Tells the messages apart. */
  type: "monitor_snapshot";
  /** Milliseconds since the Unix epoch. */
  serverTime: number;
  /** When the server started, in milliseconds since the Unix epoch. */
  startedAt: number;
  /** What is in force. */
  policy: ServerPolicy;
  /** What has been counted since the start. */
  totals: Totals;
  /** The three histograms. */
  histograms: Histograms;
  /** The last 600 seconds at most, oldest first; seconds before the start are missing. */
  history: Bucket[];
  /** How many watchers there are, this one included; they count nowhere else. */
  viewers: number;
}

/** `metrics`: once a second to watchers of `metrics`. */
export interface Metrics {
  /** Tells the messages apart. */
  type: "metrics";
  /** The second that has just ended. */
  bucket: Bucket;
  /** What has been counted since the start. */
  totals: Totals;
  /** The three histograms. */
  histograms: Histograms;
  /** How many watchers there are; they count nowhere else. */
  viewers: number;
  /** How many `metrics` this watcher missed so far because it read too slowly. */
  skipped: number;
}

/** `connections`: what changed, at most ten times a second, to watchers of `connections`. */
export interface Connections {
  /** Tells the messages apart. */
  type: "connections";
  /** Records that are new or changed. */
  changed: ConnectionRecord[];
  /** Counters alone, of connections where nothing else changed; at most once a second each. */
  counters: ({ id: string; counters: ConnectionCounters })[];
  /** Connections that are no longer known. */
  removed: string[];
  /** Rooms that are new or changed. */
  rooms: RoomRecord[];
  /** Rooms that have no members any more. */
  roomsRemoved: string[];
}

/** `frames`: captured frames, at most ten times a second, to watchers of `frames`. */
export interface Frames {
  /** Tells the messages apart. */
  type: "frames";
  /** The frames, oldest first. */
  frames: FrameRecord[];
  /** How full the ring is. */
  capture: CaptureStats;
  /** How many frames this watcher missed so far because they came too fast for it. */
  skipped: number;
}

/** `frame_bytes`: a piece of a captured frame, or of the message inflated; secrets overwritten. */
export interface FrameBytes {
  /** Tells the messages apart. */
  type: "frame_bytes";
  /** Number of the connection. */
  connection: string;
  /** Number of the frame in its connection. */
  frame: number;
  /** Which bytes, as it was asked for; absent: on the wire. */
  source?: FrameByteSource;
  /** First byte, counted from the beginning of the frame, or of the inflated message. */
  offset: number;
  /** Bytes of the frame on the wire, or of the inflated message. */
  total: number;
  /** Bytes of it that were kept, from the first on. */
  kept: number;
  /** The piece, base64. */
  bytes: string;
}

/** `frame_gone`: the frame has left the ring or never was in it, or its message wasn't inflated. */
export interface FrameGone {
  /** Tells the messages apart. */
  type: "frame_gone";
  /** Number of the connection. */
  connection: string;
  /** Number of the frame in its connection. */
  frame: number;
  /** Which bytes, as it was asked for; absent: on the wire. */
  source?: FrameByteSource;
}

/** A captured head of an opening handshake. */
export interface HeadRecord {
  /** `in` for the request, `out` for the response. */
  direction: "in" | "out";
  /** When it was whole, in milliseconds since the Unix epoch. */
  at: number;
  /** Its bytes with secrets overwritten, the empty line included, base64; at most 64 KiB of them. */
  bytes: string;
  /** How many bytes it has. */
  total: number;
}

/** `connection_heads`: the answer to `heads_get`, the request first. */
export interface ConnectionHeads {
  /** Tells the messages apart. */
  type: "connection_heads";
  /** Number of the connection. */
  connection: string;
  /** What is known of them; empty once they had to make room for newer ones. */
  heads: HeadRecord[];
}

/** A message that a server can send. */
export type ServerMessage =
  | Welcome
  | Pong
  | AuthSuccess
  | RoomJoined
  | RoomLeft
  | UserJoined
  | UserLeft
  | RoomMembers
  | PresenceState
  | PresenceUpdate
  | DeliveredRoomMessage
  | Ack
  | ReplyMessage
  | StreamChunkMessage
  | StreamEndMessage
  | CancelledMessage
  | ErrorMessage
  | MonitorSnapshot
  | Metrics
  | Connections
  | Frames
  | FrameBytes
  | FrameGone
  | ConnectionHeads;

/** The `type` of a message that a server can send. */
export type ServerMessageType = ServerMessage["type"];

/** A server's message of one type. */
export type ServerMessageOf<T extends ServerMessageType> = Extract<ServerMessage, { type: T }>;
