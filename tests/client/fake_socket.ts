import type { ServerMessage } from "../../protocol/mod.ts";
import type { WebSocketEvent, WebSocketLike } from "../../client/socket.ts";

/** A WebSocket whose other end is the test. */
export class FakeSocket implements WebSocketLike {
  readyState = 0;
  binaryType = "blob";
  readonly sent: Record<string, unknown>[] = [];
  closedWith: [code?: number, reason?: string] | null = null;
  readonly #listeners = new Map<string, Set<(event: WebSocketEvent) => void>>();

  constructor(readonly url: string, readonly protocols: string[] = []) {}

  addEventListener(type: string, listener: (event: WebSocketEvent) => void): void {
    this.#listeners.set(type, (this.#listeners.get(type) ?? new Set()).add(listener));
  }

  removeEventListener(type: string, listener: (event: WebSocketEvent) => void): void {
    this.#listeners.get(type)?.delete(listener);
  }

  send(data: string): void {
    if (this.readyState === 1) this.sent.push(JSON.parse(data));
  }

  close(code?: number, reason?: string): void {
    this.closedWith = [code, reason];
    this.readyState = Math.max(this.readyState, 2);
  }

  /** How many listeners there are for the events that matter. */
  get listeners(): number {
    return ["open", "message", "close"].reduce(
      (sum, type) => sum + (this.#listeners.get(type)?.size ?? 0),
      0,
    );
  }

  /** Takes what was sent so far. */
  take(): Record<string, unknown>[] {
    return this.sent.splice(0);
  }

  open(): void {
    this.readyState = 1;
    this.#emit({ type: "open" });
  }

  receive(message: ServerMessage | Record<string, unknown>): void {
    this.receiveRaw(JSON.stringify(message));
  }

  receiveRaw(data: unknown): void {
    this.#emit({ type: "message", data });
  }

  /** The server's Close came, or the answer to ours. */
  endWith(code: number, reason = ""): void {
    this.readyState = 3;
    this.#emit({ type: "close", code, reason });
  }

  /** The link is gone, as Deno shows it. */
  lose(): void {
    this.readyState = 3;
    this.#emit({ type: "error", message: "Unexpected EOF" });
    this.#emit({ type: "close", code: 0, reason: "" });
  }

  #emit(event: WebSocketEvent): void {
    for (const listener of [...this.#listeners.get(event.type) ?? []]) listener(event);
  }
}
