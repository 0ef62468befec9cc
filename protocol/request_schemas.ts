import * as v from "valibot";
import { MAX_MESSAGE_ID_LENGTH } from "./client_messages.ts";
import {
  MAX_METHOD_LENGTH,
  MAX_REQUEST_ERROR_CODE_LENGTH,
  MAX_STREAM_CREDIT,
} from "./request_messages.ts";

const Id = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_MESSAGE_ID_LENGTH));
const Method = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_METHOD_LENGTH));
const Credit = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(MAX_STREAM_CREDIT));

export const RequestMessage = v.object({
  type: v.literal("request"),
  id: Id,
  method: Method,
  data: v.optional(v.unknown()),
  credit: v.optional(Credit),
});

export const CancelMessage = v.object({ type: v.literal("cancel"), id: Id });

export const StreamCreditMessage = v.object({
  type: v.literal("stream_credit"),
  id: Id,
  n: Credit,
});

export const ReplyMessage = v.object({
  type: v.literal("reply"),
  id: Id,
  data: v.optional(v.unknown()),
});

export const StreamChunkMessage = v.object({
  type: v.literal("stream_chunk"),
  id: Id,
  seq: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  data: v.optional(v.unknown()),
});

export const StreamEndMessage = v.object({ type: v.literal("stream_end"), id: Id });

export const CancelledMessage = v.object({ type: v.literal("cancelled"), id: Id });

export const RequestFailure = v.object({
  code: v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_REQUEST_ERROR_CODE_LENGTH)),
  data: v.optional(v.unknown()),
});
