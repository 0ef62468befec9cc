import type { JournalReader } from "../../tap/mod.ts";
import type { RoomServer } from "../../server/mod.ts";
import type { DashboardHost, DashboardKind } from "../../utils.ts";
import type { DashboardAccess } from "../dashboard_access.ts";
import { downloadOf, journalEvents } from "./capture_download.ts";
import { type CaptureLibrary, CaptureRefused } from "./capture_library.ts";

/** What the pages' host is made of. */
export interface HostParts {
  /** What the dashboard is opened on. */
  kind: DashboardKind;
  rooms: RoomServer;
  access: DashboardAccess;
  library: CaptureLibrary;
  /** What the tap sees, where there is one. */
  journal: JournalReader | null;
}

/** What the pages need of this process. */
export function hostOf({ kind, rooms, access, library, journal }: HostParts): DashboardHost {
  return {
    kind,
    stats(capture) {
      if (capture === undefined) return rooms.getStats();
      const entry = library.get(capture);
      return entry === undefined ? null : rooms.getStats(entry.source);
    },
    mayMonitor: (request) => access.mayMonitor(request),
    mayChange: (request) => access.mayChange(request),
    cookieFor: (request) => access.cookieFor(request),
    signIn: (token) => access.signIn(token),
    captures: {
      limits: library.limits,
      isLive: journal !== null,
      list: () => library.list(),
      get: (id) => library.get(id)?.summary ?? null,
      remove: (id) => library.remove(id),
      async upload(name, body) {
        try {
          return { summary: await library.upload(name, body) };
        } catch (error) {
          if (!(error instanceof CaptureRefused)) throw error;
          return { status: error.status, error: error.message };
        }
      },
      download(id, options) {
        const events = id === "live"
          ? journal && journalEvents(journal)
          : library.get(id)?.capture.events;
        return events ? downloadOf(events, options) : null;
      },
    },
  };
}
