import { captureEventOf, captureHeaderOf } from "../../protocol/capture_schemas.ts";
import type { CaptureEvent, FrameEvent } from "../../protocol/mod.ts";
import { ByteReader } from "./byte_reader.ts";
import {
  type ByteSource,
  type CaptureEncoder,
  CaptureFileError,
  type ReadSettings,
} from "./capture_file.ts";

const LF = 0x0a;
/** Version of this file format: a reader refuses a greater one. */
const FORMAT_VERSION = 1;
const SHOWN = 80;

/**
 * Writes Roomscope's own capture file: a header line, then one JSON object a line for each event,
 * bytes in base64. It can be appended to: another header begins another capture.
 */
export class JsonlEncoder implements CaptureEncoder {
  readonly #encoder = new TextEncoder();

  begin(): Uint8Array {
    return this.#line({
      roomscope: "capture",
      version: FORMAT_VERSION,
      created: new Date().toISOString(),
    });
  }

  add(event: CaptureEvent): Uint8Array {
    if (event.type === "head") return this.#line({ ...event, bytes: event.bytes.toBase64() });
    if (event.type === "frame") return this.#line(frameLine(event));
    return this.#line(event);
  }

  end(): Uint8Array {
    return new Uint8Array(0);
  }

  #line(value: object): Uint8Array {
    return this.#encoder.encode(JSON.stringify(value) + "\n");
  }
}

function frameLine({ wire, compressed, ...event }: FrameEvent): object {
  const { inflated, ...rest } = compressed ?? {};
  const shown = inflated && { ...inflated, bytes: inflated.bytes.toBase64() };
  return {
    ...event,
    wire: wire.toBase64(),
    ...(compressed ? { compressed: { ...rest, ...(shown ? { inflated: shown } : {}) } } : {}),
  };
}

/** Reads Roomscope's own capture file, line by line. */
export async function* readJsonl(
  source: ByteSource,
  settings: ReadSettings,
): AsyncGenerator<CaptureEvent> {
  const { limits, onNotice } = settings;
  const reader = new ByteReader(source);
  const lines = new LineParser(settings);
  for (let number = 1;; number++) {
    const line = await reader.takeThrough(LF, limits.maxRecordBytes);
    if (line === null) break;
    if (line.length > limits.maxRecordBytes) {
      throw lineError(number, `it has more than ${limits.maxRecordBytes} bytes`);
    }
    if (line.at(-1) !== LF && !isJson(line)) {
      onNotice(`Line ${number} breaks off: the capture wasn't ended`);
      break;
    }
    const event = lines.parse(line, number);
    if (event) yield event;
  }
}

/** A file that is still written may end in the middle of a line. */
function isJson(line: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder().decode(line));
    return true;
  } catch {
    return false;
  }
}

/** Turns lines into events; connections of an appended capture get names of their own. */
class LineParser {
  readonly #settings: ReadSettings;
  readonly #connections = new Set<string>();
  #captures = 0;

  constructor(settings: ReadSettings) {
    this.#settings = settings;
  }

  parse(line: Uint8Array, number: number): CaptureEvent | null {
    const value = parseJson(line, number);
    if (value === undefined) return null;
    if (isHeader(value)) return this.#begin(value, number);
    if (this.#captures === 0) throw lineError(number, "it is no header of a Roomscope capture");
    const event = captureEventOf(value);
    if ("fault" in event) throw lineError(number, event.fault);
    return this.#named(event.value, number);
  }

  #begin(value: object, number: number): null {
    const header = captureHeaderOf(value);
    if ("fault" in header) throw lineError(number, header.fault);
    const { version } = header.value;
    if (version > FORMAT_VERSION) {
      throw lineError(
        number,
        `its format is version ${version}, the newest known is ${FORMAT_VERSION}`,
      );
    }
    this.#captures++;
    return null;
  }

  #named(event: CaptureEvent, number: number): CaptureEvent {
    if (event.type === "gap") return event;
    if (event.type === "frame") checkLengths(event, number);
    const connection = this.#captures > 1
      ? `${this.#captures}.${event.connection}`
      : event.connection;
    this.#connections.add(connection);
    if (this.#connections.size > this.#settings.limits.maxConnections) {
      throw lineError(number, `there are more than ${this.#connections.size - 1} connections`);
    }
    return { ...event, connection };
  }
}

function checkLengths(
  { wire, headerLength, length }: { wire: Uint8Array; headerLength: number; length: number },
  number: number,
): void {
  if (wire.length === 0 || wire.length > headerLength + length) {
    throw lineError(
      number,
      `a frame of ${headerLength} and ${length} bytes can't have ${wire.length}`,
    );
  }
}

function parseJson(line: Uint8Array, number: number): unknown {
  const text = new TextDecoder().decode(line).trim();
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw lineError(number, `it is not JSON: ${JSON.stringify(text.slice(0, SHOWN))}`);
  }
}

function isHeader(value: unknown): value is object {
  return typeof value === "object" && value !== null && "roomscope" in value;
}

function lineError(number: number, what: string): CaptureFileError {
  return new CaptureFileError(`Cannot read line ${number}: ${what}`);
}
