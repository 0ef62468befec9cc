import { type Frame, frameBytes, FrameDecoder, opcodeName } from "../../frames/mod.ts";
import { FlagError, type FlagSpec, helpText, readArguments } from "../flags.ts";
import { breakdown, findingText } from "./event_lines.ts";
import { bytesOfOperand } from "./input.ts";
import type { Terminal } from "./terminal.ts";
import { InflatedMessages } from "../../tap/inflated_messages.ts";
import { DEFAULT_TAP_LIMITS } from "../../tap/mod.ts";
import { MessageInflater } from "../../tap/message_inflater.ts";

const FLAGS: Readonly<Record<string, FlagSpec>> = {
  "sender": {
    kind: "string",
    value: "client|server",
    help: "Who sent the bytes [the one whom the first frame's MASK bit fits]",
  },
  "deflate": {
    kind: "boolean",
    help: "Take RSV1 as permessage-deflate's mark, and inflate (windows of 15 bits)",
  },
  "help": { kind: "boolean", help: "Print this" },
};

const USAGE = `Usage: tap explain <bytes>

Explains a stream of WebSocket frames, field by field. The bytes are
  hex      818537fa213d7f9f4d5158, with spaces, commas, colons or 0x as you like
  base64   gYU3+iE9f59NUVg=
  a file   with raw bytes, hex or base64;  - reads standard input

${helpText(FLAGS)}

Example: tap explain '81 85 37 fa 21 3d 7f 9f 4d 51 58'`;

const MASK_BIT = 0x80;

/** Explains bytes; resolves with the exit code. */
export async function explainCommand(args: string[], terminal: Terminal): Promise<number> {
  const { flags, operands } = readArguments(FLAGS, args, () => undefined);
  if (flags.help) return await printed(terminal, [USAGE]);
  if (operands.length === 0) throw new FlagError("Cannot explain: the bytes are missing");
  const bytes = await bytesOfOperand(operands.join(" "), terminal);
  if (bytes.length === 0) throw new FlagError("Cannot explain: there are no bytes");
  return await printed(terminal, explanation(bytes, { ...flags, paint: terminal.paint }));
}

interface ExplanationOptions {
  sender?: unknown;
  deflate?: unknown;
  paint: Terminal["paint"];
}

function explanation(bytes: Uint8Array, { sender, deflate, paint }: ExplanationOptions): string[] {
  const from = senderOf(sender, bytes);
  const decoder = new FrameDecoder({
    sender: from,
    mode: "lenient",
    allowRsv1: deflate === true,
    maxFrameBytes: Infinity,
    maxMessageBytes: Infinity,
    maxKeptPayloadBytes: Infinity,
  });
  const direction = from === "client" ? "in" : "out";
  const { maxInflatedBytes } = DEFAULT_TAP_LIMITS;
  const inflater = deflate === true ? new MessageInflater({}, { maxInflatedBytes }) : null;
  const gathered = new InflatedMessages(maxInflatedBytes);
  const lines: string[] = [];
  for (const [number, frame] of [...decoder.decode(bytes)].entries()) {
    const part = inflater?.push(frame) ?? null;
    const broken = part?.finding ? [...frame.findings, part.finding] : frame.findings;
    const findings = broken.map((finding) => fromFrame(finding, frame.offset));
    const compressed = part ? { compressed: gathered.take(number, part, false) } : {};
    lines.push(paint("strong", titleOf(frame)));
    lines.push(
      ...breakdown({ wire: frameBytes(frame), direction, findings, ...compressed }, paint),
    );
    lines.push(...findings.map((finding) => paint("bad", `      ${findingText(finding)}`)), "");
  }
  return [...lines, ...endOf(decoder, bytes, { direction, paint })];
}

function endOf(
  decoder: FrameDecoder,
  bytes: Uint8Array,
  { direction, paint }: { direction: "in" | "out"; paint: Terminal["paint"] },
): string[] {
  const { lost, trailing, trailingBytes } = decoder;
  if (trailing) {
    return [
      paint("bad", `${trailingBytes} bytes follow the Close frame: ${findingText(trailing)}`),
    ];
  }
  const partial = decoder.partial();
  if (!partial) return [];
  const findings = partial.findings.map((finding) => fromFrame(finding, partial.offset));
  const title = lost
    ? `From byte ${partial.offset} on the bytes can't be cut into frames any more`
    : `A frame from byte ${partial.offset} on that isn't whole`;
  const wire = bytes.subarray(partial.offset);
  return [
    paint("strong", title),
    ...breakdown({ wire, direction, findings }, paint),
    ...findings.map((finding) => paint("bad", `      ${findingText(finding)}`)),
  ];
}

function titleOf({ opcode, offset, header, payloadLength }: Frame): string {
  const end = offset + header.length + payloadLength;
  return `${opcodeName(opcode)}, bytes ${offset} to ${end - 1}`;
}

function fromFrame<T extends { offset: number }>(finding: T, start: number): T {
  return { ...finding, offset: finding.offset - start };
}

function senderOf(given: unknown, bytes: Uint8Array): "client" | "server" {
  if (given === "client" || given === "server") return given;
  if (given === undefined) return (bytes[1] & MASK_BIT) === 0 ? "server" : "client";
  throw new FlagError(`Cannot use --sender: it is client or server, not ${JSON.stringify(given)}`);
}

async function printed(terminal: Terminal, lines: string[]): Promise<number> {
  await terminal.print(lines);
  return 0;
}
