/**
 * The start command: flags, the room server, the tap before it, `/ws`, and the built dashboard.
 * The one place that wires the halves together.
 *
 * @module
 */
import { readAdminToken } from "./cli/admin_token.ts";
import { DashboardAccess } from "./cli/dashboard_access.ts";
import { CommandLog, makeExporters } from "./cli/exporters.ts";
import { FlagError, helpText, readFlags, variableName } from "./cli/flags.ts";
import { builtApp } from "./cli/dashboard/built_app.ts";
import { CaptureLibrary } from "./cli/dashboard/capture_library.ts";
import { frontOf, notYet } from "./cli/dashboard/front.ts";
import { hostOf } from "./cli/dashboard/host.ts";
import { keepServing } from "./cli/serve.ts";
import { START_FLAGS } from "./cli/start_flags.ts";
import { descriptorLimit, type StartOptions, startOptions } from "./cli/start_options.ts";
import { VERSION } from "./protocol/mod.ts";
import { Log, logSink, RoomServer } from "./server/mod.ts";
import { Tap } from "./tap/mod.ts";
import { setDashboardHost } from "./utils.ts";

const LOOPBACK = "127.0.0.1";
/** The tap waits so much longer for a silent client than the server, whose word is the better. */
const TAP_PATIENCE = 1.25;
/** What hasn't ended so long after everything was stopped is left behind. */
const LEFTOVERS_MS = 500;
const EXIT_USAGE = 2;
const EXIT_FAILED = 1;

/** Runs the command; resolves when everything listens, or with the exit code of what went wrong. */
export async function main(args: string[]): Promise<number | null> {
  try {
    const flags = readFlags(START_FLAGS, args, (name) => Deno.env.get(name));
    if (flags.help) return say(usage());
    if (flags.version) return say(VERSION);
    await start(startOptions(flags, descriptorLimit()));
    return null;
  } catch (error) {
    return explainFailure(error);
  }
}

async function start(options: StartOptions): Promise<void> {
  const { adminTokenFile } = options;
  const access = new DashboardAccess({
    open: options.dashboardOpen,
    port: options.port,
    ...(adminTokenFile === undefined ? {} : { adminToken: readAdminToken(adminTokenFile) }),
  });
  const log = new CommandLog(options.exporters);
  const fetchPage = await builtApp();
  if (fetchPage === null) {
    throw new StartError("Cannot start: the dashboard is not built. Run deno task build.");
  }
  let handler: Deno.ServeHandler<Deno.NetAddr> = notYet;
  const { hostname, port } = options;
  const server = listening(options, () =>
    keepServing(
      {
        ...(options.tap ? { hostname: LOOPBACK, port: 0 } : { hostname, port }),
        failed: (what, error) => log.failed(what, error),
      },
      (request, info) => handler(request, info),
    ));
  const tap = options.tap ? makeTap(options, server.address.port) : null;
  const library = new CaptureLibrary();
  const rooms = makeRooms(options, { access, tap, library, log });
  const journal = tap?.journal ?? null;
  const exporters = makeExporters({ options: options.exporters, rooms, access, log });
  setDashboardHost({
    ...hostOf({ kind: "server", rooms, access, library, journal }),
    exporter: exporters.host,
  });
  handler = frontOf({
    ...{ rooms, fetchPage, allowedHosts: options.allowedHosts },
    ...(tap === null ? {} : { isAllowed: (address) => isOfTap(tap, address) }),
  });
  // Before the port is open: a crowd may leave no file descriptor for a signal's listener.
  onStopSignal(async () => {
    await exporters.close();
    await rooms.close();
    await tap?.close();
    await server.stop();
  });
  const address = listening(options, () => tap?.listen({ hostname, port }) ?? server.address);
  announce(options, address.port);
}

/** The tap dials from loopback; another address with a port of its own is somebody else. */
function isOfTap(tap: Tap, { hostname, port }: Deno.NetAddr): boolean {
  return hostname === LOOPBACK && tap.identify(port) !== undefined;
}

function makeTap(options: StartOptions, port: number): Tap {
  return new Tap({
    target: { hostname: LOOPBACK, port },
    guard: options.guard,
    redact: options.redact,
    limits: {
      maxConnections: options.maxConnections,
      connectionsPerAddress: options.limit("connections-per-address"),
      maxMessageBytes: options.limit("max-message-bytes"),
      maxInflatedBytes: options.limit("max-inflated-bytes"),
      maxUnfinishedBytes: options.limit("max-message-bytes"),
      maxFragments: options.limit("max-fragments"),
      maxControlFramesPerSecond: options.limit("max-control-frames"),
      maxHeadBytes: options.limit("max-head-bytes"),
      maxUnfinishedHandshakes: options.limit("max-unfinished-handshakes"),
      headTimeoutMs: options.limit("head-timeout-ms"),
      bodyTimeoutMs: options.limit("body-timeout-ms"),
      handshakeTimeoutMs: options.limit("handshake-timeout-ms"),
      keepAliveTimeoutMs: options.limit("keep-alive-timeout-ms"),
      stalledResponseMs: options.limit("stalled-response-ms"),
      closeTimeoutMs: options.limit("close-timeout-ms"),
      idleTimeoutMs: Math.ceil(options.limit("idle-timeout-ms") * TAP_PATIENCE),
    },
    capture: {
      maxFrames: options.limit("capture-frames"),
      maxBytes: options.limit("capture-bytes"),
    },
  });
}

