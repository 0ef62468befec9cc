import {
  closeCodeName,
  explainFrame,
  flattenFields,
  hexDump,
  isControl,
  Opcode,
  opcodeName,
  parseClosePayload,
} from "../../frames/mod.ts";
import type {
  CaptureEvent,
  CompressedPart,
  EndEvent,
  FindingRecord,
  FrameEvent,
  HeadEvent,
} from "../../protocol/mod.ts";
import { type FrameLink, FrameLinks } from "../../tap/frame_links.ts";
import { FrameView } from "../../tap/frame_view.ts";
import type { FrameFilter } from "./filter.ts";
import { harmless, type Paint, quoted } from "./style.ts";

const TEXT_PREVIEW = 80;
const HEX_PREVIEW_BYTES = 24;
/** The most bytes of one frame that are written out with `--hex`. */
const MOST_DUMPED_BYTES = 4 * 1024;
const DUMP_ROW_BYTES = 16;
/** Room for the bits of two bytes. */
const PLACE_WIDTH = 19;

/** How events become lines. */
export interface EventLinesOptions {
  /** Marks text for a terminal. */
  paint: Paint;
  /** Which frames are shown. @default all */
  filter?: FrameFilter;
  /** Whether each frame is followed by its fields and bytes. @default false */
  hex?: boolean;
  /** Whether lines are JSON objects. @default false */
  json?: boolean;
}

/** Turns a capture's events into lines for people or programs. */
export class EventLines {
  readonly #options: EventLinesOptions;
  readonly #links = new Map<string, FrameLinks>();

  constructor(options: EventLinesOptions) {
    this.#options = options;
  }

