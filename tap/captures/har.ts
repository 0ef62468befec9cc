import { Opcode } from "../../frames/mod.ts";
import {
  harEntriesOf,
  harEntryOf,
  type HarEntryShape as Entry,
  type HarMessageShape as Message,
} from "../../protocol/capture_schemas.ts";
import type { CaptureEvent, EndEvent, FrameEvent, HeadEvent } from "../../protocol/mod.ts";
import { VERSION } from "../../protocol/mod.ts";
import { concat } from "../byte_window.ts";
import { FrameView } from "../frame_view.ts";
import {
  type ByteSource,
  type CaptureEncoder,
  CaptureFileError,
  type ReadSettings,
} from "./capture_file.ts";
import { fieldOf, headBytes, looseHead, madeRequest, madeResponse } from "./head_text.ts";
import { madeFrame } from "./made_frames.ts";

const NOTHING = new Uint8Array(0);
const MILLISECONDS = 1_000;
const SWITCHING_PROTOCOLS = 101;
const NO_CLOSE_FRAME = 1006;

/** A message as Chromium's DevTools write it; fields with `_` are ours and are ignored there. */
interface HarMessage {
  type: "send" | "receive";
  /** Seconds since the Unix epoch. */
  time: number;
  opcode: number;
  /** Text, or base64 where the opcode isn't text. */
  data: string;
  /** The data is compressed (RFC 7692) and couldn't be inflated; otherwise it is what came out. */
  _compressed?: true;
  /** Only a part of it was kept. */
  _truncated?: true;
}

/** What is gathered of one connection. */
interface Gathered {
  id: string;
  at: number;
  server: string;
  request: Uint8Array | null;
  response: Uint8Array | null;
  answeredAt: number | null;
  messages: HarMessage[];
  unfinished: { in: FrameView[]; out: FrameView[] };
  end: EndEvent | null;
}

/**
 * Writes HAR 1.2 with `_webSocketMessages`, as Chromium's DevTools write and import it. Fragments are
 * put together, since HAR knows messages; control frames stand between them.
 */
export class HarEncoder implements CaptureEncoder {
  readonly #connections = new Map<string, Gathered>();
  readonly #maxBytes: number;
  #bytes = 0;

  /** @param maxBytes The most payload bytes that are gathered until the file is written. */
  constructor(maxBytes: number = Infinity) {
    this.#maxBytes = maxBytes;
  }

  begin(): Uint8Array {
    return NOTHING;
  }

  add(event: CaptureEvent): Uint8Array {
    if (event.type === "gap") return NOTHING;
    const connection = this.#connection(event);
    if (event.type === "head") addHead(connection, event);
    if (event.type === "end") connection.end = event;
    if (event.type === "frame") this.#addFrame(connection, event);
    return NOTHING;
  }

  end(): Uint8Array {
    const entries = [...this.#connections.values()].map(entryOf);
    const log = {
      version: "1.2",
      creator: { name: "Roomscope", version: VERSION },
      pages: [],
      entries,
    };
    return new TextEncoder().encode(JSON.stringify({ log }, null, 1) + "\n");
  }

  #connection(event: Exclude<CaptureEvent, { type: "gap" }>): Gathered {
    const known = this.#connections.get(event.connection);
    if (known) return known;
    const gathered: Gathered = {
      ...{ id: event.connection, at: event.at, messages: [], end: null },
      ...{ request: null, response: null, answeredAt: null },
      server: event.type === "open" ? event.server : "unknown:0",
      unfinished: { in: [], out: [] },
    };
    this.#connections.set(event.connection, gathered);
    return gathered;
  }

  #addFrame(connection: Gathered, event: FrameEvent): void {
    this.#bytes += event.wire.length + (event.compressed?.inflated?.bytes.length ?? 0);
    if (this.#bytes > this.#maxBytes) {
      throw new CaptureFileError(
        `Cannot write HAR: it is written as a whole, and there are more than ${this.#maxBytes} bytes`,
      );
    }
    const view = new FrameView(event);
    const unfinished = connection.unfinished[event.direction];
    if (!view.isData) return void connection.messages.push(messageOf([view]));
    if (view.opcode !== Opcode.CONTINUATION) unfinished.length = 0;
    unfinished.push(view);
    if (view.fin) connection.messages.push(messageOf(unfinished.splice(0)));
  }
}

