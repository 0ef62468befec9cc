import type { CutReason, EndingParty, FailedHandshake, HandshakeFailure } from "../protocol/mod.ts";
import type { ConnectionHost } from "./connection_host.ts";
import type { FrameRun } from "./frame_run.ts";
import { Recorder } from "./recorder.ts";
import type { Refusal } from "./request_rules.ts";

const NOTHING = new Uint8Array(0);

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
  #failure: HandshakeFailure | null = null;
  #cut: CutReason | null = null;
  #ended = false;

  constructor(options: StoryOptions) {
    this.#options = options;
  }

  /** A request asks for a WebSocket: from here on the connection has a number. */
  beginHandshake(request: Uint8Array = NOTHING): void {
    const { host, nextId } = this.#options;
    this.end("server");
    this.#ended = false;
    this.id = nextId();
    this.#failure = null;
    this.#recorder = new Recorder(this.id, {
      journal: host.journal,
      ring: host.ring,
      redact: host.redacts,
      onRoundTrip: (ms) => tell(() => host.observer?.roundTrip(this.id, ms)),
    });
    if (this.#excluded) this.#recorder.setExcluded(true);
    this.#noteOpening(request);
  }

  #noteOpening(request: Uint8Array): void {
    const { host: { target }, hostname, port } = this.#options;
    this.#recorder?.note({
      type: "open",
      connection: this.id,
      at: Date.now(),
      client: addressText(hostname, port),
      server: addressText(target.hostname, target.port),
    });
    if (request.length > 0) this.#recorder?.head("in", request);
  }

  /** The server answered the upgrade request. */
  answered(response: Uint8Array): void {
    this.#recorder?.head("out", response);
  }

  /** The handshake came to nothing; only the first reason is told. */
  failHandshake(by: FailedHandshake["by"], { status, rule, message }: Refusal): void {
    if (this.#failure) return;
    if (this.id === "") this.beginHandshake();
    this.#failure = { status, rule, message };
    const { host, hostname, port } = this.#options;
    const address = addressText(hostname, port);
    const failure = { id: this.id, address, at: Date.now(), status, rule, message, by };
    tell(() => host.observer?.handshakeFailed(failure));
  }

  /** The tap is about to cut the connection. */
  cut(reason: CutReason): void {
    this.#cut = reason;
    tell(() => this.#options.host.observer?.cut(this.id, reason));
  }

  /** Takes frames into the capture. */
  record(direction: "in" | "out", run: FrameRun, fault?: string): void {
    this.#recorder?.record(direction, run, fault);
  }

  /** Leaves the connection out of the capture, or takes it in again. */
  setExcluded(excluded: boolean): void {
    this.#excluded = excluded;
    this.#recorder?.setExcluded(excluded);
  }

  /** Nothing more happens; said once. */
  end(endedBy: EndingParty): void {
    if (this.#ended || !this.#recorder) return;
    this.#ended = true;
    const { rule } = this.#cut ?? {};
    this.#recorder.note({
      type: "end",
      connection: this.id,
      at: Date.now(),
      ...this.#recorder.closing,
      endedBy,
      ...(rule === undefined ? {} : { rule }),
      ...(this.#failure === null ? {} : { failure: this.#failure }),
    });
    this.#recorder.end();
  }
}

function addressText(hostname: string, port: number): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

/** A mistake of the observer's must not end a connection, or the process. */
export function tell(call: () => void): void {
  try {
    call();
  } catch (error) {
    console.error("Roomscope tap: the observer threw", error);
  }
}
