import { createServer, type Server } from "node:http";
import { type PerMessageDeflateOptions, WebSocket, WebSocketServer } from "ws";
import { LOOPBACK, soon } from "./support.ts";

/** An echo server of npm's `ws`. */
export class WsEcho implements AsyncDisposable {
  readonly #http: Server = createServer((_request, response) => response.end("hello"));
  readonly wss: WebSocketServer;
  port = 0;

  constructor(
    options: { perMessageDeflate?: boolean | PerMessageDeflateOptions; autoPong?: boolean } = {},
  ) {
    this.wss = new WebSocketServer({ server: this.#http, ...options });
    this.wss.on("connection", (socket: WebSocket) => {
      socket.on("message", (data: Uint8Array, binary: boolean) => socket.send(data, { binary }));
      socket.on("error", () => {});
    });
  }

  static async start(
    options?: { perMessageDeflate?: boolean | PerMessageDeflateOptions; autoPong?: boolean },
  ): Promise<WsEcho> {
    const echo = new WsEcho(options);
    await new Promise<void>((resolve) => echo.#http.listen(0, LOOPBACK, resolve));
    echo.port = (echo.#http.address() as { port: number }).port;
    return echo;
  }

  get address(): { hostname: string; port: number } {
    return { hostname: LOOPBACK, port: this.port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.wss.clients) socket.terminate();
    await new Promise<void>((resolve) => this.wss.close(() => resolve()));
    this.#http.closeAllConnections();
    await new Promise<void>((resolve) => this.#http.close(() => resolve()));
  }
}

/** A client of npm's `ws` that remembers what it got. */
export class WsClient implements AsyncDisposable {
  readonly socket: WebSocket;
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #messages: { data: Uint8Array; binary: boolean }[] = [];
  #arrived: (() => void) | null = null;

  constructor(
    url: string,
    options: { perMessageDeflate?: boolean | PerMessageDeflateOptions; autoPong?: boolean } = {},
  ) {
    this.socket = new WebSocket(url, options);
    this.socket.on("message", (data: Uint8Array, binary: boolean) => {
      this.#messages.push({ data: Uint8Array.from(data), binary });
      this.#arrived?.();
    });
    this.socket.on("error", () => {});
    this.closed = new Promise((resolve) =>
      this.socket.on("close", (code: number, reason: Uint8Array) => {
        resolve({ code, reason: new TextDecoder().decode(reason) });
      })
    );
  }

  static async open(
    port: number,
    options?: { perMessageDeflate?: boolean | PerMessageDeflateOptions; autoPong?: boolean },
  ): Promise<WsClient> {
    const client = new WsClient(`ws://${LOOPBACK}:${port}/ws`, options);
    await soon(new Promise<void>((resolve) => client.socket.once("open", resolve)), "open");
    return client;
  }

  /** Takes the next message. */
  async message(): Promise<{ data: Uint8Array; binary: boolean }> {
    while (this.#messages.length === 0) {
      await soon(new Promise<void>((resolve) => this.#arrived = resolve), "a message");
    }
    return this.#messages.shift()!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.terminate();
    await this.closed;
  }
}
