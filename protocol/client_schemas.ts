import * as v from "valibot";
import {
  MAX_FRAME_GET_BYTES,
  MAX_MESSAGE_ID_LENGTH,
  MAX_ROOM_NAME_LENGTH,
  MONITOR_TOPICS,
} from "./client_messages.ts";
import { CancelMessage, RequestMessage, StreamCreditMessage } from "./request_schemas.ts";

const timestamp = v.pipe(v.number(), v.finite());
const connectionId = v.pipe(v.string(), v.minLength(1), v.maxLength(64));

export const RoomName = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(MAX_ROOM_NAME_LENGTH),
  v.regex(/^\P{Cc}+$/u, "Invalid room name: it has a control character"),
);

const MessageId = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_MESSAGE_ID_LENGTH));

export const JsonContent = v.custom<unknown>((input) => input !== undefined, "content is missing");

export const Ping = v.object({ type: v.literal("ping"), timestamp });

export const Auth = v.object({
  type: v.literal("auth"),
  token: v.pipe(v.string(), v.minLength(1), v.maxLength(8192)),
});

export const Resume = v.object({
  type: v.literal("resume"),
  session: v.pipe(v.string(), v.minLength(1), v.maxLength(128)),
});

export const JoinRoom = v.object({
  type: v.literal("join_room"),
  room: RoomName,
  since: v.optional(v.object({
    epoch: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
    seq: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  })),
});

export const LeaveRoom = v.object({ type: v.literal("leave_room"), room: RoomName });

export const PublishRoomMessage = v.object({
  type: v.literal("room_message"),
  room: RoomName,
  content: JsonContent,
  id: v.optional(MessageId),
});

export const PresenceSet = v.object({
  type: v.literal("presence_set"),
  room: RoomName,
  state: JsonContent,
  id: v.optional(MessageId),
});

export const PresenceWatch = v.object({
  type: v.literal("presence_watch"),
  room: RoomName,
  id: v.optional(MessageId),
});

export const PresenceUnwatch = v.object({ type: v.literal("presence_unwatch"), room: RoomName });

export const MonitorStart = v.object({
  type: v.literal("monitor_start"),
  topics: v.pipe(v.array(v.picklist(MONITOR_TOPICS)), v.minLength(1), v.maxLength(3)),
  connection: v.optional(connectionId),
  capture: v.optional(connectionId),
});

export const MonitorStop = v.object({ type: v.literal("monitor_stop") });

export const FrameGet = v.object({
  type: v.literal("frame_get"),
  connection: connectionId,
  frame: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  offset: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  length: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(MAX_FRAME_GET_BYTES)),
  source: v.optional(v.picklist(["wire", "inflated"])),
});

export const HeadsGet = v.object({ type: v.literal("heads_get"), connection: connectionId });

export const ClientMessage = v.variant("type", [
  Ping,
  Auth,
  Resume,
  JoinRoom,
  LeaveRoom,
  PublishRoomMessage,
  PresenceSet,
  PresenceWatch,
  PresenceUnwatch,
  RequestMessage,
  CancelMessage,
  StreamCreditMessage,
  MonitorStart,
  MonitorStop,
  FrameGet,
  HeadsGet,
]);
