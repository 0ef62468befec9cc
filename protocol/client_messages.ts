import type { CancelMessage, RequestMessage, StreamCreditMessage } from "./request_messages.ts";

/** How many UTF-16 units a room's name may have at most, whatever a server's own limit is. */
export const MAX_ROOM_NAME_LENGTH = 256;

/** How many UTF-16 units a message's `id` may have at most. */
export const MAX_MESSAGE_ID_LENGTH = 64;

/** How many bytes one `frame_get` may ask for. */
export const MAX_FRAME_GET_BYTES = 32_768;

/** What a watcher can ask the monitor for. */
export const MONITOR_TOPICS = ["metrics", "connections", "frames"] as const;

/** What a watcher can ask the monitor for. */
export type MonitorTopic = (typeof MONITOR_TOPICS)[number];

/** `ping {timestamp}`: asks for a `pong` with the same timestamp (milliseconds, any clock). */
export interface Ping {
  /** Tells the messages apart. */
  type: "ping";
  /** Milliseconds, of any clock. */
  timestamp: number;
}

/** `auth {token}`: says who the client is. */
export interface Auth {
  /** Tells the messages apart. */
  type: "auth";
  /** The token, 1 to 8,192 UTF-16 units. */
  token: string;
}

/** `resume {session}`: asks for the identity of an earlier link. */
export interface Resume {
  /** Tells the messages apart. */
  type: "resume";
  /** The session secret. */
  session: string;
}

/** `join_room {room, since?}`: becomes a member; joining twice is harmless. */
export interface JoinRoom {
  /** Tells the messages apart. */
  type: "join_room";
  /** The room's name. */
  room: string;
  /** The last position that the client has; asks for what it missed. */
  since?: { epoch: string; seq: number };
}

/** `leave_room {room}`: stops being a member; leaving twice is harmless. */
export interface LeaveRoom {
  /** Tells the messages apart. */
  type: "leave_room";
  /** The room's name. */
  room: string;
}

/** `room_message {room, content, id?}`: publishes; with an `id` an `ack` comes back. */
export interface PublishRoomMessage {
  /** Tells the messages apart. */
  type: "room_message";
  /** The room's name. */
  room: string;
  /** Any JSON value; a `Uint8Array` in a binary message. */
  content: unknown;
  /** Id of the message, 1 to 64 UTF-16 units. */
  id?: string;
}

/** `presence_set {room, state}`: is present in a room with a state; `null` ends that. */
export interface PresenceSet {
  /** Tells the messages apart. */
  type: "presence_set";
  /** The room's name; only for its members. */
  room: string;
  /** Any JSON value; how many bytes it may have is the server's limit, 1,024 by default. */
  state: unknown;
  /** Comes back with an `error`, 1 to 64 UTF-16 units. */
  id?: string;
}

/** `presence_watch {room}`: asks who is present, and to be told of changes while a member. */
export interface PresenceWatch {
  /** Tells the messages apart. */
  type: "presence_watch";
  /** The room's name; only for its members. */
  room: string;
  /** Comes back with an `error`, 1 to 64 UTF-16 units. */
  id?: string;
}

/** `presence_unwatch {room}`: ends that; harmless where it wasn't asked for. */
export interface PresenceUnwatch {
  /** Tells the messages apart. */
  type: "presence_unwatch";
  /** The room's name. */
  room: string;
}

/**
 * `monitor_start {topics, connection?, capture?}`: begins to watch; `connection` narrows the frames,
 * `capture` names a loaded capture to see in place of what happens now.
 */
export interface MonitorStart {
  /** Tells the messages apart. */
  type: "monitor_start";
  /** What to watch. */
  topics: MonitorTopic[];
  /** Number of the connection. */
  connection?: string;
  /** Name of a loaded capture. */
  capture?: string;
}

/** `monitor_stop`: ends watching; the connection counts again from here on. */
export interface MonitorStop {
  /** Tells the messages apart. */
  type: "monitor_stop";
}

/**
 * Which bytes of a frame are meant: `wire`, header and masked payload as they were on the wire, or
 * `inflated`, what came out of the compressed message that the frame belongs to.
 */
export type FrameByteSource = "wire" | "inflated";

/** `frame_get {connection, frame, offset, length, source?}`: asks for a captured frame's bytes. */
export interface FrameGet {
  /** Tells the messages apart. */
  type: "frame_get";
  /** Number of the connection. */
  connection: string;
  /** Number of the frame in its connection. */
  frame: number;
  /** First byte, counted from the beginning of the frame, or of the inflated message. */
  offset: number;
  /** Number of bytes, 1 to 32,768. */
  length: number;
  /**
   * Which bytes: `inflated` is what came out of the compressed message that the frame belongs to.
   *
   * @default "wire"
   */
  source?: FrameByteSource;
}

/** `heads_get {connection}`: asks for the heads of a captured connection's opening handshake. */
export interface HeadsGet {
  /** Tells the messages apart. */
  type: "heads_get";
  /** Number of the connection. */
  connection: string;
}

/** A message that a client can send. */
export type ClientMessage =
  | Ping
  | Auth
  | Resume
  | JoinRoom
  | LeaveRoom
  | PublishRoomMessage
  | PresenceSet
  | PresenceWatch
  | PresenceUnwatch
  | RequestMessage
  | CancelMessage
  | StreamCreditMessage
  | MonitorStart
  | MonitorStop
  | FrameGet
  | HeadsGet;

/** The `type` of a message that a client can send. */
export type ClientMessageType = ClientMessage["type"];

/** A client's message of one type. */
export type ClientMessageOf<T extends ClientMessageType> = Extract<ClientMessage, { type: T }>;
