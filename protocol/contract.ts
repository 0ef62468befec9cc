import type { DeliveredRoomMessage } from "./server_messages.ts";
import type { RequestError } from "./request_error.ts";
import type { StandardSchema } from "./standard_schema.ts";

/** A schema whose types are known where it stands in a contract. */
// deno-lint-ignore no-explicit-any
export type AnySchema = StandardSchema<any, any>;

/** What is agreed on for the rooms that a pattern names. */
export interface RoomContract {
  /** The `content` of its messages. */
  readonly message?: AnySchema;
  /** The state that a member shows the others. */
  readonly presence?: AnySchema;
}

/** What is agreed on for one method. */
export interface RequestContract {
  /** What the caller sends. */
  readonly data?: AnySchema;
  /** What the handler answers. */
  readonly reply?: AnySchema;
  /** What each piece of the answer is; a method that has this streams. */
  readonly chunk?: AnySchema;
  /** The codes of the handler's own errors, each with what its `data` is. */
  readonly errors?: Readonly<Record<string, AnySchema>>;
}

/**
 * What both sides agree on, given to `RoomServer` and `RoomClient` alike: it types what they send
 * and checks it at both ends.
 *
 * - Schemas follow the Standard Schema interface and are synchronous; an asynchronous one fails at
 *   its first use.
 * - What goes on is what the schema puts out. So unknown keys are what the schema makes of them:
 *   dropped, refused or kept. Since both ends check, a schema must take its own output:
 *   {@linkcode defineContract} refuses others.
 * - A part that is given is closed: with `rooms`, a room that none of the patterns fits takes no
 *   messages; with `requests`, a method that isn't there has no handler. A part that is left out is
 *   open: anything goes.
 */
export interface Contract {
  /**
   * By room name or pattern, in which `*` stands for any text. The exact name wins, then the first
   * pattern that fits, `*` alone comes last.
   */
  readonly rooms?: Readonly<Record<string, RoomContract>>;
  /** By method. */
  readonly requests?: Readonly<Record<string, RequestContract>>;
}

/** The contract of those who have none: anything goes. */
// deno-lint-ignore ban-types
export type OpenContract = {};

/** What a schema takes. */
export type InputOf<S> = S extends AnySchema ? NonNullable<S["~standard"]["types"]>["input"]
  : unknown;

/** What a schema puts out. */
export type OutputOf<S> = S extends AnySchema ? NonNullable<S["~standard"]["types"]>["output"]
  : unknown;

/** The names that a pattern stands for. */
export type NameOf<P> = P extends `${infer Head}*${infer Tail}` ? `${Head}${string}${NameOf<Tail>}`
  : P;

/** The part of a contract about rooms; of one that has none, anything. */
export type RoomsIn<C> = C extends { readonly rooms: infer R } ? R : { readonly "*": unknown };
/** The part of a contract about requests; of one that has none, anything. */
export type RequestsIn<C> = C extends { readonly requests: infer R } ? R : Record<string, unknown>;
/** What an object has by a name, `undefined` where it has nothing. */
export type FieldOf<T, K extends string> = T extends { readonly [P in K]: infer F } ? F : undefined;

/** A union's members, all at once. */
export type All<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer I) => void
  ? I
  : never;

/** The patterns of `R`, `*` alone excepted, that a room fits; a room that isn't known fits all. */
export type Fitting<R, Room extends string> = {
  [P in Exclude<keyof R, "*">]: string extends Room ? P : Room extends NameOf<P> ? P : never;
}[Exclude<keyof R, "*">];

/** The rules that hold for a room: the exact name's, else those of the patterns that it fits. */
export type RuleFor<R, Room extends string> = Room extends keyof R ? Room
  : string extends Room ? keyof R
  : [Fitting<R, Room>] extends [never] ? Extract<"*", keyof R>
  : Fitting<R, Room>;

/** A room that messages can be published to. */
export type RoomOf<C> = NameOf<keyof RoomsIn<C> & string> & string;

/** What can be published to a room; in one that could be several, what fits them all. */
export type ContentOf<C, Room extends string> = All<
  RuleFor<RoomsIn<C>, Room> extends infer P
    ? P extends keyof RoomsIn<C> ? { content: InputOf<FieldOf<RoomsIn<C>[P], "message">> } : never
    : never
