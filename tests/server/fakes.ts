import type { CaptureSource, ServerMessage, ServerPolicy } from "@/protocol/mod.ts";
import { ReadyState } from "@/protocol/mod.ts";
import { type Admission, Connection } from "@/server/connection.ts";
import type { Metrics } from "@/server/metrics.ts";
import { InProcessBackplane } from "@/server/mod.ts";
import { RoomServerSource } from "@/server/monitor_source.ts";
import type { Outbound } from "@/server/outbound.ts";
import type { ConnectionRegistry } from "@/server/registry.ts";
import { RoomHub } from "@/server/room_hub.ts";

/** The policy of a server without a tap. */
export const POLICY: ServerPolicy = {
  version: "",
  transport: "deno",
  tap: false,
  guard: false,
  redact: false,
  limits: {},
};

/** What watchers see of a registry and its figures. */
export function sourceOf(
  registry: ConnectionRegistry,
  metrics: Metrics,
  outbound: Outbound,
  capture?: CaptureSource,
): RoomServerSource {
  const backplane = new InProcessBackplane();
  return new RoomServerSource({
    ...{ metrics, registry, policy: POLICY, startedAt: 0 },
    hub: new RoomHub({
      ...{ metrics, registry, outbound, backplane },
      ...{ maxListedMembers: 200, presenceGraceMs: 0, now: Date.now },
    }),
    ...(capture === undefined ? {} : { capture }),
  });
}

/** A socket that keeps what it is given; how much waits in it is set by the test. */
export class FakeSocket {
  readyState: number = WebSocket.OPEN;
  bufferedAmount = 0;
  readonly sent: string[] = [];
  readonly closes: { code?: number; reason?: string }[] = [];

  send(text: string): void {
    this.sent.push(text);
  }

  close(code?: number, reason?: string): void {
    this.closes.push({ code, reason });
  }

  /** What was sent since the last call. */
  take(): ServerMessage[] {
    return this.sent.splice(0).map((text) => JSON.parse(text));
  }
}

let lastId = 0;

/** A connection on a fake socket, OPEN unless said otherwise. */
export function fakeConnection(
  admission: Partial<Admission> & { state?: ReadyState } = {},
): { connection: Connection; socket: FakeSocket } {
  const { state = ReadyState.OPEN, ...given } = admission;
  const connection = new Connection({
    id: `c${++lastId}`,
    hostname: "192.0.2.1",
    port: 1_000 + lastId,
    userAgent: null,
    origin: null,
    permissions: ["read", "write"],
    ...given,
  }, { now: 0, messagesPerSecond: 10, maxRefusedMessages: 50 });
  const socket = new FakeSocket();
  connection.socket = socket as unknown as WebSocket;
  if (state >= ReadyState.OPEN) advance(connection, ReadyState.OPEN);
  if (state > ReadyState.OPEN) advance(connection, state);
  return { connection, socket };
}

/** Passes an edge of the connection's state diagram. */
export function advance(connection: Connection, to: ReadyState): void {
  connection.state.advance(to, { by: "client", what: "test" }, 0);
}
