import {
  closePayload,
  encodeFrame,
  FrameDecoder,
  isValidCloseCode,
  Opcode,
} from "../frames/mod.ts";
import type {
  ConnectionObserver,
  CutReason,
  FailedHandshake,
  TappedPeer,
} from "../protocol/mod.ts";
import type { CaptureRing } from "./capture_ring.ts";
import { Conversation, type Phase, type Verdict } from "./conversation.ts";
import { type Expiry, expiryOf } from "./deadlines.ts";
import type { TapLimits } from "./limits.ts";
import { Recorder } from "./recorder.ts";
import { refusalResponse } from "./refusal_response.ts";
import { AdaptiveReader, closeQuietly, sendAtOnce, SerialWriter } from "./relay.ts";
import type { Refusal } from "./request_rules.ts";

/** How long the last words to a client may take. */
const LAST_WORDS_MS = 1_000;
/** The most bytes of a client that wait for the server; then the client isn't read. */
const MOST_WAITING_BYTES = 64 * 1024;
const LARGEST_CLOSE_REASON = 123;

/** What a connection needs of the tap it belongs to. */
export interface ConnectionHost {
  readonly target: { readonly hostname: string; readonly port: number };
  readonly guards: boolean;
  readonly redacts: boolean;
  readonly limits: TapLimits;
  readonly ring: CaptureRing;
  readonly observer: ConnectionObserver | null;
  /** Gives out the next connection number. */
  numberOf(connection: TapConnection): string;
  /** An inner connection exists, from this port; called before it carries a byte. */
  innerOpened(port: number, connection: TapConnection): void;
  /** An inner connection is gone. */
  innerClosed(port: number, connection: TapConnection): void;
  /** A connection's handshake is unfinished now, or isn't any more. */
  unfinishedChanged(by: 1 | -1): void;
}

/**
 * One client and its inner connection to the target.
 *
 * ```
 *              #client                          #target
 *  client  ──── AdaptiveReader ── conversation ── #up ────▶  server
 *          ◀─── #down ─────────── conversation ── AdaptiveReader
 * ```
 *
 * Each direction is a pump that reads only after what it read was written: a slow reader slows its
 * writer, and nothing piles up here.
 */
export class TapConnection implements TappedPeer {
  /** Number of the connection; empty until a request asks for a WebSocket. */
  id = "";
  readonly hostname: string;
  readonly port: number;

  readonly #host: ConnectionHost;
  readonly #client: Deno.TcpConn;
  readonly #down: SerialWriter;
  readonly #conversation: Conversation;
  #recorder: Recorder | null = null;
  #excluded = false;

  #target: Deno.TcpConn | null = null;
  #up: SerialWriter | null = null;
  #targetPump: Promise<void> | null = null;

  #phase: Phase = "idle";
  #phaseSince = performance.now();
  #lastClientByte = this.#phaseSince;
  #endingSince: number | null = null;
  #firstRequest = true;
  #unfinished = false;
  #handshakeReported = false;
  #clientEnded = false;
  /** Whose end or reset came first. */
  #endedFirst: "client" | "server" | null = null;

  /** Why the connection is cut, while the server's current frame still has to end. */
  #cutting: CutReason | null = null;
  /** The last words are being said: nothing else reaches the client, nothing of it is passed on. */
  #finishing = false;
  #lastWordsSaid = false;
  #destroyed = false;
  #lastWordsTimer: ReturnType<typeof setTimeout> | undefined;
  #roomMade: (() => void) | null = null;

