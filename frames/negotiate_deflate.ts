import { type DeflateDirection, isWindowBits, LARGEST_WINDOW_BITS } from "./deflate.ts";
import type { HandshakeFinding } from "./handshake_rules.ts";
import type { Extension, ExtensionParameter } from "./header_values.ts";

/** The extension's name in `Sec-WebSocket-Extensions`. */
export const DEFLATE = "permessage-deflate";
const HEADER = "Sec-WebSocket-Extensions";
/** §7.1.2.1: "a decimal integer value without leading zeroes between 8 to 15, inclusive". */
const WINDOW_BITS_VALUE = /^(?:[89]|1[0-5])$/;

type ParameterName =
  | "server_no_context_takeover"
  | "client_no_context_takeover"
  | "server_max_window_bits"
  | "client_max_window_bits";

/** §7.1: each parameter's section and, for an offer and for an answer, whether it has a value. */
const PARAMETERS: Readonly<
  Record<ParameterName, { section: string; offer: ValueRule; answer: ValueRule }>
> = {
  server_no_context_takeover: { section: "7.1.1.1", offer: "never", answer: "never" },
  client_no_context_takeover: { section: "7.1.1.2", offer: "never", answer: "never" },
  server_max_window_bits: { section: "7.1.2.1", offer: "always", answer: "always" },
  client_max_window_bits: { section: "7.1.2.2", offer: "maybe", answer: "always" },
};
type ValueRule = "never" | "always" | "maybe";

/** The four parameters of permessage-deflate in one offer or answer. Source: RFC 7692 §7.1. */
export interface DeflateParameters {
  /** Whether the server's messages don't refer to earlier ones. */
  readonly serverNoContextTakeover: boolean;
  /** Whether the client's messages don't refer to earlier ones. */
  readonly clientNoContextTakeover: boolean;
  /** Base-2 logarithm of the server's window, 8 to 15; `null` where it isn't said: 15. */
  readonly serverMaxWindowBits: number | null;
  /**
   * The same for the client's window. In an offer `"any"` says that the client will take the value
   * that the server sets, `null` that it won't take any.
   */
  readonly clientMaxWindowBits: number | "any" | null;
}

/** What an offer or an answer says, and what is wrong with it. */
export interface DeflateElement {
  /** The parameters; of one that is wrong, what can be read. */
  readonly parameters: DeflateParameters;
  /** The rules it breaks; a server declines such an offer, a client ends the connection. */
  readonly findings: readonly HandshakeFinding[];
}

/** What a server wants of permessage-deflate. */
export interface DeflateServerOptions {
  /**
   * The largest window for the server's messages, 8 to 15 bits.
   *
   * @default 15
   */
  readonly serverMaxWindowBits?: number;
  /**
   * The largest window for the client's messages, 8 to 15 bits. Under 15 only offers that allow it
   * are accepted.
   *
   * @default 15
   */
  readonly clientMaxWindowBits?: number;
  /**
   * Whether the server gives up its context after each message, also unasked.
   *
   * @default false
   */
  readonly serverNoContextTakeover?: boolean;
  /**
   * Whether the client has to give up its context after each message.
   *
   * @default false
   */
  readonly clientNoContextTakeover?: boolean;
}

/** What server and client agreed on. */
export interface DeflateAgreement {
  /** The element for the answer's `Sec-WebSocket-Extensions`. */
  readonly answer: string;
  /** How the server's messages are compressed. */
  readonly server: Required<DeflateDirection>;
  /** How the client's messages are compressed. */
  readonly client: Required<DeflateDirection>;
}

