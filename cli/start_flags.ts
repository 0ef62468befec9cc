import { MAX_ROOM_NAME_LENGTH } from "../protocol/mod.ts";
import { DEFAULT_LIMITS } from "../server/mod.ts";
import { DEFAULT_TAP_LIMITS } from "../tap/mod.ts";
import type { FlagSpec } from "./flags.ts";

/** The longest time that a timer can wait. */
const LONGEST_MS = 2 ** 31 - 1;

const limit = (
  help: string,
  fallback: number,
  most: number = Number.MAX_SAFE_INTEGER,
): FlagSpec => ({ kind: "integer", value: "N", help, fallback, range: [0, most] });

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
    "UTF-16 units of a room's name",
    DEFAULT_LIMITS.maxRoomNameLength,
    MAX_ROOM_NAME_LENGTH,
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
  "head-timeout-ms": limit(
    "Time for a request's head",
    DEFAULT_TAP_LIMITS.headTimeoutMs,
    LONGEST_MS,
  ),
  "help": { kind: "boolean", help: "Print this" },
  "version": { kind: "boolean", help: "Print the version" },
};
