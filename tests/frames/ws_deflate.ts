import { Buffer } from "node:buffer";
import * as ws from "ws";
import { concat } from "./helpers.ts";

/** ws's permessage-deflate, receiver and sender: exported since 8.20, missing from its types. */
type Parameters = Record<string, unknown>;
interface WsPerMessageDeflate {
  offer(): Parameters;
  accept(configurations: Parameters[]): Parameters;
  cleanup(): void;
}
interface WsSender {
  send(data: Buffer, options: object, done: (error?: Error) => void): void;
  ping(data: Buffer, mask: boolean, done: () => void): void;
}
interface WsReceiver {
  on(event: string, listener: (...values: never[]) => void): void;
  write(chunk: Uint8Array, done: (error?: Error | null) => void): void;
}
interface WsInternals {
  readonly PerMessageDeflate: new (options: object) => WsPerMessageDeflate;
  readonly Receiver: new (options: object) => WsReceiver;
  readonly Sender: new (socket: object, extensions: object, mask?: () => void) => WsSender;
  readonly extension: {
    parse(header: string): Record<string, Parameters[]>;
    format(extensions: Record<string, Parameters[]>): string;
  };
}
const { PerMessageDeflate, Receiver, Sender, extension } = ws as unknown as WsInternals;
const NAME = "permessage-deflate";

/** One end of a connection that speaks permessage-deflate by ws. */
export class WsDeflatePeer {
  readonly #deflate: WsPerMessageDeflate;
  readonly #isServer: boolean;
  readonly #written: Uint8Array[] = [];
  #sender: WsSender | null = null;
  #receiver: WsReceiver | null = null;
  readonly received: string[] = [];

  constructor(options: { isServer: boolean } & Record<string, unknown>) {
    this.#isServer = options.isServer;
    this.#deflate = new PerMessageDeflate({ threshold: 0, ...options });
  }

  /** The value of its `Sec-WebSocket-Extensions`, as a client. */
  offer(): string {
    return extension.format({ [NAME]: [this.#deflate.offer()] });
  }

  /** As a server the answer to an offer; as a client it takes the answer. Throws if it won't. */
  accept(header: string): string {
    return extension.format({ [NAME]: [this.#deflate.accept(extension.parse(header)[NAME])] });
  }

  /** The bytes of a message, in so many fragments, a ping after each but the last. */
  async send(payload: Uint8Array, { text = false, compress = true, fragments = 1 } = {}) {
    const size = Math.ceil(payload.length / fragments) || 1;
    for (let i = 0; i < fragments; i++) {
      const fin = i === fragments - 1;
      const piece = Buffer.from(payload.slice(i * size, fin ? undefined : (i + 1) * size));
      const options = { binary: !text, compress, fin, mask: !this.#isServer };
      await new Promise<void>((resolve, reject) =>
        this.#senderOf().send(piece, options, (error) => error ? reject(error) : resolve())
      );
      if (!fin) this.#senderOf().ping(Buffer.from("p"), !this.#isServer, () => {});
    }
    return concat(...this.#written.splice(0));
  }

  /** Reads bytes; its error, or `null`. */
  receive(bytes: Uint8Array): Promise<Error | null> {
    const receiver = this.#receiverOf();
    return new Promise((resolve) => {
      receiver.on("error", ((error: Error) => resolve(error)) as never);
      receiver.write(Buffer.from(bytes), (error) => resolve(error ?? null));
    });
  }

  close(): void {
    this.#deflate.cleanup();
  }

  #senderOf(): WsSender {
    const socket = {
      cork() {},
      uncork() {},
      write: (bytes: Uint8Array, done?: () => void) => {
        this.#written.push(Uint8Array.from(bytes));
        done?.();
      },
    };
    return this.#sender ??= new Sender(socket, { [NAME]: this.#deflate });
  }

  #receiverOf(): WsReceiver {
    if (this.#receiver) return this.#receiver;
    const receiver = new Receiver({
      isServer: this.#isServer,
      extensions: { [NAME]: this.#deflate },
      allowSynchronousEvents: true,
    });
    const note = (kind: string) => (data: Buffer) =>
      this.received.push(`${kind} ${data.toString("hex")}`);
    receiver.on(
      "message",
      ((data: Buffer, binary: boolean) => note(binary ? "binary" : "text")(data)) as never,
    );
    receiver.on("ping", note("ping") as never);
    return this.#receiver = receiver;
  }
}
