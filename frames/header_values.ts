import { type HeaderField, trimSpaces } from "./http_head.ts";

/** `token` of RFC 9110 §5.6.2, at a place in a text. */
const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const WHOLE_TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** `quoted-string` of RFC 9110 §5.6.4, at a place in a text. */
const QUOTED = /"((?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*)"/y;
const SPACES = /[ \t]*/y;

/** One element of `Sec-WebSocket-Extensions`. */
export interface Extension {
  /** The extension's name: `"permessage-deflate"`. */
  readonly name: string;
  /** Its parameters in their order; `null` for one without a value. */
  readonly parameters: readonly ExtensionParameter[];
}

/** A parameter of an {@linkcode Extension}: its name and its value, `null` for none. */
export type ExtensionParameter = readonly [name: string, value: string | null];

/**
 * All values of a header, in their order; names are compared without regard to case.
 *
 * @param headers The fields of a head.
 * @param name The header's name.
 * @returns The values, empty where the header is missing.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { headerValues } from "@roomscope/roomscope/frames";
 *
 * assertEquals(headerValues([["Host", "a"], ["host", "b"]], "HOST"), ["a", "b"]);
 * ```
 */
export function headerValues(headers: readonly HeaderField[], name: string): string[] {
  const wanted = name.toLowerCase();
  return headers.filter(([key]) => key.toLowerCase() === wanted).map(([, value]) => value);
}

/**
 * The elements of a comma-separated list over all values of a header, empty ones left out.
 * Source: RFC 9110 §5.6.1.
 *
 * @param values The header's values.
 * @returns The elements, as they were written.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { listElements } from "@roomscope/roomscope/frames";
 *
 * assertEquals(listElements(["keep-alive, Upgrade"]), ["keep-alive", "Upgrade"]);
 * ```
 */
export function listElements(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(","))
    .map(trimSpaces)
    .filter((element) => element !== "");
}

/**
 * Whether a list holds a token, without regard to case, as `Connection` and `Upgrade` are compared.
 * Source: RFC 6455 §4.2.1.
 *
 * @param values The header's values.
 * @param token The token to look for.
 * @returns Whether one element equals it.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { hasToken } from "@roomscope/roomscope/frames";
 *
 * assert(hasToken(["keep-alive, UPGRADE"], "upgrade"));
 * ```
 */
export function hasToken(values: readonly string[], token: string): boolean {
  const wanted = token.toLowerCase();
  return listElements(values).some((element) => element.toLowerCase() === wanted);
}

/**
 * Reads `Sec-WebSocket-Protocol` of a request. Source: RFC 6455 §4.1, §11.3.4.
 *
 * @param values The header's values.
 * @returns The subprotocols in order of preference, or `null` if one isn't a token or stands twice.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseProtocols } from "@roomscope/roomscope/frames";
 *
 * assertEquals(parseProtocols(["chat, superchat"]), ["chat", "superchat"]);
 * assertEquals(parseProtocols(["chat, chat"]), null);
 * ```
 */
export function parseProtocols(values: readonly string[]): string[] | null {
  // §4.1: "The elements that comprise this value MUST be non-empty strings with characters in the
  // range U+0021 to U+007E not including separator characters … and MUST all be unique strings."
  const protocols = listElements(values);
  const allTokens = protocols.every((protocol) => WHOLE_TOKEN.test(protocol));
  const unique = new Set(protocols).size === protocols.length;
  const empty = values.length > 0 && protocols.length === 0;
  return allTokens && unique && !empty ? protocols : null;
}

/**
 * Reads `Sec-WebSocket-Extensions`: elements with parameters, whose values may be quoted.
 * Source: RFC 6455 §9.1.
 *
 * @param values The header's values; several are one list.
 * @returns The extensions in their order, or `null` if a value breaks the grammar.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseExtensions } from "@roomscope/roomscope/frames";
 *
 * assertEquals(parseExtensions(['permessage-deflate; client_max_window_bits; server_max_window_bits="10"']), [{
 *   name: "permessage-deflate",
 *   parameters: [["client_max_window_bits", null], ["server_max_window_bits", "10"]],
 * }]);
 * assertEquals(parseExtensions(["a; ="]), null);
 * ```
 */
export function parseExtensions(values: readonly string[]): Extension[] | null {
  const extensions: Extension[] = [];
  for (const value of values) {
    const parsed = new ExtensionReader(value).readAll();
    if (!parsed) return null;
    extensions.push(...parsed);
  }
  return extensions;
}

/** Reads one header value from left to right. */
class ExtensionReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** §9.1: `extension-list = 1#extension` */
  readAll(): Extension[] | null {
    const extensions: Extension[] = [];
    do {
      const extension = this.#readExtension();
      if (!extension) return null;
      extensions.push(extension);
    } while (this.#skip(","));
    return this.#at === this.#text.length ? extensions : null;
  }

  /** §9.1: `extension = extension-token *( ";" extension-param )` */
  #readExtension(): Extension | null {
    const name = this.#match(TOKEN)?.[0];
    if (name === undefined) return null;
    const parameters: ExtensionParameter[] = [];
    while (this.#skip(";")) {
      const parameter = this.#readParameter();
      if (!parameter) return null;
      parameters.push(parameter);
    }
    return { name, parameters };
  }

  /** §9.1: `extension-param = token [ "=" (token | quoted-string) ]` */
  #readParameter(): ExtensionParameter | null {
    const name = this.#match(TOKEN)?.[0];
    if (name === undefined) return null;
    if (!this.#skip("=")) return [name, null];
    const value = this.#match(TOKEN)?.[0] ?? this.#readQuoted();
    // "When using the quoted-string syntax variant, the value after quoted-string unescaping MUST
    // conform to the 'token' ABNF."
    return value !== undefined && WHOLE_TOKEN.test(value) ? [name, value] : null;
  }

  #readQuoted(): string | undefined {
    return this.#match(QUOTED)?.[1].replace(/\\(.)/g, "$1");
  }

  /** Steps over a separator and the spaces around it. */
  #skip(separator: string): boolean {
    this.#match(SPACES);
    if (this.#text[this.#at] !== separator) return false;
    this.#at++;
    this.#match(SPACES);
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match) this.#at = pattern.lastIndex;
    return match;
  }
}
