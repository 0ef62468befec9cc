import type { Member, ServerMessage } from "../../protocol/server_messages.ts";

/** What became of an own message. */
export type Delivery =
  | { state: "sending" }
  | { state: "acked"; seq: number }
  | { state: "refused"; code: string; message: string };

/** One line of the talk. */
export type TalkLine =
  | { kind: "message"; at: number; seq: number; from: string; clientId: string; content: unknown }
  | { kind: "own"; at: number; id: string; content: unknown; delivery: Delivery }
  | { kind: "notice"; at: number; text: string };

/** One room as seen by the page's own client. */
export interface RoomTalk {
  /** The room's name. */
  room: string;
  /** Whether the page's client is a member. */
  joined: boolean;
  /** The members. */
  members: Member[];
  /** Epoch of the room's log; empty before the first join. */
  epoch: string;
  /** The last sequence number seen. */
  seq: number;
  /** The talk, oldest first. */
  lines: TalkLine[];
}

/** How many lines a talk keeps. */
export const MAX_LINES = 500;

/** A room before it is joined. */
export function newTalk(room: string): RoomTalk {
  return { room, joined: false, members: [], epoch: "", seq: 0, lines: [] };
}

/** Takes what the server said about this room in; anything else leaves the talk as it is. */
export function hear(talk: RoomTalk, message: ServerMessage, now: number): RoomTalk {
  if (!("room" in message) || message.room !== talk.room) return talk;
  switch (message.type) {
    case "room_joined":
      return notice(
        {
          ...talk,
          joined: true,
          members: message.members,
          epoch: message.epoch,
          seq: message.seq,
        },
        now,
        talk.epoch === "" ? "You joined" : "You are back in the room",
      );
    case "room_left":
      return notice({ ...talk, joined: false, members: [] }, now, "You left");
    case "user_joined":
      return notice(withMember(talk, message), now, `${shortId(message.userId)} joined`);
    case "user_left":
      return notice(withoutMember(talk, message.clientId), now, `${shortId(message.userId)} left`);
    case "room_message":
      return line({ ...talk, seq: message.seq }, {
        kind: "message",
        at: message.timestamp,
        seq: message.seq,
        from: message.from,
        clientId: message.clientId,
        content: message.content,
      });
    default:
      return talk;
  }
}

/** Adds an own message that is on its way. */
export function say(talk: RoomTalk, id: string, content: unknown, now: number): RoomTalk {
  return line(talk, { kind: "own", at: now, id, content, delivery: { state: "sending" } });
}

/** Notes what became of an own message. */
export function settle(talk: RoomTalk, id: string, delivery: Delivery): RoomTalk {
  const lines = talk.lines.map((old) =>
    old.kind === "own" && old.id === id ? { ...old, delivery } : old
  );
  const seq = delivery.state === "acked" ? Math.max(talk.seq, delivery.seq) : talk.seq;
  return { ...talk, lines, seq };
}

/** Adds a notice. */
export function notice(talk: RoomTalk, now: number, text: string): RoomTalk {
  return line(talk, { kind: "notice", at: now, text });
}

/** The beginning of an id that is a UUID; a name stays whole. */
export function shortId(id: string): string {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-/.test(id) ? id.slice(0, 8) : id;
}

/** Any content as text: a string as it is, everything else as JSON. */
export function contentText(content: unknown): string {
  return typeof content === "string" ? content : JSON.stringify(content);
}

function line(talk: RoomTalk, added: TalkLine): RoomTalk {
  return { ...talk, lines: [...talk.lines, added].slice(-MAX_LINES) };
}

function withMember(talk: RoomTalk, { clientId, userId }: Member): RoomTalk {
  const members = talk.members.filter((member) => member.clientId !== clientId);
  return { ...talk, members: [...members, { clientId, userId }] };
}

function withoutMember(talk: RoomTalk, clientId: string): RoomTalk {
  return { ...talk, members: talk.members.filter((member) => member.clientId !== clientId) };
}
