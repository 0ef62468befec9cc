import type { Frame } from "../frames/mod.ts";
import type { CutReason, FailedHandshake } from "../protocol/mod.ts";
import type { ConnectionHost } from "./connection_host.ts";
import { Recorder } from "./recorder.ts";
import type { Refusal } from "./request_rules.ts";

/** Who a story is about. */
export interface StoryOptions {
  host: ConnectionHost;
  hostname: string;
  port: number;
  /** Gives out the connection's number. */
  nextId(): string;
}

/** What the tap tells of one connection: its number, its frames, why it failed or was cut. */
export class ConnectionStory {
  /** Number of the connection; empty until a request asks for a WebSocket. */
  id = "";
  readonly #options: StoryOptions;
  #recorder: Recorder | null = null;
  #excluded = false;
  #failureTold = false;

  constructor(options: StoryOptions) {
    this.#options = options;
  }

  /** A request asks for a WebSocket: from here on the connection has a number. */
  beginHandshake(): void {
    const { host, nextId } = this.#options;
    this.#recorder?.end();
    this.id = nextId();
    this.#failureTold = false;
    this.#recorder = new Recorder(this.id, {
      ring: host.ring,
      redact: host.redacts,
      onRoundTrip: (ms) => tell(() => host.observer?.roundTrip(this.id, ms)),
    });
    if (this.#excluded) this.#recorder.setExcluded(true);
  }

  /** The handshake came to nothing; only the first reason is told. */
  failHandshake(by: FailedHandshake["by"], { status, rule, message }: Refusal): void {
    if (this.#failureTold) return;
    if (this.id === "") this.beginHandshake();
    this.#failureTold = true;
    const { host, hostname, port } = this.#options;
    const address = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
    const failure = { id: this.id, address, at: Date.now(), status, rule, message, by };
    tell(() => host.observer?.handshakeFailed(failure));
  }

  /** The tap is about to cut the connection. */
  cut(reason: CutReason): void {
    tell(() => this.#options.host.observer?.cut(this.id, reason));
  }

  /** Takes a frame into the capture. */
  record(direction: "in" | "out", frame: Frame): void {
    this.#recorder?.record(direction, frame);
  }

  /** Leaves the connection out of the capture, or takes it in again. */
  setExcluded(excluded: boolean): void {
    this.#excluded = excluded;
    this.#recorder?.setExcluded(excluded);
  }

  /** Nothing more happens. */
  end(): void {
    this.#recorder?.end();
  }
}

/** A mistake of the observer's must not end a connection, or the process. */
export function tell(call: () => void): void {
  try {
    call();
  } catch (error) {
    console.error("Roomscope tap: the observer threw", error);
  }
}
