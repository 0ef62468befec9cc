import {
  encodeFrame,
  type EncodeOptions,
  FrameDecoder,
  Opcode,
  parseClosePayload,
} from "@/frames/mod.ts";
import { within } from "./waiting.ts";

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const MASK = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);
const READ_BYTES = 64 * 1024;
const PATIENCE_MS = 10_000;

/** A message of the server. */
export type Message = Record<string, unknown> & { type: string };

/** How a link ended: the server's Close frame, or none. */
export interface Ending {
  /** Code of the Close frame; 1005 where it is empty, `null` where none came. */
  code: number | null;
  reason: string;
}

/** How a {@linkcode RawClient} behaves. */
export interface RawClientOptions {
  /** Lines of the handshake besides the usual ones. */
  lines?: readonly string[];
  /** Whether to answer the server's Close frame. @default {true} */
  answersClose?: boolean;
  /** Whether to answer the server's pings. @default {true} */
  answersPings?: boolean;
}

/** A WebSocket client by hand: it can send what it likes, and stop reading. */
export class RawClient implements Disposable {
  readonly conn: Deno.TcpConn;
  /** Status of the handshake's answer. */
  status = 0;
  /** Messages that nobody has taken yet, in order. */
  readonly mailbox: Message[] = [];
  /** Frames that came, of whatever kind. */
  frames = 0;
  readonly ended: Promise<Ending>;
  readonly #decoder = new FrameDecoder({
    sender: "server",
    maxFrameBytes: Infinity,
    maxMessageBytes: Infinity,
  });
  readonly #answersClose: boolean;
  readonly #answersPings: boolean;
  readonly #end = Promise.withResolvers<Ending>();
  #ending: Ending = { code: null, reason: "" };
  #hasEnded = false;
  #waiting: (() => void)[] = [];
  #writing: Promise<unknown> = Promise.resolve();
  #paused: PromiseWithResolvers<void> | null = null;
  #head: string | null = "";

  private constructor(conn: Deno.TcpConn, options: RawClientOptions) {
    this.conn = conn;
    this.#answersClose = options.answersClose ?? true;
    this.#answersPings = options.answersPings ?? true;
    this.ended = this.#end.promise;
  }

  /** Connects and shakes hands; a refusal shows in `status`. */
  static async connect(port: number, options: RawClientOptions = {}): Promise<RawClient> {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const client = new RawClient(conn, options);
    void client.#read();
    await client.send(new TextEncoder().encode(handshake(options.lines)));
    await client.#until(() => client.#head === null, "the handshake's answer");
    return client;
  }

  /** Connects and waits for `welcome`. */
  static async open(port: number, options: RawClientOptions = {}): Promise<RawClient> {
    const client = await RawClient.connect(port, options);
    await client.next("welcome");
    return client;
  }

  /** Connects and joins a room. */
  static async join(port: number, room: string, options: RawClientOptions = {}) {
    const client = await RawClient.open(port, options);
    await client.say({ type: "join_room", room });
    await client.next("room_joined");
    return client;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Sends bytes, behind what was given before; what the peer doesn't take any more is dropped. */
  send(bytes: Uint8Array): Promise<unknown> {
    this.#writing = this.#writing.then(async () => {
      for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await this.conn.write(rest));
    }).catch(() => {});
    return this.#writing;
  }

  /** Sends a message as one masked text frame. */
  say(message: Message): Promise<unknown> {
    return this.send(frame(JSON.stringify(message)));
  }

  /** The next message of a type; the others stay in the mailbox. */
  async next(type: string): Promise<Message> {
    await this.#until(() => this.mailbox.some((message) => message.type === type), type);
    const index = this.mailbox.findIndex((message) => message.type === type);
    return this.mailbox.splice(index, 1)[0];
  }

  /** A round trip: what the server had sent before has arrived after it. */
  async settle(): Promise<void> {
    await this.say({ type: "leave_room", room: "settle" });
    await this.next("room_left");
  }

  /** Reads nothing from now on. */
  pause(): void {
    this.#paused ??= Promise.withResolvers<void>();
  }

  /** Reads again. */
  resume(): void {
    this.#paused?.resolve();
    this.#paused = null;
  }

  [Symbol.dispose](): void {
    this.resume();
    this.#close();
  }

  #close(): void {
    try {
      this.conn.close();
    } catch {
      // It was closed before.
    }
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    try {
      while (true) {
        await this.#paused?.promise;
        const count = await this.conn.read(buffer);
        if (count === null) break;
        this.#take(buffer.subarray(0, count));
      }
    } catch {
      // Reset, or closed by the test.
    }
    this.#hasEnded = true;
    this.#close();
    this.#head = null;
    this.#wake();
    this.#end.resolve(this.#ending);
  }

  #take(bytes: Uint8Array): void {
    const frames = this.#head === null ? bytes : this.#takeHead(bytes);
    for (const { opcode, payload } of this.#decoder.decode(frames)) {
      this.frames += 1;
      if (opcode === Opcode.TEXT) this.mailbox.push(JSON.parse(new TextDecoder().decode(payload)));
      if (opcode === Opcode.PING && this.#answersPings) {
        this.send(frame(payload, { opcode: Opcode.PONG }));
      }
      if (opcode === Opcode.CLOSE) this.#takeClose(payload);
    }
    this.#wake();
  }

  #takeHead(bytes: Uint8Array): Uint8Array {
    const text = this.#head + new TextDecoder("latin1").decode(bytes);
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) {
      this.#head = text;
      return new Uint8Array(0);
    }
    this.status = Number(text.split(" ")[1]);
    const before = (this.#head ?? "").length;
    this.#head = null;
    return this.status === 101 ? bytes.slice(end + 4 - before) : new Uint8Array(0);
  }

  #takeClose(payload: Uint8Array): void {
    const { code, reason } = parseClosePayload(payload);
    this.#ending = { code, reason };
    if (this.#answersClose) this.send(frame(payload, { opcode: Opcode.CLOSE }));
  }

  async #until(condition: () => boolean, what: string): Promise<void> {
    while (!condition()) {
      if (this.#hasEnded) throw new Error(`Cannot wait for ${what}: the link has ended`);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      await within(PATIENCE_MS, promise, what);
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** A client's frame, however wrong. */
export function frame(
  payload: Uint8Array | string,
  options: Partial<EncodeOptions> = {},
): Uint8Array {
  return encodeFrame(payload, {
    opcode: Opcode.TEXT,
    maskingKey: MASK,
    unchecked: true,
    ...options,
  });
}

/** An upgrade request; `lines` replace the usual headers of their name, `Name: -` leaves one out. */
export function handshake(lines: readonly string[] = [], target = "/ws"): string {
  const replaced = new Set(lines.map(nameOf));
  const usual = [
    "Host: localhost",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${KEY}`,
    "Sec-WebSocket-Version: 13",
  ].filter((line) => !replaced.has(nameOf(line)));
  const given = lines.filter((line) => !line.endsWith(": -"));
  return [`GET ${target} HTTP/1.1`, ...usual, ...given].join("\r\n") + "\r\n\r\n";
}

function nameOf(line: string): string {
  return line.split(":")[0].toLowerCase();
}
