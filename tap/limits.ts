/** The limits and timeouts of a guarding tap. 0 switches one off. */
export interface TapLimits {
  /**
   * The most client connections at once; one more gets 503. A connection takes two file descriptors
   * here and a third where the target is a server in the same process.
   *
   * @default 10000
   */
  maxConnections: number;
  /**
   * The most connections at once from one address; one more gets 429. Loopback addresses are
   * excepted unless {@linkcode TapOptions.limitLoopback} is set.
   *
   * @default 100
   */
  connectionsPerAddress: number;
  /**
   * The most connections at once that have sent no whole request head yet, or wait for their 101;
   * one more gets 503.
   *
   * @default 2000
   */
  maxUnfinishedHandshakes: number;
  /**
   * The most bytes of a request head; a longer one gets 431.
   *
   * @default 16384 (16 KiB)
   */
  maxHeadBytes: number;
  /**
   * Milliseconds in which a request head has to be whole: the first one from the connection's
   * beginning on, later ones from their first byte on. Then 408, or nothing where no byte came.
   *
   * @default 10000
   */
  headTimeoutMs: number;
  /**
   * Milliseconds in which a request's body has to be whole, from its head on. Then 408.
   *
   * @default 60000
   */
  bodyTimeoutMs: number;
  /**
   * Milliseconds in which the server has to answer an upgrade request. Then 504.
   *
   * @default 10000
   */
  handshakeTimeoutMs: number;
  /**
   * Milliseconds that an HTTP connection may stay between two requests.
   *
   * @default 60000
   */
  keepAliveTimeoutMs: number;
  /**
   * Milliseconds that a WebSocket's client may send nothing, not even a pong. Then 1001.
   *
   * @default 75000
   */
  idleTimeoutMs: number;
  /**
   * Milliseconds that a client may take no byte of an HTTP response that waits for it. WebSockets
   * have the server's slow-consumer policy instead.
   *
   * @default 30000
   */
  stalledResponseMs: number;
  /**
   * Milliseconds that a connection may stay open after both Close frames, or after the server has
   * ended its side.
   *
   * @default 3000
   */
  closeTimeoutMs: number;
  /**
   * The most payload bytes of a client's message, over all its fragments; then 1009. It also bounds
   * what is held back of a frame that isn't whole: switched off, a frame is held whatever its size.
   *
   * @default 65536 (64 KiB)
   */
  maxMessageBytes: number;
  /**
   * The most payload bytes in the fragments of a client's message before its last one begins; then
   * 1009.
   *
   * @default 65536 (64 KiB)
   */
  maxUnfinishedBytes: number;
  /**
   * The most frames that a client's message may be cut into; then 1009.
   *
   * @default 1024
   */
  maxFragments: number;
  /**
   * The most control frames of a client in a second; then 1008. They cost the server an answer each
   * and count against no limit of its rooms.
   *
   * @default 100
   */
  maxControlFramesPerSecond: number;
  /**
   * The most bytes that a compressed message may inflate to (RFC 7692); nothing beyond is computed. A
   * guard answers a client that goes beyond with 1009. For the capture it holds without a guard too:
   * the message is shown up to there. Switched off, a small message may take any memory and time.
   *
   * @default 4194304 (4 MiB)
   */
  maxInflatedBytes: number;
}

/**
 * The limits that hold where {@linkcode TapOptions.limits} says nothing else. Times are in
 * milliseconds, sizes in bytes; 0 switches a limit off.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { DEFAULT_TAP_LIMITS } from "@roomscope/roomscope/tap";
 *
 * assertEquals(DEFAULT_TAP_LIMITS.maxMessageBytes, 65_536);
 * ```
 */
export const DEFAULT_TAP_LIMITS: Readonly<TapLimits> = Object.freeze({
  maxConnections: 10_000,
  connectionsPerAddress: 100,
  maxUnfinishedHandshakes: 2_000,
  maxHeadBytes: 16 * 1024,
  headTimeoutMs: 10_000,
  bodyTimeoutMs: 60_000,
  handshakeTimeoutMs: 10_000,
  keepAliveTimeoutMs: 60_000,
  idleTimeoutMs: 75_000,
  stalledResponseMs: 30_000,
  closeTimeoutMs: 3_000,
  maxMessageBytes: 64 * 1024,
  maxUnfinishedBytes: 64 * 1024,
  maxFragments: 1_024,
  maxControlFramesPerSecond: 100,
  maxInflatedBytes: 4 * 1024 * 1024,
});

/** Fills in what wasn't given, and refuses what isn't a limit. */
export function tapLimits(given: Partial<TapLimits> = {}): Readonly<TapLimits> {
  const limits = { ...DEFAULT_TAP_LIMITS };
  for (const [name, value] of Object.entries(given)) {
    if (!(name in limits)) throw new TypeError(`Cannot set limit: there is none called ${name}`);
    if (value === undefined) continue;
    if (!Number.isInteger(value) || value < 0) {
      throw new RangeError(
        `Cannot set limit: ${name} must be a whole number from 0, it is ${value}`,
      );
    }
    limits[name as keyof TapLimits] = value;
  }
  return Object.freeze(limits);
}

/** A limit as a bound to compare with: 0, which means "off", becomes Infinity. */
export function bound(limit: number): number {
  return limit === 0 ? Infinity : limit;
}
