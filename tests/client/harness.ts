import type { AdvertisedLimits, Welcome } from "../../protocol/mod.ts";
import { RoomClient, type RoomClientOptions } from "../../client/mod.ts";
import { FakeClock } from "./fake_clock.ts";
import { FakeSocket } from "./fake_socket.ts";

export const LIMITS: AdvertisedLimits = {
  messagesPerSecond: 0,
  maxMessageBytes: 65_536,
  maxContentLength: 1_000,
  maxRoomsPerClient: 100,
  maxRoomNameLength: 64,
};

export function welcome(limits: Partial<AdvertisedLimits> = {}, heartbeatMs = 30_000): Welcome {
  return {
    type: "welcome",
    version: "0.1.0",
    clientId: "client-1",
    session: "secret",
    serverTime: 0,
    heartbeatMs,
    permissions: ["read", "write"],
    limits: { ...LIMITS, ...limits },
  };
}

/** A client on fake sockets and a fake clock. */
export class Harness implements AsyncDisposable {
  readonly clock: FakeClock = new FakeClock();
  readonly sockets: FakeSocket[] = [];
  readonly client: RoomClient;
  /** What was reported to `onError`. */
  readonly errors: [error: unknown, source: string][] = [];

  constructor(options: RoomClientOptions = {}) {
    const sockets = this.sockets;
    this.client = new RoomClient("ws://test/ws", {
      clock: this.clock,
      random: () => 0,
      onError: (error, source) => this.errors.push([error, source]),
      WebSocket: class extends FakeSocket {
        constructor(url: string, protocols?: string[]) {
          super(url, protocols);
          sockets.push(this);
        }
      },
      ...options,
    });
  }

  /** The newest socket. */
  get socket(): FakeSocket {
    return this.sockets.at(-1)!;
  }

  get status(): string {
    return this.client.state.value.status;
  }

  /** Connects, or finishes the attempt that is being made. */
  up(limits: Partial<AdvertisedLimits> = {}): FakeSocket {
    if (this.status !== "connecting") this.client.connect();
    this.socket.open();
    this.socket.receive(welcome(limits));
    return this.socket;
  }

  /** Lets the server answer every join that it was asked for. */
  admit(): void {
    for (const message of this.socket.take()) {
      if (message.type === "join_room") this.socket.receive(joined(message.room as string));
    }
  }

  /** Connects and joins rooms. */
  async upIn(rooms: string[], limits: Partial<AdvertisedLimits> = {}): Promise<FakeSocket> {
    this.up(limits);
    const joins = rooms.map((room) => this.client.join(room));
    this.admit();
    await Promise.all(joins);
    return this.socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.client.close();
    for (const socket of this.sockets) if (socket.listeners > 0) socket.endWith(1000);
    await closed;
    if (this.clock.pending > 0) throw new Error(`${this.clock.pending} timers are left`);
  }
}

export function joined(room: string): Record<string, unknown> {
  const members = [{ clientId: "client-1", userId: "client-1" }];
  return { type: "room_joined", room, members, epoch: "e1", seq: 7 };
}

export function ack(message: Record<string, unknown>, seq: number): Record<string, unknown> {
  return { type: "ack", room: message.room, id: message.id, epoch: "e1", seq };
}

export function rateLimited(about: object, retryAfterMs?: number): Record<string, unknown> {
  return { type: "error", code: "rate_limited", message: "Too many", retryAfterMs, ...about };
}

/** Whether a promise hasn't settled, once everything that is due has run. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true;
  promise.then(() => pending = false, () => pending = false);
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  return pending;
}
