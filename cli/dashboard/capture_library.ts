import type { CaptureEvent } from "../../protocol/mod.ts";
import { VERSION } from "../../protocol/mod.ts";
import { CaptureFollower, type MonitorSource } from "../../server/mod.ts";
import { type ByteSource, CaptureFileError, LoadedCapture, readCapture } from "../../tap/mod.ts";
import type { CaptureLimits, CaptureSummary } from "../../utils.ts";

/** Reading a file yields to connections after so many events. */
const EVENTS_AT_ONCE = 500;
/** So many notices of a file are kept; the others are counted. */
const MOST_NOTICES = 10;
/** The most connections of one file. */
const MOST_CONNECTIONS = 5_000;
const MOST_NAME_LENGTH = 120;

/** How much a library takes where nothing else is said: bounds of what it may cost in memory. */
export const CAPTURE_LIMITS: Readonly<CaptureLimits> = {
  maxFileBytes: 64 * 1024 * 1024,
  maxAllBytes: 128 * 1024 * 1024,
  maxCaptures: 8,
};

/** A file that isn't taken; `status` is the HTTP status that says so. */
export class CaptureRefused extends Error {
  /** Its name. */
  override name = "CaptureRefused";
  /** The HTTP status. */
  readonly status: 400 | 409 | 413 | 429;

  constructor(status: 400 | 409 | 413 | 429, message: string) {
    super(message);
    this.status = status;
  }
}

/** A capture file that was read. */
export interface LibraryEntry {
  /** What the list says of it. */
  summary: CaptureSummary;
  /** What watchers see of it. */
  source: MonitorSource;
  /** Its frames. */
  capture: LoadedCapture;
}

/** The capture files that the dashboard shows, in memory; a few, with bounds. */
export class CaptureLibrary {
  readonly limits: CaptureLimits;
  readonly #entries = new Map<string, LibraryEntry>();
  #lastId = 0;
  #reading = false;

  constructor(limits: CaptureLimits = CAPTURE_LIMITS) {
    this.limits = limits;
  }

