import { type Extension, hasToken, headerValues, parseExtensions } from "./header_values.ts";
import type { HeaderField, HttpHead } from "./http_head.ts";

/** A rule of the opening handshake that a head breaks. */
export interface HandshakeFinding {
  /** Stable kebab-case id: `"key-malformed"`. */
  readonly rule: string;
  /** Section of RFC 6455, or of another document, named. */
  readonly section: string;
  /** What is wrong, for people: the action first, the actual value last. */
  readonly message: string;
  /** The header at fault, as RFC 6455 writes it; absent where it is the first line. */
  readonly header?: string;
}

/** A rule that a request breaks, and how a server should answer. */
export interface RequestFinding extends HandshakeFinding {
  /** HTTP status: 400; 426 (send `Sec-WebSocket-Version: 13` with it); 403 for a refused origin. */
  readonly status: 400 | 403 | 426;
}

/** What {@linkcode checkUpgradeRequest} may know besides the head. */
export interface UpgradeRequestOptions {
  /**
   * Whether a page of this origin may connect; asked only where there is an `Origin`.
   *
   * @default every origin
   */
  readonly isOriginAllowed?: (origin: string) => boolean;
}

/** What the client asked for, to check the answer against. */
export interface UpgradeResponseOptions {
  /** The `Sec-WebSocket-Key` of the request. */
  readonly key: string;
  /**
   * The subprotocols of the request.
   *
   * @default none
   */
  readonly protocols?: readonly string[];
  /**
   * The extensions of the request; of one that is only named the parameters of the answer can't be
   * compared with the offer's.
   *
   * @default none
   */
  readonly extensions?: readonly (string | Extension)[];
}

/** What the rules of a request say: `null` where nothing is wrong. */
export interface Check<Head extends HttpHead, Options> {
  readonly rule: string;
  readonly section: string;
  readonly header?: string;
  readonly status?: 403 | 426;
  fault(head: Head, options: Options): string | null;
}

/** `null`, or how often it stands there. */
export function notOnce(headers: readonly HeaderField[], name: string): string | null {
  const count = headerValues(headers, name).length;
  if (count === 1) return null;
  return count === 0 ? `${name} is missing` : `${name} stands ${count} times`;
}

export function repeated(headers: readonly HeaderField[], name: string): string | null {
  const count = headerValues(headers, name).length;
  return count > 1 ? `${name} stands ${count} times` : null;
}

/** A token that a list header must hold. */
export function lacksToken(
  headers: readonly HeaderField[],
  name: string,
  token: string,
): string | null {
  const values = headerValues(headers, name);
  if (values.length === 0) return `${name} is missing`;
  return hasToken(values, token) ? null : `${name} lacks "${token}", it is ${quoted(values)}`;
}

export function quoted(values: readonly string[]): string {
  return JSON.stringify(values.join(", ").slice(0, 80));
}

export function malformedExtensions(headers: readonly HeaderField[]): string | null {
  const values = headerValues(headers, "Sec-WebSocket-Extensions");
  return parseExtensions(values) ? null : `Sec-WebSocket-Extensions is ${quoted(values)}`;
}

/** HTTP's version has to be 1.1 "or higher"; what upgrades is HTTP/1. */
export function oldVersion({ version }: HttpHead): string | null {
  return version >= "HTTP/1.1" ? null : `version is ${version}`;
}

/** A rule and what it makes of a head. */
export function findingsOf<Head extends HttpHead, Options>(
  checks: readonly Check<Head, Options>[],
  head: Head,
  options: Options,
): { check: Check<Head, Options>; finding: HandshakeFinding }[] {
  return checks.flatMap((check) => {
    const fault = check.fault(head, options);
    if (fault === null) return [];
    const { rule, section, header } = check;
    const finding = {
      rule,
      section,
      message: `Cannot upgrade: ${fault}`,
      ...(header && { header }),
    };
    return [{ check, finding }];
  });
}
