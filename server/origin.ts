/**
 * Tells whether a browser's page may connect.
 *
 * @param origin The `Origin` header, `null` where there is none: then it isn't a browser.
 * @param host The `Host` header of the same request.
 * @param allowed Origins that may connect besides the server's own; `*` stands for anything
 * without a slash.
 * @returns Whether it may.
 *
 * @example
 * ```ts
 * import { isAllowedOrigin } from "@roomscope/roomscope/server";
 * import { assert, assertFalse } from "@std/assert";
 *
 * assert(isAllowedOrigin("http://localhost:8000", "localhost:8000", []));
 * assert(isAllowedOrigin("https://app.example.com", "rooms.example.com", ["https://*.example.com"]));
 * assertFalse(isAllowedOrigin("https://example.org", "rooms.example.com", ["https://*.example.com"]));
 * ```
 */
export function isAllowedOrigin(
  origin: string | null,
  host: string | null,
  allowed: readonly string[],
): boolean {
  if (origin === null) return true;
  if (allowed.some((pattern) => matches(pattern, origin))) return true;
  const own = parseUrl(origin);
  return own !== null && host !== null && /^https?:$/.test(own.protocol) &&
    own.host === parseUrl(`${own.protocol}//${host}`)?.host;
}

/**
 * Tells whether a `Host` header names one of the hosts that are served.
 *
 * @param host The `Host` header.
 * @param allowed Names without a port; `undefined` allows any.
 * @returns Whether it does.
 */
export function isAllowedHost(host: string | null, allowed?: readonly string[]): boolean {
  if (allowed === undefined) return true;
  const name = host === null ? undefined : parseUrl(`http://${host}`)?.hostname;
  return name !== undefined && allowed.some((one) => one.toLowerCase() === name);
}

function matches(pattern: string, origin: string): boolean {
  const source = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${source.join("[^/]*")}$`, "i").test(origin);
}

function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}
