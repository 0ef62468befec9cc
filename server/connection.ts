import {
  type CloseRecord,
  type ConnectionCounters,
  type ConnectionRecord,
  ConnectionState,
  type CutReason,
  ReadyState,
} from "../protocol/mod.ts";
import type { Traffic } from "./metrics.ts";
import type { Permission } from "./options.ts";
import { RateLimiter } from "./rate_limiter.ts";

/** What is known of a client when its handshake is accepted. */
export interface Admission {
  /** Number of the connection, unique while the server runs. */
  id: string;
  /** The client's own address. */
  hostname: string;
  /** The client's own port. */
  port: number;
  /** `User-Agent`, shortened, or `null`. */
  userAgent: string | null;
  /** `Origin`, shortened, or `null`. */
  origin: string | null;
  /** What the client may do. */
  permissions: readonly Permission[];
}

/** How many refused messages count together, in milliseconds. */
const REFUSAL_WINDOW_MS = 10_000;
/** How many monitor messages a watcher may send in a second. */
const MONITOR_MESSAGES_PER_SECOND = 50;
/** How many presence messages a client may send in a second. */
const PRESENCE_MESSAGES_PER_SECOND = 20;

/** One client's connection: who it is, what state it is in, what it has sent and got. */
export class Connection {
  readonly admission: Admission;
  readonly clientId: string = crypto.randomUUID();
  readonly session: string = randomSession();
  readonly connectedAt: number;
  readonly state = new ConnectionState();
  readonly rooms = new Set<string>();
  readonly counters: ConnectionCounters = {
    messagesIn: 0,
    messagesOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    errors: 0,
    roundTripMs: null,
  };
  readonly messageLimiter: RateLimiter;
  readonly refusalLimiter: RateLimiter;
  readonly presenceLimiter = new RateLimiter(PRESENCE_MESSAGES_PER_SECOND, 1_000);
  readonly monitorLimiter = new RateLimiter(MONITOR_MESSAGES_PER_SECOND, 1_000);
  /** `null` until the upgrade is done. */
  socket: WebSocket | null = null;
  /** When the last message came, also after the connection began to close. */
  lastMessageAt = -Infinity;
  /** When the last ping came that was in step with the heartbeat. */
  lastHeartbeat = -Infinity;
  /** Whether it watches: then it counts nowhere. */
  watching = false;
  /** Its traffic up to the end of its last watching: what isn't in the totals. */
  uncounted: Readonly<Traffic> = { messagesIn: 0, messagesOut: 0, bytesIn: 0, bytesOut: 0 };
  /** Since when it counts, in milliseconds since the Unix epoch. */
  countedSince: number;
  /** Whether it reads too slowly and is about to be ended for it. */
  isSlow = false;
  /** Why the tap or this server cut it, where one did. */
  cut: CutReason | null = null;
  /** Message of the socket's last `error` event. */
  socketError: string | null = null;
  close: CloseRecord | null = null;
  /** Runs while a closing handshake is awaited. */
  closeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    admission: Admission,
    options: { now: number; messagesPerSecond: number; maxRefusedMessages: number },
  ) {
    this.admission = admission;
    this.connectedAt = options.now;
    this.countedSince = options.now;
    this.messageLimiter = new RateLimiter(options.messagesPerSecond, 1_000);
    this.refusalLimiter = new RateLimiter(options.maxRefusedMessages, REFUSAL_WINDOW_MS);
  }

  get id(): string {
    return this.admission.id;
  }

  /** Nobody is anonymous under another name than their client id. */
  get userId(): string {
    return this.clientId;
  }

  get isOpen(): boolean {
    return this.state.current === ReadyState.OPEN;
  }

  get hasEnded(): boolean {
    return this.state.current === ReadyState.CLOSED;
  }

  may(permission: Permission): boolean {
    return this.admission.permissions.includes(permission);
  }

  /** What it has added to the totals. */
  countedTraffic(): Traffic {
    const { counters, uncounted } = this;
    return {
      messagesIn: counters.messagesIn - uncounted.messagesIn,
      messagesOut: counters.messagesOut - uncounted.messagesOut,
      bytesIn: counters.bytesIn - uncounted.bytesIn,
      bytesOut: counters.bytesOut - uncounted.bytesOut,
    };
  }

  record(): ConnectionRecord {
    const { id, hostname, port, userAgent, origin, permissions } = this.admission;
    return {
      id,
      clientId: this.clientId,
      userId: this.userId,
      address: formatAddress(hostname, port),
      userAgent,
      origin,
      connectedAt: this.connectedAt,
      state: this.state.current,
      transitions: [...this.state.transitions],
      rooms: [...this.rooms],
      permissions: [...permissions],
      counters: { ...this.counters },
      close: this.close,
    };
  }
}

/** Formats an address and a port as they stand in a URL. */
export function formatAddress(hostname: string, port: number): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/** 256 random bits as base64url without padding. */
function randomSession(): string {
  return crypto.getRandomValues(new Uint8Array(32)).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
}
