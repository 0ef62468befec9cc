import { MAX_ROOM_NAME_LENGTH } from "../protocol/mod.ts";
import { DEFAULT_LIMITS } from "../server/mod.ts";
import { DEFAULT_CAPTURE, DEFAULT_TAP_LIMITS, type TapLimits } from "../tap/mod.ts";
import { EXPORTER_FLAGS } from "./exporter_options.ts";
import type { FlagSpec } from "./flags.ts";

/** The longest time that a timer can wait. */
const LONGEST_MS = 2 ** 31 - 1;

const limit = (
  help: string,
  fallback: number,
  most: number = Number.MAX_SAFE_INTEGER,
): FlagSpec => ({ kind: "integer", value: "N", help, fallback, range: [0, most] });

/** A limit that the tap keeps. */
const tapLimit = (help: string, name: keyof TapLimits, most?: number): FlagSpec =>
  limit(help, DEFAULT_TAP_LIMITS[name], most);

/** A ring of no size is none, and one without bounds would take all memory. */
const captureSize = (help: string, fallback: number): FlagSpec => ({
  kind: "integer",
  value: "N",
  help,
  fallback,
  range: [1, Number.MAX_SAFE_INTEGER],
});

/** The flags of the start command. Limits: 0 switches one off. */
export const START_FLAGS: Readonly<Record<string, FlagSpec>> = {
  "port": {
    kind: "integer",
    value: "N",
    help: "Port to listen on, 0 for a free one",
    fallback: 8000,
    range: [0, 65_535],
    env: "PORT",
  },
  "host": { kind: "string", value: "ADDRESS", help: "Address to listen on", fallback: "127.0.0.1" },
  "no-tap": { kind: "boolean", help: "Listen without the tap: no frames to see, and no guard" },
  "no-guard": { kind: "boolean", help: "Let the tap pass everything on" },
  "redact": { kind: "boolean", help: "Hide the contents of captured frames" },
  "origin": {
    kind: "strings",
    value: "URL",
    help: "Origin that may connect besides our own; * is a pattern; repeatable",
  },
  "allowed-host": {
    kind: "strings",
    value: "NAME",
    help: "Host name that is served; repeatable [on loopback: its names]",
  },
  "admin-token-file": {
    kind: "string",
    value: "FILE",
    help: "File with the token for the dashboard; needed off loopback",
  },
  ...EXPORTER_FLAGS,
  "heartbeat-ms": limit("How often clients are asked to ping", 30_000, LONGEST_MS),
  "rate-limit": limit("Messages of one client in a second", DEFAULT_LIMITS.messagesPerSecond),
  "max-refused-messages": limit(
    "Refused messages in 10 s before 1008",
    DEFAULT_LIMITS.maxRefusedMessages,
  ),
  "max-message-bytes": limit("Bytes of one message", DEFAULT_LIMITS.maxMessageBytes),
  "max-content-length": limit("UTF-16 units of a string content", DEFAULT_LIMITS.maxContentLength),
  "max-rooms-per-client": limit("Rooms of one client", DEFAULT_LIMITS.maxRoomsPerClient),
  "max-room-name-length": limit(
    `UTF-16 units of a room's name, ${MAX_ROOM_NAME_LENGTH} at most`,
    DEFAULT_LIMITS.maxRoomNameLength,
    MAX_ROOM_NAME_LENGTH,
  ),
  "max-listed-members": limit(
    "Members of a room up to which each is named to the others; of more their number",
    DEFAULT_LIMITS.maxListedMembers,
  ),
  "max-presence-bytes": limit("Bytes of a presence state", DEFAULT_LIMITS.maxPresenceBytes),
  "presence-grace-ms": limit("How long one whose link is lost stays present", 10_000),
  "max-inflated-bytes": limit(
    "Bytes that a compressed message may inflate to",
    DEFAULT_TAP_LIMITS.maxInflatedBytes,
  ),
  "max-open-requests": limit(
    "Requests of one client that run at a time",
    DEFAULT_LIMITS.maxOpenRequests,
  ),
  "max-reply-bytes": limit("Bytes of a reply or chunk", DEFAULT_LIMITS.maxReplyBytes),
  "max-stream-bytes": limit(
    "Bytes that a stream is ahead of its reader",
    DEFAULT_LIMITS.maxStreamBytes,
  ),
  "max-queued-bytes": limit("Bytes that wait for one client", DEFAULT_LIMITS.maxQueuedBytes),
  "max-connections": {
    kind: "integer",
    value: "N",
    help: "Connections in all [from the file-descriptor limit]",
  },
  "connections-per-address": limit(
    "Connections of one address, loopback excepted",
    DEFAULT_LIMITS.connectionsPerAddress,
  ),
  "idle-timeout-ms": limit("Silence after which a WebSocket ends", 60_000, LONGEST_MS),
  "head-timeout-ms": tapLimit("Time for a request's head", "headTimeoutMs", LONGEST_MS),
  "body-timeout-ms": tapLimit("Time for a request's body", "bodyTimeoutMs", LONGEST_MS),
  "handshake-timeout-ms": tapLimit(
    "Time for the server's answer to a handshake",
    "handshakeTimeoutMs",
    LONGEST_MS,
  ),
  "keep-alive-timeout-ms": tapLimit(
    "Time between two requests of a connection",
    "keepAliveTimeoutMs",
    LONGEST_MS,
  ),
  "stalled-response-ms": tapLimit(
    "Time that a client may take no byte of a response",
    "stalledResponseMs",
    LONGEST_MS,
  ),
  "close-timeout-ms": tapLimit(
    "Time for the end of a connection after both Closes",
    "closeTimeoutMs",
    LONGEST_MS,
  ),
  "max-head-bytes": tapLimit("Bytes of a request's head", "maxHeadBytes"),
  "max-fragments": tapLimit("Frames of one message", "maxFragments"),
  "max-control-frames": tapLimit(
    "Control frames of one client in a second",
    "maxControlFramesPerSecond",
  ),
  "max-unfinished-handshakes": tapLimit(
    "Connections without a finished request",
    "maxUnfinishedHandshakes",
  ),
  "capture-frames": captureSize("Frames that the capture keeps", DEFAULT_CAPTURE.maxFrames),
  "capture-bytes": captureSize("Bytes that the capture keeps", DEFAULT_CAPTURE.maxBytes),
  "help": { kind: "boolean", help: "Print this" },
  "version": { kind: "boolean", help: "Print the version" },
};
