/** One cookie as the server sets it (RFC 6265 §4.1). */
export interface Cookie {
  /** A token: no spaces, separators or control characters. */
  name: string;
  /** Visible ASCII without `"`, `,`, `;` and `\`. */
  value: string;
  /** When it ends: a date, or milliseconds since 1970. */
  expires?: Date | number;
  /** How long it lasts, in whole seconds. */
  maxAge?: number;
  /** The host, and those below it, that get the cookie. */
  domain?: string;
  /** The path under which it is sent. */
  path?: string;
  /** Sent over HTTPS only. */
  secure?: boolean;
  /** Hidden from scripts. */
  httpOnly?: boolean;
  /** Kept apart for each site that embeds this one. */
  partitioned?: boolean;
  /** Whether requests that other sites start carry it. */
  sameSite?: "Strict" | "Lax" | "None";
  /** Further attributes as they stand. */
  unparsed?: string[];
}

const NAME = /^[!#$%&'*+\-./0-9A-Z^_`a-z|~]+$/;
const VALUE = /^[!#-+\--:<-[\]-~\x80]*$/;
const PATH = /^[ -:<-~]*$/;

/**
 * The request's cookies by name. Values are as sent, not decoded; the last of one name wins.
 *
 * @throws {SyntaxError} where a part has no name: `a=1;`, `=1` or an empty header
 */
export function getCookies(headers: Headers): Partial<Record<string, string>> {
  const cookies: Partial<Record<string, string>> = Object.create(null);
  const header = headers.get("cookie");
  for (const part of header === null ? [] : header.split(";")) {
    const [name, ...value] = part.split("=");
    if (!name) throw new SyntaxError(`Cannot parse cookies: a part of the header has no name`);
    cookies[name.trim()] = value.join("=");
  }
  return cookies;
}

/**
 * Adds a `Set-Cookie` header; a cookie without a name is left out.
 *
 * @throws {SyntaxError} for a name, value, path or domain that can't be sent
 * @throws {RangeError} for a negative `maxAge`
 */
export function setCookie(headers: Headers, cookie: Cookie) {
  if (!cookie.name) return;
  const strict = withPrefixRules(cookie);
  check(strict);
  headers.append(
    "set-cookie",
    [`${strict.name}=${strict.value}`, ...attributes(strict)].join("; "),
  );
}

/** Makes the browser forget a cookie: give the same path and domain that it was set with. */
export function deleteCookie(
  headers: Headers,
  name: string,
  attributes?: Pick<Cookie, "path" | "domain" | "secure" | "httpOnly" | "partitioned">,
) {
  setCookie(headers, { name, value: "", expires: new Date(0), ...attributes });
}

/** The cookies that a response sets; one that breaks the rule of its name's prefix is left out. */
export function getSetCookies(headers: Headers): Cookie[] {
  return headers.getSetCookie().map(parseSetCookie).filter(isAcceptable);
}

/** A name's prefix promises attributes, so it brings them with it. */
function withPrefixRules(cookie: Cookie): Cookie {
  if (cookie.name.startsWith("__Host")) {
    return { ...cookie, secure: true, path: "/", domain: undefined };
  }
  return cookie.name.startsWith("__Secure") ? { ...cookie, secure: true } : cookie;
}

function check({ name, value, path, domain, maxAge }: Cookie) {
  const cannot = "Cannot set cookie:";
  if (!NAME.test(name)) throw new SyntaxError(`${cannot} the name is ${JSON.stringify(name)}`);
  if (!VALUE.test(value)) throw new SyntaxError(`${cannot} ${name} has a character not allowed`);
  if (path && !PATH.test(path)) throw new SyntaxError(`${cannot} the path is ${path}`);
  if (domain && /^-|[-.]$/.test(domain)) throw new SyntaxError(`${cannot} the domain is ${domain}`);
  if (isSeconds(maxAge) && maxAge < 0) throw new RangeError(`${cannot} Max-Age is ${maxAge}`);
}

function isSeconds(maxAge: number | undefined): maxAge is number {
  return Number.isInteger(maxAge);
}

function attributes(cookie: Cookie): string[] {
  const { maxAge, domain, sameSite, path, expires } = cookie;
  return [
    cookie.secure && "Secure",
    cookie.httpOnly && "HttpOnly",
    cookie.partitioned && "Partitioned",
    isSeconds(maxAge) && `Max-Age=${maxAge}`,
    domain && `Domain=${domain}`,
    sameSite && `SameSite=${sameSite}`,
    path && `Path=${path}`,
    expires && `Expires=${new Date(expires).toUTCString()}`,
    ...cookie.unparsed ?? [],
  ].filter((part) => typeof part === "string" && part !== "") as string[];
}

type Attribute = (cookie: Cookie, value: string) => void;

const ATTRIBUTES: Record<string, Attribute> = {
  expires: (cookie, value) => cookie.expires = new Date(value),
  "max-age": (cookie, value) => cookie.maxAge = Number(value),
  domain: (cookie, value) => cookie.domain = value,
  path: (cookie, value) => cookie.path = value,
  secure: (cookie) => cookie.secure = true,
  httponly: (cookie) => cookie.httpOnly = true,
  samesite: (cookie, value) => cookie.sameSite = value as Cookie["sameSite"],
};

function parseSetCookie(header: string): Cookie {
  const [[name, value], ...rest] = header.split(";").map((part) => {
    const [name, ...value] = part.trim().split("=");
    return [name, value.join("=")];
  });
  const cookie: Cookie = { name, value };
  for (const [key, value] of rest) {
    const attribute = ATTRIBUTES[key.toLowerCase()];
    if (attribute) attribute(cookie, value);
    else (cookie.unparsed ??= []).push(`${key}=${value}`);
  }
  return cookie;
}

function isAcceptable({ name, secure, domain, path, maxAge = 0 }: Cookie): boolean {
  if (maxAge < 0 || (name.startsWith("__Secure-") && !secure)) return false;
  return !name.startsWith("__Host-") || (!!secure && domain === undefined && path === "/");
}
