import { MAX_REQUEST_ERROR_CODE_LENGTH } from "./request_messages.ts";

/**
 * A handler's own answer that something can't be done. Thrown by a handler it reaches the caller as
 * it is, code, text and data; of anything else that a handler throws the caller learns nothing but
 * `internal_error`.
 *
 * @example
 * ```ts
 * import { RequestError } from "@roomscope/roomscope/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const error = new RequestError("sold_out", "There are none left", { left: 0 });
 * assertEquals([error.code, error.data.left], ["sold_out", 0]);
 * ```
 *
 * @typeParam Code The handler's code.
 * @typeParam Data What goes with it.
 */
export class RequestError<Code extends string = string, Data = unknown> extends Error {
  /** Always `RequestError`. */
  override readonly name: string = "RequestError";
  /** The handler's code. */
  readonly code: Code;
  /** What goes with it. */
  readonly data: Data;

  /**
   * Makes an error.
   *
   * @param code The handler's code, 1 to 64 UTF-16 units.
   * @param message What happened, for people; the caller sees it.
   * @param data Any JSON value.
   * @throws {RangeError} If the code is empty or too long.
   */
  constructor(code: Code, message: string = code, data: Data = undefined as Data) {
    super(message);
    if (code.length < 1 || code.length > MAX_REQUEST_ERROR_CODE_LENGTH) {
      throw new RangeError(`Cannot create a RequestError: code has ${code.length} units`);
    }
    this.code = code;
    this.data = data;
  }
}