function addHead(connection: Gathered, { direction, bytes, at }: HeadEvent): void {
  if (direction === "in") connection.request = bytes;
  else [connection.response, connection.answeredAt] = [bytes, at];
}

function messageOf(frames: readonly FrameView[]): HarMessage {
  const [first] = frames;
  const last = frames[frames.length - 1];
  const inflated = last.event.compressed?.inflated;
  const payload = inflated?.bytes ?? concat(frames.map((frame) => frame.payload));
  const compressed = first.rsv1 && !inflated;
  const asText = first.opcode === Opcode.TEXT && !compressed;
  const truncated = inflated
    ? inflated.bytes.length < inflated.length || last.event.compressed?.problem !== undefined
    : frames.some((frame) => frame.truncated);
  return {
    type: first.event.direction === "in" ? "send" : "receive",
    time: last.event.at / MILLISECONDS,
    // DevTools decode base64 of binary messages only; compressed text is no text.
    opcode: first.opcode === Opcode.TEXT && !asText ? Opcode.BINARY : first.opcode,
    data: asText ? new TextDecoder().decode(payload) : payload.toBase64(),
    ...(compressed ? { _compressed: true } : {}),
    ...(truncated ? { _truncated: true } : {}),
  };
}

function entryOf(connection: Gathered): object {
  const { at, server, messages, end } = connection;
  const request = connection.request ?? madeRequest(server);
  const response = connection.response ?? (end?.failure ? NOTHING : madeResponse(request));
  const wait = Math.max(0, (connection.answeredAt ?? at) - at);
  const receive = Math.max(0, (end?.at ?? lastTime(messages) ?? at + wait) - at - wait);
  return {
    startedDateTime: new Date(at).toISOString(),
    time: wait + receive,
    request: requestOf(request, server),
    response: responseOf(response),
    cache: {},
    timings: { blocked: -1, dns: -1, connect: -1, ssl: -1, send: 0, wait, receive },
    serverIPAddress: server.replace(/:\d+$/, "").replace(/[[\]]/g, ""),
    connection: connection.id,
    _resourceType: "websocket",
    _webSocketMessages: messages,
    ...(end === null ? {} : { _end: end }),
  };
}

function lastTime(messages: readonly HarMessage[]): number | undefined {
  const last = messages.at(-1);
  return last && last.time * MILLISECONDS;
}

function requestOf(bytes: Uint8Array, server: string): object {
  const head = looseHead(bytes);
  const [method = "GET", target = "/", httpVersion = "HTTP/1.1"] = head.first;
  const url = `ws://${fieldOf(head, "host") ?? server}${target.startsWith("/") ? target : "/"}`;
  return {
    ...{ method, url, httpVersion, cookies: [], headers: head.headers },
    queryString: [...URL.parse(url)?.searchParams ?? []].map(([name, value]) => ({ name, value })),
    headersSize: bytes.length,
    bodySize: 0,
  };
}

function responseOf(bytes: Uint8Array): object {
  const head = looseHead(bytes);
  const [httpVersion = "HTTP/1.1", status = "0", ...reason] = head.first;
  return {
    status: Number(status) || 0,
    statusText: reason.join(" "),
    httpVersion: httpVersion || "HTTP/1.1",
    ...{ cookies: [], headers: head.headers, redirectURL: "" },
    content: { size: 0, mimeType: "x-unknown" },
    headersSize: bytes.length,
    bodySize: -1,
    _transferSize: bytes.length,
  };
}

/**
 * Reads the WebSockets of a HAR file. HAR holds messages, not frames: each becomes a frame as its
 * sender would have sent it, and what the file doesn't tell (masks, fragments) is made.
 */
export async function* readHar(
  source: ByteSource,
  settings: ReadSettings,
): AsyncGenerator<CaptureEvent> {
  const har = parse(await wholeFile(source, settings.limits.maxHarBytes));
  let number = 0;
  for (const [index, value] of entriesOf(har).entries()) {
    if (!isWebSocket(value)) continue;
    if (++number > settings.limits.maxConnections) {
      throw new CaptureFileError(`Cannot read HAR: it has more than ${number - 1} connections`);
    }
    const entry = harEntryOf(value);
    if ("fault" in entry) {
      throw new CaptureFileError(`Cannot read HAR entry ${index}: ${entry.fault}`);
    }
    const { startedDateTime } = entry.value;
    if (Number.isNaN(Date.parse(startedDateTime))) {
      throw new CaptureFileError(
        `Cannot read HAR entry ${index}: startedDateTime is no date: ${startedDateTime}`,
      );
    }
    yield* eventsOf(entry.value, String(number));
  }
  if (number === 0) settings.onNotice("There is no WebSocket in this HAR file");
}

