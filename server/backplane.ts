/** What a publish brings; the backplane adds its place. */
export interface Draft {
  /** The publisher's user id. */
  from: string;
  /** The publisher's client id; its own connection doesn't get the message. */
  clientId: string;
  /** Any JSON value, or the bytes of a binary message. */
  content: unknown;
  /** When it was published, in milliseconds since the Unix epoch. */
  timestamp: number;
  /** The publisher's id of it; then its `ack` takes the message's place in the sequence. */
  id?: string;
}

/** A place in a room's log. */
export interface Position {
  /** Names the log; a new one whenever the log starts anew. */
  epoch: string;
  /** Grows by one per message, 0 before the first. */
  seq: number;
}

/** A publish with its place. */
export interface PlacedMessage extends Draft, Position {
  /** The room's name. */
  room: string;
}

/**
 * Where publishes get their place in a room, and how they reach every server that has members of
 * it. Finding the place and keeping the message is one step behind this interface, so that
 * several processes can share one.
 *
 * Promises of every implementation:
 * - Messages of one room reach each listener in the order of their `seq`, without gaps.
 * - The order of two `publish` calls of one caller for one room is the order of their `seq`.
 * - A listener has been called before the promise of `publish` resolves.
 * - An epoch lives as long as anyone holds the room, and five minutes longer.
 */
export interface Backplane {
  /**
   * Gives a message its place and delivers it.
   *
   * @param room The room's name.
   * @param draft The message.
   * @returns Its place.
   */
  publish(room: string, draft: Draft): Promise<Position>;
  /**
   * Tells the place of the last message that listeners have seen; starts a log where there is none.
   *
   * @param room The room's name.
   */
  position(room: string): Position;
  /**
   * Tells that nobody here is a member any more; the log may go when its time is over.
   *
   * @param room The room's name.
   */
  release(room: string): void;
  /**
   * Sets who is told of messages. There is one listener; it must not throw.
   *
   * @param listener Called with each message in order.
   */
  onMessage(listener: (message: PlacedMessage) => void): void;
  /** Lets go of everything. Publishes after it are rejected. */
  close(): Promise<void>;
}