interface RoomParts {
  access: DashboardAccess;
  tap: Tap | null;
  library: CaptureLibrary;
  log: CommandLog;
}

function makeRooms(options: StartOptions, { access, tap, library, log }: RoomParts): RoomServer {
  return new RoomServer({
    log: log.sink,
    captures: (name) => library.get(name)?.source ?? null,
    allowedOrigins: options.allowedOrigins,
    ...(options.allowedHosts === undefined ? {} : { allowedHosts: options.allowedHosts }),
    heartbeatMs: options.limit("heartbeat-ms"),
    idleTimeoutMs: options.limit("idle-timeout-ms"),
    presenceGraceMs: options.limit("presence-grace-ms"),
    permissions: (request) => access.permissions(request),
    ...(tap === null ? {} : { control: tap, capture: tap.capture }),
    limits: {
      messagesPerSecond: options.limit("rate-limit"),
      maxRefusedMessages: options.limit("max-refused-messages"),
      maxMessageBytes: options.limit("max-message-bytes"),
      maxContentLength: options.limit("max-content-length"),
      maxRoomsPerClient: options.limit("max-rooms-per-client"),
      maxRoomNameLength: options.limit("max-room-name-length"),
      maxListedMembers: options.limit("max-listed-members"),
      maxPresenceBytes: options.limit("max-presence-bytes"),
      maxOpenRequests: options.limit("max-open-requests"),
      maxReplyBytes: options.limit("max-reply-bytes"),
      maxStreamBytes: options.limit("max-stream-bytes"),
      maxQueuedBytes: options.limit("max-queued-bytes"),
      maxConnections: options.maxConnections,
      connectionsPerAddress: options.limit("connections-per-address"),
    },
  });
}

/** Something outside of the program keeps it from starting: told to the user, exit code 1. */
class StartError extends Error {}

function listening<T>({ hostname, port }: StartOptions, listen: () => T): T {
  try {
    return listen();
  } catch (error) {
    throw new StartError(`Cannot listen on ${hostname}, port ${port}: ${whyNot(error)}`);
  }
}

function whyNot(error: unknown): string {
  const { AddrInUse, AddrNotAvailable, PermissionDenied } = Deno.errors;
  if (error instanceof AddrInUse) return "the port is taken. Choose another with --port.";
  if (error instanceof AddrNotAvailable) return "this machine has no such address";
  if (error instanceof PermissionDenied) return "the system doesn't permit it";
  return error instanceof Error ? error.message : String(error);
}

/** Stops once; a second signal finds the stop under way and changes nothing. */
function onStopSignal(stop: () => Promise<void>): void {
  let stopping: Promise<void> | undefined;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => {
      stopping ??= stop().finally(() =>
        Deno.unrefTimer(setTimeout(() => Deno.exit(), LEFTOVERS_MS))
      );
    });
  }
}

function announce(options: StartOptions, port: number): void {
  const { hostname, loopback, tap, guard, maxConnections, dashboardOpen } = options;
  const name = loopback ? "localhost" : hostname.includes(":") ? `[${hostname}]` : hostname;
  const url = `http://${name}:${port}`;
  if (options.exporters.log.format === "json") {
    const log = new Log(logSink({ format: "json", write: (line) => console.log(line) }));
    return log.write("info", "ready", { url, version: VERSION, tap, guard, maxConnections });
  }
  const wire = !tap
    ? "no tap: frames are not captured and nothing is guarded"
    : guard
    ? "tap and guard on"
    : "tap on, guard off: everything is passed on";
  const most = maxConnections === 0 ? "any number of" : `at most ${maxConnections}`;
  console.log(`Roomscope ${VERSION}: ${wire}; ${most} connections`);
  if (!dashboardOpen && options.adminTokenFile === undefined) {
    console.log("The dashboard is closed: --allowed-host opens it only with --admin-token-file");
  }
  console.log(`Roomscope ready: ${url}`);
}

function explainFailure(error: unknown): number {
  if (error instanceof FlagError) {
    console.error(`${error.message}\nRun with --help for the flags.`);
    return EXIT_USAGE;
  }
  if (error instanceof StartError) console.error(error.message);
  else console.error("Cannot start:", error);
  return EXIT_FAILED;
}

function usage(): string {
  return `Usage: deno task start [flags]

${helpText(START_FLAGS)}

0 switches a limit off. Each flag is also an environment variable: ${variableName("rate-limit")}.`;
}

function say(text: string): number {
  console.log(text);
  return 0;
}

if (import.meta.main) {
  const code = await main(Deno.args);
  if (code !== null) Deno.exit(code);
}
