/**
 * WebSocket frames and handshakes as values: bytes in, frames and findings out. No socket, no timer,
 * no platform API, so it runs in Deno and in a browser. Source: RFC 6455, RFC 7692.
 *
 * - {@linkcode FrameDecoder} cuts a stream into frames and checks every rule, strictly or leniently;
 *   {@linkcode MessageAssembler} puts fragments together.
 * - {@linkcode encodeFrame}, {@linkcode applyMask} and {@linkcode closePayload} make frames.
 * - {@linkcode parseRequestHead}, {@linkcode checkUpgradeRequest}, {@linkcode checkUpgradeResponse}
 *   and {@linkcode acceptKey} are the opening handshake.
 * - {@linkcode negotiateDeflate}, {@linkcode checkDeflateAnswer}, {@linkcode createInflater} and
 *   {@linkcode createDeflater} are permessage-deflate; {@linkcode MessageAssembler} inflates.
 * - {@linkcode explainFrame} and {@linkcode hexDump} show a frame bit by bit.
 *
 * @example From frames to messages
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import {
 *   encodeFrame,
 *   FrameDecoder,
 *   MessageAssembler,
 *   Opcode,
 * } from "@roomscope/roomscope/frames";
 *
 * const wire = encodeFrame("Hello", { opcode: Opcode.TEXT });
 * const decoder = new FrameDecoder({ sender: "server" });
 * const assembler = new MessageAssembler();
 * for (const frame of decoder.decode(wire)) {
 *   assertEquals(assembler.push(frame)?.text, "Hello");
 * }
 * ```
 *
 * @module
 */
export { acceptKey, type AcceptKeySteps, acceptKeySteps, HANDSHAKE_GUID } from "./accept_key.ts";
export { type Message, MessageAssembler, type MessageAssemblerOptions } from "./assembler.ts";
export {
  CLOSE_CODES,
  type CloseCodeFacts,
  closeCodeName,
  closePayload,
  type CloseStatus,
  isValidCloseCode,
  parseClosePayload,
} from "./close.ts";
export { FrameDecoder } from "./decoder.ts";
export type { DeflateDirection, Deflater, Inflated, Inflater, InflateStop } from "./deflate.ts";
export { createDeflater, type DeflaterOptions } from "./deflater.ts";
export type { FrameDecoderOptions } from "./decoder_options.ts";
export { encodeFrame, type EncodeOptions } from "./encoder.ts";
export { type Finding, ProtocolError } from "./errors.ts";
export {
  explainFrame,
  type ExplainOptions,
  type Explanation,
  type Field,
  type FieldId,
} from "./explain.ts";
export { type Frame, frameBytes, type FrameSink, type PartialFrame } from "./frame.ts";
export {
  checkUpgradeRequest,
  checkUpgradeResponse,
  type HandshakeFinding,
  readUpgradeRequest,
  type RequestFinding,
  type UpgradeRequest,
  type UpgradeRequestOptions,
  type UpgradeResponseOptions,
} from "./handshake.ts";
export {
  type Extension,
  type ExtensionParameter,
  hasToken,
  headerValues,
  listElements,
  parseExtensions,
  parseProtocols,
} from "./header_values.ts";
export {
  flattenFields,
  type HexByte,
  hexDump,
  type HexDumpOptions,
  type HexRow,
} from "./hex_dump.ts";
export {
  findHeadEnd,
  HandshakeError,
  type HandshakeErrorOptions,
  type HeaderField,
  type HttpHead,
  type HttpHeadOptions,
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
} from "./http_head.ts";
export { createInflater } from "./inflate.ts";
export { applyMask } from "./mask.ts";
export {
  checkDeflateAnswer,
  type DeflateAgreement,
  type DeflateElement,
  type DeflateParameters,
  type DeflateServerOptions,
  formatDeflate,
  negotiateDeflate,
  readDeflate,
} from "./negotiate_deflate.ts";
export { isControl, isDefinedOpcode, Opcode, opcodeName } from "./opcodes.ts";
export { type Rule, type RuleFacts, RULES } from "./rules.ts";
export { Utf8Validator } from "./utf8.ts";
