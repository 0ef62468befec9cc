import { webSocketUrl } from "./checks.ts";
import { deferred } from "./deferred.ts";
import type { WebSocketConstructor, WebSocketLike } from "./socket.ts";

/** How a {@linkcode WebSocketPool} works. */
export interface WebSocketPoolOptions {
  /** How many sockets there are at most, from 1. @default 100 */
  maxSockets?: number;
  /** What makes the sockets. @default globalThis.WebSocket */
  WebSocket?: WebSocketConstructor;
}

/** A socket of a pool's, on loan. */
export interface PooledSocket extends Disposable {
  /**
   * The socket, shared with everybody who has borrowed the same address: add listeners, don't
   * close it.
   */
  readonly socket: WebSocketLike;
  /** Gives it back; calling it twice is harmless. Remove your listeners first. */
  release(): void;
}

/** What a pool says when all its sockets are in use. */
export class PoolFullError extends Error {
  /** Always `PoolFullError`. */
  override readonly name: string = "PoolFullError";
}

interface Entry {
  readonly url: string;
  readonly socket: WebSocketLike;
  users: number;
  forget(): void;
}

const CLOSING = 2;

/**
 * Sockets by address: one per URL, shared by everybody who asks for it, kept open while nobody does.
 * When there are too many, the one that has been idle the longest is closed.
 *
 * @example Two users of one socket
 * ```ts
 * import { WebSocketPool } from "@roomscope/roomscope/client";
 * import { assert } from "@std/assert";
 *
 * await using server = Deno.serve({ port: 0, onListen() {} }, (request) => {
 *   return Deno.upgradeWebSocket(request).response;
 * });
 * const pool = new WebSocketPool();
 * const url = `ws://localhost:${server.addr.port}/`;
 * {
 *   using first = pool.acquire(url);
 *   using second = pool.acquire(url);
 *   assert(first.socket === second.socket);
 * }
 * await pool.close();
 * ```
 */
export class WebSocketPool implements AsyncDisposable {
  readonly #maxSockets: number;
  readonly #WebSocket: WebSocketConstructor;
  /** By address; the least recently used first. */
  readonly #entries = new Map<string, Entry>();
  #closed = false;

  /**
   * Makes a pool without sockets.
   *
   * @param options How many sockets, and of what kind.
   * @throws {RangeError} If `maxSockets` isn't a whole number from 1.
   * @throws {TypeError} If there is no WebSocket constructor.
   */
  constructor(options: WebSocketPoolOptions = {}) {
    const { maxSockets = 100, WebSocket = globalThis.WebSocket as unknown } = options;
    if (!Number.isSafeInteger(maxSockets) || maxSockets < 1) {
      throw new RangeError(
        `Cannot make a pool: maxSockets must be a whole number from 1, it is ${maxSockets}`,
      );
    }
    if (typeof WebSocket !== "function") {
      throw new TypeError(
        "Cannot make a pool: there is no WebSocket here, give one in `WebSocket`",
      );
    }
    this.#maxSockets = maxSockets;
    this.#WebSocket = WebSocket as WebSocketConstructor;
  }

  /** How many sockets there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** How many of them nobody uses. */
  get idle(): number {
    return [...this.#entries.values()].filter(({ users }) => users === 0).length;
  }

  /**
   * Borrows the socket of an address, opened if there is none: it may still be connecting.
   *
   * @param url The address, as {@linkcode RoomClient} takes it.
   * @returns The socket, to be given back.
   * @throws {PoolFullError} If there are `maxSockets` and all are in use.
   * @throws {TypeError} If the URL can't be read, or the pool is closed.
   */
  acquire(url: string | URL): PooledSocket {
    if (this.#closed) throw new TypeError("Cannot borrow a socket: the pool is closed");
    const address = webSocketUrl(url);
    const entry = this.#usable(address) ?? this.#open(address);
    entry.users++;
    this.#touch(entry);
    let released = false;
    const release = () => {
      if (released) return;
      released = true;
      entry.users--;
      this.#touch(entry);
    };
    return { socket: entry.socket, release, [Symbol.dispose]: release };
  }

  /**
   * Closes all sockets, used or not, and takes no more.
   *
   * @returns When all are closed.
   */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#entries.values()].map((entry) => this.#end(entry)));
  }

  /** The same as {@linkcode WebSocketPool.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The event that a socket has begun to close may still be on its way. */
  #usable(address: string): Entry | undefined {
    const entry = this.#entries.get(address);
    if (entry === undefined || entry.socket.readyState < CLOSING) return entry;
    entry.forget();
    return undefined;
  }

  #open(address: string): Entry {
    if (this.#entries.size >= this.#maxSockets) void this.#end(this.#leastRecentlyUsed());
    const socket = new this.#WebSocket(address);
    const forget = () => {
      // The address may have a newer socket by now.
      if (this.#entries.get(address) === entry) this.#entries.delete(address);
    };
    const entry: Entry = { url: address, socket, users: 0, forget };
    socket.addEventListener("close", forget);
    // npm's `ws` throws an error that nobody listens to; the `close` after it says enough.
    socket.addEventListener("error", () => {});
    this.#entries.set(address, entry);
    return entry;
  }

  #leastRecentlyUsed(): Entry {
    for (const entry of this.#entries.values()) if (entry.users === 0) return entry;
    throw new PoolFullError(
      `Cannot borrow a socket: all ${this.#maxSockets} of the pool are in use`,
    );
  }

  #touch(entry: Entry): void {
    if (this.#entries.get(entry.url) !== entry) return;
    this.#entries.delete(entry.url);
    this.#entries.set(entry.url, entry);
  }

  async #end({ socket, forget }: Entry): Promise<void> {
    forget();
    const closed = deferred<void>();
    socket.addEventListener("close", () => closed.resolve());
    socket.close();
    await closed.promise;
  }
}