function* eventsOf(entry: Entry, connection: string): Generator<CaptureEvent> {
  const start = Date.parse(entry.startedDateTime);
  const url = URL.parse(entry.request.url);
  const host = url?.host || "unknown";
  const server = entry.serverIPAddress || url?.hostname || "unknown";
  const port = url?.port || (url?.protocol === "wss:" ? "443" : "80");
  const address = server.includes(":") && !server.startsWith("[") ? `[${server}]` : server;
  yield {
    ...{ type: "open", connection, at: start },
    ...{ client: "127.0.0.1:0", server: `${address}:${port}` },
  };
  const request = requestHead(entry, host, (url?.pathname ?? "/") + (url?.search ?? ""));
  yield { type: "head", connection, at: start, direction: "in", bytes: request };
  const response = responseHead(entry, request);
  yield { type: "head", connection, at: start, direction: "out", bytes: response };
  const messages = entry._webSocketMessages;
  for (const [frame, message] of messages.entries()) {
    yield frameOf(message, { connection, frame });
  }
  yield endOf(entry, connection, start);
}

function frameOf(
  { type, time, opcode, data }: Message,
  place: { connection: string; frame: number },
): FrameEvent {
  return madeFrame({
    ...place,
    at: time * MILLISECONDS,
    direction: type === "send" ? "in" : "out",
    opcode,
    payload: opcode === Opcode.TEXT ? new TextEncoder().encode(data) : binaryOf(data),
  });
}

/** Chromium writes base64; others write the bytes of control frames as text. */
function binaryOf(data: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(data);
  } catch {
    return new TextEncoder().encode(data);
  }
}

function requestHead({ request }: Entry, host: string, target: string): Uint8Array {
  // Chromium also lists what HTTP/2 has in place of a request line.
  const headers = request.headers.filter(({ name }) => !name.startsWith(":"));
  if (headers.length === 0) return madeRequest(host, target);
  const named = headers.some(({ name }) => name.toLowerCase() === "host");
  const all = named ? headers : [{ name: "Host", value: host }, ...headers];
  return headBytes(`GET ${target} HTTP/1.1`, all);
}

function responseHead({ response }: Entry, request: Uint8Array): Uint8Array {
  const { status, statusText, headers } = response;
  if (headers.length === 0 && (status === 0 || status === SWITCHING_PROTOCOLS)) {
    return madeResponse(request);
  }
  return headBytes(`HTTP/1.1 ${status || SWITCHING_PROTOCOLS} ${statusText}`, headers);
}

/** HAR doesn't tell how a WebSocket ended, unless its Close frames are there. */
function endOf(entry: Entry, connection: string, start: number): EndEvent {
  const messages = entry._webSocketMessages;
  const closes = messages.filter(({ opcode }) => opcode === Opcode.CLOSE);
  const senders = new Set(closes.map(({ type }) => type));
  const [first] = closes;
  const payload = first ? binaryOf(first.data) : NOTHING;
  const by = first?.type === "send" ? "client" as const : "server" as const;
  return {
    ...{ type: "end", connection },
    at: Math.max(start + entry.time, (messages.at(-1)?.time ?? 0) * MILLISECONDS),
    code: !first ? NO_CLOSE_FRAME : payload.length < 2 ? 1005 : payload[0] << 8 | payload[1],
    reason: new TextDecoder().decode(payload.subarray(2)),
    clean: senders.size > 1,
    closedBy: first ? by : null,
    endedBy: by,
  };
}

async function wholeFile(source: ByteSource, limit: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of source) {
    length += piece.length;
    if (length > limit) {
      throw new CaptureFileError(`Cannot read HAR: it has more than ${limit} bytes`);
    }
    pieces.push(piece);
  }
  return concat(pieces);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new CaptureFileError(
      `Cannot read HAR: it is not JSON: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function entriesOf(har: unknown): unknown[] {
  const entries = harEntriesOf(har);
  if ("value" in entries) return entries.value;
  throw new CaptureFileError("Cannot read HAR: log.entries is missing");
}

function isWebSocket(entry: unknown): boolean {
  return typeof entry === "object" && entry !== null && "_webSocketMessages" in entry;
}
