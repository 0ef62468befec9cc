/** An event of a {@linkcode WebSocketLike}, whichever of the four. */
export interface WebSocketEvent {
  /** `open`, `message`, `close` or `error`. */
  readonly type: string;
  /** What came, in a `message`. */
  readonly data?: unknown;
  /** The close code, in a `close`. */
  readonly code?: number;
  /** The close reason, in a `close`. */
  readonly reason?: string;
  /** What went wrong, in an `error`, where the platform tells. */
  readonly message?: string;
}

/** The four events of a {@linkcode WebSocketLike}. */
export type WebSocketEventName = "open" | "message" | "close" | "error";

/** The part of a WebSocket that a `RoomClient` uses: the platform's has it, and npm's `ws`. */
export interface WebSocketLike {
  /** 0 CONNECTING, 1 OPEN, 2 CLOSING, 3 CLOSED. */
  readonly readyState: number;
  /** How binary messages are delivered. */
  binaryType: string;
  /**
   * Sends a message.
   *
   * @param data The text, or the bytes of a binary message.
   */
  send(data: string | Uint8Array<ArrayBuffer>): void;
  /**
   * Begins the closing handshake.
   *
   * @param code Close code.
   * @param reason Close reason.
   */
  close(code?: number, reason?: string): void;
  /**
   * Registers a listener.
   *
   * @param type For which event.
   * @param listener What to call.
   */
  addEventListener(type: WebSocketEventName, listener: (event: WebSocketEvent) => void): void;
  /**
   * Removes a listener.
   *
   * @param type For which event.
   * @param listener What was registered.
   */
  removeEventListener(type: WebSocketEventName, listener: (event: WebSocketEvent) => void): void;
  /** Ends the connection at once; browsers and Deno don't have it, npm's `ws` does. */
  terminate?(): void;
}

/** What makes a {@linkcode WebSocketLike}. */
export type WebSocketConstructor = new (url: string, protocols?: string[]) => WebSocketLike;
