/**
 * Capture files: Roomscope's own JSONL, HAR with `_webSocketMessages`, pcap and pcapng. All of them
 * are read to the same events and written from them. Bytes in, events out: no I/O.
 *
 * @module
 */
import type { CaptureEvent } from "../../protocol/mod.ts";
import { ByteReader } from "./byte_reader.ts";
import {
  type ByteSource,
  type CaptureEncoder,
  CaptureFileError,
  type CaptureFormat,
  type CaptureReadFileOptions,
  readSettings,
} from "./capture_file.ts";
import { HarEncoder, readHar } from "./har.ts";
import { JsonlEncoder, readJsonl } from "./jsonl.ts";
import { PcapEncoder } from "./pcap_encoder.ts";
import { isPcap } from "./pcap_packets.ts";
import { readPcap } from "./pcap_reader.ts";

export {
  type ByteSource,
  type CaptureEncoder,
  CaptureFileError,
  type CaptureFileLimits,
  type CaptureFormat,
  type CaptureReadFileOptions,
} from "./capture_file.ts";

/** So much of a file tells what it is. */
const SNIFFED_BYTES = 512;
/** A HAR file is written as a whole: so much is gathered at most. */
const MOST_HAR_BYTES = 256 * 1024 * 1024;

const READERS = { jsonl: readJsonl, har: readHar, pcap: readPcap } as const;

/**
 * Reads a capture file of any kind; its first bytes tell which.
 *
 * @param source The file's bytes in pieces: an array of one, or a file's `readable`.
 * @param options Limits, and who is told of what was left out.
 * @returns The events, in the file's order.
 * @throws {CaptureFileError} While iterating: if the file isn't what it should be, or goes beyond a
 * limit. Events before that were given out.
 *
 * @example From HAR to pcap
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { captureEncoder, readCapture } from "@roomscope/roomscope/tap";
 *
 * const har = JSON.stringify({ log: { entries: [{
 *   startedDateTime: "2026-01-01T00:00:00.000Z",
 *   request: { url: "ws://localhost/chat" },
 *   response: { status: 101 },
 *   _webSocketMessages: [{ type: "send", time: 1767225600, opcode: 1, data: "hello" }],
 * }] } });
 * const encoder = captureEncoder("pcap");
 * const types: string[] = [];
 * const pcap = [encoder.begin()];
 * for await (const event of readCapture([new TextEncoder().encode(har)])) {
 *   types.push(event.type);
 *   pcap.push(encoder.add(event));
 * }
 * assertEquals(types, ["open", "head", "head", "frame", "end"]);
 * ```
 */
export async function* readCapture(
  source: ByteSource,
  options: CaptureReadFileOptions = {},
): AsyncGenerator<CaptureEvent> {
  const settings = readSettings(options);
  const reader = new ByteReader(source);
  const start = (await reader.peek(SNIFFED_BYTES)).slice();
  yield* READERS[formatOf(start)](reader.rest(), settings);
}

/**
 * Makes an encoder that turns events into a file's bytes.
 *
 * @param format Which kind of file.
 * @returns A new encoder.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { captureEncoder } from "@roomscope/roomscope/tap";
 *
 * const begin = new TextDecoder().decode(captureEncoder("jsonl").begin());
 * assert(begin.startsWith('{"roomscope":"capture","version":1,'));
 * ```
 */
export function captureEncoder(format: CaptureFormat): CaptureEncoder {
  if (format === "jsonl") return new JsonlEncoder();
  return format === "har" ? new HarEncoder(MOST_HAR_BYTES) : new PcapEncoder();
}

/**
 * The kind of file that a name stands for.
 *
 * @param name The file's name.
 * @returns Its format, `null` where the ending says nothing.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { captureFormatOf } from "@roomscope/roomscope/tap";
 *
 * assertEquals(captureFormatOf("today.har"), "har");
 * assertEquals(captureFormatOf("today.txt"), null);
 * ```
 */
export function captureFormatOf(name: string): CaptureFormat | null {
  const ending = /\.([a-z]+)$/i.exec(name)?.[1].toLowerCase();
  return ending === "jsonl" || ending === "har" || ending === "pcap" ? ending : null;
}

function formatOf(start: Uint8Array): CaptureFormat {
  if (start.length === 0) throw new CaptureFileError("Cannot read capture: it is empty");
  if (isPcap(start)) return "pcap";
  const text = new TextDecoder().decode(start).trimStart();
  if (text.startsWith('{"roomscope"')) return "jsonl";
  if (text.startsWith("{")) return "har";
  throw new CaptureFileError("Cannot read capture: it is neither JSONL, HAR, pcap nor pcapng");
}
