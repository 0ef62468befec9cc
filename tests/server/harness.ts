import { WebSocket as WsClient } from "ws";
import { RoomServer, type RoomServerOptions } from "@/server/mod.ts";
import type { ClientMessage, ServerMessageOf, ServerMessageType } from "@/protocol/mod.ts";

/** A room server on a free port of loopback. */
export interface ServedRooms extends AsyncDisposable {
  rooms: RoomServer;
  port: number;
  url: string;
  /** Connects npm's `ws` client and waits for its `welcome`. */
  connect(options?: PeerOptions): Promise<Peer>;
  /** Waits until a condition on the server holds. */
  until(condition: () => boolean): Promise<void>;
}

/** How a peer connects. */
export interface PeerOptions {
  origin?: string;
  headers?: Record<string, string>;
}

/** Serves rooms until disposed. */
export function serveRooms(options: RoomServerOptions = {}): ServedRooms {
  const rooms = new RoomServer({ closeTimeoutMs: 500, ...options });
  const http = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request, info) => rooms.handler(request, info),
  );
  const url = `ws://127.0.0.1:${http.addr.port}/ws`;
  const peers: Peer[] = [];
  return {
    rooms,
    port: http.addr.port,
    url,
    async connect(peerOptions = {}) {
      const peer = new Peer(url, peerOptions);
      peers.push(peer);
      await peer.next("welcome");
      return peer;
    },
    async until(condition) {
      while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
    },
    async [Symbol.asyncDispose]() {
      for (const peer of peers) peer.socket.terminate();
      await Promise.all(peers.map((peer) => peer.closed));
      await rooms.close();
      await http.shutdown();
    },
  };
}

/** npm's `ws` client with a mailbox: a peer that we didn't write. */
export class Peer {
  readonly socket: WsClient;
  readonly closed: Promise<{ code: number; reason: string }>;
  /** Messages that nobody has asked for yet, in order. */
  readonly mailbox: Record<string, unknown>[] = [];
  clientId = "";
  #waiting: (() => void)[] = [];
  #ended = false;

  constructor(url: string, options: PeerOptions = {}) {
    this.socket = new WsClient(url, { perMessageDeflate: false, ...options });
    this.socket.on("message", (data) => this.#receive(String(data)));
    this.socket.on("error", () => {});
    const closed = Promise.withResolvers<{ code: number; reason: string }>();
    this.socket.on("close", (code, reason) => {
      this.#ended = true;
      this.#wake();
      closed.resolve({ code, reason: String(reason) });
    });
    this.closed = closed.promise;
  }

  send(message: ClientMessage | Record<string, unknown>): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The next message of a type; those before it are dropped. */
  async next<T extends ServerMessageType>(type: T): Promise<ServerMessageOf<T>> {
    while (true) {
      const index = this.mailbox.findIndex((message) => message.type === type);
      if (index >= 0) {
        const [message] = this.mailbox.splice(0, index + 1).slice(-1);
        return message as unknown as ServerMessageOf<T>;
      }
      if (this.#ended) throw new Error(`Cannot wait for ${type}: the connection has ended`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async join(room: string): Promise<ServerMessageOf<"room_joined">> {
    this.send({ type: "join_room", room });
    return await this.next("room_joined");
  }

  /** A round trip: everything that the server had sent before has arrived after it. */
  async settle(): Promise<void> {
    const timestamp = Math.random();
    this.send({ type: "ping", timestamp });
    while ((await this.#peekPong(timestamp)) === false);
  }

  async #peekPong(timestamp: number): Promise<boolean> {
    const index = this.mailbox.findIndex((m) => m.type === "pong" && m.timestamp === timestamp);
    if (index >= 0) {
      this.mailbox.splice(index, 1);
      return true;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return false;
  }

  #receive(text: string): void {
    const message = JSON.parse(text);
    if (message.type === "welcome") this.clientId = message.clientId;
    this.mailbox.push(message);
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
