/**
 * The tap: a TCP relay in front of a WebSocket server that passes every byte, captures every frame,
 * and guards the server from what breaks RFC 6455, HTTP/1 framing or a limit.
 *
 * @example In front of any WebSocket server
 * ```ts ignore
 * import { Tap } from "@roomscope/roomscope/tap";
 *
 * const tap = new Tap({ target: { hostname: "127.0.0.1", port: 8080 }, guard: false });
 * tap.listen({ hostname: "127.0.0.1", port: 9000 });
 * const { frames, cursor } = tap.capture.read(0);
 * ```
 *
 * @module
 */
export type {
  CapturedBytes,
  CaptureEvent,
  CaptureReading,
  CaptureReadOptions,
  CaptureSource,
  CaptureStats,
  CompressedPart,
  CompressedRecord,
  ConnectionControl,
  ConnectionObserver,
  CutReason,
  EndEvent,
  EndingParty,
  FailedHandshake,
  FindingRecord,
  FrameByteSource,
  FrameEvent,
  FrameRecord,
  GapEvent,
  HandshakeFailure,
  HeadEvent,
  InflatedContent,
  InflatedRecord,
  OpenEvent,
  TappedPeer,
} from "../protocol/mod.ts";
export type { JournalCursor, JournalReader, JournalReading } from "./capture_journal.ts";
export { type CaptureRingOptions, DEFAULT_CAPTURE } from "./capture_ring.ts";
export { type FaultRule, parseFault } from "./faults.ts";
export { DEFAULT_TAP_LIMITS, type TapLimits } from "./limits.ts";
export { Tap, type TapAddress, type TapCloseOptions, type TapOptions } from "./tap.ts";
export { replay, type ReplayOptions, type ReplayResult } from "./replay.ts";
export type { ReplayDifference } from "./replay_comparison.ts";
export type { TapTarget, TargetTls } from "./target.ts";
export {
  type ByteSource,
  type CaptureEncoder,
  captureEncoder,
  CaptureFileError,
  type CaptureFileLimits,
  type CaptureFormat,
  captureFormatOf,
  type CaptureReadFileOptions,
  readCapture,
} from "./captures/mod.ts";
export { LoadedCapture, type LoadedCaptureOptions } from "./captures/loaded_capture.ts";