/**
 * Reads one offer or one answer of permessage-deflate and checks it by itself: parameters that the
 * RFC doesn't know, repeated ones, values that are missing, unwanted or out of range.
 * Source: RFC 7692 §7.1.
 *
 * @param extension An element named `permessage-deflate`, from {@linkcode parseExtensions}.
 * @param role Whether it stands in a request (`"offer"`) or in a response (`"answer"`).
 * @returns The parameters and the broken rules.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseExtensions, readDeflate } from "@roomscope/roomscope/frames";
 *
 * const [offer] = parseExtensions(["permessage-deflate; client_max_window_bits=7"])!;
 * const { findings } = readDeflate(offer, "offer");
 * assertEquals(findings.map(({ rule, section }) => [rule, section]), [
 *   ["deflate-parameter-value", "RFC 7692 §7.1.2.2"],
 * ]);
 * ```
 */
export function readDeflate(extension: Extension, role: "offer" | "answer"): DeflateElement {
  const values = new Map(extension.parameters);
  const seen = new Set<string>();
  const findings = extension.parameters.flatMap((parameter) => {
    const finding = faultOf(parameter, { role, repeated: seen.has(parameter[0]) });
    seen.add(parameter[0]);
    return finding ?? [];
  });
  const parameters = {
    serverNoContextTakeover: values.has("server_no_context_takeover"),
    clientNoContextTakeover: values.has("client_no_context_takeover"),
    serverMaxWindowBits: bitsOf(values.get("server_max_window_bits")),
    clientMaxWindowBits: values.get("client_max_window_bits") === null
      ? "any" as const
      : bitsOf(values.get("client_max_window_bits")),
  };
  return { parameters, findings };
}

function bitsOf(value: string | null | undefined): number | null {
  return value && WINDOW_BITS_VALUE.test(value) ? Number(value) : null;
}

/** §7.1: an offer is declined, an answer ends the connection, with any of these. */
function faultOf(
  [name, value]: ExtensionParameter,
  { role, repeated }: { role: "offer" | "answer"; repeated: boolean },
): HandshakeFinding | null {
  const parameter = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name as ParameterName] : null;
  if (!parameter) return finding("deflate-parameter-unknown", "7.1", `parameter is ${name}`);
  if (repeated) return finding("deflate-parameter-repeated", "7.1", `${name} stands twice`);
  const rule = parameter[role];
  const good = value === null
    ? rule !== "always"
    : rule !== "never" && WINDOW_BITS_VALUE.test(value);
  if (good) return null;
  const what = value === null ? `${name} has no value` : `${name} is ${value}`;
  return finding("deflate-parameter-value", parameter.section, what);
}

function finding(rule: string, section: string, what: string): HandshakeFinding {
  const message = `Cannot agree on ${DEFLATE}: ${what}`;
  return { rule, section: `RFC 7692 §${section}`, message, header: HEADER };
}

/**
 * Chooses the first offer of permessage-deflate that a server can accept. Offers that break a rule
 * are declined, as §7.1 asks, and so are those that forbid what the options want.
 * Source: RFC 7692 §5.1, §7.1.
 *
 * @param offers The extensions of the request, in their order; others are passed over.
 * @param options What the server wants.
 * @returns The answer and both directions, or `null`: then the answer doesn't name the extension.
 * @throws {RangeError} If window bits in the options aren't 8 to 15.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { negotiateDeflate, parseExtensions } from "@roomscope/roomscope/frames";
 *
 * const offers = parseExtensions(["permessage-deflate; client_max_window_bits"])!;
 * const agreement = negotiateDeflate(offers, { clientMaxWindowBits: 10 });
 * assertEquals(agreement?.answer, "permessage-deflate; client_max_window_bits=10");
 * assertEquals(agreement?.client, { contextTakeover: true, windowBits: 10 });
 * ```
 */
export function negotiateDeflate(
  offers: readonly Extension[],
  options: DeflateServerOptions = {},
): DeflateAgreement | null {
  checkOptions(options);
  for (const offer of offers) {
    if (!isDeflate(offer)) continue;
    const { parameters, findings } = readDeflate(offer, "offer");
    const answer = findings.length === 0 && answerTo(parameters, options);
    if (answer) return { answer: formatDeflate(answer), ...directionsOf(answer) };
  }
  return null;
}

