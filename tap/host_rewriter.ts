import { HandshakeError, type RequestHead } from "../frames/mod.ts";
import { concat } from "./byte_window.ts";
import type { Phase } from "./conversation.ts";
import { type HttpFramer, requestFramer } from "./http_framing.ts";
import { asksForWebSocket } from "./request_rules.ts";
import { type NetConn, SerialWriter } from "./relay.ts";
import type { TapTarget } from "./target.ts";

const HOST_LINE = /^host[ \t]*:.*$/i;

/**
 * Writes a client's bytes with the target's authority as the Host of every request head; all else
 * passes unchanged. What can't be read as HTTP passes from there on.
 *
 * ```
 *  head → body … → head …      HTTP: each head is whole before it goes on
 *  upgrade head → everything   passes; a server that refuses leads back to HTTP
 * ```
 */
export class HostRewriter extends SerialWriter {
  readonly #authority: string;
  readonly #phase: () => Phase;
  #requests: HttpFramer<RequestHead> = requestFramer(0);
  #passing: "nothing" | "upgrade" | "everything" = "nothing";

  /**
   * @param conn The connection to the target.
   * @param authority Its host and port, as they stand in a URL.
   * @param phase Where the conversation stands, the bytes to be written included.
   */
  constructor(conn: NetConn, authority: string, phase: () => Phase) {
    super(conn);
    this.#authority = authority;
    this.#phase = phase;
  }

  override async write(bytes: Uint8Array): Promise<void> {
    const rewritten = this.rewrite(bytes);
    if (rewritten.length > 0) await super.write(rewritten);
  }

  /** What waits for the end of its head never came to one. */
  override async end(): Promise<void> {
    const rest = this.#requests.takeRest();
    if (rest.length > 0) await super.write(rest);
    await super.end();
  }

  /** The bytes that may go on now. */
  rewrite(bytes: Uint8Array): Uint8Array {
    if (this.#passing === "upgrade" && !this.#waitsOrFlows()) {
      this.#passing = "nothing";
      this.#requests = requestFramer(0);
    }
    if (this.#passing !== "nothing") return bytes;
    this.#requests.push(bytes);
    return concat([...this.#readRequests()]);
  }

  /** Whether the upgrade request waits for its answer, or had its 101. */
  #waitsOrFlows(): boolean {
    const phase = this.#phase();
    return phase === "handshake" || phase === "websocket" || phase === "over";
  }

  *#readRequests(): Generator<Uint8Array> {
    try {
      for (let part = this.#requests.next(); part !== null; part = this.#requests.next()) {
        if (part.kind === "body") yield part.bytes.slice();
        if (part.kind !== "head") continue;
        yield withHost(part.bytes, this.#authority);
        if (!asksForWebSocket(part.head)) continue;
        this.#passing = "upgrade";
        yield this.#requests.takeRest().slice();
        return;
      }
      this.#requests.keep();
    } catch (error) {
      if (!(error instanceof HandshakeError)) throw error;
      this.#passing = "everything";
      yield this.#requests.takeRest().slice();
    }
  }
}

/** Host and port of a target as a URL has them: without the port that goes without saying. */
export function authorityOf({ hostname, port, tls }: TapTarget): string {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return port === (tls ? 443 : 80) ? host : `${host}:${port}`;
}

/** A head whose Host lines name another authority; its other bytes are as they were. */
export function withHost(head: Uint8Array, authority: string): Uint8Array {
  // One character is one byte: what isn't ASCII stays as it is.
  const text = Array.from(head, (byte) => String.fromCharCode(byte)).join("");
  const lines = text.split("\n").map((line) => {
    const end = line.endsWith("\r") ? "\r" : "";
    return HOST_LINE.test(line.slice(0, line.length - end.length))
      ? `Host: ${authority}${end}`
      : line;
  });
  return Uint8Array.from(lines.join("\n"), (character) => character.charCodeAt(0));
}
