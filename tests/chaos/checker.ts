/**
 * Judges what members of rooms have seen. It knows nothing of how rooms work, only what is promised:
 * one order for all, nothing acknowledged missing, nothing twice, and no other excuse for a hole
 * than a window that was really left.
 *
 * @module
 */
import type { LogEntry, MemberLog, RoomEnd } from "./log.ts";

/** What the checker has to know besides the logs. */
export interface Promised {
  /** How many messages of a room can be recovered. */
  window: number;
  /** Where each room ended. */
  ends: Readonly<Record<string, RoomEnd>>;
  /** Codes with which a publish may fail. */
  mayReject?: readonly string[];
}

/** What was found, and how much was looked at: a run that saw nothing proves nothing. */
export interface Verdict {
  /** What was broken, in words; empty if everything held. */
  broken: string[];
  /** Messages published, acknowledged and delivered, and returns after a lost link. */
  published: number;
  acked: number;
  delivered: number;
  recovered: number;
  /** Returns that were told `recovered: false`, rightly. */
  notRecovered: number;
}

/** How many faults are written out; the rest is counted. */
const MOST_REPORTED = 20;

/** Judges the logs of a run. */
export function check(logs: readonly MemberLog[], promised: Promised): Verdict {
  const judge = new Judge(promised);
  for (const log of logs) judge.read(log);
  return judge.verdict();
}

/** A stretch of one room's messages that a member has to have seen without a hole. */
interface Span {
  epoch: string;
  /** Everything behind this was promised. */
  from: number;
  /** Highest sequence number that reached a handler. */
  lastGot: number;
  /** Highest sequence number without a hole below. */
  whole: number;
  seen: Set<number>;
}

class Judge {
  readonly #promised: Promised;
  /** `room epoch seq` to message id and back: a place has one message, a message one place. */
  readonly #idAt = new Map<string, string>();
  readonly #placeOf = new Map<string, string>();
  readonly #published = new Set<string>();
  #faults: string[] = [];
  #acked = 0;
  #delivered = 0;
  #recovered = 0;
  #notRecovered = 0;

  constructor(promised: Promised) {
    this.#promised = promised;
  }

  read({ member, entries }: MemberLog): void {
    const spans = new Map<string, Span>();
    const open = new Map<string, string>();
    for (const entry of entries) this.#readEntry(member, entry, spans, open);
    for (const [id, room] of open) this.#fault(`${member}: ${id} in ${room} was never settled`);
    for (const [room, span] of spans) this.#checkEnd(member, room, span);
  }

  verdict(): Verdict {
    for (const [id, place] of this.#placeOf) {
      if (!this.#published.has(id)) this.#fault(`${id} at ${place} was never published`);
    }
    const more = this.#faults.length - MOST_REPORTED;
    const broken = this.#faults.slice(0, MOST_REPORTED);
    if (more > 0) broken.push(`… and ${more} more`);
    return {
      broken,
      published: this.#published.size,
      acked: this.#acked,
      delivered: this.#delivered,
      recovered: this.#recovered,
      notRecovered: this.#notRecovered,
    };
  }

  #readEntry(
    member: string,
    entry: LogEntry,
    spans: Map<string, Span>,
    open: Map<string, string>,
  ): void {
    switch (entry.at) {
      case "joined":
        return this.#joined(member, entry, spans);
      case "got":
        return this.#got(member, entry, spans.get(entry.room));
      case "published":
        this.#published.add(entry.id);
        open.set(entry.id, entry.room);
        return;
      case "acked":
        if (!open.delete(entry.id)) this.#fault(`${member}: ${entry.id} was settled twice`);
        return this.#ackedAt(member, entry, spans.get(entry.room));
      case "rejected":
        if (!open.delete(entry.id)) this.#fault(`${member}: ${entry.id} was settled twice`);
        if (this.#promised.mayReject?.includes(entry.code)) return;
        return this.#fault(`${member}: ${entry.id} was rejected with ${entry.code}`);
    }
  }

  #joined(
    member: string,
    { room, epoch, seq, recovered, reason }: LogEntry & { at: "joined" },
    spans: Map<string, Span>,
  ): void {
    const span = spans.get(room);
    if (span !== undefined && recovered === true) {
      this.#recovered++;
      if (span.epoch === epoch) return;
      this.#fault(`${member}: ${room} was recovered into another epoch`);
    } else if (span !== undefined) {
      this.#notRecovered++;
      this.#checkExcuse(member, { room, epoch, seq, reason }, span);
      this.#checkWhole(member, room, span, Math.max(span.from, ...span.seen));
    }
    spans.set(room, { epoch, from: seq, lastGot: seq, whole: seq, seen: new Set() });
  }

