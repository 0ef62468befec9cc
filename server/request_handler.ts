import type { AnswerOf, ErrorsOf, HandlerDataOf, InputOf, OpenContract } from "../protocol/mod.ts";
import type { Permission } from "./options.ts";

/** What a handler knows of its caller. */
export interface RequestContext<C = OpenContract, M extends string = string> {
  /** The caller's client id. */
  readonly clientId: string;
  /** The caller's user id; its client id where it is anonymous. */
  readonly userId: string;
  /** What the caller may do, as it stood when the request came. */
  readonly permissions: readonly Permission[];
  /**
   * Aborted when nobody waits for the answer any more: the caller cancelled, its link is lost, or
   * the handler took too long. Give it to what the handler waits for: its place among the client's
   * open requests is taken until it has ended.
   */
  readonly signal: AbortSignal;
  /**
   * Throws a {@linkcode RequestError}, which reaches the caller as it is.
   *
   * @param code The handler's code; where the contract lists any, one of those.
   * @param data What goes with it.
   * @param message What happened, for people; the code where it is left out.
   */
  refuse<Code extends keyof ErrorsOf<C, M> & string>(
    code: Code,
    data?: InputOf<ErrorsOf<C, M>[Code]>,
    message?: string,
  ): never;
}

/**
 * Answers a request: with a value or a promise of one, or with an async iterable (an async
 * generator's is one), whose values go to the caller as it takes them.
 *
 * @param data What the caller sent, as its schema puts it out.
 * @param context Who asks.
 * @returns The answer.
 */
export type RequestHandler<C = OpenContract, M extends string = string> = (
  data: HandlerDataOf<C, M>,
  context: RequestContext<C, M>,
) => AnswerOf<C, M>;

/** How a handler is called. */
export interface HandleOptions {
  /**
   * What a caller must be allowed to do; `null` for nothing.
   *
   * @default {"write"}
   */
  permission?: Permission | null;
}
