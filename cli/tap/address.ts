import { FlagError } from "../flags.ts";
import type { TapTarget } from "../../tap/mod.ts";

const LARGEST_PORT = 65_535;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { "ws:": 80, "wss:": 443 };

/** A `ws://` or `wss://` URL as a target. */
export interface TargetUrl {
  /** Where to connect. */
  target: TapTarget;
  /** Path and query. */
  path: string;
  /** The URL itself. */
  url: URL;
}

/**
 * Reads the address of a target.
 *
 * @param text `ws://localhost:8000/ws`.
 * @throws {FlagError} If it isn't a WebSocket URL.
 */
export function parseTarget(text: string): TargetUrl {
  const url = URL.parse(text);
  if (url === null || !Object.hasOwn(DEFAULT_PORTS, url.protocol) || url.hostname === "") {
    throw new FlagError(
      `Cannot use --target: it is not like ws://localhost:8000/ws but ${JSON.stringify(text)}`,
    );
  }
  const hostname = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = url.port === "" ? DEFAULT_PORTS[url.protocol] : Number(url.port);
  const tls = url.protocol === "wss:" ? { tls: {} } : {};
  return { target: { hostname, port, ...tls }, path: url.pathname + url.search, url };
}

/**
 * Reads where to listen.
 *
 * @param text `9000`, `0.0.0.0:9000` or `[::1]:9000`.
 * @throws {FlagError} If it can't be read.
 */
export function parseListen(text: string): { hostname: string; port: number } {
  const match = /^(?:(\[[^\]]+\]|[^:[\]]+):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (!match || port > LARGEST_PORT) {
    throw new FlagError(
      `Cannot use --listen: it is not like 9000 or 127.0.0.1:9000 but ${JSON.stringify(text)}`,
    );
  }
  return { hostname: (match[1] ?? "127.0.0.1").replace(/^\[(.*)\]$/, "$1"), port };
}

/** Host and port as a URL has them. */
export function hostText(hostname: string, port: number): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}