  /** The lines of an event; none where the filter hides it. */
  lines(event: CaptureEvent): string[] {
    if (event.type === "frame") return this.#frame(event);
    if (event.type === "gap") { for (const links of this.#links.values()) links.gap(); }
    if (event.type === "end") this.#links.delete(event.connection);
    return this.#options.json ? [eventJson(event)] : this.#eventLines(event);
  }

  #frame(event: FrameEvent): string[] {
    const view = new FrameView(event);
    let links = this.#links.get(event.connection);
    if (!links) this.#links.set(event.connection, links = new FrameLinks());
    const link = links.link(view);
    if (this.#options.filter && !this.#options.filter(view)) return [];
    if (this.#options.json) return [frameJson(view, link, this.#options.hex ?? false)];
    const { paint, hex } = this.#options;
    return [frameLine(view, link, paint), ...(hex ? breakdown(event, paint) : [])];
  }

  #eventLines(event: Exclude<CaptureEvent, FrameEvent>): string[] {
    const { paint } = this.#options;
    if (event.type === "gap") {
      return [paint("warn", `  … ${event.frames} frames are missing here: too fast to show`)];
    }
    const start = `${paint("dim", timeOf(event.at))} ${connectionOf(event.connection)}`;
    if (event.type === "open") return [`${start} open   ${event.client} → ${event.server}`];
    if (event.type === "head") return [`${start} ${headText(event)}`];
    return [`${start} end    ${endText(event, paint)}`];
  }
}

/** `12:34:56.789`, in local time. */
export function timeOf(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${clock}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

function connectionOf(connection: string): string {
  return harmless(`#${connection}`).padEnd(4);
}

function headText({ direction, bytes }: HeadEvent): string {
  const [first] = new TextDecoder("latin1").decode(bytes).split("\r\n", 1);
  const sender = direction === "in" ? "in " : "out";
  return `${sender}    ${harmless(first)} (${bytes.length} bytes of head)`;
}

function endText(event: EndEvent, paint: Paint): string {
  const { code, reason, clean, closedBy, endedBy, rule, failure } = event;
  if (failure) {
    const status = failure.status === 0 ? "" : `HTTP ${failure.status}, `;
    return paint("bad", `no WebSocket: ${status}${failure.rule}: ${harmless(failure.message)}`);
  }
  const how = clean ? paint("good", "clean") : paint("bad", "not clean");
  const why = reason === "" ? "" : ` ${quoted(reason, TEXT_PREVIEW)}`;
  const first = closedBy === null ? "no Close frame" : `${closedBy} closed first`;
  const broken = rule === undefined ? "" : `, broke ${rule}`;
  return `${code} ${closeCodeName(code)}${why}, ${how}, ${first}, TCP ended by ${endedBy}${broken}`;
}

/** One frame on one line. */
function frameLine(view: FrameView, link: FrameLink, paint: Paint): string {
  const { event } = view;
  const { direction } = event;
  return [
    paint("dim", timeOf(event.at)),
    connectionOf(event.connection),
    paint(direction, direction.padEnd(3)),
    paint("strong", opcodeName(view.opcode).padEnd(12)),
    flagsOf(view).padEnd(11),
    String(event.length).padStart(7),
    previewOf(view),
    ...linkText(link, paint),
    ...(event.fault === undefined ? [] : [paint("warn", `[fault: ${event.fault}]`)]),
    ...event.findings.map((finding) => paint("bad", findingText(finding))),
  ].join(" ");
}

/** `FIN` and set RSV bits, and `mask`. */
function flagsOf({ fin, rsv1, rsv2, rsv3, maskingKey }: FrameView): string {
  const rsv = [rsv1 && "1", rsv2 && "2", rsv3 && "3"].filter((bit) => bit !== false).join("");
  return [fin && "FIN", rsv !== "" && `R${rsv}`, maskingKey && "mask"].filter(Boolean).join(" ");
}

function linkText({ message, answers }: FrameLink, paint: Paint): string[] {
  const texts = [];
  if (message) texts.push(`(fragment ${message.fragment} of message ${message.first})`);
  if (answers) {
    texts.push(`(answers ping ${answers.frame} after ${answers.milliseconds.toFixed(1)} ms)`);
  }
  return texts.map((text) => paint("dim", text));
}

/** A finding on one line. */
export function findingText({ rule, section, message, offset }: FindingRecord): string {
  const where = section.startsWith("RFC") ? section : `RFC 6455 §${section.replace(/^§/, "")}`;
  return `! ${rule} (${where}, byte ${offset}): ${harmless(message)}`;
}

function previewOf(view: FrameView): string {
  const { opcode, payload, event: { length, compressed } } = view;
  if (compressed) return compressedText(view, compressed);
  if (length === 0) return "";
  if (opcode === Opcode.CLOSE) return closeText(payload);
  if (isReadable(view)) return quoted(new TextDecoder().decode(payload), TEXT_PREVIEW);
  return (view.rsv1 ? "compressed " : "") + bytesText(payload, length);
}

/** The message before it was compressed, `inflated 5012 "text"`, in the line of its last frame. */
function compressedText({ payload }: FrameView, part: CompressedPart): string {
  const { inflated, problem, hidden, opcode } = part;
  const notes = [hidden && "wire bytes hidden", problem && `not inflated: ${problem}`];
  const noted = notes.filter(Boolean).map((note) => ` [${note}]`).join("");
  if (!inflated) return `compressed ${bytesText(payload, payload.length)}${noted}`;
  const { bytes, length } = inflated;
  const shown = opcode === Opcode.TEXT
    ? quoted(new TextDecoder().decode(bytes), TEXT_PREVIEW)
    : bytesText(bytes, length);
  return `inflated ${length} ${shown}${noted}`;
}

function bytesText(bytes: Uint8Array, length: number): string {
  return hexPairs(bytes.subarray(0, HEX_PREVIEW_BYTES)) + (length > HEX_PREVIEW_BYTES ? " …" : "");
}

/** Text is read as text; so are control frames and fragments that hold nothing else. */
function isReadable({ opcode, rsv1, payload }: FrameView): boolean {
  if (rsv1 || opcode === Opcode.BINARY) return false;
  if (opcode === Opcode.TEXT) return true;
  return (opcode === Opcode.CONTINUATION || isControl(opcode)) &&
    payload.every((byte) => byte >= 0x20 && byte !== 0x7f);
}

function closeText(payload: Uint8Array): string {
  try {
    const { code, reason } = parseClosePayload(payload);
    return `${code} ${closeCodeName(code)}${reason && ` ${quoted(reason, TEXT_PREVIEW)}`}`;
  } catch {
    return hexPairs(payload.subarray(0, HEX_PREVIEW_BYTES));
  }
}

function hexPairs(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** What of a frame is taken apart. */
type Shown = Pick<FrameEvent, "wire" | "direction" | "findings" | "compressed">;

/** A frame's fields, then its bytes, then what came out of a compressed message. */
export function breakdown(
  { wire, direction, findings, compressed }: Shown,
  paint: Paint,
): string[] {
  const sender = direction === "in" ? "client" : "server";
  const deflated = compressed !== undefined;
  const options = { sender, findings, compressed: deflated, allowRsv1: deflated } as const;
  const { fields, missing } = explainFrame(wire, options);
  const rows = flattenFields(fields).map(({ pattern, raw, name, value, meaning, section }) => {
    const fits = pattern !== "" && pattern.length <= PLACE_WIDTH;
    const place = (fits ? pattern : raw.slice(0, PLACE_WIDTH)).padEnd(PLACE_WIDTH);
    const shown = harmless(value).slice(0, TEXT_PREVIEW);
    return `      ${paint("dim", place)} ${name.padEnd(15)} ${shown}  ${
      paint("dim", `${harmless(meaning)} (${section})`)
    }`;
  });
  return [
    ...rows,
    ...(missing === "" ? [] : [`      ${missing}`]),
    ...dumpLines(wire, paint),
    ...inflatedLines(compressed, paint),
  ];
}

function inflatedLines(compressed: CompressedPart | undefined, paint: Paint): string[] {
  const { inflated, first } = compressed ?? {};
  if (!inflated) return [];
  const { bytes, length } = inflated;
  const kept = bytes.length < length ? `, the first ${bytes.length} were kept` : "";
  const title = `inflated, ${length} bytes of the message that began with frame ${first}${kept}`;
  return [`      ${paint("strong", title)}`, ...dumpLines(bytes, paint)];
}

function dumpLines(wire: Uint8Array, paint: Paint): string[] {
  const lines = hexDump(wire, [], { to: MOST_DUMPED_BYTES }).map(({ offset, bytes }) => {
    const hex = bytes.map((byte) => byte.hex).join(" ").padEnd(DUMP_ROW_BYTES * 3 - 1);
    const ascii = bytes.map((byte) => byte.ascii).join("");
    return `      ${paint("dim", offset.toString(16).padStart(8, "0"))}  ${hex}  ${ascii}`;
  });
  const rest = wire.length - MOST_DUMPED_BYTES;
  return rest > 0 ? [...lines, `      … ${rest} bytes more`] : lines;
}

function eventJson(event: Exclude<CaptureEvent, FrameEvent>): string {
  if (event.type !== "head") return JSON.stringify(event);
  const { bytes, ...rest } = event;
  return JSON.stringify({ ...rest, head: new TextDecoder("latin1").decode(bytes) });
}

function frameJson(view: FrameView, link: FrameLink, withWire: boolean): string {
  const { event, fin, rsv1, rsv2, rsv3, opcode, maskingKey } = view;
  const { wire, findings, fault, type, at, connection, frame, direction, length } = event;
  return JSON.stringify({
    ...{ type, at, connection, frame, direction, opcode, name: opcodeName(opcode), fin },
    ...{ rsv1, rsv2, rsv3, maskingKey: maskingKey?.toHex() ?? null, length },
    headerLength: event.headerLength,
    truncated: view.truncated,
    ...contentJson(view.payload, opcode === Opcode.TEXT && !rsv1),
    ...(event.compressed ? { compressed: compressedJson(event.compressed) } : {}),
    ...link,
    findings,
    ...(fault === undefined ? {} : { fault }),
    ...(withWire ? { wire: wire.toHex() } : {}),
  });
}

function compressedJson({ inflated, ...rest }: CompressedPart): object {
  if (!inflated) return rest;
  const { bytes, length } = inflated;
  const content = contentJson(bytes, rest.opcode === Opcode.TEXT);
  return { ...rest, inflated: { length, kept: bytes.length, ...content } };
}

function contentJson(bytes: Uint8Array, isText: boolean): object {
  return isText ? { text: new TextDecoder().decode(bytes) } : { base64: bytes.toBase64() };
}
