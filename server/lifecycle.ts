import {
  type CloseReason,
  closeReason,
  type ConnectionControl,
  type CutReason,
  type FailedHandshake,
  ReadyState,
  type TransitionCause,
  type TransitionParty,
} from "../protocol/mod.ts";
import type { Connection } from "./connection.ts";
import type { Metrics } from "./metrics.ts";
import type { ConnectionRegistry } from "./registry.ts";
import type { ServerLog } from "./server_log.ts";

/** A client that has sent nothing for so long pauses. */
const QUIET_MS = 20;
/** A client that never pauses gets its Close after so long. */
const LONGEST_QUIET_WAIT_MS = 1_000;

/** What {@linkcode Lifecycle} works with. */
export interface LifecycleOptions {
  /** Where connections are kept. */
  registry: ConnectionRegistry;
  /** Where they count. */
  metrics: Metrics;
  /** Where openings and ends are told. */
  log: ServerLog;
  /** Control that the platform doesn't give, where a tap does. */
  control?: ConnectionControl;
  /** How long a closing handshake may take, in milliseconds. */
  closeTimeoutMs: number;
  /** Called when a connection isn't open any more, once: its memberships end here. */
  onGone: (connection: Connection) => void;
  /** Called when a connection has ended and is only a record. */
  onEnded: () => void;
  /** The clock, in milliseconds. */
  now: () => number;
}

/** Moves connections through their states, on every way that one can begin or end. */
export class Lifecycle {
  readonly #options: LifecycleOptions;

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  /** The handshake is done. */
  opened(connection: Connection): void {
    this.#advance(connection, ReadyState.OPEN, { by: "client", what: "Handshake done" });
    this.#options.metrics.opened();
    this.#options.log.opened(connection);
  }

  /** This server begins the closing handshake. The link is cut if it isn't answered in time. */
  disconnect(connection: Connection, reason: CloseReason): void {
    if (!connection.isOpen) return;
    const { code } = reason;
    this.#gone(connection, { by: "server", what: "Close sent", code, reason: reason.reason });
    this.#closeWhenQuiet(connection, reason, this.#options.now() + LONGEST_QUIET_WAIT_MS);
  }

