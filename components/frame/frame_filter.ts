import { isControl, Opcode } from "../../frames/opcodes.ts";
import type { FrameEntry } from "../live/frame_ring.ts";

/** Which opcodes are shown. */
export type OpcodeClass = "all" | "data" | "control" | "close";

/** What the list lets through. */
export interface FrameFilter {
  /** Which way. */
  direction: "both" | "in" | "out";
  /** Which opcodes. */
  opcodes: OpcodeClass;
  /** Leaves pings and pongs out, and counts them. */
  hidePingPong: boolean;
  /** Only this connection; empty for every one. */
  connection: string;
  /** Only where the preview contains this. */
  text: string;
  /** Only frames that break a rule. */
  findingsOnly: boolean;
}

/** What a filter leaves. */
export interface FilteredFrames {
  /** The frames shown, oldest first. */
  rows: readonly FrameEntry[];
  /** Pings and pongs that would be shown if they weren't hidden. */
  hiddenPingPong: number;
}

/** Lets everything through. */
export const NO_FILTER: FrameFilter = {
  direction: "both",
  opcodes: "all",
  hidePingPong: false,
  connection: "",
  text: "",
  findingsOnly: false,
};

/** Whether a filter leaves anything out. */
export function isFiltering(filter: FrameFilter): boolean {
  return (Object.keys(NO_FILTER) as (keyof FrameFilter)[])
    .some((key) => filter[key] !== NO_FILTER[key]);
}

/** Applies a filter. */
export function filterFrames(entries: readonly FrameEntry[], filter: FrameFilter): FilteredFrames {
  if (!isFiltering(filter)) return { rows: entries, hiddenPingPong: 0 };
  const needle = filter.text.toLowerCase();
  const rows: FrameEntry[] = [];
  let hiddenPingPong = 0;
  for (const entry of entries) {
    if (!passes(entry, filter, needle)) continue;
    if (filter.hidePingPong && isPingPong(entry.record.opcode)) hiddenPingPong++;
    else rows.push(entry);
  }
  return { rows, hiddenPingPong };
}

function passes(entry: FrameEntry, filter: FrameFilter, needle: string): boolean {
  const { record } = entry;
  if (filter.direction !== "both" && record.direction !== filter.direction) return false;
  if (filter.connection !== "" && record.connection !== filter.connection) return false;
  if (filter.findingsOnly && record.findings.length === 0) return false;
  if (!isInClass(record.opcode, filter.opcodes)) return false;
  return needle === "" || entry.text.toLowerCase().includes(needle);
}

function isInClass(opcode: number, wanted: OpcodeClass): boolean {
  if (wanted === "all") return true;
  if (wanted === "close") return opcode === Opcode.CLOSE;
  return isControl(opcode) === (wanted === "control");
}

function isPingPong(opcode: number): boolean {
  return opcode === Opcode.PING || opcode === Opcode.PONG;
}