  /** `recovered: false` only when it is true: another log, or more missed than the window holds. */
  #checkExcuse(
    member: string,
    { room, epoch, seq, reason }: { room: string; epoch: string; seq: number; reason?: string },
    span: Span,
  ): void {
    if (epoch !== span.epoch) {
      if (reason !== "epoch_changed") {
        this.#fault(`${member}: ${room} has another epoch: ${reason}`);
      }
      return;
    }
    const missed = seq - span.whole;
    if (missed > this.#promised.window) return;
    this.#fault(
      `${member}: ${room} wasn't recovered (${reason}) with ${missed} missed at ${span.whole}`,
    );
  }

  #got(
    member: string,
    { room, seq, id }: LogEntry & { at: "got" },
    span: Span | undefined,
  ): void {
    if (span === undefined) return this.#fault(`${member}: ${id} came before ${room} was joined`);
    this.#delivered++;
    if (seq <= span.lastGot) {
      this.#fault(`${member}: ${id} came at ${seq}, after ${span.lastGot}: twice or out of order`);
    }
    span.lastGot = Math.max(span.lastGot, seq);
    this.#place(member, { room, epoch: span.epoch, seq, id });
    note(span, seq);
  }

  #ackedAt(
    member: string,
    { room, id, epoch, seq }: LogEntry & { at: "acked" },
    span: Span | undefined,
  ): void {
    this.#acked++;
    this.#place(member, { room, epoch, seq, id });
    if (span !== undefined && span.epoch === epoch) note(span, seq);
  }

  #place(
    member: string,
    { room, epoch, seq, id }: { room: string; epoch: string; seq: number; id: string },
  ): void {
    const place = `${room} ${epoch} ${seq}`;
    const other = this.#idAt.get(place);
    if (other !== undefined && other !== id) {
      this.#fault(`${member}: ${id} stands at ${place}, for others that is ${other}`);
    }
    const elsewhere = this.#placeOf.get(id);
    if (elsewhere !== undefined && elsewhere !== place) {
      this.#fault(`${member}: ${id} stands at ${place} and at ${elsewhere}`);
    }
    this.#idAt.set(place, id);
    this.#placeOf.set(id, place);
  }

  #checkEnd(member: string, room: string, span: Span): void {
    const end = this.#promised.ends[room];
    if (end === undefined) return this.#fault(`${member}: nobody knows where ${room} ended`);
    if (end.epoch !== span.epoch) {
      return this.#fault(`${member}: ${room} ended in another epoch than it knows`);
    }
    this.#checkWhole(member, room, span, end.seq);
  }

  #checkWhole(member: string, room: string, span: Span, to: number): void {
    const holes: number[] = [];
    for (let seq = span.from + 1; seq <= to; seq++) if (!span.seen.has(seq)) holes.push(seq);
    if (holes.length === 0) return;
    const shown = `${holes.slice(0, 5).join(", ")}${holes.length > 5 ? " …" : ""}`;
    this.#fault(`${member}: ${holes.length} missing in ${room} of ${span.from} to ${to}: ${shown}`);
  }

  #fault(what: string): void {
    this.#faults.push(what);
  }
}

function note(span: Span, seq: number): void {
  if (seq <= span.from) return;
  span.seen.add(seq);
  while (span.seen.has(span.whole + 1)) span.whole++;
}
