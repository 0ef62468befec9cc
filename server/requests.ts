import {
  type ClientMessage,
  type ClientMessageOf,
  type ErrorCode,
  isTooDeep,
  MAX_DEPTH,
  MAX_METHOD_LENGTH,
  RequestError,
} from "../protocol/mod.ts";
import type { Checked } from "../protocol/standard_schema.ts";
import type { ContractChecks } from "../protocol/contract_checks.ts";
import type { Connection } from "./connection.ts";
import type { Permission, RoomServerLimits } from "./options.ts";
import { type ErrorDetails, type Outbound, outgoing, utf8Length } from "./outbound.ts";
import { type Answer, AnswerFault, RequestCall } from "./request_call.ts";
import type { HandleOptions, RequestContext, RequestHandler } from "./request_handler.ts";

/** What {@linkcode Requests} works with. */
export interface RequestsOptions {
  /** What clients may do. */
  limits: RoomServerLimits;
  /** How long a handler may take for its reply or its next chunk, in milliseconds; 0 for any. */
  handlerTimeoutMs: number;
  /** What was agreed on. */
  checks: ContractChecks;
  /** Where answers go out. */
  outbound: Outbound;
}

interface Method {
  handler: (data: unknown, context: RequestContext) => unknown;
  permission: Permission | null;
}

/** What one connection has asked for. */
interface Caller {
  /** Requests whose handlers run, also those that nobody waits for any more. */
  readonly calls: Map<string, RequestCall>;
  /** How many `cancel` and `stream_credit` may still come for requests that have ended. */
  late: number;
}

/** A caller's messages about its ended requests that are on their way at most. */
const MAX_LATE = 1_024;

