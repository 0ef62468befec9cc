/**
 * The dashboard over the capture of a tap that stands before somebody else's server.
 *
 * @module
 */
import { CaptureLibrary } from "@/cli/dashboard/capture_library.ts";
import { hostOf } from "@/cli/dashboard/host.ts";
import type { DashboardAccess } from "@/cli/dashboard_access.ts";
import { RoomServer } from "@/server/mod.ts";
import type { Tap } from "@/tap/mod.ts";
import { setDashboardHost } from "@/utils.ts";
import { ensureBuilt } from "../command.ts";

/** A running dashboard. */
export interface TappedDashboard extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  url: string;
}

/** Serves the built dashboard; whoever comes may watch. */
export async function serveDashboard({ capture }: Pick<Tap, "capture">): Promise<TappedDashboard> {
  await ensureBuilt();
  const built = new URL("../../_fresh/server.js", import.meta.url).href;
  const { default: app } = await import(built);
  const library = new CaptureLibrary();
  const rooms = new RoomServer({ capture, permissions: () => ["read", "write", "monitor"] });
  setDashboardHost({
    ...hostOf({
      ...{ kind: "target", rooms, library, journal: null },
      access: {} as DashboardAccess,
    }),
    mayMonitor: () => true,
    mayChange: () => false,
    cookieFor: () => null,
    signIn: () => null,
  });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request, info) =>
      new URL(request.url).pathname === "/ws"
        ? rooms.handler(request, info)
        : app.fetch(request, info),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    async [Symbol.asyncDispose]() {
      setDashboardHost(null);
      await rooms.close();
      await server.shutdown();
    },
  };
}
