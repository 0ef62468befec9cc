import { type RawData, type WebSocket as Peer, WebSocketServer } from "ws";
import type { AdvertisedLimits } from "../../protocol/mod.ts";
import { ack, joined, welcome } from "./harness.ts";

/** What a scripted server does by itself. */
export interface Script {
  /** Says `welcome` to whoever connects. @default true */
  welcomes?: boolean;
  /** Answers pings, joins, leaves and publishes. @default true */
  answers?: boolean;
  /** What it advertises. @default no rate limit */
  limits?: Partial<AdvertisedLimits>;
  /** The heartbeat that it advertises, in milliseconds. @default 30000 */
  heartbeatMs?: number;
  /** Sends the Close frame that a client's Close asks for. @default true */
  closes?: boolean;
}

type Message = Record<string, unknown>;

/** One client, as npm's `ws` sees it. */
export class ServerLink {
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #messages: Message[] = [];
  #waiting: (() => void) | null = null;

  constructor(readonly peer: Peer) {
    peer.on("message", (data: RawData) => {
      this.#messages.push(JSON.parse(String(data)));
      this.#waiting?.();
    });
    this.closed = new Promise((resolve) =>
      peer.on("close", (code: number, reason: unknown) => resolve({ code, reason: String(reason) }))
    );
  }

  send(message: Message): void {
    this.peer.send(JSON.stringify(message));
  }

  /** The next message of a type; others are skipped. */
  async next(type: string): Promise<Message> {
    for (;;) {
      const message = this.#messages.shift();
      if (message?.type === type) return message;
      if (message === undefined) {
        await new Promise<void>((resolve) => this.#waiting = resolve);
      }
    }
  }
}

/** An independent peer: npm's `ws` and a script. */
export class ScriptedServer implements AsyncDisposable {
  readonly script: Script;
  readonly #server: WebSocketServer;
  readonly #links: ServerLink[] = [];
  readonly #all: ServerLink[] = [];
  #waiting: (() => void) | null = null;
  #seq = 0;

  private constructor(server: WebSocketServer, script: Script) {
    this.#server = server;
    this.script = script;
    server.on("connection", (peer: Peer) => this.#connected(peer));
  }

  static async start(script: Script = {}, port = 0): Promise<ScriptedServer> {
    const server = new WebSocketServer({ port, host: "127.0.0.1" });
    await new Promise((resolve) => server.once("listening", resolve));
    return new ScriptedServer(server, script);
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/ws`;
  }

  /** How many clients have connected so far. */
  get connections(): number {
    return this.#all.length;
  }

  /** The next client that connects. */
  async next(): Promise<ServerLink> {
    while (this.#links.length === 0) {
      await new Promise<void>((resolve) => this.#waiting = resolve);
    }
    return this.#links.shift()!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { peer } of this.#all) peer.terminate();
    await Promise.all(this.#all.map(({ closed }) => closed));
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #connected(peer: Peer): void {
    const link = new ServerLink(peer);
    this.#links.push(link);
    this.#all.push(link);
    if (this.script.closes === false) this.#neverClose(peer);
    const { welcomes = true, limits, heartbeatMs } = this.script;
    if (welcomes) link.send({ ...welcome(limits, heartbeatMs) });
    peer.on("message", (data: RawData) => {
      if (this.script.answers ?? true) this.#answer(link, JSON.parse(String(data)));
    });
    this.#waiting?.();
  }

  #answer(link: ServerLink, message: Message): void {
    const { type, room, timestamp } = message;
    if (type === "ping") link.send({ type: "pong", timestamp });
    else if (type === "join_room") link.send(joined(room as string));
    else if (type === "leave_room") link.send({ type: "room_left", room });
    else if (type === "room_message") link.send(ack(message, ++this.#seq));
  }

  /** `ws` answers a Close by itself; without its listener the frame is read and ignored. */
  #neverClose(peer: Peer): void {
    const { _receiver } = peer as unknown as {
      _receiver: { removeAllListeners(name: string): void; on(name: string, f: () => void): void };
    };
    _receiver.removeAllListeners("conclude");
    _receiver.on("conclude", () => {});
  }
}
