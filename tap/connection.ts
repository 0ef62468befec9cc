import type { CutReason, FailedHandshake, TappedPeer } from "../protocol/mod.ts";
import { closeFrame, closeReasonText } from "./close_frame.ts";
import { PhaseClock } from "./connection_clock.ts";
import { ConnectionFaults } from "./connection_faults.ts";
import type { ConnectionHost } from "./connection_host.ts";
import { ConnectionStory } from "./connection_story.ts";
import { Conversation, type Verdict } from "./conversation.ts";
import { type Expiry, expiryOf } from "./deadlines.ts";
import { refusalResponse } from "./refusal_response.ts";
import { runOf } from "./frame_run.ts";
import { authorityOf, HostRewriter } from "./host_rewriter.ts";
import { AdaptiveReader, closeQuietly, type NetConn, sendAtOnce, SerialWriter } from "./relay.ts";
import type { Refusal } from "./request_rules.ts";
import { dialTarget } from "./target.ts";
import { plainFrameAt } from "./wire_frame.ts";

/** How long the last words to a client may take. */
const LAST_WORDS_MS = 1_000;
/** The most bytes of a client that wait for the server; then the client isn't read. */
const MOST_WAITING_BYTES = 64 * 1024;

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
  readonly hostname: string;
  readonly port: number;

  readonly #host: ConnectionHost;
  readonly #client: NetConn;
  readonly #down: SerialWriter;
  readonly #conversation: Conversation;
  readonly #faults: ConnectionFaults;
  readonly #story: ConnectionStory;
  readonly #clock = new PhaseClock();

  #target: NetConn | null = null;
  #up: SerialWriter | null = null;
  #targetPump: Promise<void> | null = null;

  #unfinished = false;
  #clientEnded = false;
  #serverEnded = false;
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

  constructor(client: NetConn, host: ConnectionHost) {
    this.#host = host;
    this.#client = client;
    this.hostname = client.remoteAddr.hostname;
    this.port = client.remoteAddr.port;
    this.#down = new SerialWriter(client);
    const { hostname, port } = this;
    this.#story = new ConnectionStory({ host, hostname, port, nextId: () => host.numberOf(this) });
    this.#conversation = this.#converse();
    this.#faults = this.#disturb();
    sendAtOnce(client);
    this.#noteUnfinished();
  }

  /** Number of the connection; empty until a request asks for a WebSocket. */
  get id(): string {
    return this.#story.id;
  }

  #converse(): Conversation {
    const { guards, limits, ring } = this.#host;
    return new Conversation({
      guards,
      limits,
      maxKeptPayloadBytes: ring.maxPayloadBytes,
      events: {
        upgradeRequested: (head) => {
          this.#story.beginHandshake(head);
          this.#faults.draw(this.id);
        },
        upgradeAnswered: (head) => this.#story.answered(head),
        upgradeRefused: (status) =>
          this.#story.failHandshake("server", {
            status,
            rule: "server-refused",
            message: `Cannot upgrade: the server answered ${status}`,
          }),
        frames: (direction, run) =>
          this.#faults.judge(
            direction,
            run,
            (judged, fault) => this.#story.record(direction, judged, fault),
          ),
      },
    });
  }

  #disturb(): ConnectionFaults {
    const { faults, seed } = this.#host;
    const conversation = this.#conversation;
    return new ConnectionFaults({
      rules: faults,
      seed,
      conversation,
      write: async (direction, bytes) =>
        await (direction === "in" ? this.#up : this.#down)?.write(bytes),
      read: (direction, bytes) => {
        if (direction === "in") conversation.fromClient(bytes);
        else conversation.fromServer(bytes);
        this.#noteProgress();
      },
      cut: () => this.destroy(),
    });
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
      this.#endedFirst ??= "client";
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
    this.#faults.stop();
    this.#makeRoom();
    this.#closeTarget();
    closeQuietly(this.#client);
    this.#reportLostHandshake();
    this.#noteUnfinished();
    this.#story.end(this.#cutting ? "tap" : this.#endedFirst ?? "tap");
  }

  /** Ends the connection, with a Close frame where that is possible. */
  cut(reason: CutReason): void {
    if (this.#cutting || this.#finishing || this.#destroyed) return;
    this.#cutting = reason;
    if (this.#clock.phase === "handshake") {
      const { rule = "cut", reason: message } = reason;
      this.#story.failHandshake("guard", { status: 0, rule, message });
    }
    if (!this.#host.guards || this.#clock.phase !== "websocket") return this.destroy();
    this.#lastWordsTimer = setTimeout(() => this.destroy(), LAST_WORDS_MS);
    this.#closeIfBetweenFrames();
  }

  /** Leaves the connection out of the capture, or takes it in again. */
  setExcluded(excluded: boolean): void {
    this.#story.setExcluded(excluded);
  }

  /** Whether the connection only waits for a request. */
  get isIdle(): boolean {
    return this.#clock.phase === "idle" && !this.#down.busy;
  }

  /** Looks at the deadlines. */
  checkDeadlines(now: number): void {
    if (this.#cutting || this.#finishing || this.#destroyed) return;
    const clock = this.#clock.read(now, this.#down.stalledFor(now));
    const expiry = expiryOf(clock, this.#host.limits);
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
      this.#clock.noteClientByte();
      if (this.#onlyDrains) continue;
      if (!(await this.#passUp(bytes))) return;
      await this.#room();
    }
    this.#clientEnded = true;
    this.#endedFirst ??= "client";
    await this.#endOfClient();
  }

  /** While last words are said the client is read all the same, or they might be lost to a reset. */
  get #onlyDrains(): boolean {
    const unanswerable = this.#host.guards && this.#serverEnded &&
      this.#clock.phase !== "websocket";
    return this.#finishing || this.#cutting !== null || unanswerable;
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
    if (this.#faults.any) return await this.#faults.pass("in", bytes);
    // Once frames flow, the write comes first: nobody waits for the capture.
    const first = this.#clock.phase === "websocket" ? this.#up?.write(bytes) : undefined;
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
    const full = () => this.#conversation.waitingBytes > MOST_WAITING_BYTES;
    while (full() && !this.#ending && !this.#serverEnded) await this.#serverEvent();
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
      await this.#faults.drained("in");
      await this.#up?.end();
    } catch {
      // The server has gone; the other pump sees it too.
    }
  }

  /** Whether bytes of the client still have to go on, once the server has answered. */
  get #waitsForServer(): boolean {
    return (this.#clock.phase === "response" || this.#clock.phase === "handshake") &&
      this.#conversation.waitingBytes > 0 && !this.#serverEnded;
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
    let target: NetConn;
    try {
      target = await dialTarget(this.#host.target);
    } catch {
      await this.#refuseWithoutServer();
      return;
    }
    if (this.#ending) return closeQuietly(target);
    sendAtOnce(target);
    this.#host.innerOpened(target.localAddr.port, this);
    this.#target = target;
    this.#up = this.#host.rewritesHost
      ? new HostRewriter(target, authorityOf(this.#host.target), () => this.#conversation.phase)
      : new SerialWriter(target);
    this.#targetPump = this.#pumpTarget(target);
  }

  async #pumpTarget(target: NetConn): Promise<void> {
    const reader = new AdaptiveReader(target);
    const next = () => reader.read().catch(() => this.#resetByServer());
    try {
      for (let bytes = await next(); bytes !== null; bytes = await next()) {
        // Once the client is told the last words, the server is only drained.
        if (!this.#finishing) await this.#passDown(bytes);
      }
      this.#noteServerEnd();
      await this.#endOfServer();
    } catch {
      // The client's link is broken: a relay of one side is none.
      if (!this.#finishing) this.destroy();
    }
  }

  /** Everything that came before the reset was delivered. */
  #resetByServer(): null {
    this.#noteServerEnd();
    if (!this.#finishing) this.destroy();
    return null;
  }

  #noteServerEnd(): void {
    this.#serverEnded = true;
    this.#endedFirst ??= "server";
    this.#makeRoom();
  }

  async #passDown(bytes: Uint8Array): Promise<void> {
    if (this.#cutting) {
      const rest = this.#conversation.finishServerFrame(bytes);
      await this.#down.write(bytes.subarray(0, rest));
    } else if (this.#faults.any) {
      await this.#faults.pass("out", bytes);
    } else if (this.#clock.phase === "websocket") {
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
    this.#clock.noteEnding();
    await this.#faults.drained("out");
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
    this.#story.cut({ code, reason, rule });
    this.cut({ code, reason, rule });
  }

  /** Says an HTTP status where none was said, and ends. */
  #refuse(refusal: Refusal, by: FailedHandshake["by"]): void {
    const said = this.#conversation.responseBegun;
    const silent = said || (this.#clock.phase === "idle" && refusal.status === 408);
    if (this.#conversation.wantsUpgrade) {
      this.#story.failHandshake(by, silent ? { ...refusal, status: 0 } : refusal);
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
    this.#finish(this.#conversation.serverClosed ? null : this.#ownClose(this.#cutting));
  }

  /** The Close frame that ends the connection; it is captured like a server's. */
  #ownClose(reason: CutReason): Uint8Array {
    const frame = closeFrame(reason);
    this.#story.record("out", runOf(plainFrameAt(frame, 0, 0)));
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
    this.#clock.note(this.#conversation);
    this.#noteUnfinished();
  }

  #noteUnfinished(): void {
    const unfinished = !this.#destroyed && this.#clock.unfinished;
    if (unfinished === this.#unfinished) return;
    this.#unfinished = unfinished;
    this.#host.unfinishedChanged(unfinished ? 1 : -1);
  }

  /** The link ended while an upgrade request waited for its answer. */
  #reportLostHandshake(): void {
    if (this.#clock.phase !== "handshake") return;
    const by = this.#endedFirst ?? "client";
    const message = `Cannot upgrade: the ${by} ended the connection`;
    this.#story.failHandshake(by, { status: 0, rule: `${by}-went-away`, message });
  }
}
