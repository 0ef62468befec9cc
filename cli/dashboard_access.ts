import { getCookies, setCookie } from "@std/http/cookie";
import { isLoopback } from "../server/admission.ts";
import type { Permission } from "../server/mod.ts";

const COOKIE = "roomscope_monitor";
/** Headers by which a proxy says that it stands between. */
const PROXY_HEADERS = [
  "forwarded",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
];
const CLIENT: readonly Permission[] = ["read", "write"];
const ADMIN: readonly Permission[] = ["read", "write", "monitor", "admin"];

/** What {@linkcode DashboardAccess} is told. */
export interface DashboardAccessOptions {
  /** Whether the server listens on loopback and no other host name was allowed. */
  open: boolean;
  /** The admin token; without one nobody can sign in. */
  adminToken?: string;
}

/**
 * Who may see the dashboard (spec §6). On loopback every page sets a cookie and the cookie gives
 * `monitor` and `admin`; elsewhere the cookie comes after the admin token.
 */
export class DashboardAccess {
  readonly #open: boolean;
  readonly #adminToken: string | undefined;
  /** The cookie's value: 256 random bits, new with each start. */
  readonly #secret = crypto.getRandomValues(new Uint8Array(32)).toHex();

  constructor(options: DashboardAccessOptions) {
    this.#open = options.open;
    this.#adminToken = options.adminToken;
  }

  /** What the client of a handshake may do. */
  permissions(request: Request): readonly Permission[] {
    return this.#hasCookie(request) ? ADMIN : CLIENT;
  }

  /** Whether a request may see pages and figures. */
  mayMonitor(request: Request): boolean {
    return this.#isOpenTo(request) || this.#hasCookie(request) || this.#hasToken(request);
  }

  /** The cookie for a page on loopback, or `null`. */
  cookieFor(request: Request): string | null {
    return this.#isOpenTo(request) && !this.#hasCookie(request) ? this.#cookie() : null;
  }

  /** The cookie for one who brought the admin token, or `null`. */
  signIn(token: string): string | null {
    return this.#isToken(token) ? this.#cookie() : null;
  }

  /** Loopback alone is not enough: a proxy in front of us connects from loopback too. */
  #isOpenTo(request: Request): boolean {
    const host = URL.parse(`http://${request.headers.get("host")}`)?.hostname ?? "";
    const name = host.replace(/^\[|\]$/g, "");
    return this.#open && (name === "localhost" || isLoopback(name)) &&
      PROXY_HEADERS.every((header) => !request.headers.has(header));
  }

  #hasCookie(request: Request): boolean {
    try {
      return isSame(getCookies(request.headers)[COOKIE] ?? "", this.#secret);
    } catch {
      // A malformed Cookie header holds no cookie of ours.
      return false;
    }
  }

  #hasToken(request: Request): boolean {
    const [scheme, token] = (request.headers.get("authorization") ?? "").split(" ");
    return scheme.toLowerCase() === "bearer" && this.#isToken(token ?? "");
  }

  #isToken(token: string): boolean {
    return this.#adminToken !== undefined && isSame(token, this.#adminToken);
  }

  #cookie(): string {
    const headers = new Headers();
    setCookie(headers, {
      name: COOKIE,
      value: this.#secret,
      httpOnly: true,
      sameSite: "Strict",
      path: "/",
    });
    return headers.get("set-cookie")!;
  }
}

/** Compares two secrets in a time that tells nothing but their lengths. */
function isSame(given: string, secret: string): boolean {
  if (given.length !== secret.length) return false;
  let difference = 0;
  for (let i = 0; i < secret.length; i++) difference |= given.charCodeAt(i) ^ secret.charCodeAt(i);
  return difference === 0;
}