function checkOptions({ serverMaxWindowBits, clientMaxWindowBits }: DeflateServerOptions): void {
  for (const bits of [serverMaxWindowBits, clientMaxWindowBits]) {
    if (bits === undefined || isWindowBits(bits)) continue;
    throw new RangeError(`Cannot offer a window: its bits must be 8 to 15, they are ${bits}`);
  }
}

function answerTo(
  offer: DeflateParameters,
  options: DeflateServerOptions,
): DeflateParameters | null {
  const clientLimit = options.clientMaxWindowBits ?? LARGEST_WINDOW_BITS;
  // §7.1.2.2: without it in the offer the answer "MUST NOT include" it: the client can't be limited.
  if (offer.clientMaxWindowBits === null && clientLimit < LARGEST_WINDOW_BITS) return null;
  const serverLimit = options.serverMaxWindowBits ?? LARGEST_WINDOW_BITS;
  const serverBits = Math.min(offer.serverMaxWindowBits ?? LARGEST_WINDOW_BITS, serverLimit);
  const serverSaid = offer.serverMaxWindowBits !== null || serverBits < LARGEST_WINDOW_BITS;
  return {
    serverNoContextTakeover: offer.serverNoContextTakeover ||
      (options.serverNoContextTakeover ?? false),
    // §7.1.1.2: a hint in the offer; an answer with it binds the client.
    clientNoContextTakeover: offer.clientNoContextTakeover ||
      (options.clientNoContextTakeover ?? false),
    serverMaxWindowBits: serverSaid ? serverBits : null,
    clientMaxWindowBits: clientBits(offer.clientMaxWindowBits, clientLimit),
  };
}

/** The value of `client_max_window_bits` in the answer; left out where it would say nothing. */
function clientBits(offered: number | "any" | null, limit: number): number | null {
  if (offered === null) return null;
  const bits = offered === "any" ? limit : Math.min(offered, limit);
  return bits < LARGEST_WINDOW_BITS ? bits : null;
}

/**
 * Writes an offer or an answer of permessage-deflate. Source: RFC 7692 §7.1.
 *
 * @param parameters What it says; a client that offers 15 bits anyway says `"any"`.
 * @returns The element for `Sec-WebSocket-Extensions`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatDeflate } from "@roomscope/roomscope/frames";
 *
 * assertEquals(
 *   formatDeflate({ clientMaxWindowBits: "any" }),
 *   "permessage-deflate; client_max_window_bits",
 * );
 * ```
 */
export function formatDeflate(parameters: Partial<DeflateParameters>): string {
  const { serverMaxWindowBits, clientMaxWindowBits } = parameters;
  return [
    DEFLATE,
    ...(parameters.serverNoContextTakeover ? ["server_no_context_takeover"] : []),
    ...(parameters.clientNoContextTakeover ? ["client_no_context_takeover"] : []),
    ...(serverMaxWindowBits ? [`server_max_window_bits=${serverMaxWindowBits}`] : []),
    ...(clientMaxWindowBits === "any" ? ["client_max_window_bits"] : []),
    ...(typeof clientMaxWindowBits === "number"
      ? [`client_max_window_bits=${clientMaxWindowBits}`]
      : []),
  ].join("; ");
}

function directionsOf(answer: DeflateParameters): Pick<DeflateAgreement, "server" | "client"> {
  const { clientMaxWindowBits } = answer;
  const limit = typeof clientMaxWindowBits === "number" ? clientMaxWindowBits : null;
  return {
    server: {
      contextTakeover: !answer.serverNoContextTakeover,
      windowBits: answer.serverMaxWindowBits ?? LARGEST_WINDOW_BITS,
    },
    client: {
      contextTakeover: !answer.clientNoContextTakeover,
      windowBits: limit ?? LARGEST_WINDOW_BITS,
    },
  };
}

