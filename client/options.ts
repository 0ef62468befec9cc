import type { BackoffOptions } from "./backoff.ts";
import type { Contract, OpenContract } from "../protocol/mod.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { Report } from "./observable.ts";
import type { WebSocketConstructor } from "./socket.ts";

/** How a `RoomClient` behaves. */
export interface RoomClientOptions<C extends Contract = OpenContract>
  extends Omit<BackoffOptions, "later"> {
  /** What is agreed on with the server: types and checks what is sent and what comes. @default none */
  contract?: C;
  /** What makes the sockets. @default globalThis.WebSocket */
  WebSocket?: WebSocketConstructor;
  /** Subprotocols to offer. @default none */
  protocols?: string[];
  /** Attempts to reconnect before giving up; 0 for none, `Infinity` for any number. @default 5 */
  maxAttempts?: number;
  /** How long after a `welcome` a lost link counts as the first again, in milliseconds. @default 10000 */
  stableAfterMs?: number;
  /** How long a link may take from the start to `welcome`, in milliseconds. @default 10000 */
  connectTimeoutMs?: number;
  /**
   * How often to ping, in milliseconds; 0 for never. Pings that are faster than the server asks
   * for count against its rate limit.
   *
   * @default what `welcome` says, else 30000
   */
  heartbeatMs?: number;
  /** How long a pong may take before the link counts as dead, in milliseconds. @default 10000 */
  pongTimeoutMs?: number;
  /** How long `close()` waits for the server's Close frame, in milliseconds. @default 5000 */
  closeTimeoutMs?: number;
  /** How many publishes may be unsettled. @default 256 */
  maxOutbox?: number;
  /** How many bytes they may have as JSON in UTF-8. @default 1048576 */
  maxOutboxBytes?: number;
  /**
   * Gets what a handler or subscriber threw; the second argument says which.
   *
   * @default console.error
   */
  onError?: (error: unknown, source: string) => void;
  /** Time. @default systemClock */
  clock?: Clock;
}

/** The options with their defaults filled in. */
export interface Settings
  extends Required<Omit<RoomClientOptions, "onError" | "heartbeatMs" | "contract">> {
  heartbeatMs: number | undefined;
  report: Report;
}

const DEFAULTS = {
  maxAttempts: 5,
  minDelayMs: 100,
  baseDelayMs: 1_000,
  maxDelayMs: 30_000,
  laterDelayMs: 5_000,
  stableAfterMs: 10_000,
  connectTimeoutMs: 10_000,
  pongTimeoutMs: 10_000,
  closeTimeoutMs: 5_000,
  maxOutbox: 256,
  maxOutboxBytes: 1_048_576,
};

/** Fills the defaults in; a wrong number is a `RangeError`. */
export function settingsOf(options: RoomClientOptions): Settings {
  const { heartbeatMs, contract: _, ...numbers } = { ...DEFAULTS, ...defined(options) };
  for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
    checkNumber(name, numbers[name]);
  }
  if (heartbeatMs !== undefined) checkNumber("heartbeatMs", heartbeatMs);
  return {
    ...numbers,
    heartbeatMs,
    WebSocket: options.WebSocket ?? platformWebSocket(),
    protocols: options.protocols ?? [],
    random: options.random ?? Math.random,
    clock: options.clock ?? systemClock,
    report: safeReport(options.onError ?? reportToConsole),
  };
}

function platformWebSocket(): WebSocketConstructor {
  const { WebSocket } = globalThis as { WebSocket?: WebSocketConstructor };
  if (WebSocket !== undefined) return WebSocket;
  throw new TypeError("Cannot create a RoomClient: there is no WebSocket constructor");
}

function checkNumber(name: string, value: number): void {
  if (typeof value === "number" && value >= 0) return;
  throw new RangeError(`Cannot create a RoomClient: ${name} is ${value}`);
}

/** An option that is given as `undefined` counts as not given. */
function defined(options: RoomClientOptions): RoomClientOptions {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  );
}

function reportToConsole(error: unknown, source: string): void {
  console.error(`Roomscope: ${source} threw`, error);
}

/** Who reports errors may throw as well. */
function safeReport(report: Report): Report {
  return (error, source) => {
    try {
      report(error, source);
    } catch (second) {
      reportToConsole(second, "onError");
      reportToConsole(error, source);
    }
  };
}
