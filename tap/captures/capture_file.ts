import type { CaptureEvent } from "../../protocol/mod.ts";

/** The kinds of capture files. */
export type CaptureFormat = "jsonl" | "har" | "pcap";

/** A file that isn't what it should be, or goes beyond a limit. */
export class CaptureFileError extends Error {
  /** Always `"CaptureFileError"`. */
  override readonly name: string = "CaptureFileError";
}

/** What a capture file may hold at most. 0 switches a limit off. */
export interface CaptureFileLimits {
  /**
   * Bytes of one JSONL line, one packet block or one message.
   *
   * @default 33554432 (32 MiB)
   */
  maxRecordBytes: number;
  /**
   * Bytes of a HAR file, which is read as a whole.
   *
   * @default 268435456 (256 MiB)
   */
  maxHarBytes: number;
  /**
   * Connections in one file.
   *
   * @default 100000
   */
  maxConnections: number;
  /**
   * Bytes of one TCP stream that wait for a segment that was lost or came late.
   *
   * @default 4194304 (4 MiB)
   */
  maxWaitingBytes: number;
}

/** How a capture is read. */
export interface CaptureReadFileOptions {
  /** Limits that differ from the defaults. */
  limits?: Partial<CaptureFileLimits>;
  /** Told of what couldn't be read and was left out. */
  onNotice?: (notice: string) => void;
}

/** {@linkcode CaptureReadFileOptions} with everything filled in. */
export interface ReadSettings {
  readonly limits: CaptureFileLimits;
  readonly onNotice: (notice: string) => void;
}

const DEFAULT_FILE_LIMITS: CaptureFileLimits = {
  maxRecordBytes: 32 * 1024 * 1024,
  maxHarBytes: 256 * 1024 * 1024,
  maxConnections: 100_000,
  maxWaitingBytes: 4 * 1024 * 1024,
};

/** Fills in what wasn't given; 0 becomes Infinity. */
export function readSettings({ limits, onNotice }: CaptureReadFileOptions): ReadSettings {
  const all = { ...DEFAULT_FILE_LIMITS, ...limits };
  for (const name of Object.keys(all) as (keyof CaptureFileLimits)[]) {
    if (!(all[name] >= 0)) {
      throw new RangeError(
        `Cannot read capture: ${name} must be 0 or more, it is ${all[name]}`,
      );
    }
    if (all[name] === 0) all[name] = Infinity;
  }
  return { limits: all, onNotice: onNotice ?? (() => {}) };
}

/** The bytes of a file in pieces. */
export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Makes the bytes of a file of a capture's events, one after the other. */
export interface CaptureEncoder {
  /** What stands at the file's beginning. */
  begin(): Uint8Array;
  /** What an event adds; may be nothing. */
  add(event: CaptureEvent): Uint8Array;
  /** What stands at the file's end. */
  end(): Uint8Array;
}