  /**
   * Once its Close is sent, Deno answers a data frame that was under way with a reset, which can
   * take the Close from the client. So the Close waits until the client pauses.
   */
  #closeWhenQuiet(connection: Connection, reason: CloseReason, latest: number): void {
    const now = this.#options.now();
    const waitMs = connection.lastMessageAt + QUIET_MS - now;
    if (waitMs > 0 && now < latest) {
      const again = () => this.#closeWhenQuiet(connection, reason, latest);
      connection.closeTimer = setTimeout(again, waitMs);
      return;
    }
    connection.socket?.close(reason.code, reason.reason);
    connection.closeTimer = setTimeout(
      () => this.#giveUp(connection, reason),
      this.#options.closeTimeoutMs,
    );
  }

  /**
   * Ends a connection that can't be trusted to take part in a closing handshake.
   *
   * @param afterMs How long what was sent has to reach the tap, which drops it from the cut on.
   */
  cut(connection: Connection, reason: CloseReason, afterMs = 0): void {
    const { control } = this.#options;
    // Without a guard the tap adds no byte: the Close frame has to be our own.
    if (!control?.guards) return this.disconnect(connection, reason);
    if (!connection.isOpen) return;
    const cut = { code: reason.code, reason: reason.reason };
    // The tap doesn't tell us of cuts that we asked for, so the record is made here.
    this.tapCuts(connection, cut);
    if (afterMs === 0) return control.cut(connection.id, cut);
    connection.closeTimer = setTimeout(() => control.cut(connection.id, cut), afterMs);
  }

  /** The tap is about to cut a connection, by its rules or because {@linkcode cut} asks for it. */
  tapCuts(connection: Connection, reason: CutReason): void {
    connection.cut ??= reason;
    if (!connection.isOpen) return;
    const by: TransitionParty = reason.rule === undefined ? "server" : "guard";
    this.#gone(connection, {
      by,
      what: reason.rule ?? "Cut",
      code: reason.code,
      reason: reason.reason,
    });
  }

  /** The socket said `close`; Deno says it twice after an idle timeout. */
  socketClosed(connection: Connection, event: CloseEvent): void {
    if (connection.hasEnded) return;
    clearTimeout(connection.closeTimer);
    if (connection.isOpen) this.#peerEnded(connection, event);
    if (!connection.hasEnded) this.#finish(connection, event.wasClean);
    this.#end(connection);
  }

  /** A handshake failed before this server saw a WebSocket. */
  handshakeFailed(failure: FailedHandshake): void {
    const { by, rule, message, at, id, address } = failure;
    const what = `${message} (${failure.status === 0 ? "no answer" : failure.status})`;
    this.#options.metrics.error(rule);
    this.#options.log.handshakeFailed(failure);
    this.#options.registry.addEnded({
      id,
      clientId: null,
      userId: null,
      address,
      userAgent: null,
      origin: null,
      connectedAt: at,
      state: ReadyState.CLOSED,
      transitions: [{ from: 0, to: 3, at, cause: { by, what } }],
      rooms: [],
      permissions: [],
      counters: {
        messagesIn: 0,
        messagesOut: 0,
        bytesIn: 0,
        bytesOut: 0,
        errors: 0,
        roundTripMs: null,
      },
      close: { code: 1006, reason: message, clean: false, by, rule },
    });
  }

  /** The peer, the network or the transport's own timer ended an open connection. */
  #peerEnded(connection: Connection, event: CloseEvent): void {
    if (event.wasClean) {
      const { code, reason } = event;
      return this.#gone(connection, { by: "client", what: "Close received", code, reason });
    }
    // Deno's idle timer sends 1001 and reports it as not clean.
    if (event.code === 1001) {
      return this.#gone(connection, { by: "server", what: "No pong in time", code: 1001 });
    }
    // Deno says 0 for a lost link; RFC 6455 §7.4.1 has 1006 for it.
    this.#gone(connection, {
      by: "network",
      what: connection.socketError ?? "Link lost",
      code: 1006,
    });
  }

  /** An open connection is leaving OPEN: to CLOSED where the link is lost, else to CLOSING. */
  #gone(connection: Connection, cause: TransitionCause): void {
    const lost = cause.by === "network";
    connection.close = {
      code: cause.code ?? 1005,
      reason: cause.reason ?? "",
      clean: false,
      by: cause.by,
      ...(connection.cut?.rule === undefined ? {} : { rule: connection.cut.rule }),
    };
    this.#advance(connection, lost ? ReadyState.CLOSED : ReadyState.CLOSING, cause);
    this.#countEnd(connection);
    this.#options.log.closed(connection, this.#options.now());
    this.#options.onGone(connection);
  }

  #countEnd(connection: Connection): void {
    if (connection.watching) return;
    const { metrics } = this.#options;
    metrics.closed();
    if (connection.cut?.rule !== undefined) metrics.error(connection.cut.rule);
    else if (connection.close?.code === 1006) metrics.error(closeReason(1006).name);
  }

  /** CONNECTING or CLOSING has come to its end. */
  #finish(connection: Connection, clean: boolean): void {
    const failed = connection.state.current === ReadyState.CONNECTING;
    if (connection.close !== null) connection.close = { ...connection.close, clean };
    this.#advance(connection, ReadyState.CLOSED, {
      by: failed ? "network" : connection.close?.by ?? "network",
      what: failed ? "Handshake failed" : clean ? "Closing handshake done" : "Connection ended",
    });
  }

  #giveUp(connection: Connection, reason: CloseReason): void {
    const { control } = this.#options;
    control?.cut(connection.id, { code: reason.code, reason: reason.reason });
    if (control !== undefined) return;
    // Without a tap nothing can end the link; it is let go of and counts no more.
    this.#finish(connection, false);
    this.#end(connection);
  }

  #end(connection: Connection): void {
    this.#options.registry.end(connection);
    this.#options.onEnded();
  }

  #advance(connection: Connection, to: ReadyState, cause: TransitionCause): void {
    connection.state.advance(to, cause, this.#options.now());
    this.#options.registry.touch(connection.id);
  }
}
