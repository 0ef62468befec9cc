import { type Frame, Opcode } from "../frames/mod.ts";

/** The most pings that wait for their pong; older ones are forgotten. */
const MOST_PENDING = 8;

interface Ping {
  payload: Uint8Array;
  at: number;
}

/** Pairs a server's pings with the client's pongs. */
export class RoundTrips {
  #pending: Ping[] = [];

  /** A frame of the server. */
  sent({ opcode, payload }: Frame, at: number): void {
    if (opcode !== Opcode.PING) return;
    this.#pending.push({ payload: payload.slice(), at });
    if (this.#pending.length > MOST_PENDING) this.#pending.shift();
  }

  /**
   * A frame of the client.
   *
   * @returns The round trip in milliseconds, where the frame answers a ping; or `null`.
   */
  received({ opcode, payload }: Frame, at: number): number | null {
    if (opcode !== Opcode.PONG) return null;
    // RFC 6455 §5.5.3: "it MAY elect to send a Pong frame for only the most recently processed Ping"
    const index = this.#pending.findLastIndex((ping) => equal(ping.payload, payload));
    if (index < 0) return null;
    const roundTrip = at - this.#pending[index].at;
    this.#pending = this.#pending.slice(index + 1);
    return roundTrip;
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
