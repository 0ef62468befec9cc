/** A connection, plain or with TLS. */
export type NetConn = Deno.Conn<Deno.NetAddr>;

/** Sizes of the buffer a pump reads into: small while it waits, large while bytes stream. */
const BUFFER_SIZES = [2 * 1024, 8 * 1024, 32 * 1024, 64 * 1024, 128 * 1024] as const;

/**
 * A reader whose buffer follows the traffic: it grows while reads fill it and shrinks when they
 * fill little of it, so that thousands of idle connections cost 2 KiB each.
 */
export class AdaptiveReader {
  readonly #conn: Deno.Conn;
  #size = 0;
  #buffer = new Uint8Array(BUFFER_SIZES[0]);

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  /**
   * Reads what is there.
   *
   * @returns The bytes, in a buffer that the next read uses again; `null` at the stream's end.
   */
  async read(): Promise<Uint8Array | null> {
    const count = await this.#conn.read(this.#buffer);
    if (count === null) return null;
    const bytes = this.#buffer.subarray(0, count);
    this.#resize(count);
    return bytes;
  }

  /** Chooses the next read's buffer. */
  #resize(count: number): void {
    let size = this.#size;
    if (count === this.#buffer.length) size = Math.min(size + 1, BUFFER_SIZES.length - 1);
    // Not at once: a stream whose reads differ a little would get a new buffer for each of them.
    else while (size > 0 && count < BUFFER_SIZES[size - 1] / 2) size--;
    if (size === this.#size) return;
    this.#size = size;
    this.#buffer = new Uint8Array(BUFFER_SIZES[size]);
  }
}

/** Writes to a connection, one write after the other, whoever calls. */
export class SerialWriter {
  readonly #conn: Deno.Conn;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #progressAt = 0;

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  /** Whether a write hasn't ended. */
  get busy(): boolean {
    return this.#waiting > 0;
  }

  /** For how many milliseconds the peer hasn't taken a byte that waits for it. */
  stalledFor(now: number): number {
    return this.busy ? now - this.#progressAt : 0;
  }

  /** Writes all bytes, behind what was given before. */
  async write(bytes: Uint8Array): Promise<void> {
    await this.#inTurn(async () => {
      this.#progressAt = performance.now();
      for (let at = 0; at < bytes.length; this.#progressAt = performance.now()) {
        at += await this.#conn.write(at === 0 ? bytes : bytes.subarray(at));
      }
    });
  }

  /** Ends the stream behind what was given before. */
  async end(): Promise<void> {
    await this.#inTurn(() => this.#conn.closeWrite());
  }

  async #inTurn(act: () => Promise<void>): Promise<void> {
    const before = this.#waiting > 0 ? this.#last : null;
    const turn = Promise.withResolvers<void>();
    this.#last = turn.promise;
    this.#waiting++;
    try {
      if (before) await before;
      await act();
    } finally {
      this.#waiting--;
      turn.resolve();
    }
  }
}

/** Closes a connection that may be closed already. */
export function closeQuietly(conn: Deno.Conn | null): void {
  try {
    conn?.close();
  } catch {
    // It was closed before.
  }
}

/** Small writes go out at once (TCP_NODELAY); a connection that was reset already doesn't mind. */
export function sendAtOnce(conn: NetConn): void {
  try {
    // Deno gives no access to the socket below TLS.
    if ("setNoDelay" in conn) (conn as Deno.TcpConn).setNoDelay(true);
  } catch {
    // The next read says what happened to it.
  }
}
