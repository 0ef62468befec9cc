import { type Signal, signal } from "@preact/signals";
import { RoomClient } from "../../client/room_client.ts";
import type { ClientState } from "../../client/states.ts";
import type { FrameByteSource, MonitorTopic } from "../../protocol/client_messages.ts";
import type { ServerMessageType } from "../../protocol/server_messages.ts";
import { IDLE_LINK, type LinkView } from "./link_view.ts";
import { MonitorStore } from "./monitor_store.ts";
import { socketUrl } from "./socket_url.ts";

/** What a page watches. */
export interface MonitorWish {
  /** The topics. */
  topics: MonitorTopic[];
  /** Only this connection's frames. */
  connection?: string;
  /** A loaded capture in place of what happens now. */
  capture?: string;
}

const HEARD: readonly ServerMessageType[] = [
  "monitor_snapshot",
  "metrics",
  "connections",
  "frames",
  "frame_bytes",
  "frame_gone",
  "connection_heads",
];

/** The page's one link to the server, and what came over it. */
export class PageMonitor {
  /** What came. */
  readonly store: MonitorStore = new MonitorStore();
  /** What the link is doing. */
  readonly link: Signal<LinkView> = signal(IDLE_LINK);
  #client: RoomClient | null = null;
  #hasRenewed = false;
  #wish: MonitorWish = { topics: ["metrics"] };

  /** Begins to watch, and from then on stays connected; called again, it watches something else. */
  watch(wish: MonitorWish): void {
    this.#wish = wish;
    if (this.#client === null) this.#connect();
    else if (this.#client.state.value.status === "connected") this.#start();
  }

  /** Ends a wait for the next attempt, or begins anew after the client stopped. */
  retry(): void {
    this.#client?.connect().catch(() => {});
  }

  /** Asks for a piece of a frame; the answer comes through the store. Says whether it was asked. */
  askForBytes(
    connection: string,
    frame: number,
    piece: { offset: number; length: number; source: FrameByteSource },
  ): boolean {
    try {
      this.#client?.send({ type: "frame_get", connection, frame, ...piece });
      return this.#client !== null;
    } catch {
      // No link: the inspector asks again on the next one.
      return false;
    }
  }

  /** Asks for a connection's heads; the answer comes through the store. */
  askForHeads(connection: string): void {
    try {
      this.#client?.send({ type: "heads_get", connection });
    } catch {
      // No link: it is asked for again on the next one.
    }
  }

  #connect(): void {
    const client = new RoomClient(socketUrl(location), { maxAttempts: Infinity });
    this.#client = client;
    client.on("welcome", () => this.#start());
    for (const type of HEARD) client.on(type, (message) => this.store.hear(message));
    client.on("error", ({ code, message }) => {
      if (code === "forbidden") this.#renew(message);
      if (code === "capture_unknown") this.#stop(message);
    });
    client.on("monitor_snapshot", () => this.#hasRenewed = false);
    client.state.subscribe((state) => this.#follow(state));
    // The outcome is in the state.
    client.connect().catch(() => {});
  }

  #start(): void {
    this.#client?.send({ type: "monitor_start", ...this.#wish });
  }

  /**
   * A server that was started anew doesn't know the cookie of a page that is still open. Asking for
   * the page brings the new one where the page may have it; asked for once, then the notice stands.
   */
  async #renew(reason: string): Promise<void> {
    if (this.#hasRenewed) return this.#forbidden(reason);
    this.#hasRenewed = true;
    // Without an answer the next link will tell.
    await fetch(location.pathname, { cache: "no-store" }).catch(() => {});
    await this.#client?.close();
    this.#connect();
  }

  #stop(reason: string): void {
    this.#client?.close().catch(() => {});
    this.#client = null;
    this.link.value = { phase: "stopped", attempt: 0, retryAt: null, reason };
  }

  #forbidden(reason: string): void {
    this.link.value = { phase: "forbidden", attempt: 0, retryAt: null, reason };
  }

  #follow(state: ClientState): void {
    if (state.status !== "connected") this.store.ready.value = false;
    this.link.value = linkViewOf(state);
  }
}

/** The client's outer state as the header shows it. */
export function linkViewOf(state: ClientState): LinkView {
  switch (state.status) {
    case "idle":
      return IDLE_LINK;
    case "connecting":
      return { phase: "connecting", attempt: state.attempt, retryAt: null, reason: "" };
    case "connected":
      return { phase: "live", attempt: 0, retryAt: null, reason: "" };
    case "waiting":
      return {
        phase: "waiting",
        attempt: state.attempt,
        retryAt: state.until,
        reason: state.closeReason,
      };
    case "stopped":
      return {
        phase: "stopped",
        attempt: 0,
        retryAt: null,
        reason: `${state.code} ${state.closeReason || state.reason}`,
      };
  }
}

let monitor: PageMonitor | null = null;

/**
 * The page's monitor: one in a browser, shared by all islands of the page. On the server every
 * call makes a new one, because there all requests share a module.
 */
export function pageMonitor(): PageMonitor {
  if (typeof document === "undefined") return new PageMonitor();
  return monitor ??= new PageMonitor();
}
