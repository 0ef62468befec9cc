import type { FrameRecord } from "../../protocol/monitor_records.ts";
import { previewOf } from "../frame/frame_text.ts";

/** A captured frame as the list shows it. */
export interface FrameEntry {
  /** Number of the entry in this page, from 0; it never changes. */
  serial: number;
  /** `connection.frame`, unique. */
  key: string;
  /** The record as it came. */
  record: FrameRecord;
  /** The preview as text, made once. */
  text: string;
}

/** How many frames the page keeps; the server's ring holds more. */
export const MAX_FRAMES_KEPT = 5_000;

/** The newest frames, oldest first, each only once. */
export class FrameRing {
  #entries: FrameEntry[] = [];
  #keys = new Set<string>();
  /** How many frames it keeps. */
  max: number;
  #next = 0;

  constructor(max: number = MAX_FRAMES_KEPT) {
    this.max = max;
  }

  /** The frames, oldest first. A new array after each change, so that a paused view can keep its own. */
  get entries(): readonly FrameEntry[] {
    return this.#entries;
  }

  /** How many frames ever came in. */
  get seen(): number {
    return this.#next;
  }

  /** Adds a batch; frames that are in already (a replay after a reconnect) are passed over. */
  push(records: readonly FrameRecord[]): void {
    const added = records.filter((record) => !this.#keys.has(frameKey(record)));
    const entries = added.map((record) => this.#entry(record));
    const all = [...this.#entries, ...entries];
    const dropped = Math.max(0, all.length - this.max);
    for (const entry of all.slice(0, dropped)) this.#keys.delete(entry.key);
    this.#entries = all.slice(dropped);
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries = [];
    this.#keys.clear();
  }

  #entry(record: FrameRecord): FrameEntry {
    const key = frameKey(record);
    this.#keys.add(key);
    return { serial: this.#next++, key, record, text: previewOf(record) };
  }
}

/** What names a frame on this page and in its address. */
export function frameKey(record: { connection: string; frame: number }): string {
  return `${record.connection}.${record.frame}`;
}
