import { useEffect, useRef, useState } from "preact/hooks";
import { type FrameByteSource, MAX_FRAME_GET_BYTES } from "../../protocol/client_messages.ts";
import type { PageMonitor } from "../live/page_monitor.ts";
import { FrameBytes } from "./frame_bytes.ts";
import type { FrameAddress } from "./frame_hash.ts";
import { decodeBase64 } from "./frame_text.ts";

/** What is known of a frame's bytes. */
export interface FrameLoad {
  /**
   * Whether they are on their way, here (at least the first piece), gone for good, or gone before
   * every piece was fetched: what was fetched stays.
   */
  phase: "loading" | "ready" | "gone" | "rest_gone";
  /** The bytes, as far as they came. */
  bytes: FrameBytes | null;
  /** Grows with every piece. */
  version: number;
  /** Asks for what is missing of a stretch. */
  want: (from: number, to: number) => void;
}

/** Which bytes are fetched. */
export interface FrameBytesOptions {
  /** The frame on the wire, or the compressed message that it belongs to. @default "wire" */
  source?: FrameByteSource;
  /** Whether they are of use; nothing is asked for otherwise. @default true */
  wanted?: boolean;
}

/** Somebody who runs down the list with a key held doesn't want every frame on the way. */
const SETTLE_MS = 50;

/** Fetches a frame's bytes in pieces: the first at once, the others when they are looked at. */
export function useFrameBytes(
  monitor: PageMonitor,
  address: FrameAddress,
  { source = "wire", wanted = true }: FrameBytesOptions = {},
): FrameLoad {
  const { connection, frame } = address;
  const bytes = useRef<FrameBytes | null>(null);
  const [progress, setProgress] = useState<
    { key: string; phase: FrameLoad["phase"]; version: number }
  >(
    { key: "", phase: "loading", version: 0 },
  );
  const key = `${connection}.${frame}`;
  const ready = monitor.store.ready.value;

  useEffect(() => {
    bytes.current = null;
    setProgress({ key, phase: "loading", version: 0 });
    return monitor.store.onFrame((message) => {
      if (message.connection !== connection || message.frame !== frame) return;
      if ((message.source ?? "wire") !== source) return;
      if (message.type === "frame_gone") {
        const phase = bytes.current === null ? "gone" : "rest_gone";
        return setProgress((old) => ({ key, phase, version: old.version + 1 }));
      }
      bytes.current ??= new FrameBytes(message.total, message.kept);
      bytes.current.put(message.offset, decodeBase64(message.bytes));
      setProgress((old) => ({ key, phase: "ready", version: old.version + 1 }));
    });
  }, [key]);

  useEffect(() => {
    if (!ready || !wanted) return;
    bytes.current?.forgetAsked();
    if (bytes.current !== null) return;
    const piece = { offset: 0, length: MAX_FRAME_GET_BYTES, source };
    const timer = setTimeout(() => monitor.askForBytes(connection, frame, piece), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [key, ready, wanted]);

  const current = progress.key === key;
  return {
    phase: current ? progress.phase : "loading",
    bytes: current ? bytes.current : null,
    version: progress.version,
    want: (from, to) => {
      if (!ready || progress.phase === "rest_gone") return;
      for (const piece of bytes.current?.missing(from, to) ?? []) {
        monitor.askForBytes(connection, frame, { ...piece, source });
      }
    },
  };
}
