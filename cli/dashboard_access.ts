import { getCookies, setCookie } from "@std/http/cookie";
import { isLoopback } from "../server/admission.ts";
import { isAllowedOrigin, type Permission } from "../server/mod.ts";

const COOKIE = "roomscope_monitor";
/** Headers by which a proxy says that it stands between: the standard's, and what many add. */
const PROXY_HEADER =
  /^(?:forwarded|via|x-forwarded|x-forwarded-.*|x-real-ip|x-client-ip|true-client-ip|cf-.*)$/;
const CLIENT: readonly Permission[] = ["read", "write"];
const ADMIN: readonly Permission[] = ["read", "write", "monitor", "admin"];

/** What {@linkcode DashboardAccess} is told. */
export interface DashboardAccessOptions {
  /** Whether the server listens on loopback and no other host name was allowed. */
  open: boolean;
  /**
   * The port, for the cookie's name: cookies don't tell ports apart, two servers would overwrite
   * each other's.
   */
  port?: number;
  /** The admin token; without one nobody can sign in. */
  adminToken?: string;
}

/**
 * Who may see the dashboard (spec §6). On loopback every page sets a cookie and the cookie gives
 * `monitor` and `admin`, as long as nothing says that a proxy stands between; elsewhere the cookie
 * comes after the admin token. Programs bring the token itself.
 */
export class DashboardAccess {
  readonly #open: boolean;
  readonly #cookieName: string;
  readonly #adminToken: string | undefined;
  /** The cookie's value on loopback, where nobody had to sign in. */
  readonly #loopbackSecret = newSecret();
  /** The cookie's value of those who signed in. */
  readonly #signedInSecret = newSecret();

  constructor(options: DashboardAccessOptions) {
    this.#open = options.open;
    this.#cookieName = options.port ? `${COOKIE}_${options.port}` : COOKIE;
    this.#adminToken = options.adminToken;
  }

  /** What the client of a handshake may do. */
  permissions(request: Request): readonly Permission[] {
    return this.#hasCookie(request) || this.#hasToken(request) ? ADMIN : CLIENT;
  }

  /** Whether a request may see pages and figures. */
  mayMonitor(request: Request): boolean {
    return this.#isOpenTo(request) || this.#hasCookie(request) || this.#hasToken(request);
  }

  /**
   * Whether a request may change something. A page of another site can send a request here, but
   * neither our cookie with it nor our Origin.
   */
  mayChange(request: Request): boolean {
    const { headers } = request;
    return (this.#hasCookie(request) || this.#hasToken(request)) &&
      isAllowedOrigin(headers.get("origin"), headers.get("host"), []);
  }

  /** The cookie for a page on loopback, or `null`. */
  cookieFor(request: Request): string | null {
    return this.#isOpenTo(request) && !this.#hasCookie(request)
      ? this.#cookie(this.#loopbackSecret)
      : null;
  }

  /** The cookie for one who brought the admin token, or `null`. */
  signIn(token: string): string | null {
    return this.#isToken(token) ? this.#cookie(this.#signedInSecret) : null;
  }

  /** Loopback alone is not enough: a proxy in front of us connects from loopback too. */
  #isOpenTo(request: Request): boolean {
    const host = URL.parse(`http://${request.headers.get("host")}`)?.hostname ?? "";
    const name = host.replace(/^\[|\]$/g, "");
    return this.#open && (name === "localhost" || isLoopback(name)) &&
      request.headers.keys().every((name) => !PROXY_HEADER.test(name));
  }

  #hasCookie(request: Request): boolean {
    const value = this.#cookieOf(request);
    return isSame(value, this.#signedInSecret) ||
      (this.#isOpenTo(request) && isSame(value, this.#loopbackSecret));
  }

  #cookie(value: string): string {
    const name = this.#cookieName;
    const headers = new Headers();
    setCookie(headers, { name, value, httpOnly: true, sameSite: "Strict", path: "/" });
    return headers.get("set-cookie")!;
  }

  /** A malformed Cookie header holds no cookie of ours. */
  #cookieOf(request: Request): string {
    try {
      return getCookies(request.headers)[this.#cookieName] ?? "";
    } catch {
      return "";
    }
  }

  #hasToken(request: Request): boolean {
    return this.#isToken(bearerToken(request));
  }

  #isToken(token: string): boolean {
    return this.#adminToken !== undefined && isSame(token, this.#adminToken);
  }
}

/** The token that a program brings (RFC 6750 §2.1), or an empty string. */
export function bearerToken(request: Request): string {
  const [scheme, token] = (request.headers.get("authorization") ?? "").split(" ");
  return scheme.toLowerCase() === "bearer" ? token ?? "" : "";
}

/** 256 random bits, new with each start. */
function newSecret(): string {
  return crypto.getRandomValues(new Uint8Array(32)).toHex();
}

/** Compares two secrets in a time that tells nothing but their lengths. */
export function isSame(given: string, secret: string): boolean {
  if (given.length !== secret.length) return false;
  let difference = 0;
  for (let i = 0; i < secret.length; i++) difference |= given.charCodeAt(i) ^ secret.charCodeAt(i);
  return difference === 0;
}
