/** How many UTF-16 units a request's `method` may have at most. */
export const MAX_METHOD_LENGTH = 128;

/** How many chunks a stream's caller may take ahead at most. */
export const MAX_STREAM_CREDIT = 1_024;

/** How many UTF-16 units the code of a handler's own error may have at most. */
export const MAX_REQUEST_ERROR_CODE_LENGTH = 64;

/**
 * `request {id, method, data?, credit?}`: calls a handler. With `credit` it asks for a stream and
 * takes so many chunks ahead.
 */
export interface RequestMessage {
  /** Tells the messages apart. */
  type: "request";
  /** Id of the request, 1 to 64 UTF-16 units, unique among the client's open requests. */
  id: string;
  /** Name of the handler, 1 to 128 UTF-16 units. */
  method: string;
  /** Any JSON value, or nothing. */
  data?: unknown;
  /** How many chunks may be on their way, 1 to 1,024; where it is missing one reply is wanted. */
  credit?: number;
}

/** `cancel {id}`: nobody waits for an answer any more; `cancelled` follows. */
export interface CancelMessage {
  /** Tells the messages apart. */
  type: "cancel";
  /** Id of the request. */
  id: string;
}

/** `stream_credit {id, n}`: the caller has taken so many chunks, as many more may be sent. */
export interface StreamCreditMessage {
  /** Tells the messages apart. */
  type: "stream_credit";
  /** Id of the request. */
  id: string;
  /** Number of chunks, 1 to 1,024, no more than were sent and not given back yet. */
  n: number;
}

/** `reply {id, data?}`: what a handler answered. */
export interface ReplyMessage {
  /** Tells the messages apart. */
  type: "reply";
  /** Id of the request. */
  id: string;
  /** Any JSON value, or nothing. */
  data?: unknown;
}

/** `stream_chunk {id, seq, data?}`: a piece of a stream. */
export interface StreamChunkMessage {
  /** Tells the messages apart. */
  type: "stream_chunk";
  /** Id of the request. */
  id: string;
  /** 1 for the first chunk, one more for each that follows. */
  seq: number;
  /** Any JSON value, or nothing. */
  data?: unknown;
}

/** `stream_end {id}`: no chunk follows. */
export interface StreamEndMessage {
  /** Tells the messages apart. */
  type: "stream_end";
  /** Id of the request. */
  id: string;
}

/** `cancelled {id}`: the handler of a cancelled request has ended, its place and its id are free. */
export interface CancelledMessage {
  /** Tells the messages apart. */
  type: "cancelled";
  /** Id of the request. */
  id: string;
}

/** A handler's own error, in an `error` of code `request_failed`. */
export interface RequestFailure {
  /** The handler's code, 1 to 64 UTF-16 units. */
  code: string;
  /** What it says besides. */
  data?: unknown;
}
