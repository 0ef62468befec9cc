import { checkUpgradeRequest } from "../frames/mod.ts";
import type { ConnectionControl } from "../protocol/mod.ts";
import type { Admission } from "./connection.ts";
import { isAllowedHost, isAllowedOrigin } from "./origin.ts";
import type { Permission, RoomServerLimits } from "./options.ts";

/** Where a tap before this server dials from. */
const TAP_ADDRESS = "127.0.0.1";
/** How much of a header is kept for show. */
const MAX_SHOWN_HEADER = 256;

/** What {@linkcode Doorman} works with. */
export interface DoormanOptions {
  /** The server's limits. */
  limits: RoomServerLimits;
  /** Origins that may connect besides the server's own. */
  allowedOrigins: readonly string[];
  /** Hosts that are served, any where it is left out. */
  allowedHosts: readonly string[] | undefined;
  /** What a client may do. */
  permissions: (request: Request) => readonly Permission[];
  /** The tap before the server, where there is one. */
  control: ConnectionControl | undefined;
  /** How many connections there are. */
  count: () => number;
  /** How many connections an address has. */
  countOf: (hostname: string) => number;
}

/** Why a handshake is refused. */
export interface Refusal {
  /** HTTP status. */
  status: 400 | 403 | 426 | 429 | 500 | 503;
  /** Stable name of the rule. */
  rule: string;
  /** What is wrong, for people. */
  message: string;
}

/** Who came: with a tap before the server not the one who is connected to it. */
export interface Caller {
  /** Number of the connection. */
  id: string;
  /** The client's own address. */
  hostname: string;
  /** The client's own port. */
  port: number;
}

/** Decides who comes in. Every check is made here, before the upgrade. */
export class Doorman {
  readonly #options: DoormanOptions;
  #lastId = 0;

  constructor(options: DoormanOptions) {
    this.#options = options;
  }

  /** Finds out who is calling; `null` for one who should have come through the tap. */
  identify(address: Deno.Addr): Caller | null {
    const { control } = this.#options;
    const { hostname, port } = address.transport === "tcp"
      ? address
      : { hostname: "local", port: 0 };
    if (control === undefined) return { id: String(++this.#lastId), hostname, port };
    // The tap dials from loopback; another address with a port of its own is somebody else.
    return hostname === TAP_ADDRESS ? control.identify(port) ?? null : null;
  }

  /** Checks a handshake. */
  check(request: Request, caller: Caller): Admission | Refusal {
    return this.#broken(request) ?? this.#unwelcome(request) ?? this.#full(caller) ?? {
      ...caller,
      // Without a guard the tap passes on heads that it doesn't understand: those have no number.
      id: caller.id === "" ? `untapped-${++this.#lastId}` : caller.id,
      userAgent: shown(request.headers.get("user-agent")),
      origin: shown(request.headers.get("origin")),
      permissions: this.#options.permissions(request),
    };
  }

  /** RFC 6455 §4.2.1: Deno itself takes any version and any key (deno-facts §8). */
  #broken(request: Request): Refusal | null {
    const url = URL.parse(request.url);
    if (url === null) {
      return { status: 400, rule: "host-malformed", message: "Cannot read the Host" };
    }
    const [finding] = checkUpgradeRequest({
      method: request.method,
      target: url.pathname + url.search,
      version: "HTTP/1.1",
      headers: [...request.headers],
      length: 0,
    });
    return finding === undefined ? null : finding;
  }

  #unwelcome(request: Request): Refusal | null {
    const host = request.headers.get("host");
    const origin = request.headers.get("origin");
    const { allowedHosts, allowedOrigins } = this.#options;
    if (!isAllowedHost(host, allowedHosts)) {
      return { status: 403, rule: "host-refused", message: `Cannot serve the host ${host}` };
    }
    if (!isAllowedOrigin(origin, host, allowedOrigins)) {
      return { status: 403, rule: "origin-refused", message: `Cannot serve the origin ${origin}` };
    }
    return null;
  }

  #full({ hostname }: Caller): Refusal | null {
    const { limits, count, countOf } = this.#options;
    if (limits.maxConnections > 0 && count() >= limits.maxConnections) {
      return { status: 503, rule: "server-full", message: "Cannot take another connection" };
    }
    const { connectionsPerAddress } = limits;
    if (
      connectionsPerAddress > 0 && !isLoopback(hostname) &&
      countOf(hostname) >= connectionsPerAddress
    ) {
      return {
        status: 429,
        rule: "address-full",
        message: `Cannot take another connection of this address: it has ${connectionsPerAddress}`,
      };
    }
    return null;
  }
}

/**
 * Tells whether an address is this machine's own.
 *
 * @param hostname An IP address.
 * @returns Whether it is in 127.0.0.0/8 or `::1`, mapped ones included.
 */
export function isLoopback(hostname: string): boolean {
  return /^(::ffff:)?127\.\d+\.\d+\.\d+$|^::1$/i.test(hostname);
}

function shown(header: string | null): string | null {
  return header === null ? null : header.slice(0, MAX_SHOWN_HEADER);
}
