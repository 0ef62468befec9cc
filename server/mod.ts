/**
 * The room server: `RoomServer` on `Deno.upgradeWebSocket`, its limits, and the `Backplane`
 * interface with the in-process implementation.
 *
 * @example Serve rooms on one path
 * ```ts
 * import { RoomServer } from "@roomscope/roomscope/server";
 *
 * const rooms = new RoomServer({ limits: { messagesPerSecond: 20 } });
 * const http = Deno.serve({ port: 0, onListen() {} }, (request, info) => {
 *   if (new URL(request.url).pathname === "/ws") return rooms.handler(request, info);
 *   return new Response("Not found", { status: 404 });
 * });
 * await rooms.close();
 * await http.shutdown();
 * ```
 *
 * @module
 */
export type { Backplane, Draft, PlacedMessage, Position } from "./backplane.ts";
export { type CumulativeBucket, Histogram } from "./histogram.ts";
export { InProcessBackplane, type InProcessBackplaneOptions } from "./in_process_backplane.ts";
export {
  Log,
  LOG_LEVELS,
  type LogEntry,
  type LogLevel,
  type LogSink,
  logSink,
  type LogSinkOptions,
  type LogValue,
} from "./log.ts";
export {
  DEFAULT_LIMITS,
  type Permission,
  type RoomServerLimits,
  type RoomServerOptions,
} from "./options.ts";
export { CaptureFollower, type CaptureFollowerOptions } from "./capture_follower.ts";
export type { MonitorSource } from "./monitor_source.ts";
export { isAllowedHost, isAllowedOrigin } from "./origin.ts";
export type { CustomMessage } from "./outbound.ts";
export { RateLimiter } from "./rate_limiter.ts";
export { type ReceivedReport, ReportInbox } from "./report_inbox.ts";
export { MetricsReporter, type MetricsReporterOptions, type StatsSource } from "./reporter.ts";
export type { HandleOptions, RequestContext, RequestHandler } from "./request_handler.ts";
export { RoomServer } from "./room_server.ts";
export { defineContract, RequestError, type ServerStats } from "../protocol/mod.ts";
export type * from "../protocol/contract.ts";
export type {
  StandardIssue,
  StandardResult,
  StandardSchema,
  StandardSchemaProps,
} from "../protocol/standard_schema.ts";
