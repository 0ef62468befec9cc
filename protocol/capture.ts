import type { FrameByteSource } from "./client_messages.ts";
import type { HeadEvent } from "./capture_events.ts";
import type { CaptureStats, FrameRecord } from "./monitor_records.ts";

/**
 * The interfaces that join the halves: the tap implements them, the room server uses them, and
 * neither imports the other. `start.ts` hands the one to the other.
 */

/** The client behind a connection that came through the tap. */
export interface TappedPeer {
  /** Number of the connection, as captures name it. */
  id: string;
  /** The client's own address. */
  hostname: string;
  /** The client's own port. */
  port: number;
}

/** Why the tap or the server ends a connection. */
export interface CutReason {
  /** Close code that the client gets if its stream stands at a frame's end. */
  code: number;
  /** Close reason, at most 123 bytes of UTF-8. */
  reason: string;
  /** The rule that was broken, where there is one. */
  rule?: string;
}

/** An upgrade request that never became a WebSocket. */
export interface FailedHandshake {
  /** Number of the connection. */
  id: string;
  /** The client's own address and port. */
  address: string;
  /** When it failed, in milliseconds since the Unix epoch. */
  at: number;
  /** HTTP status that the client got; 0 if it got none. */
  status: number;
  /** Stable name of the rule that was broken. */
  rule: string;
  /** What was wrong, for people. */
  message: string;
  /** Who refused it. */
  by: "guard" | "server" | "client" | "network";
}

/** What the tap tells the room server. Called synchronously; must not throw. */
export interface ConnectionObserver {
  /** An upgrade request failed before or in its handshake. */
  handshakeFailed(failure: FailedHandshake): void;
  /** A connection was refused before a byte of it was read: `max-connections` and the like. */
  connectionRefused(rule: string): void;
  /** The tap is about to cut a connection by its own rules; not told of cuts that it was asked for. */
  cut(id: string, reason: CutReason): void;
  /** A ping of the server's transport was answered after so many milliseconds. */
  roundTrip(id: string, milliseconds: number): void;
}

/** Control over connections that the platform's own WebSocket doesn't give. */
export interface ConnectionControl {
  /** Whether the tap guards, that is: refuses what breaks the standard or a limit. */
  readonly guards: boolean;
  /** Whether contents are hidden in captures. */
  readonly redacts: boolean;
  /** The tap's own limits by option name, for show; 0 means switched off. */
  readonly limits: Readonly<Record<string, number>>;
  /** Who is told what happens; set by the room server. */
  observer: ConnectionObserver | null;
  /**
   * Finds the client behind an inner connection.
   *
   * @param innerPort The port that the inner connection came from.
   * @returns The client, or `undefined` if the connection didn't come from this tap.
   */
  identify(innerPort: number): TappedPeer | undefined;
  /**
   * Ends a connection now, whatever state it is in: a Close frame if the client's stream stands
   * at a frame's end and the kernel takes it within a second, then both sides are cut.
   */
  cut(id: string, reason: CutReason): void;
  /** Leaves a connection out of the captures, and forgets what was captured of it; or takes it in again. */
  setExcluded(id: string, excluded: boolean): void;
}

/** One reading of the capture. */
export interface CaptureReading {
  /** Frames, oldest first. */
  frames: FrameRecord[];
  /** Where to read on. */
  cursor: number;
  /**
   * Frames between the old and the new cursor that weren't returned. With a `connection` only that
   * connection's, and of those that have left the ring since only what the ring can still tell.
   */
  skipped: number;
}

/** What to read of the capture. */
export interface CaptureReadOptions {
  /** Only this connection's frames. @default every connection's */
  connection?: string;
  /** The newest so many frames at most. @default 200 */
  limit?: number;
}

/** Bytes of a captured frame. */
export interface CapturedBytes {
  /** Bytes of the frame on the wire, or of the inflated message. */
  total: number;
  /** Bytes of it that were kept, from the first on. */
  kept: number;
  /** The bytes asked for, fewer where the frame ends. */
  bytes: Uint8Array;
}

/** Captured frames. Readers pull; with no reader nothing is serialised or queued. */
export interface CaptureSource {
  /** How full the ring is. */
  readonly stats: CaptureStats;
  /**
   * Reads what came after a cursor.
   *
   * @param cursor 0 for everything in the ring, then the cursor of the last reading.
   */
  read(cursor: number, options?: CaptureReadOptions): CaptureReading;
  /**
   * Reads a piece of a frame, or of the compressed message that it belongs to.
   *
   * @param source Which bytes. @default "wire"
   * @returns The bytes, or `null` if the frame isn't in the ring, or nothing was inflated.
   */
  bytes(
    connection: string,
    frame: number,
    offset: number,
    length: number,
    source?: FrameByteSource,
  ): CapturedBytes | null;
  /**
   * The heads of a connection's opening handshake, its request first.
   *
   * @returns What is known of them; empty once they had to make room for newer ones.
   */
  heads(connection: string): HeadEvent[];
}