  /** What there is, the oldest first. */
  list(): CaptureSummary[] {
    return [...this.#entries.values().map(({ summary }) => summary)];
  }

  /** The capture of this id. */
  get(id: string): LibraryEntry | undefined {
    return this.#entries.get(id);
  }

  /** Forgets a capture; says whether it was there. */
  remove(id: string): boolean {
    return this.#entries.delete(id);
  }

  /**
   * Reads a file from somewhere else, with the limits that hold there.
   *
   * @throws {CaptureRefused} If it is too large, no capture, or there is no room for it.
   */
  async upload(name: string, source: ByteSource): Promise<CaptureSummary> {
    const { maxCaptures, maxFileBytes, maxAllBytes } = this.limits;
    if (this.#reading) {
      throw new CaptureRefused(429, "Cannot load: another file is being read, try again");
    }
    if (this.#entries.size >= maxCaptures) {
      throw new CaptureRefused(409, `Cannot load: there are ${maxCaptures} captures, remove one`);
    }
    const taken = this.list().reduce((sum, { bytes }) => sum + bytes, 0);
    const room = maxAllBytes - taken;
    const tooLarge = maxFileBytes <= room
      ? `the file is larger than ${mebibytes(maxFileBytes)}`
      : `the captures would be larger than ${mebibytes(maxAllBytes)} together, remove one`;
    this.#reading = true;
    try {
      return await this.load(name, atMost(source, Math.min(maxFileBytes, room), tooLarge));
    } finally {
      this.#reading = false;
    }
  }

  /**
   * Reads a file.
   *
   * @throws {CaptureRefused} If it is no capture.
   */
  async load(name: string, source: ByteSource): Promise<CaptureSummary> {
    const entry = await readEntry(String(++this.#lastId), name.slice(0, MOST_NAME_LENGTH), source);
    this.#entries.set(entry.summary.id, entry);
    return entry.summary;
  }
}

async function readEntry(id: string, name: string, source: ByteSource): Promise<LibraryEntry> {
  const reader = new EntryReader(id, name);
  try {
    for await (const event of readCapture(reader.counted(source), reader.options)) {
      reader.take(event);
      if (reader.events % EVENTS_AT_ONCE === 0) await breath();
    }
  } catch (error) {
    if (error instanceof CaptureFileError) throw new CaptureRefused(400, error.message);
    throw error;
  }
  return reader.entry();
}

/** Collects what one file holds. */
class EntryReader {
  events = 0;
  readonly #summary: CaptureSummary;
  readonly #capture = new LoadedCapture();
  readonly #connections = new Set<string>();
  #follower: CaptureFollower | null = null;
  #now = 0;
  #isHar = false;

  constructor(id: string, name: string) {
    this.#summary = {
      ...{ id, name, bytes: 0, connections: 0, frames: 0, kept: 0, findings: 0 },
      ...{ first: 0, last: 0, notices: [], moreNotices: 0 },
    };
  }

  readonly options = {
    limits: { maxConnections: MOST_CONNECTIONS },
    onNotice: (notice: string) => {
      if (this.#summary.notices.length < MOST_NOTICES) this.#summary.notices.push(notice);
      else this.#summary.moreNotices += 1;
    },
  };

  async *counted(source: ByteSource): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      if (this.#summary.bytes === 0) this.#isHar = looksLikeHar(chunk);
      this.#summary.bytes += chunk.length;
      yield chunk;
    }
  }

  take(event: CaptureEvent): void {
    this.events += 1;
    if (event.type !== "gap") this.#note(event);
    this.#capture.add(event);
    // HAR doesn't tell how a WebSocket ended, unless its Close frames are there.
    const isGuess = this.#isHar && event.type === "end" && event.closedBy === null;
    if (!isGuess) this.#follow(event);
  }

  entry(): LibraryEntry {
    const { name } = this.#summary;
    if (this.#follower === null) {
      throw new CaptureRefused(400, `Cannot load ${name}: there is no WebSocket in it`);
    }
    const { seen, kept } = this.#capture.stats;
    const connections = this.#connections.size;
    return {
      summary: { ...this.#summary, connections, frames: seen, kept },
      source: this.#follower,
      capture: this.#capture,
    };
  }

  #note(event: Exclude<CaptureEvent, { type: "gap" }>): void {
    const { at } = event;
    const isFirst = this.#connections.size === 0;
    this.#connections.add(event.connection);
    this.#summary.first = isFirst ? at : Math.min(this.#summary.first, at);
    this.#summary.last = isFirst ? at : Math.max(this.#summary.last, at);
    // The figures go by the file's own clock.
    this.#now = this.#summary.last;
    if (event.type === "frame") this.#summary.findings += event.findings.length;
  }

  #follow(event: CaptureEvent): void {
    if (this.#connections.size === 0) return;
    this.#follower ??= new CaptureFollower({
      capture: this.#capture,
      policy: {
        ...{ version: VERSION, transport: "deno", tap: true, guard: false, redact: false },
        limits: {},
        source: { kind: "file", name: this.#summary.name },
      },
      maxEnded: MOST_CONNECTIONS,
      now: () => this.#now,
    });
    this.#follower.take(event);
  }
}

/** Of the kinds that are read, two are JSON objects, and ours says so at once. */
function looksLikeHar(start: Uint8Array): boolean {
  const text = new TextDecoder().decode(start.subarray(0, 64)).trimStart();
  return text.startsWith("{") && !text.startsWith('{"roomscope"');
}

async function* atMost(
  source: ByteSource,
  limit: number,
  message: string,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > limit) throw new CaptureRefused(413, `Cannot load: ${message}`);
    yield chunk;
  }
}

function mebibytes(bytes: number): string {
  return `${Number((bytes / 1024 / 1024).toFixed(1))} MiB`;
}

function breath(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
