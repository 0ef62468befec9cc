import { useEffect, useState } from "preact/hooks";
import type { HeadRecord } from "../../protocol/server_messages.ts";
import type { PageMonitor } from "../live/page_monitor.ts";

/** What is known of a connection's heads. */
export interface HeadsLoad {
  phase: "loading" | "ready" | "gone";
  heads: readonly HeadRecord[];
}

const LOADING: HeadsLoad = { phase: "loading", heads: [] };

/**
 * Fetches a connection's heads, and again when its state changes: the answer may have come.
 *
 * @param monitor Where to ask.
 * @param connection Its number; `null` for none.
 * @param state Its ready state.
 */
export function useHeads(
  monitor: PageMonitor,
  connection: string | null,
  state: number | undefined,
): HeadsLoad {
  const [load, setLoad] = useState<{ of: string | null; load: HeadsLoad }>({
    of: null,
    load: LOADING,
  });
  const ready = monitor.store.ready.value;

  useEffect(() =>
    monitor.store.onHeads((message) => {
      const { connection: of, heads } = message;
      setLoad({ of, load: { phase: heads.length === 0 ? "gone" : "ready", heads } });
    }), [monitor]);

  useEffect(() => {
    if (connection !== null && ready) monitor.askForHeads(connection);
  }, [connection, ready, state]);

  return load.of === connection ? load.load : LOADING;
}
