/**
 * The dashboard of the tap command: the same pages on a server that isn't ours, or on capture
 * files. Not part of the JSR package, since the pages aren't: the tap command looks for this file.
 *
 * @module
 */
import { build, builtApp, type Fetch, isBuilt } from "./cli/dashboard/built_app.ts";
import { CaptureLibrary, CaptureRefused } from "./cli/dashboard/capture_library.ts";
import { frontOf, notYet } from "./cli/dashboard/front.ts";
import { hostOf } from "./cli/dashboard/host.ts";
import { DashboardAccess } from "./cli/dashboard_access.ts";
import { keepServing, type KeptServer } from "./cli/serve.ts";
import type { DashboardOptions, OpenedDashboard } from "./cli/tap/dashboard.ts";
import { CommandFailure, reasonOf } from "./cli/tap/failure.ts";
import { JournalViewer } from "./cli/tap/viewer.ts";
import { VERSION } from "./protocol/mod.ts";
import { CaptureFollower, RoomServer } from "./server/mod.ts";
import type { Tap } from "./tap/mod.ts";
import { setDashboardHost } from "./utils.ts";

const LOOPBACK = "127.0.0.1";
const HOSTS = ["localhost", LOOPBACK, "[::1]"];
const FIRST_PORT = 8_000;
/** So many ports are tried where none was asked for. */
const PORTS_TRIED = 100;

/**
 * Opens the dashboard on loopback.
 *
 * @throws {CommandFailure} If it can't be built, a file can't be read, or the port is taken.
 */
export async function openDashboard(options: DashboardOptions): Promise<OpenedDashboard> {
  const { tap, files } = options;
  const fetchPage = await pages(options.say);
  const library = new CaptureLibrary();
  for (const { name, source } of files) await loadFile(library, name, source);
  let handler: Deno.ServeHandler<Deno.NetAddr> = notYet;
  const server = listen(options.port, (request, info) => handler(request, info));
  const { port } = server.address;
  const access = new DashboardAccess({ open: true, port });
  const follower = tap && followerOf(tap);
  const rooms = new RoomServer({
    allowedHosts: HOSTS,
    permissions: (request) => access.permissions(request).includes("monitor") ? ["monitor"] : [],
    captures: (name) => library.get(name)?.source ?? null,
    ...(follower ? { source: follower } : {}),
  });
  const journal = tap?.tap.journal ?? null;
  const viewer = follower && journal && new JournalViewer(journal, {
    show: (events) => {
      for (const event of events) follower.take(event);
      return Promise.resolve();
    },
    rests: false,
  });
  if (follower && tap) observe(tap.tap, follower);
  setDashboardHost(
    hostOf({ kind: tap ? "target" : "files", rooms, access, library, journal }),
  );
  handler = frontOf({ rooms, fetchPage, allowedHosts: HOSTS });
  const [first] = library.list();
  return {
    url: `http://localhost:${port}${tap || !first ? "" : `/captures/${first.id}`}`,
    async [Symbol.asyncDispose]() {
      await viewer?.close();
      await rooms.close();
      await server.stop();
    },
  };
}

/** The built pages; they are built first where that is missing or their sources have changed. */
async function pages(say: (text: string) => void): Promise<Fetch> {
  if (!await isBuilt()) {
    say("Building the dashboard …");
    const fault = await build();
    if (fault !== null) throw new CommandFailure(`Cannot build the dashboard: ${fault}`);
  }
  const fetchPage = await builtApp();
  if (fetchPage === null) throw new CommandFailure("Cannot open the dashboard: it wasn't built");
  return fetchPage;
}

async function loadFile(
  library: CaptureLibrary,
  name: string,
  source: AsyncIterable<Uint8Array>,
): Promise<void> {
  try {
    await library.load(name, source);
  } catch (error) {
    if (error instanceof CaptureRefused) throw new CommandFailure(`${name}: ${error.message}`);
    throw error;
  }
}

function listen(
  wanted: number | undefined,
  handler: Deno.ServeHandler<Deno.NetAddr>,
): KeptServer {
  const most = wanted ?? FIRST_PORT + PORTS_TRIED - 1;
  for (let port = wanted ?? FIRST_PORT;; port++) {
    try {
      return keepServing({ hostname: LOOPBACK, port }, handler);
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse && port < most) continue;
      throw new CommandFailure(
        `Cannot open the dashboard on port ${port}: ${reasonOf(error)}`,
      );
    }
  }
}

function followerOf(about: NonNullable<DashboardOptions["tap"]>): CaptureFollower {
  const { tap } = about;
  return new CaptureFollower({
    capture: tap.capture,
    policy: {
      version: VERSION,
      transport: "deno",
      tap: true,
      guard: tap.guards,
      redact: tap.redacts,
      limits: { ...tap.limits },
      source: { kind: "target", name: about.target, address: about.address },
      ...(about.faultSeed === undefined ? {} : { faultSeed: about.faultSeed }),
    },
  });
}

/** Who was told until now is told on. */
function observe(tap: Tap, follower: CaptureFollower): void {
  const { observer } = tap;
  tap.observer = {
    handshakeFailed: (failure) => observer?.handshakeFailed(failure),
    connectionRefused(rule) {
      observer?.connectionRefused(rule);
      follower.refused(rule);
    },
    cut: (id, reason) => observer?.cut(id, reason),
    roundTrip(id, milliseconds) {
      observer?.roundTrip(id, milliseconds);
      follower.roundTrip(id, milliseconds);
    },
  };
}
