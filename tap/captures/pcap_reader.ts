import { type Frame, frameBytes } from "../../frames/mod.ts";
import type {
  CaptureEvent,
  EndingParty,
  FrameEvent,
  HandshakeFailure,
} from "../../protocol/mod.ts";
import { ClosingWatch, isClose } from "../closing.ts";
import { Conversation } from "../conversation.ts";
import { framesIn } from "../frame_run.ts";
import { InflatedMessages } from "../inflated_messages.ts";
import { DEFAULT_TAP_LIMITS } from "../limits.ts";
import type { InflatedPart } from "../message_inflater.ts";
import { type ByteSource, CaptureFileError, type ReadSettings } from "./capture_file.ts";
import { readPackets } from "./pcap_packets.ts";
import { type NoSegment, type Segment, segmentOf } from "./tcp_segments.ts";
import { TcpStream } from "./tcp_stream.ts";

/** More TCP connections than that aren't followed at once: the one that was silent longest goes. */
const MOST_FLOWS = 65_536;
const TLS_HANDSHAKE = 0x16;
const TLS_MAJOR_VERSION = 0x03;

/** Reads the WebSockets of a pcap or pcapng file. */
export async function* readPcap(
  source: ByteSource,
  settings: ReadSettings,
): AsyncGenerator<CaptureEvent> {
  const flows = new Flows(settings);
  for await (const packet of readPackets(source, settings)) {
    const segment = segmentOf(packet);
    if (typeof segment === "string") flows.passedOver(segment);
    else yield* flows.take(segment);
  }
  yield* flows.finish();
}

/** All TCP connections of a capture. */
class Flows {
  readonly #settings: ReadSettings;
  // Both directions lead to the same flow; the Map's order is that of their last packets.
  readonly #flows = new Map<string, Flow>();
  readonly #passedOver = new Map<NoSegment, number>();
  readonly #notes = { tls: 0, unknown: 0, lost: 0 };
  #connections = 0;

  constructor(settings: ReadSettings) {
    this.#settings = settings;
  }

  passedOver(why: NoSegment): void {
    this.#passedOver.set(why, (this.#passedOver.get(why) ?? 0) + 1);
  }