> extends { content: infer Content } ? Content : never;

/** A member's state in a room. */
export type PresenceOf<C, Room extends string> = All<
  RuleFor<RoomsIn<C>, Room> extends infer P
    ? P extends keyof RoomsIn<C> ? { state: InputOf<FieldOf<RoomsIn<C>[P], "presence">> } : never
    : never
> extends { state: infer State } ? State : never;

/** A `room_message` as it is delivered, of any of the contract's rooms. */
export type RoomMessageOf<C> = C extends { readonly rooms: infer R } ? {
    [P in keyof R]: Omit<DeliveredRoomMessage, "room" | "content"> & {
      /** The room's name. */
      room: NameOf<P> & string;
      /** What its schema puts out. */
      content: OutputOf<FieldOf<R[P], "message">>;
    };
  }[keyof R]
  : DeliveredRoomMessage;

/** Any method of a contract. */
export type MethodOf<C> = keyof RequestsIn<C> & string;

/** A method that streams. */
export type StreamMethodOf<C> = C extends { readonly requests: infer R }
  ? { [M in keyof R]: R[M] extends { readonly chunk: AnySchema } ? M : never }[keyof R] & string
  : string;

/** A method that answers once. */
export type ReplyMethodOf<C> = C extends { readonly requests: infer R }
  ? { [M in keyof R]: R[M] extends { readonly chunk: AnySchema } ? never : M }[keyof R] & string
  : string;

/** What a contract says of a method by a name. */
export type MethodField<C, M extends string, K extends string> = FieldOf<
  RequestsIn<C>[M & keyof RequestsIn<C>],
  K
>;

/** What a caller sends to a method. */
export type RequestDataOf<C, M extends string> = InputOf<MethodField<C, M, "data">>;

/** What a method's handler gets. */
export type HandlerDataOf<C, M extends string> = OutputOf<MethodField<C, M, "data">>;

/** What a method's caller gets. */
export type ReplyOf<C, M extends string> = OutputOf<MethodField<C, M, "reply">>;

/** What a caller gets of a stream, piece by piece. */
export type ChunkOf<C, M extends string> = OutputOf<MethodField<C, M, "chunk">>;

/** What a method's handler returns: a value, or what it is iterated for. */
export type AnswerOf<C, M extends string> = MethodField<C, M, "chunk"> extends AnySchema
  ? AsyncIterable<InputOf<MethodField<C, M, "chunk">>>
  : MethodField<C, M, "reply"> extends AnySchema
    ? InputOf<MethodField<C, M, "reply">> | Promise<InputOf<MethodField<C, M, "reply">>>
  : unknown;

/** The handler's own errors, by code; with a method that lists none, any. */
export type ErrorsOf<C, M extends string> = MethodField<C, M, "errors"> extends undefined
  ? Readonly<Record<string, AnySchema>>
  : MethodField<C, M, "errors">;

/** The errors that a method's handler gives of its own, to be told apart by `code`. */
export type RequestErrorOf<C, M extends string> = {
  [Code in keyof ErrorsOf<C, M> & string]: RequestError<Code, OutputOf<ErrorsOf<C, M>[Code]>>;
}[keyof ErrorsOf<C, M> & string];

/** `unknown` where each schema takes its own output, a type that nothing fits where one doesn't. */
export type Rechecked<T> = T extends AnySchema
  ? OutputOf<T> extends InputOf<T> ? unknown : { "a schema must take its own output": T }
  : T extends object ? { readonly [K in keyof T]: Rechecked<T[K]> }
  : unknown;

/**
 * Takes a contract as it is, and lets the compiler refuse one whose schemas don't take their own
 * output: both ends check, so a schema that makes dates of strings would be given dates.
 *
 * @param contract The contract.
 * @returns The same.
 *
 * @example One contract for both sides
 * ```ts
 * import { defineContract } from "@roomscope/roomscope/protocol";
 * import * as v from "valibot";
 *
 * const contract = defineContract({
 *   rooms: { "chat:*": { message: v.object({ text: v.string() }) } },
 *   requests: { sum: { data: v.array(v.number()), reply: v.number() } },
 * });
 * // new RoomServer({ contract }) and new RoomClient(url, { contract })
 * ```
 */
export function defineContract<const C extends Contract>(contract: C & Rechecked<C>): C {
  return contract;
}
