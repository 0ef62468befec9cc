/**
 * What a member of a room writes down, line by line, in the order in which it happened to it.
 *
 * @module
 */

/** One line of a member's log. */
export type LogEntry =
  /** The server let it in: the first time, or again after a lost link. */
  | {
    at: "joined";
    room: string;
    epoch: string;
    seq: number;
    recovered?: boolean;
    reason?: string;
  }
  /** A message of somebody else's reached a handler. */
  | { at: "got"; room: string; seq: number; id: string }
  /** It published; `id` is in the content and is no other message's. */
  | { at: "published"; room: string; id: string }
  /** Its publish has a place. */
  | { at: "acked"; room: string; id: string; epoch: string; seq: number }
  /** Its publish failed. */
  | { at: "rejected"; room: string; id: string; code: string };

/** A member's whole log. */
export interface MemberLog {
  /** Whose it is. */
  member: string;
  /** What happened, in order. */
  entries: LogEntry[];
}

/** Where a room stood when nobody published any more. */
export interface RoomEnd {
  epoch: string;
  seq: number;
}