  constructor(client: Deno.TcpConn, host: ConnectionHost) {
    this.#host = host;
    this.#client = client;
    this.hostname = client.remoteAddr.hostname;
    this.port = client.remoteAddr.port;
    this.#down = new SerialWriter(client);
    this.#conversation = new Conversation({
      guards: host.guards,
      limits: host.limits,
      maxKeptPayloadBytes: host.ring.maxPayloadBytes,
      events: {
        upgradeRequested: () => this.#beginHandshake(),
        upgradeRefused: (status) =>
          this.#failHandshake("server", {
            status,
            rule: "server-refused",
            message: `Cannot upgrade: the server answered ${status}`,
          }),
        frame: (direction, frame) => this.#recorder?.record(direction, frame),
      },
    });
    sendAtOnce(client);
    this.#noteUnfinished();
  }

  /** Carries the connection until it ends. Never throws. */
  async run(): Promise<void> {
    try {
      // Without a guard the server may be the one that speaks first.
      if (!this.#host.guards) await this.#dial();
      await this.#pumpClient();
      await this.#targetPump;
    } catch {
      // The client's side was reset: what is left to do is below.
    } finally {
      this.destroy();
      await this.#targetPump;
    }
  }

  /** Ends both sides at once. */
  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    clearTimeout(this.#lastWordsTimer);
    this.#makeRoom();
    this.#closeTarget();
    closeQuietly(this.#client);
    this.#reportLostHandshake();
    this.#noteUnfinished();
    this.#recorder?.end();
  }

  /** Ends the connection, with a Close frame where that is possible. */
  cut(reason: CutReason): void {
    if (this.#cutting || this.#finishing || this.#destroyed) return;
    this.#cutting = reason;
    if (!this.#host.guards || this.#phase !== "websocket") return this.destroy();
    this.#lastWordsTimer = setTimeout(() => this.destroy(), LAST_WORDS_MS);
    this.#closeIfBetweenFrames();
  }

  /** Leaves the connection out of the capture, or takes it in again. */
  setExcluded(excluded: boolean): void {
    this.#excluded = excluded;
    this.#recorder?.setExcluded(excluded);
  }

  /** Whether the connection only waits for a request. */
  get isIdle(): boolean {
    return this.#phase === "idle" || this.#phase === "over";
  }

  /** Looks at the deadlines. */
  checkDeadlines(now: number): void {
    if (this.#cutting || this.#finishing || this.#destroyed) return;
    const expiry = expiryOf({
      phase: this.#phase,
      now,
      phaseSince: this.#phaseSince,
      firstRequest: this.#firstRequest,
      lastClientByte: this.#lastClientByte,
      stalledFor: this.#down.stalledFor(now),
      endingSince: this.#endingSince,
    }, this.#host.limits);
    if (expiry) this.#expire(expiry);
  }

  #expire(expiry: Expiry): void {
    if (expiry.kind === "refuse") this.#refuse(expiry.refusal, "guard");
    else if (expiry.kind === "close") this.destroy();
    else this.#cutByGuard(expiry);
  }

  // ── client → server ──

  async #pumpClient(): Promise<void> {
    const reader = new AdaptiveReader(this.#client);
    for (let bytes = await reader.read(); bytes !== null; bytes = await reader.read()) {
      this.#lastClientByte = performance.now();
      // While last words are said the client is only drained, or they might be lost to a reset.
      if (this.#finishing || this.#cutting) continue;
      if (!(await this.#passUp(bytes))) return;
      await this.#room();
    }
    this.#clientEnded = true;
    this.#endedFirst ??= "client";
    await this.#endOfClient();
  }

  /** Passes a chunk on; `false` if the server takes no more. */
  async #passUp(bytes: Uint8Array): Promise<boolean> {
    try {
      if (this.#host.guards) await this.#guardUp(bytes);
      else await this.#relayUp(bytes);
      return true;
    } catch {
      // The server's side is broken. What it still sent is delivered by the other pump.
      return this.#finishing;
    }
  }

  async #relayUp(bytes: Uint8Array): Promise<void> {
    // Once frames flow, the write comes first: nobody waits for the capture.
    const first = this.#phase === "websocket" ? this.#up?.write(bytes) : undefined;
    this.#conversation.fromClient(bytes);
    this.#noteProgress();
    await (first ?? this.#up?.write(bytes));
  }

  async #guardUp(bytes: Uint8Array): Promise<void> {
    const released = this.#conversation.fromClient(bytes);
    this.#noteProgress();
    for (const piece of released) await this.#sendUp(piece);
    this.#obey(this.#conversation.verdict);
  }

  async #sendUp(piece: Uint8Array): Promise<void> {
    if (!this.#target) await this.#dial();
    await this.#up?.write(piece);
  }

  /** Waits until not too many bytes wait for the server. */
  async #room(): Promise<void> {
    if (!this.#host.guards) return;
    while (this.#conversation.waitingBytes > MOST_WAITING_BYTES && !this.#ending) {
      await this.#serverEvent();
    }
  }

  /** Waits until the server has said something, or the end. */
  #serverEvent(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#roomMade = resolve;
    return promise;
  }

  #makeRoom(): void {
    this.#roomMade?.();
    this.#roomMade = null;
  }

  async #endOfClient(): Promise<void> {
    if (this.#finishing || !this.#target) return this.#endWithoutServer();
    this.#conversation.endOfClient();
    this.#obey(this.#conversation.verdict);
    while (this.#host.guards && this.#waitsForServer && !this.#ending) await this.#serverEvent();
    if (this.#ending) return;
    try {
      await this.#up?.end();
    } catch {
      // The server has gone; the other pump sees it too.
    }
  }

  /** Whether bytes of the client still have to go on, once the server has answered. */
  get #waitsForServer(): boolean {
    return (this.#phase === "response" || this.#phase === "handshake") &&
      this.#conversation.waitingBytes > 0;
  }

  #endWithoutServer(): void {
    if (!this.#finishing) this.#conversation.endOfClient();
    if (this.#finishing) this.#destroyIfSaid();
    else if (this.#conversation.verdict) this.#obey(this.#conversation.verdict);
    else this.destroy();
  }

  get #ending(): boolean {
    return this.#finishing || this.#destroyed;
  }

  // ── server → client ──

  /** Opens the inner connection; a client whose server can't be reached gets 502. */
  async #dial(): Promise<void> {
    let target: Deno.TcpConn;
    try {
      target = await Deno.connect(this.#host.target);
    } catch {
      await this.#refuseWithoutServer();
      return;
    }
    if (this.#ending) return closeQuietly(target);
    sendAtOnce(target);
    this.#host.innerOpened(target.localAddr.port, this);
    this.#target = target;
    this.#up = new SerialWriter(target);
    this.#targetPump = this.#pumpTarget(target);
  }

  async #pumpTarget(target: Deno.TcpConn): Promise<void> {
    const reader = new AdaptiveReader(target);
    const next = () => reader.read().catch(() => this.#resetByServer());
    try {
      for (let bytes = await next(); bytes !== null; bytes = await next()) {
        // Once the client is told the last words, the server is only drained.
        if (!this.#finishing) await this.#passDown(bytes);
      }
      this.#endedFirst ??= "server";
      await this.#endOfServer();
    } catch {
      // The client's link is broken: a relay of one side is none.
      if (!this.#finishing) this.destroy();
    }
  }

  /** Everything that came before the reset was delivered. */
  #resetByServer(): null {
    this.#endedFirst ??= "server";
    if (!this.#finishing) this.destroy();
    return null;
  }

  async #passDown(bytes: Uint8Array): Promise<void> {
    if (this.#cutting) {
      const rest = this.#conversation.finishServerFrame(bytes);
      await this.#down.write(bytes.subarray(0, rest));
    } else if (this.#phase === "websocket") {
      const written = this.#down.write(bytes);
      this.#conversation.fromServer(bytes);
      this.#noteProgress();
      await written;
    } else {
      await this.#passResponse(bytes);
    }
    this.#closeIfBetweenFrames();
  }

  async #passResponse(bytes: Uint8Array): Promise<void> {
    const released = this.#conversation.fromServer(bytes);
    const { verdict } = this.#conversation;
    this.#noteProgress();
    if (verdict?.kind === "replace") return this.#obey(verdict);
    // Not awaited: a server that is slow to read may be waiting for the client to take this.
    if (this.#host.guards) { for (const piece of released) this.#sendUp(piece).catch(() => {}); }
    this.#makeRoom();
    await this.#down.write(bytes);
    this.#obey(this.#conversation.verdict);
  }

  async #endOfServer(): Promise<void> {
    if (this.#ending) return this.#destroyIfSaid();
    if (this.#cutting) return this.destroy();
    this.#endingSince ??= performance.now();
    this.#makeRoom();
    await this.#down.end();
    if (this.#clientEnded) this.destroy();
  }

  #closeTarget(): void {
    if (!this.#target) return;
    const { port } = this.#target.localAddr;
    closeQuietly(this.#target);
    this.#host.innerClosed(port, this);
  }

  // ── the end ──

  #obey(verdict: Verdict | null): void {
    if (!verdict || this.#ending || this.#cutting) return;
    if (verdict.kind === "done") this.#finish(null);
    else if (verdict.kind === "violation") {
      const { closeCode, message, rule } = verdict.error;
      this.#cutByGuard({ code: closeCode, reason: closeReasonText(message), rule });
    } else {
      this.#refuse(verdict.refusal, "guard");
    }
  }

  #cutByGuard({ code, reason, rule }: CutReason): void {
    tell(() => this.#host.observer?.cut(this.id, { code, reason, rule }));
    this.cut({ code, reason, rule });
  }

  /** Says an HTTP status where none was said, and ends. */
  #refuse(refusal: Refusal, by: FailedHandshake["by"]): void {
    const said = this.#conversation.responseBegun;
    const silent = said || (this.#phase === "idle" && refusal.status === 408);
    if (this.#conversation.wantsUpgrade) {
      if (this.id === "") this.#beginHandshake();
      this.#failHandshake(by, silent ? { ...refusal, status: 0 } : refusal);
    }
    if (silent) this.destroy();
    else this.#finish(refusalResponse(refusal));
  }

  async #refuseWithoutServer(): Promise<void> {
    const refusal = {
      status: 502,
      rule: "target-unreachable",
      message: "Cannot pass request on: the server can't be reached",
    };
    if (!this.#host.guards) await this.#readFirstChunk();
    this.#refuse(refusal, "network");
  }

  /** Without a guard the target is dialled first: what the client wants is still unread. */
  async #readFirstChunk(): Promise<void> {
    this.#lastWordsTimer = setTimeout(() => this.destroy(), LAST_WORDS_MS);
    const bytes = await new AdaptiveReader(this.#client).read();
    if (bytes) this.#conversation.fromClient(bytes);
  }

  #closeIfBetweenFrames(): void {
    if (!this.#cutting || this.#ending || this.#down.busy) return;
    if (!this.#conversation.serverAtBoundary) return;
    this.#finish(this.#conversation.serverClosed ? null : this.#closeFrame(this.#cutting));
  }

  #closeFrame({ code, reason }: CutReason): Uint8Array {
    const payload = isValidCloseCode(code)
      ? closePayload(code, closeReasonText(reason))
      : undefined;
    const frame = encodeFrame(payload ?? new Uint8Array(0), { opcode: Opcode.CLOSE });
    const [shown] = new FrameDecoder({ sender: "server" }).decode(frame);
    this.#recorder?.record("out", shown);
    return frame;
  }

  /** Says the last words to the client and ends both sides, within a second. */
  #finish(lastWords: Uint8Array | null): void {
    if (this.#ending) return;
    this.#finishing = true;
    this.#lastWordsTimer ??= setTimeout(() => this.destroy(), LAST_WORDS_MS);
    this.#makeRoom();
    this.#up?.end().catch(() => {});
    void this.#sayLastWords(lastWords);
  }

  async #sayLastWords(lastWords: Uint8Array | null): Promise<void> {
    try {
      if (lastWords) await this.#down.write(lastWords);
      await this.#down.end();
      this.#lastWordsSaid = true;
      this.#destroyIfSaid();
    } catch {
      this.destroy();
    }
  }

  /** Ends when the client has heard everything and has ended its side too. */
  #destroyIfSaid(): void {
    if (this.#lastWordsSaid && this.#clientEnded) this.destroy();
  }

  // ── what is told ──

  #noteProgress(): void {
    const { phase, clientClosed, serverClosed } = this.#conversation;
    if (phase === "websocket" && clientClosed && serverClosed) {
      this.#endingSince ??= performance.now();
    }
    if (phase === this.#phase) return;
    // The first head's time runs from the connection's beginning on.
    if (phase !== "head" || !this.#firstRequest) this.#phaseSince = performance.now();
    if (phase !== "idle" && phase !== "head") this.#firstRequest = false;
    this.#phase = phase;
    this.#noteUnfinished();
  }

  #noteUnfinished(): void {
    const unfinished = !this.#destroyed && (this.#firstRequest || this.#phase === "handshake");
    if (unfinished === this.#unfinished) return;
    this.#unfinished = unfinished;
    this.#host.unfinishedChanged(unfinished ? 1 : -1);
  }

  #beginHandshake(): void {
    this.#recorder?.end();
    this.id = this.#host.numberOf(this);
    this.#handshakeReported = false;
    this.#recorder = new Recorder(this.id, {
      ring: this.#host.ring,
      redact: this.#host.redacts,
      onRoundTrip: (ms) => tell(() => this.#host.observer?.roundTrip(this.id, ms)),
    });
    if (this.#excluded) this.#recorder.setExcluded(true);
  }

  #failHandshake(by: FailedHandshake["by"], { status, rule, message }: Refusal): void {
    if (this.#handshakeReported) return;
    this.#handshakeReported = true;
    const address = `${
      this.hostname.includes(":") ? `[${this.hostname}]` : this.hostname
    }:${this.port}`;
    const at = Date.now();
    const failure = { id: this.id, address, at, status, rule, message, by };
    tell(() => this.#host.observer?.handshakeFailed(failure));
  }

  /** The link ended while an upgrade request waited for its answer. */
  #reportLostHandshake(): void {
    if (this.#phase !== "handshake" || this.#handshakeReported) return;
    const by = this.#endedFirst ?? "client";
    const message = `Cannot upgrade: the ${by} ended the connection`;
    this.#failHandshake(by, { status: 0, rule: `${by}-went-away`, message });
  }
}

/** A mistake of the observer's must not end a connection, or the process. */
function tell(call: () => void): void {
  try {
    call();
  } catch (error) {
    console.error("Roomscope tap: the observer threw", error);
  }
}

/** As much of a text as fits into a Close frame. */
function closeReasonText(text: string): string {
  const bytes = new Uint8Array(LARGEST_CLOSE_REASON);
  const { read } = new TextEncoder().encodeInto(text.toWellFormed(), bytes);
  return text.toWellFormed().slice(0, read);
}
