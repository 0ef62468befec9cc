import { isLoopback } from "../server/admission.ts";
import { type ExporterOptions, exporterOptions } from "./exporter_options.ts";
import { FlagError, type FlagValues } from "./flags.ts";

/** Descriptors that the process needs for itself. */
const RESERVED_DESCRIPTORS = 100;
/** A client behind the tap costs three: its own, the tap's to the server, and the server's. */
const DESCRIPTORS_BEHIND_TAP = 3;

/** What the start command does, checked. */
export interface StartOptions {
  /** Port to listen on. */
  port: number;
  /** Address to listen on. */
  hostname: string;
  /** Whether the address is this machine's own. */
  loopback: boolean;
  /** Whether the tap stands before the server. */
  tap: boolean;
  /** Whether the tap guards. */
  guard: boolean;
  /** Whether captured contents are hidden. */
  redact: boolean;
  /** Origins that may connect besides our own. */
  allowedOrigins: string[];
  /** Hosts that are served; `undefined` for any. */
  allowedHosts: string[] | undefined;
  /** Whether the dashboard opens without a token. */
  dashboardOpen: boolean;
  /** File with the admin token. */
  adminTokenFile: string | undefined;
  /** What it logs and reports. */
  exporters: ExporterOptions;
  /** Connections in all. */
  maxConnections: number;
  /** Every other limit, by its flag. */
  limit: (flag: string) => number;
}

/**
 * Turns flags into what the start command does.
 *
 * @param flags The values of the flags.
 * @param descriptorLimit How many file descriptors the process may have.
 * @throws {FlagError} If they don't go together.
 */
export function startOptions(flags: FlagValues, descriptorLimit: number): StartOptions {
  // An IPv6 address may come in the brackets that it has in a URL.
  const hostname = String(flags.host).replace(/^\[(.*)\]$/, "$1");
  const loopback = hostname === "localhost" || isLoopback(hostname);
  const adminTokenFile = flags["admin-token-file"] as string | undefined;
  if (!loopback && adminTokenFile === undefined) {
    throw new FlagError(`Cannot listen on ${hostname}: --admin-token-file is missing`);
  }
  const named = ((flags["allowed-host"] ?? []) as string[]).map(checkedHost);
  const tap = flags["no-tap"] !== true;
  return {
    port: flags.port as number,
    hostname,
    loopback,
    tap,
    guard: tap && flags["no-guard"] !== true,
    redact: flags.redact === true,
    allowedOrigins: ((flags.origin ?? []) as string[]).map(checkedOrigin),
    allowedHosts: loopback
      ? ["localhost", "127.0.0.1", "[::1]", ...named]
      : named.length > 0
      ? named
      : undefined,
    dashboardOpen: loopback && named.length === 0,
    adminTokenFile,
    exporters: exporterOptions(flags),
    maxConnections: (flags["max-connections"] as number | undefined) ??
      connectionsFor(descriptorLimit, tap),
    limit: (flag) => flags[flag] as number,
  };
}

/** What isn't written as browsers write it would never match, and nobody would know why. */
function checkedOrigin(origin: string): string {
  if (origin === "null" || /^[a-z][a-z\d+.-]*:\/\/[^/?#@\s]+$/i.test(origin)) return origin;
  throw new FlagError(
    `Cannot use --origin: it is not like https://example.com:8080 but ${JSON.stringify(origin)}`,
  );
}

function checkedHost(name: string): string {
  const isName = URL.parse(`http://${name}`)?.hostname === name.toLowerCase();
  if (isName && !name.includes("*")) return name;
  throw new FlagError(
    `Cannot use --allowed-host: it is not a name without a port but ${JSON.stringify(name)}`,
  );
}

function connectionsFor(descriptorLimit: number, tap: boolean): number {
  const each = tap ? DESCRIPTORS_BEHIND_TAP : 1;
  return Math.max(1, Math.floor((descriptorLimit - RESERVED_DESCRIPTORS) / each));
}

/** How many file descriptors this process may have; 1,024 where the system doesn't say. */
export function descriptorLimit(): number {
  try {
    const limits = Deno.readTextFileSync("/proc/self/limits");
    return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 1_024);
  } catch {
    return 1_024;
  }
}