  take(segment: Segment): CaptureEvent[] {
    const key = keyOf(segment);
    let flow = this.#flows.get(key);
    const events: CaptureEvent[] = [];
    // The ports are used again: a SYN after an end, or with another number, begins anew.
    if (flow && segment.syn && !segment.ack && flow.isOver) {
      events.push(...this.#drop(key, flow));
      flow = undefined;
    }
    flow ??= this.#begin(segment);
    this.#flows.delete(key);
    this.#flows.set(key, flow);
    events.push(...flow.take(segment));
    if (this.#flows.size > MOST_FLOWS) events.push(...this.#dropOldest());
    return events;
  }

  finish(): CaptureEvent[] {
    const events = [...this.#flows].flatMap(([key, flow]) => this.#drop(key, flow));
    this.#tellNotes();
    return events;
  }

  #begin(segment: Segment): Flow {
    return new Flow(clientOf(segment), {
      maxWaitingBytes: this.#settings.limits.maxWaitingBytes,
      maxKeptPayloadBytes: this.#settings.limits.maxRecordBytes,
      nextConnection: () => this.#nextConnection(),
    });
  }

  #nextConnection(): string {
    const { maxConnections } = this.#settings.limits;
    if (++this.#connections > maxConnections) {
      throw new CaptureFileError(
        `Cannot read capture: it has more than ${maxConnections} connections`,
      );
    }
    return String(this.#connections);
  }

  #drop(key: string, flow: Flow): CaptureEvent[] {
    this.#flows.delete(key);
    const events = flow.finish();
    if (flow.fate !== null) this.#notes[flow.fate]++;
    return events;
  }

  #dropOldest(): CaptureEvent[] {
    for (const [key, flow] of this.#flows) return this.#drop(key, flow);
    return [];
  }

  #tellNotes(): void {
    const { onNotice } = this.#settings;
    const { tls, unknown, lost } = this.#notes;
    const say = (count: number, what: string) => count > 0 && onNotice(`${count} ${what}`);
    say(tls, "TCP connections with TLS, which can't be read");
    say(unknown, "TCP connections whose beginning is missing");
    say(lost, "TCP connections with missing segments, read up to there");
    say(this.#passedOver.get("fragment") ?? 0, "IP fragments, which aren't put together");
    say(this.#passedOver.get("broken") ?? 0, "packets that break off or aren't what they claim");
    say(this.#passedOver.get("unknown link") ?? 0, "packets of a link that isn't known");
    if (this.#connections === 0) onNotice("There is no WebSocket in this capture");
  }
}

function keyOf({ from, to }: Segment): string {
  return from < to ? `${from} ${to}` : `${to} ${from}`;
}

/** Who is the client: whoever sent the SYN, or the request. */
function clientOf({ from, to, syn, ack, payload }: Segment): { client: string; server: string } {
  const start = new TextDecoder("latin1").decode(payload.subarray(0, 5));
  const byServer = syn ? ack : start === "HTTP/";
  return byServer ? { client: to, server: from } : { client: from, server: to };
}

interface FlowOptions {
  maxWaitingBytes: number;
  maxKeptPayloadBytes: number;
  nextConnection(): string;
}

/** One TCP connection: segments in, events out. */
class Flow {
  /** Why it can't be read, if it can't. */
  fate: "tls" | "unknown" | "lost" | null = null;
  readonly #addresses: { client: string; server: string };
  readonly #options: FlowOptions;
  readonly #up: TcpStream;
  readonly #down: TcpStream;
  readonly #conversation: Conversation;
  #events: CaptureEvent[] = [];
  #at = 0;
  #sawClient = false;
  #endedBy: EndingParty | null = null;
  #reset = false;

  // The WebSocket that is open, or being opened.
  #connection = "";
  #frames = 0;
  #inflated = gatherers();
  #closing = new ClosingWatch();
  #failure: HandshakeFailure | null = null;

  constructor(addresses: { client: string; server: string }, options: FlowOptions) {
    this.#addresses = addresses;
    this.#options = options;
    this.#up = new TcpStream(options.maxWaitingBytes);
    this.#down = new TcpStream(options.maxWaitingBytes);
    this.#conversation = new Conversation({
      guards: false,
      limits: DEFAULT_TAP_LIMITS,
      maxKeptPayloadBytes: options.maxKeptPayloadBytes,
      events: {
        upgradeRequested: (head) => this.#open(head),
        upgradeAnswered: (head) => this.#head("out", head),
        upgradeRefused: (status) => this.#refused(status),
        frames: (direction, run) => {
          for (const frame of framesIn(run)) this.#frame(direction, frame, run.part);
        },
      },
    });
  }

  /** Whether nothing more can come. */
  get isOver(): boolean {
    return this.#reset || this.#up.finished || this.#down.finished;
  }

  take(segment: Segment): CaptureEvent[] {
    this.#at = segment.at;
    const fromClient = segment.from === this.#addresses.client;
    const stream = fromClient ? this.#up : this.#down;
    const first = segment.syn ? (segment.sequence + 1) >>> 0 : segment.sequence;
    if (segment.syn) stream.begin(segment.sequence);
    for (const bytes of stream.take(first, segment.payload)) this.#read(fromClient, bytes);
    if (segment.fin) stream.end(first + segment.payload.length);
    this.#noteEnd(fromClient ? "client" : "server", segment);
    if (stream.lost && this.#connection !== "") this.fate ??= "lost";
    if (this.#reset || (this.#up.finished && this.#down.finished)) this.#end();
    return this.#events.splice(0);
  }

  /** The capture ends here. */
  finish(): CaptureEvent[] {
    const incomplete = this.#up.incomplete || this.#down.incomplete;
    if (incomplete && this.#connection !== "") this.fate ??= "lost";
    this.#end();
    return this.#events.splice(0);
  }

  #read(fromClient: boolean, bytes: Uint8Array): void {
    if (fromClient && !this.#sawClient) {
      this.#sawClient = true;
      this.#judgeBeginning(bytes);
    }
    if (this.fate !== null) return;
    if (fromClient) this.#conversation.fromClient(bytes);
    else this.#conversation.fromServer(bytes);
  }

  #judgeBeginning([first, second]: Uint8Array): void {
    if (first === TLS_HANDSHAKE && second === TLS_MAJOR_VERSION) this.fate = "tls";
    else if (first < 0x41 || first > 0x5a) this.fate = "unknown";
  }

  #noteEnd(party: EndingParty, { fin, rst }: Segment): void {
    if (!fin && !rst) return;
    this.#endedBy ??= party;
    this.#reset ||= rst;
  }

  #open(head: Uint8Array): void {
    this.#end();
    this.#connection = this.#options.nextConnection();
    this.#frames = 0;
    this.#inflated = gatherers();
    this.#closing = new ClosingWatch();
    this.#failure = null;
    const { client, server } = this.#addresses;
    this.#events.push({ type: "open", connection: this.#connection, at: this.#at, client, server });
    this.#head("in", head);
  }

  #head(direction: "in" | "out", head: Uint8Array): void {
    const { connection, at } = { connection: this.#connection, at: this.#at };
    this.#events.push({ type: "head", connection, at, direction, bytes: head.slice() });
  }

  #refused(status: number): void {
    const message = `Cannot upgrade: the server answered ${status}`;
    this.#failure = { status, rule: "server-refused", message };
  }

  #frame(direction: "in" | "out", frame: Frame, part: InflatedPart | null): void {
    if (isClose(frame)) this.#closing.closed(direction === "in" ? "client" : "server", frame);
    const number = this.#frames++;
    const place = { connection: this.#connection, frame: number, at: this.#at, direction };
    const compressed = part && this.#inflated[direction].take(number, part, false);
    this.#events.push({ ...frameEvent(frame, place), ...(compressed ? { compressed } : {}) });
  }

  #end(): void {
    if (this.#connection === "") return;
    this.#events.push({
      ...{ type: "end", connection: this.#connection, at: this.#at, ...this.#closing.closing },
      endedBy: this.#endedBy ?? "server",
      ...(this.#failure === null ? {} : { failure: this.#failure }),
    });
    this.#connection = "";
  }
}

/** Nothing bounds what is kept of a message but what it may inflate to. */
function gatherers(): { in: InflatedMessages; out: InflatedMessages } {
  const most = DEFAULT_TAP_LIMITS.maxInflatedBytes;
  return { in: new InflatedMessages(most), out: new InflatedMessages(most) };
}

/** A decoder's frame as a capture has it. */
export function frameEvent(
  frame: Frame,
  place: Pick<FrameEvent, "connection" | "frame" | "at" | "direction">,
): FrameEvent {
  return {
    type: "frame",
    ...place,
    headerLength: frame.header.length,
    length: frame.payloadLength,
    wire: frameBytes(frame),
    findings: frame.findings.map((finding) => ({
      ...finding,
      offset: finding.offset - frame.offset,
    })),
  };
}
