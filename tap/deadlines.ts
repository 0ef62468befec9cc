import type { Phase } from "./conversation.ts";
import type { TapLimits } from "./limits.ts";
import type { Refusal } from "./request_rules.ts";

/** What is known of a connection when its deadlines are looked at; times in milliseconds. */
export interface ConnectionClock {
  phase: Phase;
  now: number;
  /** When the phase began; the first head's from the connection's beginning on. */
  phaseSince: number;
  /** Whether this is the connection's first request. */
  firstRequest: boolean;
  /** When the client's last byte came. */
  lastClientByte: number;
  /** For how long the client hasn't taken a byte that waits for it. */
  stalledFor: number;
  /** Since when the connection should be ending, or `null`. */
  endingSince: number | null;
}

/** What is to be done with a connection that is out of time. */
export type Expiry =
  | { readonly kind: "refuse"; readonly refusal: Refusal }
  | { readonly kind: "cut"; readonly code: number; readonly reason: string; readonly rule: string }
  | { readonly kind: "close" };

const GOING_AWAY = 1001;
const CLOSE: Expiry = { kind: "close" };

/** Which deadline of a connection has passed, if one has. */
export function expiryOf(clock: ConnectionClock, limits: TapLimits): Expiry | null {
  const { now, endingSince, phase, stalledFor } = clock;
  if (endingSince !== null && passed(now - endingSince, limits.closeTimeoutMs)) return CLOSE;
  if (phase === "websocket") return silentClient(clock, limits);
  if (passed(stalledFor, limits.stalledResponseMs)) return CLOSE;
  return requestExpiry(clock, limits);
}

function passed(milliseconds: number, limit: number): boolean {
  return limit > 0 && milliseconds >= limit;
}

function silentClient(clock: ConnectionClock, limits: TapLimits): Expiry | null {
  // Its own silence, or the silence since the 101.
  const since = Math.max(clock.lastClientByte, clock.phaseSince);
  if (!passed(clock.now - since, limits.idleTimeoutMs)) return null;
  const reason = `No sign of life for ${limits.idleTimeoutMs / 1000} s`;
  return { kind: "cut", code: GOING_AWAY, reason, rule: "idle-timeout" };
}

function requestExpiry(clock: ConnectionClock, limits: TapLimits): Expiry | null {
  const elapsed = clock.now - clock.phaseSince;
  switch (clock.phase) {
    case "idle":
      return passed(elapsed, clock.firstRequest ? limits.headTimeoutMs : limits.keepAliveTimeoutMs)
        ? CLOSE
        : null;
    case "head":
      return late(elapsed, limits.headTimeoutMs, { status: 408, rule: "head-timeout" });
    case "body":
      return late(elapsed, limits.bodyTimeoutMs, { status: 408, rule: "body-timeout" });
    case "handshake":
      return late(elapsed, limits.handshakeTimeoutMs, { status: 504, rule: "handshake-timeout" });
    case "over":
      return passed(elapsed, limits.keepAliveTimeoutMs) ? CLOSE : null;
    default:
      return null;
  }
}

function late(
  elapsed: number,
  limit: number,
  { status, rule }: { status: number; rule: string },
): Expiry | null {
  if (!passed(elapsed, limit)) return null;
  const what = rule.slice(0, rule.indexOf("-"));
  const message = `Cannot wait longer: the ${what} isn't done after ${limit / 1000} s`;
  return { kind: "refuse", refusal: { status, rule, message } };
}

/** How often deadlines are looked at: a quarter of the shortest one, from 5 ms to a second. */
export function sweepInterval(limits: TapLimits): number {
  const timeouts = Object.entries(limits).filter(([name, value]) =>
    name.endsWith("Ms") && value > 0
  );
  const shortest = Math.min(...timeouts.map(([, value]) => value), 4_000);
  return Math.max(5, Math.ceil(shortest / 4));
}
