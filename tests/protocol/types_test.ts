/**
 * The written interfaces are what the schemas infer. Each `true` below is a type that
 * `deno check` refuses where the two differ in any field, in either direction.
 *
 * @module
 */
import type * as v from "valibot";
import { assertEquals } from "@std/assert";
import type * as protocol from "@/protocol/mod.ts";
import * as clientSchemas from "@/protocol/client_schemas.ts";
import type { MetricsReport } from "@/protocol/metrics_report_schema.ts";
import * as monitorSchemas from "@/protocol/monitor_schemas.ts";
import * as serverSchemas from "@/protocol/server_schemas.ts";

/** `true` where two types are the same: optional is not undefined, a union is not its member. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;

type ClientOutput = v.InferOutput<typeof clientSchemas.ClientMessage>;
type ServerOutput = v.InferOutput<typeof serverSchemas.ServerMessage>;

const DIFFERENCES: [
  Same<{ a: string }, { a: string }>,
  Same<{ a: string }, { a?: string }>,
  Same<{ a: string }, { a: unknown }>,
  Same<{ a: string }, { a: string; b: number }>,
  Same<{ a: "x" | "y" }, { a: "x" }>,
] = [true, false, false, false, false];

const CLIENT: {
  [T in protocol.ClientMessageType]: Same<
    Extract<ClientOutput, { type: T }>,
    protocol.ClientMessageOf<T>
  >;
} = {
  ping: true,
  auth: true,
  resume: true,
  join_room: true,
  leave_room: true,
  room_message: true,
  presence_set: true,
  presence_watch: true,
  presence_unwatch: true,
  request: true,
  cancel: true,
  stream_credit: true,
  monitor_start: true,
  monitor_stop: true,
  frame_get: true,
  heads_get: true,
};

const SERVER: {
  [T in protocol.ServerMessageType]: Same<
    Extract<ServerOutput, { type: T }>,
    protocol.ServerMessageOf<T>
  >;
} = {
  welcome: true,
  pong: true,
  auth_success: true,
  room_joined: true,
  room_left: true,
  user_joined: true,
  user_left: true,
  room_members: true,
  presence_state: true,
  presence_update: true,
  room_message: true,
  ack: true,
  reply: true,
  stream_chunk: true,
  stream_end: true,
  cancelled: true,
  error: true,
  monitor_snapshot: true,
  metrics: true,
  connections: true,
  frames: true,
  frame_bytes: true,
  frame_gone: true,
  connection_heads: true,
};

type Output<T extends keyof typeof monitorSchemas> = v.InferOutput<typeof monitorSchemas[T]>;

const RECORDS: {
  Totals: Same<Output<"Totals">, protocol.Totals>;
  Bucket: Same<Output<"Bucket">, protocol.Bucket>;
  Quantiles: Same<Output<"Quantiles">, protocol.Quantiles>;
  Histograms: Same<Output<"Histograms">, protocol.Histograms>;
  TransitionCauseRecord: Same<Output<"TransitionCauseRecord">, protocol.TransitionCause>;
  TransitionRecord: Same<Output<"TransitionRecord">, protocol.Transition>;
  ConnectionCounters: Same<Output<"ConnectionCounters">, protocol.ConnectionCounters>;
  CloseRecord: Same<Output<"CloseRecord">, protocol.CloseRecord>;
  ConnectionRecord: Same<Output<"ConnectionRecord">, protocol.ConnectionRecord>;
  RoomRecord: Same<Output<"RoomRecord">, protocol.RoomRecord>;
  FindingRecord: Same<Output<"FindingRecord">, protocol.FindingRecord>;
  InflatedRecord: Same<Output<"InflatedRecord">, protocol.InflatedRecord>;
  CompressedRecord: Same<Output<"CompressedRecord">, protocol.CompressedRecord>;
  FrameRecord: Same<Output<"FrameRecord">, protocol.FrameRecord>;
  CaptureStats: Same<Output<"CaptureStats">, protocol.CaptureStats>;
  ServerPolicy: Same<Output<"ServerPolicy">, protocol.ServerPolicy>;
} = {
  Totals: true,
  Bucket: true,
  Quantiles: true,
  Histograms: true,
  TransitionCauseRecord: true,
  TransitionRecord: true,
  ConnectionCounters: true,
  CloseRecord: true,
  ConnectionRecord: true,
  RoomRecord: true,
  FindingRecord: true,
  InflatedRecord: true,
  CompressedRecord: true,
  FrameRecord: true,
  CaptureStats: true,
  ServerPolicy: true,
};

const UNIONS: [
  Same<v.InferOutput<typeof MetricsReport>, protocol.MetricsReport>,
  Same<ClientOutput["type"], protocol.ClientMessageType>,
  Same<ServerOutput["type"], protocol.ServerMessageType>,
] = [true, true, true];

function typesOf(
  schema: { options: readonly { entries: { type: { literal: string } } }[] },
): string[] {
  return schema.options.map((option) => option.entries.type.literal);
}

Deno.test("every message and record that has a schema is held against its interface", () => {
  assertEquals(DIFFERENCES, [true, false, false, false, false]);
  assertEquals(UNIONS, [true, true, true]);
  assertEquals(Object.keys(CLIENT).toSorted(), typesOf(clientSchemas.ClientMessage).toSorted());
  assertEquals(Object.keys(SERVER).toSorted(), typesOf(serverSchemas.ServerMessage).toSorted());
  assertEquals(Object.keys(RECORDS).toSorted(), Object.keys(monitorSchemas).toSorted());
});
