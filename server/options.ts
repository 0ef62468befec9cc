import type { CaptureSource, ConnectionControl, Contract, OpenContract } from "../protocol/mod.ts";
import type { Backplane } from "./backplane.ts";
import type { LogSink } from "./log.ts";
import type { MonitorSource } from "./monitor_source.ts";

/** Something that a client may do. */
export type Permission = "read" | "write" | "monitor" | "admin";

/** What a room server allows. 0 switches a limit off. */
export interface RoomServerLimits {
  /**
   * Messages of one client in a sliding second; heartbeats in step with `heartbeatMs` don't count.
   *
   * @default {10}
   */
  messagesPerSecond: number;
  /**
   * Refused messages of one client in ten seconds, after which it is closed with 1008.
   *
   * @default {50}
   */
  maxRefusedMessages: number;
  /**
   * Bytes of one message.
   *
   * @default {65536}
   */
  maxMessageBytes: number;
  /**
   * UTF-16 units of a `content` that is a string.
   *
   * @default {1000}
   */
  maxContentLength: number;
  /**
   * Rooms of one client.
   *
   * @default {100}
   */
  maxRoomsPerClient: number;
  /**
   * UTF-16 units of a room's name, at most 256.
   *
   * @default {128}
   */
  maxRoomNameLength: number;
  /**
   * Members of a room up to which each coming and going, and each one's presence, is told to the
   * others; of more only their number.
   *
   * @default {200}
   */
  maxListedMembers: number;
  /**
   * Bytes of a member's presence state, as JSON.
   *
   * @default {1024}
   */
  maxPresenceBytes: number;
  /**
   * Requests of one client whose handlers run, also those that it has cancelled meanwhile.
   *
   * @default {16}
   */
  maxOpenRequests: number;
  /**
   * Bytes of a reply, of a stream's chunk, and of the data of a handler's own error.
   *
   * @default {262144}
   */
  maxReplyBytes: number;
  /**
   * Bytes of one stream that its client hasn't said it has taken; one chunk may always be.
   *
   * @default {65536}
   */
  maxStreamBytes: number;
  /**
   * Bytes that wait for one client; a client that reads slower is closed with 1013.
   *
   * @default {1048576}
   */
  maxQueuedBytes: number;
  /**
   * Connections in all.
   *
   * @default {0}
   */
  maxConnections: number;
  /**
   * Connections of one address, loopback excepted.
   *
   * @default {100}
   */
  connectionsPerAddress: number;
}

/** The limits that hold where nothing else is said. */
export const DEFAULT_LIMITS: Readonly<RoomServerLimits> = {
  messagesPerSecond: 10,
  maxRefusedMessages: 50,
  maxMessageBytes: 65_536,
  maxContentLength: 1_000,
  maxRoomsPerClient: 100,
  maxRoomNameLength: 128,
  maxListedMembers: 200,
  maxPresenceBytes: 1_024,
  maxOpenRequests: 16,
  maxReplyBytes: 262_144,
  maxStreamBytes: 65_536,
  maxQueuedBytes: 1_048_576,
  maxConnections: 0,
  connectionsPerAddress: 100,
};

/** What a {@linkcode RoomServer} can be told. */
export interface RoomServerOptions<C extends Contract = OpenContract> {
  /** Limits that differ from {@linkcode DEFAULT_LIMITS}. */
  limits?: Partial<RoomServerLimits>;
  /**
   * Origins that browsers may connect from, besides the server's own when the list is empty. `*`
   * stands for anything without a slash: `https://*.example.com`.
   *
   * @default {[]}
   */
  allowedOrigins?: readonly string[];
  /**
   * Values of `Host` without the port that are served, any where it is left out.
   */
  allowedHosts?: readonly string[];
  /**
   * How often clients are asked to ping, in milliseconds.
   *
   * @default {30000}
   */
  heartbeatMs?: number;
  /**
   * After so many milliseconds without a byte from a client the connection ends with 1001; half
   * of it after the last byte the transport pings. 0 switches both off.
   *
   * @default {60000}
   */
  idleTimeoutMs?: number;
  /**
   * How long a closing handshake may take, in milliseconds.
   *
   * @default {5000}
   */
  closeTimeoutMs?: number;
  /**
   * What the client of a handshake may do, from what the request brings (cookies, headers).
   *
   * @default {() => ["read", "write"]}
   */
  permissions?: (request: Request) => readonly Permission[];
  /**
   * How long a member whose link is lost stays present in its rooms, in milliseconds.
   *
   * @default {10000}
   */
  presenceGraceMs?: number;
  /**
   * What is agreed on with the clients: types and checks messages, requests, replies and errors.
   */
  contract?: C;
  /**
   * How long a request's handler may take for its reply, or for each chunk, in milliseconds; 0 for
   * any time.
   *
   * @default {30000}
   */
  handlerTimeoutMs?: number;
  /** Where publishes get their place in a room. @default {new InProcessBackplane()} */
  backplane?: Backplane;
  /**
   * Takes log entries, no more than 10 of one event a second in the long run. They hold no token,
   * session or content; what the application's own hooks throw is in them.
   *
   * @default {logSink({ level: "error" })}
   */
  log?: LogSink;
  /** Control over connections, when a tap stands before the server. */
  control?: ConnectionControl;
  /** Captured frames, when a tap stands before the server. */
  capture?: CaptureSource;
  /** What watchers see in place of this server's own connections. */
  source?: MonitorSource;
  /** Finds a capture by the name that a watcher gives in `monitor_start`; `null` if there is none. */
  captures?: (name: string) => MonitorSource | null;
}

/** The longest time that a timer can wait. */
const LONGEST_MS = 2 ** 31 - 1;

/** Fills in the limits that weren't given, and refuses what isn't a limit or a time. */
export function roomServerLimits(options: RoomServerOptions): RoomServerLimits {
  const { heartbeatMs, idleTimeoutMs, closeTimeoutMs, presenceGraceMs, handlerTimeoutMs } = options;
  const times = { heartbeatMs, idleTimeoutMs, closeTimeoutMs, presenceGraceMs, handlerTimeoutMs };
  const limits = { ...DEFAULT_LIMITS };
  for (const [name, value] of Object.entries(options.limits ?? {})) {
    if (!Object.hasOwn(limits, name)) {
      throw new TypeError(`Cannot set limit: there is none called ${name}`);
    }
    if (value === undefined) continue;
    checkNumber(name, value, Number.MAX_SAFE_INTEGER);
    limits[name as keyof RoomServerLimits] = value;
  }
  for (const [name, value] of Object.entries(times)) {
    if (value !== undefined) checkNumber(name, value, LONGEST_MS);
  }
  return limits;
}

function checkNumber(name: string, value: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= 0 && value <= most) return;
  throw new RangeError(
    `Cannot set ${name}: it must be a whole number from 0 to ${most}, it is ${value}`,
  );
}
