import type {
  CaptureSource,
  ConnectionControl,
  ConnectionObserver,
  CutReason,
  TappedPeer,
} from "../protocol/mod.ts";
import { CaptureJournal, type JournalReader } from "./capture_journal.ts";
import { CaptureRing, type CaptureRingOptions } from "./capture_ring.ts";
import { TapConnection } from "./connection.ts";
import type { ConnectionHost } from "./connection_host.ts";
import { sweepInterval } from "./deadlines.ts";
import type { FaultRule } from "./faults.ts";
import { type TapLimits, tapLimits } from "./limits.ts";
import { ConnectionSlots } from "./connection_slots.ts";
import { tell } from "./connection_story.ts";
import { refusalResponse } from "./refusal_response.ts";
import type { NetConn } from "./relay.ts";
import type { TapTarget } from "./target.ts";

/** How long accepting rests after it failed: file descriptors may be free again then. */
const ACCEPT_RETRY_MS = 50;
const DEFAULT_GRACE_MS = 1_000;

/** Where a tap listens. */
export interface TapAddress {
  /** Name or address of the host. */
  hostname: string;
  /** Port, 0 to 65535; 0: any free one. */
  port: number;
  /**
   * The certificate to listen with, and its key, both in PEM.
   *
   * @default none: it listens without TLS
   */
  certificate?: { cert: string; key: string };
}

type NetListener = Deno.Listener<NetConn, Deno.NetAddr>;

/** How a {@linkcode Tap} works. */
export interface TapOptions {
  /** The WebSocket server that it stands in front of. */
  target: TapTarget;
  /**
   * Whether to refuse what breaks RFC 6455, HTTP or a limit. Without, every byte passes unchanged
   * and no limit holds.
   *
   * @default true
   */
  guard?: boolean;
  /**
   * Whether to hide all payloads in the capture, not only secrets.
   *
   * @default false
   */
  redact?: boolean;
  /**
   * Whether the target's authority takes the place of the Host in every request's head, for servers
   * that ask for their own name. This alone makes a relay without a guard change bytes; the capture
   * keeps the head as the client sent it.
   *
   * @default false
   */
  rewriteHost?: boolean;
  /** Limits and timeouts of the guard that differ from {@linkcode DEFAULT_TAP_LIMITS}. */
  limits?: Partial<TapLimits>;
  /**
   * Whether `connectionsPerAddress` also holds for loopback addresses.
   *
   * @default false
   */
  limitLoopback?: boolean;
  /**
   * What is done to frames and bytes on purpose, to test clients and servers; only without a guard.
   * It begins behind the handshake. See {@linkcode parseFault}.
   *
   * @default nothing
   */
  faults?: readonly FaultRule[];
  /**
   * Decides about everything that is left to chance in faults: the same seed does the same to the
   * same frames.
   *
   * @default 1
   */
  seed?: number;
  /** How much the capture holds. */
  capture?: CaptureRingOptions;
}

/** How a {@linkcode Tap} ends. */
export interface TapCloseOptions {
  /**
   * Milliseconds that open connections have to end by themselves.
   *
   * @default 1000
   */
  graceMs?: number;
}

/**
 * Stands in front of a WebSocket server, passes every byte in both directions, and shows what it
 * sees: who is behind each connection, and every frame. Its guard (on by default) lets nothing
 * through that breaks RFC 6455, HTTP/1 framing or a limit.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Tap } from "@roomscope/roomscope/tap";
 *
 * await using server = Deno.serve({ port: 0, onListen: () => {} }, () => new Response("hello"));
 * await using tap = new Tap({ target: { hostname: "127.0.0.1", port: server.addr.port } });
 * const { port } = tap.listen({ hostname: "127.0.0.1", port: 0 });
 *
 * const response = await fetch(`http://127.0.0.1:${port}/`);
 * assertEquals(await response.text(), "hello");
 * ```
 */
