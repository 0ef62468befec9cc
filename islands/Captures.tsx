import { useState } from "preact/hooks";
import {
  listCaptures,
  refusalOf,
  removeCapture,
  sendCapture,
} from "../components/capture/captures_api.ts";
import { CaptureTable } from "../components/capture/CaptureTable.tsx";
import { LivePanel } from "../components/capture/LivePanel.tsx";
import { LoadPanel, type UploadState } from "../components/capture/LoadPanel.tsx";
import { useMonitor } from "../components/live/use_monitor.ts";
import type { ServerStats } from "../protocol/monitor_records.ts";
import type { CaptureList, CaptureSummary } from "../utils.ts";

/** Capture files: load, look into, save, remove. */
export function Captures({ first, stats }: { first: CaptureList; stats: ServerStats | null }) {
  const { store } = useMonitor(stats, { topics: ["metrics"] });
  const [list, setList] = useState(first);
  const [newest, setNewest] = useState("");
  const [upload, setUpload] = useState<UploadState>({ phase: "idle" });
  const fail = (error: unknown) =>
    setUpload({ phase: "failed", reason: error instanceof Error ? error.message : String(error) });
  const load = async (file: File) => {
    const refusal = refusalOf(file, list.limits);
    if (refusal !== null) return setUpload({ phase: "failed", reason: refusal });
    setUpload({ phase: "busy", name: file.name, size: file.size });
    try {
      setNewest((await sendCapture(file)).id);
      setList(await listCaptures());
      setUpload({ phase: "idle" });
    } catch (error) {
      fail(error);
    }
  };
  const remove = async ({ id }: CaptureSummary) => {
    try {
      await removeCapture(id);
      setList(await listCaptures());
    } catch (error) {
      fail(error);
    }
  };
  return (
    <div class={`captures-page ${list.live ? "" : "files-only"}`}>
      <LoadPanel limits={list.limits} upload={upload} onFile={load} />
      {list.live && <LivePanel server={store.server.value} capture={store.capture.value} />}
      <CaptureTable
        captures={list.captures}
        limits={list.limits}
        newest={newest}
        onRemove={remove}
      />
    </div>
  );
}
