import { useRef, useState } from "preact/hooks";
import type { CaptureLimits } from "../../utils.ts";
import { formatBytes, joinReading } from "../format.ts";
import { Panel } from "../ui/Panel.tsx";

/** What an upload is doing. */
export type UploadState =
  | { phase: "idle" }
  | { phase: "busy"; name: string; size: number }
  | { phase: "failed"; reason: string };

/** What the panel shows and does. */
export interface LoadPanelProps {
  /** How much is taken. */
  limits: CaptureLimits;
  /** What the upload is doing. */
  upload: UploadState;
  /** Called with the file to load. */
  onFile: (file: File) => void;
}

/** Where a capture file is dropped or chosen. */
export function LoadPanel({ limits, upload, onFile }: LoadPanelProps) {
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const busy = upload.phase === "busy";
  const take = (files: FileList | null | undefined) => {
    const file = files?.[0];
    if (file !== undefined && !busy) onFile(file);
    if (input.current !== null) input.current.value = "";
  };
  return (
    <Panel id="load" title="Load a capture" class="load-panel">
      <div
        class={`drop-zone ${over ? "drop-over" : ""}`}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          take(event.dataTransfer?.files);
        }}
      >
        <svg class="drop-trace" viewBox="0 0 160 40" aria-hidden="true">
          <path class="trace" d="M0 28H54l6-18 10 24 8-14 5 8H104" />
          <path class="trace trace-lost" d="M104 28H160" />
        </svg>
        <p class="drop-text">
          {busy
            ? (
              <span class="empty-waiting">
                Reading <b>{upload.name}</b>, {joinReading(formatBytes(upload.size))}
              </span>
            )
            : <>Drop a file here, or</>}
        </p>
        <label class="key key-main drop-choose">
          Choose a file
          <input
            ref={input}
            id="capture-file"
            type="file"
            accept=".jsonl,.har,.pcap,.pcapng,.cap"
            disabled={busy}
            onChange={(event) => take(event.currentTarget.files)}
          />
        </label>
        <p class="drop-kinds">
          <code>.jsonl</code> of the tap · <code>.har</code> of a browser’s DevTools ·{" "}
          <code>.pcap</code> and <code>.pcapng</code> of tshark or tcpdump · up to{" "}
          {joinReading(formatBytes(limits.maxFileBytes))}
        </p>
      </div>
      <div role="status" class="hidden-text">{busy ? `Reading ${upload.name}` : ""}</div>
      <div role="alert">
        {upload.phase === "failed" && (
          <p id="upload-error" class="notice-error">
            <span aria-hidden="true">✕</span> {upload.reason}
          </p>
        )}
      </div>
    </Panel>
  );
}
