/**
 * What capture files must look like: lines of Roomscope's own, and entries of HAR. Not exported by
 * `mod.ts`: only `tap/captures/` reads files.
 *
 * @module
 */
import * as v from "valibot";
import type { CaptureEvent } from "./capture_events.ts";

const Base64 = v.pipe(v.string(), v.base64(), v.transform((text) => Uint8Array.fromBase64(text)));
const Time = v.pipe(v.number(), v.finite());
const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Connection = v.pipe(v.string(), v.minLength(1), v.maxLength(64));
const Direction = v.picklist(["in", "out"]);
const Party = v.picklist(["client", "server", "tap"]);

const FindingSchema = v.object({
  rule: v.string(),
  section: v.string(),
  closeCode: v.number(),
  offset: v.number(),
  message: v.string(),
});

const CompressedSchema = v.object({
  first: Count,
  opcode: v.picklist([1, 2]),
  hidden: v.exactOptional(v.literal(true)),
  problem: v.exactOptional(v.string()),
  inflated: v.exactOptional(
    v.pipe(
      v.object({ length: Count, bytes: Base64 }),
      v.check(({ length, bytes }) => bytes.length <= length, "it has more bytes than its length"),
    ),
  ),
});

const CaptureHeaderSchema = v.object({
  roomscope: v.literal("capture"),
  version: v.pipe(v.number(), v.integer()),
});

const CaptureEventSchema = v.variant("type", [
  v.object({
    type: v.literal("open"),
    connection: Connection,
    at: Time,
    client: v.string(),
    server: v.string(),
  }),
  v.object({
    type: v.literal("head"),
    connection: Connection,
    at: Time,
    direction: Direction,
    bytes: Base64,
  }),
  v.object({
    type: v.literal("frame"),
    connection: Connection,
    frame: Count,
    at: Time,
    direction: Direction,
    headerLength: v.pipe(Count, v.minValue(1), v.maxValue(14)),
    length: Count,
    wire: Base64,
    findings: v.array(FindingSchema),
    compressed: v.exactOptional(CompressedSchema),
    fault: v.exactOptional(v.string()),
  }),
  v.object({
    type: v.literal("end"),
    connection: Connection,
    at: Time,
    code: Count,
    reason: v.string(),
    clean: v.boolean(),
    closedBy: v.nullable(Party),
    endedBy: Party,
    rule: v.exactOptional(v.string()),
    failure: v.exactOptional(
      v.object({ status: Count, rule: v.string(), message: v.string() }),
    ),
  }),
  v.object({ type: v.literal("gap"), frames: Count }),
]);

const HarHeadersSchema = v.array(v.object({ name: v.string(), value: v.string() }));
const HarMessageSchema = v.object({
  type: v.picklist(["send", "receive"]),
  time: v.pipe(v.number(), v.finite()),
  opcode: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(15)),
  data: v.string(),
});
/** A message of a HAR file. */
export type HarMessageShape = v.InferOutput<typeof HarMessageSchema>;
const HarEntrySchema = v.object({
  startedDateTime: v.string(),
  time: v.optional(v.number(), 0),
  request: v.object({ url: v.string(), headers: v.optional(HarHeadersSchema, []) }),
  response: v.object({
    status: v.optional(v.number(), 0),
    statusText: v.optional(v.string(), ""),
    headers: v.optional(HarHeadersSchema, []),
  }),
  serverIPAddress: v.optional(v.string()),
  _webSocketMessages: v.array(HarMessageSchema),
});
/** An entry of a HAR file that is a WebSocket. */
export type HarEntryShape = v.InferOutput<typeof HarEntrySchema>;

const HarSchema = v.object({ log: v.object({ entries: v.array(v.unknown()) }) });

/** A value of the shape that was asked for, or what is wrong with it. */
export type Shaped<T> = { readonly value: T } | { readonly fault: string };

/** Reads the header line of a capture. */
export function captureHeaderOf(value: unknown): Shaped<{ version: number }> {
  return shaped(CaptureHeaderSchema, value);
}

/** Reads an event's line of a capture. */
export function captureEventOf(value: unknown): Shaped<CaptureEvent> {
  return shaped(CaptureEventSchema, value) as Shaped<CaptureEvent>;
}

/** Reads the entries of a HAR file. */
export function harEntriesOf(value: unknown): Shaped<unknown[]> {
  const har = shaped(HarSchema, value);
  return "fault" in har ? har : { value: har.value.log.entries };
}

/** Reads a WebSocket's entry of a HAR file. */
export function harEntryOf(value: unknown): Shaped<HarEntryShape> {
  return shaped(HarEntrySchema, value);
}

function shaped<T>(schema: v.GenericSchema<unknown, T>, value: unknown): Shaped<T> {
  const { success, output, issues } = v.safeParse(schema, value);
  if (success) return { value: output };
  const [issue] = issues;
  const path = issue.path?.map(({ key }) => String(key)).join(".") ?? "";
  return { fault: path === "" ? issue.message : `${path}: ${issue.message}` };
}
