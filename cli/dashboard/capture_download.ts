import type { CaptureEvent } from "../../protocol/mod.ts";
import {
  captureEncoder,
  type CaptureFormat,
  type JournalCursor,
  type JournalReader,
} from "../../tap/mod.ts";

/** Events that are read from a journal together. */
const EVENTS_AT_ONCE = 256;

/** What is downloaded. */
export interface DownloadOptions {
  /** As which kind of file. */
  format: CaptureFormat;
  /** Only this connection. @default all */
  connection?: string;
}

/** Turns events into a file, as fast as it is read. */
export function downloadOf(
  events: Iterable<CaptureEvent>,
  options: DownloadOptions,
): ReadableStream<Uint8Array> {
  return ReadableStream.from(piecesOf(events, options));
}

function* piecesOf(
  events: Iterable<CaptureEvent>,
  { format, connection }: DownloadOptions,
): Generator<Uint8Array> {
  const encoder = captureEncoder(format);
  yield encoder.begin();
  for (const event of events) {
    if (connection === undefined || belongsTo(event, connection)) yield encoder.add(event);
  }
  yield encoder.end();
}

/** What a journal holds of the time until now: one that goes on would never end. */
export function* journalEvents(journal: JournalReader): Generator<CaptureEvent> {
  const now = Date.now();
  let cursor: JournalCursor = journal.start;
  for (let more = true; more;) {
    const reading = journal.read(cursor, { limit: EVENTS_AT_ONCE });
    for (const event of reading.events) {
      if (event.type !== "gap" && event.at > now) return;
      yield event;
    }
    ({ cursor, more } = reading);
  }
}

function belongsTo(event: CaptureEvent, connection: string): boolean {
  return event.type !== "gap" && event.connection === connection;
}
