import { bound, type TapLimits } from "./limits.ts";
import { closeQuietly, type NetConn } from "./relay.ts";
import type { Refusal } from "./request_rules.ts";

/** The most refused connections that are given time to read why. */
const MOST_REFUSALS = 64;
const REFUSAL_MS = 1_000;
const DRAIN_BYTES = 4 * 1024;

/** Counts connections, in all and by address, and turns away those over a limit. */
export class ConnectionSlots {
  /** How many connections haven't finished a request head or a handshake. */
  unfinished = 0;
  readonly #limits: TapLimits;
  readonly #limitLoopback: boolean;
  readonly #byAddress = new Map<string, number>();
  readonly #refusals = new Set<Promise<void>>();
  #total = 0;

  constructor(limits: TapLimits, limitLoopback: boolean) {
    this.#limits = limits;
    this.#limitLoopback = limitLoopback;
  }

  /** Why one more connection from this address isn't taken; `null` if it is. */
  refusalFor(hostname: string): Refusal | null {
    const { maxConnections, maxUnfinishedHandshakes, connectionsPerAddress } = this.#limits;
    if (this.#total >= bound(maxConnections)) return tooMany(503, "max-connections");
    if (this.unfinished >= bound(maxUnfinishedHandshakes)) {
      return tooMany(503, "max-unfinished-handshakes");
    }
    if (!this.#limitLoopback && isLoopback(hostname)) return null;
    const fromThere = this.#byAddress.get(hostname) ?? 0;
    return fromThere >= bound(connectionsPerAddress)
      ? tooMany(429, "connections-per-address")
      : null;
  }

  /** A connection was taken. */
  enter(hostname: string): void {
    this.#total++;
    this.#byAddress.set(hostname, (this.#byAddress.get(hostname) ?? 0) + 1);
  }

  /** A connection has ended. */
  leave(hostname: string): void {
    this.#total--;
    const left = (this.#byAddress.get(hostname) ?? 1) - 1;
    if (left > 0) this.#byAddress.set(hostname, left);
    else this.#byAddress.delete(hostname);
  }

  /** Tells a client why it isn't taken, and closes; in a crowd it is closed without a word. */
  refuse(client: NetConn, response: Uint8Array): void {
    if (this.#refusals.size >= MOST_REFUSALS) return closeQuietly(client);
    const refusal = sayAndClose(client, response);
    this.#refusals.add(refusal);
    refusal.finally(() => this.#refusals.delete(refusal));
  }

  /** Resolves when no refused connection is open any more. */
  async refusalsEnded(): Promise<void> {
    await Promise.all(this.#refusals);
  }
}

function tooMany(status: number, rule: string): Refusal {
  return { status, rule, message: "Cannot take connection: there are too many" };
}

/** What the client sent is thrown away: unread, it would turn the response into a reset. */
async function sayAndClose(client: NetConn, response: Uint8Array): Promise<void> {
  const timer = setTimeout(() => closeQuietly(client), REFUSAL_MS);
  try {
    await client.write(response);
    await client.closeWrite();
    const waste = new Uint8Array(DRAIN_BYTES);
    while (await client.read(waste) !== null);
  } catch {
    // It didn't wait for the answer.
  }
  clearTimeout(timer);
  closeQuietly(client);
}

/** Whether an address is this machine's own: `127.0.0.0/8`, `::1`, also IPv4 written as IPv6. */
export function isLoopback(hostname: string): boolean {
  return hostname === "::1" || /^(?:::ffff:)?127\./i.test(hostname);
}
