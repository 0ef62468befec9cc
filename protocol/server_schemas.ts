import * as v from "valibot";
import { ERROR_CODES, type ErrorCode } from "./error_codes.ts";
import { JsonContent } from "./client_schemas.ts";
import {
  Bucket,
  CaptureStats,
  ConnectionCounters,
  ConnectionRecord,
  FrameRecord,
  Histograms,
  RoomRecord,
  ServerPolicy,
  Totals,
} from "./monitor_schemas.ts";
import {
  CancelledMessage,
  ReplyMessage,
  RequestFailure,
  StreamChunkMessage,
  StreamEndMessage,
} from "./request_schemas.ts";

const count = v.pipe(v.number(), v.minValue(0));
const errorCode = v.picklist(Object.keys(ERROR_CODES) as ErrorCode[]);

export const AdvertisedLimits = v.object({
  messagesPerSecond: count,
  maxMessageBytes: count,
  maxContentLength: count,
  maxRoomsPerClient: count,
  maxRoomNameLength: count,
  maxOpenRequests: v.optional(count),
});

export const Welcome = v.object({
  type: v.literal("welcome"),
  version: v.string(),
  clientId: v.string(),
  session: v.string(),
  serverTime: v.number(),
  heartbeatMs: count,
  permissions: v.array(v.string()),
  limits: AdvertisedLimits,
});

export const Pong = v.object({ type: v.literal("pong"), timestamp: v.number() });

export const AuthSuccess = v.object({
  type: v.literal("auth_success"),
  userId: v.string(),
  permissions: v.array(v.string()),
  expiresAt: v.optional(v.number()),
  message: v.string(),
});

export const Member = v.object({ clientId: v.string(), userId: v.string() });

export const RoomJoined = v.object({
  type: v.literal("room_joined"),
  room: v.string(),
  members: v.array(Member),
  count: v.optional(count),
  epoch: v.string(),
  seq: count,
  recovered: v.optional(v.boolean()),
  missed: v.optional(count),
  reason: v.optional(v.picklist(["epoch_changed", "too_old", "too_many"])),
});

export const RoomLeft = v.object({ type: v.literal("room_left"), room: v.string() });

export const UserJoined = v.object({
  type: v.literal("user_joined"),
  room: v.string(),
  clientId: v.string(),
  userId: v.string(),
});

export const UserLeft = v.object({
  type: v.literal("user_left"),
  room: v.string(),
  clientId: v.string(),
  userId: v.string(),
});

export const RoomMembers = v.object({
  type: v.literal("room_members"),
  room: v.string(),
  count,
  members: v.optional(v.array(Member)),
});

export const PresenceMember = v.object({
  clientId: v.string(),
  userId: v.string(),
  state: JsonContent,
});

export const PresenceState = v.object({
  type: v.literal("presence_state"),
  room: v.string(),
  count,
  members: v.optional(v.array(PresenceMember)),
});

export const PresenceUpdate = v.object({
  type: v.literal("presence_update"),
  room: v.string(),
  count,
  changed: v.optional(v.array(PresenceMember)),
  removed: v.optional(v.array(v.string())),
});

export const DeliveredRoomMessage = v.object({
  type: v.literal("room_message"),
  room: v.string(),
  from: v.string(),
  clientId: v.string(),
  content: JsonContent,
  timestamp: v.number(),
  seq: count,
});

export const Ack = v.object({
  type: v.literal("ack"),
  room: v.string(),
  id: v.string(),
  epoch: v.string(),
  seq: count,
});

export const ErrorMessage = v.object({
  type: v.literal("error"),
  code: errorCode,
  message: v.string(),
  id: v.optional(v.string()),
  room: v.optional(v.string()),
  retryAfterMs: v.optional(count),
  failure: v.optional(RequestFailure),
});

export const MonitorSnapshot = v.object({
  type: v.literal("monitor_snapshot"),
  serverTime: v.number(),
  startedAt: v.number(),
  policy: ServerPolicy,
  totals: Totals,
  histograms: Histograms,
  history: v.array(Bucket),
  viewers: count,
});

export const Metrics = v.object({
  type: v.literal("metrics"),
  bucket: Bucket,
  totals: Totals,
  histograms: Histograms,
  viewers: count,
  skipped: count,
});

export const Connections = v.object({
  type: v.literal("connections"),
  changed: v.array(ConnectionRecord),
  counters: v.array(v.object({ id: v.string(), counters: ConnectionCounters })),
  removed: v.array(v.string()),
  rooms: v.array(RoomRecord),
  roomsRemoved: v.array(v.string()),
});

export const Frames = v.object({
  type: v.literal("frames"),
  frames: v.array(FrameRecord),
  capture: CaptureStats,
  skipped: count,
});

const frameSource = v.picklist(["wire", "inflated"]);

export const FrameBytes = v.object({
  type: v.literal("frame_bytes"),
  connection: v.string(),
  frame: count,
  source: v.optional(frameSource),
  offset: count,
  total: count,
  kept: count,
  bytes: v.string(),
});

export const FrameGone = v.object({
  type: v.literal("frame_gone"),
  connection: v.string(),
  frame: count,
  source: v.optional(frameSource),
});

export const HeadRecord = v.object({
  direction: v.picklist(["in", "out"]),
  at: v.number(),
  bytes: v.string(),
  total: count,
});

export const ConnectionHeads = v.object({
  type: v.literal("connection_heads"),
  connection: v.string(),
  heads: v.array(HeadRecord),
});

export const ServerMessage = v.variant("type", [
  Welcome,
  Pong,
  AuthSuccess,
  RoomJoined,
  RoomLeft,
  UserJoined,
  UserLeft,
  RoomMembers,
  PresenceState,
  PresenceUpdate,
  DeliveredRoomMessage,
  Ack,
  ReplyMessage,
  StreamChunkMessage,
  StreamEndMessage,
  CancelledMessage,
  ErrorMessage,
  MonitorSnapshot,
  Metrics,
  Connections,
  Frames,
  FrameBytes,
  FrameGone,
  ConnectionHeads,
]);
