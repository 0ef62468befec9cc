import { FIN_BIT, MASK_BIT, MASKING_KEY_BYTES, OPCODE_MASK } from "../frames/header_layout.ts";
import { applyMask, isControl, parseClosePayload, ProtocolError } from "../frames/mod.ts";
import {
  type CloseRecord,
  type ConnectionCounters,
  type ConnectionRecord,
  ConnectionState,
  type EndEvent,
  type EndingParty,
  type FrameEvent,
  type OpenEvent,
  ReadyState,
  type TransitionCause,
  type TransitionParty,
} from "../protocol/mod.ts";

/** RFC 6455 §7.1.5: the code where no Close frame came. */
const NO_CLOSE_FRAME = 1006;
/** The code where a Close frame's payload can't be read. */
const PROTOCOL_ERROR = 1002;

/** A message that a frame has completed. */
export interface WholeMessage {
  direction: "in" | "out";
  /** Payload bytes of all its frames. */
  bytes: number;
}

/** A connection as its captured events tell of it: its state, its counters, how it closed. */
export class FollowedConnection {
  readonly id: string;
  readonly counters: ConnectionCounters = {
    messagesIn: 0,
    messagesOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    errors: 0,
    roundTripMs: null,
  };
  userAgent: string | null = null;
  origin: string | null = null;
  readonly #address: string;
  readonly #connectedAt: number;
  readonly #state = new ConnectionState();
  /** Payload bytes of the frames of a message that hasn't ended. */
  readonly #unfinished = { in: 0, out: 0 };
  #close: CloseRecord | null = null;

  constructor({ connection, at, client }: OpenEvent) {
    this.id = connection;
    this.#address = client;
    this.#connectedAt = at;
  }

  /** Its ready state. */
  get state(): ReadyState {
    return this.#state.current;
  }

  /** The server has answered 101, or frames show that it had. Says whether it wasn't open before. */
  opened(at: number, what: string): boolean {
    if (this.state !== ReadyState.CONNECTING) return false;
    this.#state.advance(ReadyState.OPEN, { by: "server", what }, at);
    return true;
  }

  /** Counts a frame; returns the message that ends with it. */
  count({ direction, wire, length }: FrameEvent): WholeMessage | null {
    const { counters } = this;
    if (isControl(wire[0] & OPCODE_MASK)) return null;
    if (direction === "in") counters.bytesIn += length;
    else counters.bytesOut += length;
    this.#unfinished[direction] += length;
    if ((wire[0] & FIN_BIT) === 0) return null;
    if (direction === "in") counters.messagesIn += 1;
    else counters.messagesOut += 1;
    const bytes = this.#unfinished[direction];
    this.#unfinished[direction] = 0;
    return { direction, bytes };
  }

  /** The first Close frame begins the closing handshake. Says whether it was the first. */
  closing({ direction, at, wire, headerLength }: FrameEvent): boolean {
    if (this.state !== ReadyState.OPEN) return false;
    const by = direction === "in" ? "client" : "server";
    this.#beginClosing(at, { by, what: "Close frame", ...statusOf(wire, headerLength) });
    return true;
  }

  /** Nothing more comes. Says whether it was open until now. */
  ended(event: EndEvent): boolean {
    const { at, failure, closedBy, code, reason, clean, rule } = event;
    const endedBy = partyOf(event.endedBy, rule);
    const wasOpen = this.state === ReadyState.OPEN;
    if (this.state === ReadyState.CONNECTING) {
      const what = failure === undefined
        ? "Connection ended in the handshake"
        : `${failure.message} (${failure.status === 0 ? "no answer" : failure.status})`;
      this.#close = { code: NO_CLOSE_FRAME, reason: failure?.message ?? "", clean, by: endedBy };
      this.#state.advance(ReadyState.CLOSED, { by: endedBy, what }, at);
      return false;
    }
    if (wasOpen && closedBy !== null) {
      // The Close frame itself isn't among the frames that were seen.
      this.#beginClosing(at, { by: partyOf(closedBy, rule), what: "Close frame", code, reason });
    }
    const what = endingOf(event);
    if (this.#close === null) {
      this.#close = { code: NO_CLOSE_FRAME, reason: "", clean: false, by: endedBy };
      this.#state.advance(ReadyState.CLOSED, { by: endedBy, what, code: NO_CLOSE_FRAME }, at);
    } else if (this.state !== ReadyState.CLOSED) {
      this.#close = { ...this.#close, clean };
      this.#state.advance(ReadyState.CLOSED, { by: endedBy, what }, at);
    }
    if (rule !== undefined) this.#close = { ...this.#close, rule };
    return wasOpen;
  }

  record(): ConnectionRecord {
    return {
      id: this.id,
      clientId: null,
      userId: null,
      address: this.#address,
      userAgent: this.userAgent,
      origin: this.origin,
      connectedAt: this.#connectedAt,
      state: this.state,
      transitions: [...this.#state.transitions],
      rooms: [],
      permissions: [],
      counters: { ...this.counters },
      close: this.#close,
    };
  }

  #beginClosing(at: number, cause: TransitionCause): void {
    const { by, code = NO_CLOSE_FRAME, reason = "" } = cause;
    this.#close = { code, reason, clean: false, by };
    this.#state.advance(ReadyState.CLOSING, cause, at);
  }
}

/** The tap ends a connection by a rule of its guard, or because a fault or its user asked for it. */
function partyOf(party: EndingParty, rule: string | undefined): TransitionParty {
  if (party !== "tap") return party;
  return rule === undefined ? "network" : "guard";
}

function endingOf({ clean, endedBy }: EndEvent): string {
  if (endedBy === "tap") return "Cut by the tap";
  return clean ? `TCP ended by the ${endedBy}` : `TCP ended or reset by the ${endedBy}`;
}

/** Code and reason of a Close frame on the wire. */
function statusOf(wire: Uint8Array, headerLength: number): { code: number; reason: string } {
  const payload = wire.slice(headerLength);
  if ((wire[1] & MASK_BIT) !== 0) {
    applyMask(payload, wire.subarray(headerLength - MASKING_KEY_BYTES, headerLength));
  }
  try {
    return parseClosePayload(payload);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { code: PROTOCOL_ERROR, reason: "" };
  }
}
