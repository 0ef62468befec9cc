/** How a `RoomClient` asks. */
export interface RequestOptions {
  /**
   * Ends the request: its promise rejects with the signal's reason and the server is told.
   *
   * @default none
   */
  signal?: AbortSignal;
  /**
   * A newer request or stream with the same key ends this one with `superseded`: what was asked
   * for while somebody types.
   *
   * @default none
   */
  key?: string;
  /**
   * How long the answer may take from the call on, a stream's next chunk from when it is waited
   * for, in milliseconds; 0 for any time.
   *
   * @default {30000}
   */
  timeoutMs?: number;
}

/** How a `RoomClient` takes a stream. */
export interface StreamOptions extends RequestOptions {
  /**
   * How many chunks may be on their way or wait to be taken, 1 to 1,024. With 1 the server's
   * generator isn't asked for a chunk before the one before it was taken.
   *
   * @default {16}
   */
  window?: number;
}

/**
 * A streamed answer, for one `for await`. Leaving the loop ends the stream at the server; an error
 * comes after the chunks that were sent before it.
 *
 * @typeParam T What a chunk is.
 */
export interface RequestStream<T = unknown> extends AsyncIterableIterator<T>, AsyncDisposable {
  /**
   * Takes the next chunk.
   *
   * @returns The chunk, or that none follows. Rejects once with what ended the stream early.
   */
  next(): Promise<IteratorResult<T>>;
  /**
   * Ends the stream; the server is told. Chunks that weren't taken are dropped.
   *
   * @param value What the result holds.
   * @returns That none follows.
   */
  return(value?: unknown): Promise<IteratorResult<T>>;
  /**
   * The stream itself: it can be iterated once.
   *
   * @returns The stream.
   */
  [Symbol.asyncIterator](): RequestStream<T>;
}

/** How long an answer may take where nothing is said, in milliseconds. */
export const DEFAULT_TIMEOUT_MS = 30_000;

/** How many chunks a stream takes ahead where nothing is said. */
export const DEFAULT_WINDOW = 16;
