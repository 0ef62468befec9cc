import type { Contract, RequestContract, RoomContract } from "./contract.ts";
import { checkBySchema, type Checked } from "./standard_schema.ts";

/** Checks values by a contract; without one every value passes. */
export class ContractChecks {
  readonly #rooms: Contract["rooms"];
  readonly #requests: Contract["requests"];
  readonly #patterns: readonly { fits: RegExp; rule: RoomContract }[];

  constructor(contract: Contract = {}) {
    this.#rooms = contract.rooms;
    this.#requests = contract.requests;
    this.#patterns = Object.entries(contract.rooms ?? {})
      .filter(([name]) => name.includes("*"))
      .toSorted(([a], [b]) => Number(a === "*") - Number(b === "*"))
      .map(([name, rule]) => ({ fits: patternOf(name), rule }));
  }

  /** Whether a method may have a handler. */
  hasMethod(method: string): boolean {
    return this.#requests === undefined || Object.hasOwn(this.#requests, method);
  }

  /** The `content` of a room's message. */
  content(room: string, value: unknown): Checked {
    return this.#inRoom(room, value, "message");
  }

  /** A member's state in a room. */
  presence(room: string, value: unknown): Checked {
    return this.#inRoom(room, value, "presence");
  }

  /** What a caller sends, what a handler answers, or a piece of a stream. */
  request(method: string, part: "data" | "reply" | "chunk", value: unknown): Checked {
    return checkBySchema(this.#method(method)[part], value);
  }

  /** The data of a handler's own error; a code that isn't agreed on passes only where none are. */
  failure(method: string, code: string, value: unknown): Checked {
    const { errors } = this.#method(method);
    if (errors === undefined) return { ok: true, value };
    if (!Object.hasOwn(errors, code)) {
      return { ok: false, error: `the contract has no error ${code}` };
    }
    return checkBySchema(errors[code], value);
  }

  #inRoom(room: string, value: unknown, part: keyof RoomContract): Checked {
    if (this.#rooms === undefined) return { ok: true, value };
    const rule = Object.hasOwn(this.#rooms, room)
      ? this.#rooms[room]
      : this.#patterns.find(({ fits }) => fits.test(room))?.rule;
    if (rule === undefined) return { ok: false, error: "the contract has no such room" };
    return checkBySchema(rule[part], value);
  }

  #method(method: string): RequestContract {
    return Object.hasOwn(this.#requests ?? {}, method) ? this.#requests![method] : {};
  }
}

/** `*` is any text. Names hold no line breaks, so that `.` would do; `s` makes it certain. */
function patternOf(name: string): RegExp {
  const parts = name.split(/\*+/).map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s");
}
