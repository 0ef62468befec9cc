import type { FindingRecord } from "./monitor_records.ts";

/** Who can end a connection. */
export type EndingParty = "client" | "server" | "tap";

/** A client asked for a WebSocket: from here on the connection has a number. */
export interface OpenEvent {
  /** Which event it is. */
  type: "open";
  /** Number of the connection. */
  connection: string;
  /** When, in milliseconds since the Unix epoch. */
  at: number;
  /** The client's address and port: `127.0.0.1:50000`, `[::1]:50000`. */
  client: string;
  /** The server's address and port. */
  server: string;
}

/** A head of the opening handshake; secrets in it are overwritten, with the same length. */
export interface HeadEvent {
  /** Which event it is. */
  type: "head";
  /** Number of the connection. */
  connection: string;
  /** When it was whole, in milliseconds since the Unix epoch. */
  at: number;
  /** `in` for the request, `out` for the response. */
  direction: "in" | "out";
  /** The head's bytes, the empty line included. */
  bytes: Uint8Array;
}

/** What came out of a compressed message (RFC 7692). */
export interface InflatedContent {
  /** Bytes that came out. */
  length: number;
  /** The first of them, as many as were kept; secrets are overwritten, with the same length. */
  bytes: Uint8Array;
}

/** The compressed message (RFC 7692) that a frame belongs to. */
export interface CompressedPart {
  /** Number of the message's first frame in its connection. */
  first: number;
  /** Opcode of the message: 1 for text, 2 for binary. */
  opcode: number;
  /**
   * The frame's payload on the wire was overwritten, as far as somebody could inflate it: the message
   * holds a secret, or text that couldn't be searched for one.
   */
  hidden?: true;
  /** Why the message couldn't be inflated from this frame on, for people. */
  problem?: string;
  /** On the message's last frame: what came out of all its frames; absent if nothing could. */
  inflated?: InflatedContent;
}

/** A frame as it stood on the wire. */
export interface FrameEvent {
  /** Which event it is. */
  type: "frame";
  /** Number of the connection. */
  connection: string;
  /** Number of the frame in its connection, from 0, both directions counted together. */
  frame: number;
  /** When its last byte came, in milliseconds since the Unix epoch. */
  at: number;
  /** `in` from the client, `out` from the server. */
  direction: "in" | "out";
  /** Bytes of the header in `wire`, masking key included. */
  headerLength: number;
  /** Bytes of the payload as the header declares them. */
  length: number;
  /** Header and masked payload, as far as they were kept. */
  wire: Uint8Array;
  /** What it does against the standard. */
  findings: FindingRecord[];
  /** The compressed message that it belongs to; absent for any other frame. */
  compressed?: CompressedPart;
  /** What a fault that was asked for did to it. */
  fault?: string;
}

/** Why a handshake came to nothing. */
export interface HandshakeFailure {
  /** HTTP status that the client got; 0 if it got none. */
  status: number;
  /** Stable name of the rule that was broken. */
  rule: string;
  /** What was wrong, for people. */
  message: string;
}

/** A connection ended. */
export interface EndEvent {
  /** Which event it is. */
  type: "end";
  /** Number of the connection. */
  connection: string;
  /** When, in milliseconds since the Unix epoch. */
  at: number;
  /** Code of the first Close frame: 1005 if it had none, 1006 without a Close frame. */
  code: number;
  /** Reason of the first Close frame. */
  reason: string;
  /** Whether both sides sent a Close frame. */
  clean: boolean;
  /** Who sent the first Close frame, or `null`. */
  closedBy: EndingParty | null;
  /** Whose end of the TCP connection came first. */
  endedBy: EndingParty;
  /** The rule that was broken, where the guard ended it. */
  rule?: string;
  /** Why there never was a WebSocket, where there was none. */
  failure?: HandshakeFailure;
}

/** Frames are missing here: they had left the ring before they were read. */
export interface GapEvent {
  /** Which event it is. */
  type: "gap";
  /** How many frames are missing. */
  frames: number;
}

/** What happened on the connections of a capture, in order. */
export type CaptureEvent = OpenEvent | HeadEvent | FrameEvent | EndEvent | GapEvent;