export class Tap implements ConnectionControl, AsyncDisposable {
  /** Who is told what happens. */
  observer: ConnectionObserver | null = null;
  /** Whether the tap guards. */
  readonly guards: boolean;
  /** Whether payloads are hidden in the capture. */
  readonly redacts: boolean;
  /** The limits in force by name; empty without a guard. */
  readonly limits: Readonly<Record<string, number>>;

  readonly #options: TapOptions;
  readonly #limits: TapLimits;
  readonly #ring: CaptureRing;
  readonly #journal: CaptureJournal;
  readonly #host: ConnectionHost;
  readonly #slots: ConnectionSlots;
  readonly #running = new Map<TapConnection, Promise<void>>();
  readonly #byId = new Map<string, TapConnection>();
  readonly #byInnerPort = new Map<number, TapConnection>();
  #listener: NetListener | null = null;
  #accepting: Promise<void> | null = null;
  #sweeper: ReturnType<typeof setInterval> | undefined;
  #stopResting: (() => void) | null = null;
  #lastNumber = 0;

  /**
   * Makes a tap that doesn't listen yet.
   *
   * @param options The target, and how to treat what comes.
   * @throws {RangeError} If a limit is negative or not a whole number.
   * @throws {TypeError} If a limit's name is unknown, or there are faults and a guard.
   */
  constructor(options: TapOptions) {
    this.#options = options;
    this.guards = options.guard ?? true;
    if (this.guards && options.faults?.length) {
      throw new TypeError("Cannot make a tap: a guard lets no faults through");
    }
    this.redacts = options.redact ?? false;
    this.#limits = tapLimits(options.limits);
    this.limits = this.guards ? { ...this.#limits } : {};
    this.#ring = new CaptureRing(options.capture);
    this.#journal = new CaptureJournal(this.#ring);
    this.#slots = new ConnectionSlots(this.#limits, options.limitLoopback ?? false);
    this.#host = this.#makeHost();
  }

  /** The captured frames. */
  get capture(): CaptureSource {
    return this.#ring;
  }

  /** What happened on all connections, in order. */
  get journal(): JournalReader {
    return this.#journal;
  }

  /** How many client connections are open. */
  get connections(): number {
    return this.#running.size;
  }

  /**
   * Begins to listen.
   *
   * @param address Where; port 0 takes any free one.
   * @returns The address that it listens on.
   * @throws {Deno.errors.AddrInUse} If the port is taken.
   * @throws {TypeError} If it listens already.
   */
  listen(address: TapAddress): Deno.NetAddr {
    if (this.#listener) throw new TypeError("Cannot listen: the tap listens already");
    this.#listener = listenOn(address);
    this.#accepting = this.#acceptAll(this.#listener);
    if (this.guards) {
      this.#sweeper = setInterval(() => this.#sweep(), sweepInterval(this.#limits));
    }
    return this.#listener.addr;
  }

  /**
   * Finds the client behind an inner connection.
   *
   * @param innerPort The port that the inner connection came from.
   * @returns The client, with an empty `id` as long as it hasn't asked for a WebSocket; `undefined`
   * if the connection didn't come from this tap.
   */
  identify(innerPort: number): TappedPeer | undefined {
    const connection = this.#byInnerPort.get(innerPort);
    if (!connection) return undefined;
    const { id, hostname, port } = connection;
    return { id, hostname, port };
  }

  /**
   * Ends a connection now: with a Close frame if the client's stream stands at a frame's end and the
   * kernel takes it within a second (never without a guard), then both sides are cut. A number that
   * isn't known any more is fine. The observer isn't told of what its own side asked for.
   *
   * @param id Number of the connection.
   * @param reason Why.
   */
  cut(id: string, reason: CutReason): void {
    this.#byId.get(id)?.cut(reason);
  }

  /**
   * Leaves a connection out of the capture and forgets what was captured of it, or takes it in again.
   *
   * @param id Number of the connection.
   * @param excluded Whether to leave it out.
   */
  setExcluded(id: string, excluded: boolean): void {
    this.#byId.get(id)?.setExcluded(excluded);
  }

  /**
   * Stops: accepts no more, gives open connections a grace period, then cuts the rest with 1001.
   *
   * @param options How long the grace period is.
   */
  async close(options: TapCloseOptions = {}): Promise<void> {
    const { graceMs = DEFAULT_GRACE_MS } = options;
    this.#listener?.close();
    this.#listener = null;
    this.#stopResting?.();
    await this.#accepting;
    for (const connection of this.#running.keys()) if (connection.isIdle) connection.destroy();
    await this.#allEnded(graceMs);
    for (const connection of this.#running.keys()) {
      connection.cut({ code: 1001, reason: "Server is shutting down" });
    }
    await Promise.all(this.#running.values());
    await this.#slots.refusalsEnded();
    clearInterval(this.#sweeper);
  }

  /** Closes without a grace period. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close({ graceMs: 0 });
  }

  async #allEnded(graceMs: number): Promise<void> {
    if (graceMs === 0 || this.#running.size === 0) return;
    const grace = Promise.withResolvers<void>();
    const timer = setTimeout(grace.resolve, graceMs);
    await Promise.race([Promise.all(this.#running.values()), grace.promise]);
    clearTimeout(timer);
  }

  async #acceptAll(listener: NetListener): Promise<void> {
    while (this.#listener === listener) {
      try {
        this.#accept(await listener.accept());
      } catch {
        // Out of file descriptors, or the client left the queue: others can still be served.
        if (this.#listener === listener) await this.#restBeforeRetry();
      }
    }
  }

  async #restBeforeRetry(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ACCEPT_RETRY_MS);
    this.#stopResting = resolve;
    await promise;
    clearTimeout(timer);
    this.#stopResting = null;
  }

  #accept(client: NetConn): void {
    const { hostname } = client.remoteAddr;
    const refusal = this.guards ? this.#slots.refusalFor(hostname) : null;
    if (refusal) {
      tell(() => this.observer?.connectionRefused(refusal.rule));
      return this.#slots.refuse(client, refusalResponse(refusal));
    }
    this.#slots.enter(hostname);
    const connection = new TapConnection(client, this.#host);
    const running = connection.run().finally(() => this.#ended(connection));
    this.#running.set(connection, running);
  }

  #ended(connection: TapConnection): void {
    this.#running.delete(connection);
    this.#slots.leave(connection.hostname);
    if (this.#byId.get(connection.id) === connection) this.#byId.delete(connection.id);
  }

  #sweep(): void {
    const now = performance.now();
    for (const connection of this.#running.keys()) connection.checkDeadlines(now);
  }

  #makeHost(): ConnectionHost {
    // deno-lint-ignore no-this-alias
    const tap = this;
    return {
      target: this.#options.target,
      guards: this.guards,
      redacts: this.redacts,
      rewritesHost: this.#options.rewriteHost ?? false,
      limits: this.#limits,
      faults: this.#options.faults ?? [],
      seed: this.#options.seed ?? 1,
      ring: this.#ring,
      journal: this.#journal,
      get observer() {
        return tap.observer;
      },
      numberOf: (connection) => this.#numberOf(connection),
      innerOpened: (port, connection) => this.#byInnerPort.set(port, connection),
      innerClosed: (port, connection) => {
        // The port may be another connection's by now.
        if (this.#byInnerPort.get(port) === connection) this.#byInnerPort.delete(port);
      },
      unfinishedChanged: (by) => this.#slots.unfinished += by,
    };
  }

  #numberOf(connection: TapConnection): string {
    this.#byId.delete(connection.id);
    const id = String(++this.#lastNumber);
    this.#byId.set(id, connection);
    return id;
  }
}

function listenOn({ hostname, port, certificate }: TapAddress): NetListener {
  return certificate
    ? Deno.listenTls({ hostname, port, ...certificate })
    : Deno.listen({ hostname, port });
}