/** The requests of all clients: their handlers, and what is open. */
export class Requests {
  readonly #options: RequestsOptions;
  readonly #methods = new Map<string, Method>();
  readonly #callers = new Map<Connection, Caller>();

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** Registers a handler; returns what removes it. */
  handle(method: string, handler: RequestHandler, options: HandleOptions): () => void {
    this.#checkMethod(method);
    const { permission = "write" } = options;
    const entry = { handler, permission };
    this.#methods.set(method, entry);
    return () => {
      if (this.#methods.get(method) === entry) this.#methods.delete(method);
    };
  }

  /**
   * Takes the place of the rate limit for what belongs to an accepted request: a client that only
   * ends what it has begun, and gives back what it was sent, can't be refused that.
   */
  isFree(connection: Connection, message: ClientMessage): boolean {
    if (message.type !== "cancel" && message.type !== "stream_credit") return false;
    const caller = this.#callers.get(connection);
    const call = caller?.calls.get(message.id);
    if (call?.isWanted) return message.type === "cancel" || message.n <= call.ahead;
    if (caller === undefined || caller.late === 0) return false;
    caller.late -= 1;
    return true;
  }

  /** A client's `request`. */
  request(connection: Connection, message: ClientMessageOf<"request">): void {
    const { id } = message;
    const caller = this.#callers.get(connection) ?? { calls: new Map(), late: 0 };
    const method = this.#methods.get(message.method);
    const refuse = (code: ErrorCode, details: ErrorDetails = {}) =>
      this.#options.outbound.refuse(connection, code, { id, ...details });

    if (method === undefined) return refuse("unknown_method");
    if (method.permission !== null && !connection.may(method.permission)) {
      return refuse("forbidden");
    }
    if (caller.calls.has(id)) return refuse("duplicate_id");
    const { maxOpenRequests } = this.#options.limits;
    if (maxOpenRequests > 0 && caller.calls.size >= maxOpenRequests) {
      return refuse("too_many_requests");
    }
    const checked = this.#options.checks.request(message.method, "data", message.data);
    if (!checked.ok) return refuse("invalid_data", { message: checked.error });

    this.#callers.set(connection, caller);
    const call = this.#call(connection, caller, message, method, checked.value);
    caller.calls.set(id, call);
    void call.run().then(() => {
      caller.calls.delete(id);
      if (call.isCancelled) {
        this.#options.outbound.send(connection, outgoing({ type: "cancelled", id }));
      }
    });
  }

  /** A client's `cancel`; one for what has ended meanwhile is as it should be. */
  cancel(connection: Connection, { id }: ClientMessageOf<"cancel">): void {
    this.#callers.get(connection)?.calls.get(id)?.cancel("The caller cancelled");
  }

  /** A client's `stream_credit`; the same goes for it. */
  credit(connection: Connection, { id, n }: ClientMessageOf<"stream_credit">): void {
    const call = this.#callers.get(connection)?.calls.get(id);
    if (call === undefined || !call.isWanted) return;
    if (n <= call.ahead) return call.give(n);
    this.#options.outbound.refuse(connection, "invalid_message", {
      id,
      message: `Cannot take the credit: n is ${n}, ${call.ahead} chunks are out`,
    });
  }

  /** A connection is gone, and with it everyone who waits. */
  forget(connection: Connection): void {
    const caller = this.#callers.get(connection);
    if (caller === undefined) return;
    this.#callers.delete(connection);
    for (const call of caller.calls.values()) call.cancel("The caller's link is lost");
  }

  #call(
    connection: Connection,
    caller: Caller,
    message: ClientMessageOf<"request">,
    method: Method,
    data: unknown,
  ): RequestCall {
    const { id, credit, method: name } = message;
    const { limits, handlerTimeoutMs, outbound } = this.#options;
    const call: RequestCall = new RequestCall({
      id,
      credit,
      maxStreamBytes: limits.maxStreamBytes,
      timeoutMs: handlerTimeoutMs,
      handle: (signal) => method.handler(data, contextOf(connection, signal)),
      send: (answer) => this.#send(connection, name, answer),
      refuse: (code, details) => outbound.refuse(connection, code, { id, ...details }),
      failed: (error) => console.error(`Cannot handle request ${name}:`, error),
      failureData: ({ code, data }) => {
        const value = accepted(name, code, this.#options.checks.failure(name, code, data));
        this.#checkSize(value, utf8Length(JSON.stringify(value) ?? ""));
        return value;
      },
      settled: () => caller.late = Math.min(MAX_LATE, caller.late + 1 + call.ahead),
    });
    return call;
  }

  #send(connection: Connection, method: string, answer: Answer): number {
    const message = outgoing(this.#checked(method, answer));
    if ("data" in answer) this.#checkSize(answer.data, message.bytes);
    this.#options.outbound.send(connection, message);
    return message.bytes;
  }

  #checked(method: string, answer: Answer): Answer {
    if (answer.type === "stream_end") return answer;
    const part = answer.type === "reply" ? "reply" : "chunk";
    const checked = this.#options.checks.request(method, part, answer.data);
    return { ...answer, data: accepted(method, part, checked) };
  }

  /** What a client would refuse to read isn't sent: it would wait for ever. */
  #checkSize(data: unknown, bytes: number): void {
    const { maxReplyBytes } = this.#options.limits;
    if (maxReplyBytes > 0 && bytes > maxReplyBytes) {
      const message = `Cannot reply: it has ${bytes} bytes, ${maxReplyBytes} are allowed`;
      throw new AnswerFault("reply_too_big", { message });
    }
    // The message itself, and an error's `failure`, are levels as well.
    if (isTooDeep(data, MAX_DEPTH - 2)) {
      throw new TypeError(`Cannot reply: the data has more than ${MAX_DEPTH - 2} levels`);
    }
  }

  #checkMethod(method: string): void {
    if (method.length < 1 || method.length > MAX_METHOD_LENGTH) {
      throw new RangeError(`Cannot handle the method: its name has ${method.length} units`);
    }
    if (this.#methods.has(method)) {
      throw new TypeError(`Cannot handle the method: there is a handler for ${method}`);
    }
    if (!this.#options.checks.hasMethod(method)) {
      throw new TypeError(`Cannot handle the method: the contract has no ${method}`);
    }
  }
}

/** What the contract says of a handler's answer: its own fault if it says no. */
function accepted(method: string, part: string, checked: Checked): unknown {
  if (checked.ok) return checked.value;
  throw new TypeError(`Cannot answer ${method}: ${part} is wrong: ${checked.error}`);
}

function contextOf(connection: Connection, signal: AbortSignal): RequestContext {
  const { clientId, userId } = connection;
  return {
    clientId,
    userId,
    permissions: [...connection.admission.permissions],
    signal,
    refuse(code, data, message) {
      throw new RequestError(code, message, data);
    },
  };
}