/**
 * Checks a server's answer against what was offered. Source: RFC 7692 §5.1, §7.1.
 *
 * @param answers The extensions of the response, in their order; others are passed over.
 * @param offers The extensions of the request.
 * @returns What was agreed on (`null`: no permessage-deflate, or a wrong answer), and the broken
 * rules; a client ends the connection if there is one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { checkDeflateAnswer, parseExtensions } from "@roomscope/roomscope/frames";
 *
 * const offers = parseExtensions(["permessage-deflate; server_max_window_bits=10"])!;
 * const answers = parseExtensions(["permessage-deflate; server_max_window_bits=12"])!;
 * const { findings } = checkDeflateAnswer(answers, offers);
 * assertEquals(findings.map(({ rule }) => rule), ["deflate-answer-not-offered"]);
 * ```
 */
export function checkDeflateAnswer(
  answers: readonly Extension[],
  offers: readonly Extension[],
): { agreement: DeflateAgreement | null; findings: readonly HandshakeFinding[] } {
  const [answer, ...more] = answers.filter(isDeflate);
  if (!answer) return { agreement: null, findings: [] };
  if (more.length > 0) {
    // §7: it claims RSV1, which only one extension can have.
    const twice = finding("deflate-answer-repeated", "6", `${DEFLATE} was accepted twice`);
    return { agreement: null, findings: [twice] };
  }
  const { parameters, findings } = readDeflate(answer, "answer");
  if (findings.length > 0) return { agreement: null, findings };
  const mismatch = mismatchOf(parameters, offers.filter(isDeflate));
  if (mismatch) return { agreement: null, findings: [mismatch] };
  const agreement = { answer: formatDeflate(parameters), ...directionsOf(parameters) };
  return { agreement, findings: [] };
}

/** What keeps an answer from belonging to any of the offers: the first offer's fault. */
function mismatchOf(
  answer: DeflateParameters,
  offers: readonly Extension[],
): HandshakeFinding | null {
  const faults = offers.map((offer) => {
    const { parameters, findings } = readDeflate(offer, "offer");
    return findings[0] ?? mismatchWith(answer, parameters);
  });
  if (faults.some((fault) => fault === null)) return null;
  return faults[0] ?? notOffered("7.1", `${DEFLATE} was accepted and not offered`);
}

function mismatchWith(
  answer: DeflateParameters,
  offer: DeflateParameters,
): HandshakeFinding | null {
  if (offer.serverNoContextTakeover && !answer.serverNoContextTakeover) {
    return notOffered("7.1.1.1", "server_no_context_takeover was asked for and isn't confirmed");
  }
  const serverBits = answer.serverMaxWindowBits ?? LARGEST_WINDOW_BITS;
  // "A server accepts … by including the 'server_max_window_bits' extension parameter in the
  // response … with the same or smaller value as the offer."
  if (offer.serverMaxWindowBits !== null && answer.serverMaxWindowBits === null) {
    return notOffered("7.1.2.1", "server_max_window_bits was asked for and isn't confirmed");
  }
  if (serverBits > (offer.serverMaxWindowBits ?? LARGEST_WINDOW_BITS)) {
    return notOffered("7.1.2.1", `server_max_window_bits is ${serverBits}, more than offered`);
  }
  return clientMismatch(answer.clientMaxWindowBits, offer.clientMaxWindowBits);
}

/** An answer has a number here, or nothing. */
function clientMismatch(
  answer: number | "any" | null,
  offer: number | "any" | null,
): HandshakeFinding | null {
  if (typeof answer !== "number") return null;
  if (offer === null) return notOffered("7.1.2.2", "client_max_window_bits wasn't offered");
  if (offer === "any" || answer <= offer) return null;
  return notOffered("7.1.2.2", `client_max_window_bits is ${answer}, more than offered`);
}

function notOffered(section: string, what: string): HandshakeFinding {
  return finding("deflate-answer-not-offered", section, what);
}

function isDeflate({ name }: Extension): boolean {
  return name === DEFLATE;
}
