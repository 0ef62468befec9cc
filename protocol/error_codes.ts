/** What an `error` message's code means. */
export interface ErrorCodeRow {
  /** The text that goes with the code where nothing more exact is known. */
  message: string;
  /** The close code that follows it, where the connection doesn't stay open. */
  closeCode?: number;
}

/** Every code that an `error` message can carry, as data. */
export const ERROR_CODES = {
  bad_json: { message: "The message is not JSON" },
  unknown_type: { message: "The message's type is unknown" },
  invalid_message: { message: "The message's fields are wrong" },
  too_deep: { message: "The message is nested too deep" },
  content_too_long: { message: "The content is too long" },
  state_too_big: { message: "The presence state is too big" },
  message_too_big: { message: "The message is too big", closeCode: 1009 },
  rate_limited: { message: "Too many messages" },
  invalid_data: { message: "The data doesn't fit the contract" },
  unknown_method: { message: "There is no handler for the method" },
  duplicate_id: { message: "A request with that id is open" },
  too_many_requests: { message: "Too many requests are open" },
  only_streams: { message: "The method streams: a request for it needs a credit" },
  reply_too_big: { message: "The reply is too big" },
  request_timeout: { message: "The handler took too long" },
  request_failed: { message: "The handler refused" },
  not_a_member: { message: "Only members may do that in a room" },
  room_name_too_long: { message: "The room's name is too long" },
  too_many_rooms: { message: "Too many rooms for one client" },
  forbidden: { message: "The permission for that is missing" },
  auth_failed: { message: "The token was refused", closeCode: 1008 },
  auth_unsupported: { message: "This server has no authentication" },
  session_unknown: { message: "The session is unknown" },
  capture_unknown: { message: "The server has no capture of this name" },
  internal_error: { message: "The server could not do that" },
} as const satisfies Record<string, ErrorCodeRow>;

/** The code of an `error` message. */
export type ErrorCode = keyof typeof ERROR_CODES;
