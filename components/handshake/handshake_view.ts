import { type AcceptKeySteps, acceptKeySteps } from "../../frames/accept_key.ts";
import {
  checkUpgradeRequest,
  checkUpgradeResponse,
  readUpgradeRequest,
  type UpgradeRequest,
} from "../../frames/handshake.ts";
import type { HandshakeFinding } from "../../frames/handshake_rules.ts";
import { type Extension, headerValues, parseExtensions } from "../../frames/header_values.ts";
import {
  HandshakeError,
  type HttpHead,
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
} from "../../frames/http_head.ts";
import type { HeadRecord } from "../../protocol/server_messages.ts";
import { decodeBase64 } from "../frame/frame_text.ts";
import { type HeaderMeaning, isOfHandshake, meaningOf } from "./header_meanings.ts";

/** One header of a head. */
export interface HeaderRow extends HeaderMeaning {
  name: string;
  value: string;
  /** Whether the handshake is about it. */
  matters: boolean;
  /** What is wrong with it. */
  findings: HandshakeFinding[];
}

/** One head, read and checked. */
export interface HeadView {
  /** When it was whole, in milliseconds since the Unix epoch. */
  at: number;
  /** Its first line. */
  line: string;
  /** How many bytes it has. */
  total: number;
  rows: HeaderRow[];
  /** What is wrong with the first line, and headers that are missing. */
  findings: HandshakeFinding[];
  /** Why it can't be read, where it can't. */
  unreadable: HandshakeFinding | null;
  /** The head as it was on the wire. */
  text: string;
}

/** An extension: what was offered, what was answered. */
export interface ExtensionView {
  name: string;
  offered: string[];
  answered: string | null;
}

/** An opening handshake. */
export interface HandshakeView {
  request: HeadView | null;
  response: HeadView | null;
  /** How the accept key is made; `null` without a key. */
  accept: AcceptKeySteps | null;
  /** The accept key that the server sent. */
  answered: string | null;
  /** Subprotocols offered, and the one that was chosen. */
  protocols: string[];
  protocol: string | null;
  extensions: ExtensionView[];
  /** Status of the response; `null` while there is none that can be read. */
  status: number | null;
  /** How many rules are broken. */
  faults: number;
}

/** Reads and checks what was captured of a handshake. */
export function handshakeView(heads: readonly HeadRecord[]): HandshakeView {
  const [request, response] = [
    heads.find(({ direction }) => direction === "in"),
    heads.findLast(({ direction }) => direction === "out"),
  ];
  const asked = request && read(request, parseRequestHead);
  const answer = response && read(response, parseResponseHead);
  const upgrade = asked?.head ? readUpgradeRequest(asked.head) : null;
  const requestView = asked ? viewOf(asked, requestLine, requestFindings) : null;
  const responseView = answer
    ? viewOf(answer, responseLine, (head) => responseFindings(head, upgrade))
    : null;
  return {
    request: requestView,
    response: responseView,
    accept: upgrade?.key ? acceptKeySteps(upgrade.key) : null,
    answered: first(answer?.head, "Sec-WebSocket-Accept"),
    protocols: [...upgrade?.protocols ?? []],
    protocol: first(answer?.head, "Sec-WebSocket-Protocol"),
    extensions: extensionsOf(upgrade, answer?.head ?? null),
    status: answer?.head?.status ?? null,
    faults: faultsOf(requestView) + faultsOf(responseView),
  };
}

interface ReadHead<Head> {
  record: HeadRecord;
  text: string;
  head: Head | null;
  error: HandshakeError | null;
}

function read<Head>(record: HeadRecord, parse: (bytes: Uint8Array) => Head): ReadHead<Head> {
  const bytes = decodeBase64(record.bytes);
  // A head is Latin-1: each byte is a character.
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  try {
    return { record, text, head: parse(bytes), error: null };
  } catch (error) {
    if (error instanceof HandshakeError) return { record, text, head: null, error };
    throw error;
  }
}

function viewOf<Head extends HttpHead>(
  { record, text, head, error }: ReadHead<Head>,
  lineOf: (head: Head) => string,
  findingsOf: (head: Head) => readonly HandshakeFinding[],
): HeadView {
  const findings = head === null ? [] : findingsOf(head);
  const names = new Set(head?.headers.map(([name]) => name.toLowerCase()));
  const isOfRow = ({ header }: HandshakeFinding) => names.has(header?.toLowerCase() ?? "");
  return {
    at: record.at,
    total: record.total,
    text,
    line: head === null ? text.split("\r\n", 1)[0] : lineOf(head),
    rows: (head?.headers ?? []).map(([name, value]) => ({
      ...meaningOf(name),
      name,
      value,
      matters: isOfHandshake(name),
      findings: findings.filter(({ header }) => header?.toLowerCase() === name.toLowerCase()),
    })),
    findings: findings.filter((finding) => !isOfRow(finding)),
    unreadable: error,
  };
}

function requestLine({ method, target, version }: RequestHead): string {
  return `${method} ${target} ${version}`;
}

function responseLine({ version, status, reason }: ResponseHead): string {
  return `${version} ${status} ${reason}`.trimEnd();
}

function requestFindings(head: RequestHead): readonly HandshakeFinding[] {
  return checkUpgradeRequest(head);
}

/** A refusal isn't a handshake with faults: it says no. */
function responseFindings(
  head: ResponseHead,
  request: UpgradeRequest | null,
): readonly HandshakeFinding[] {
  if (head.status !== 101 || request?.key == null) return [];
  const { key, protocols, extensions } = request;
  return checkUpgradeResponse(head, { key, protocols, extensions });
}

function extensionsOf(
  request: UpgradeRequest | null,
  response: ResponseHead | null,
): ExtensionView[] {
  const offers = request?.extensions ?? [];
  const answers = parseExtensions(
    headerValues(response?.headers ?? [], "Sec-WebSocket-Extensions"),
  ) ?? [];
  const names = new Set([...offers, ...answers].map(({ name }) => name));
  return [...names].map((name) => ({
    name,
    offered: offers.filter((offer) => offer.name === name).map(parametersText),
    answered: answers.filter((answer) => answer.name === name).map(parametersText)[0] ?? null,
  }));
}

function parametersText({ parameters }: Extension): string {
  return parameters.map(([name, value]) => value === null ? name : `${name}=${value}`).join("; ");
}

function first(head: HttpHead | null | undefined, name: string): string | null {
  return headerValues(head?.headers ?? [], name)[0] ?? null;
}

function faultsOf(head: HeadView | null): number {
  if (head === null) return 0;
  const inRows = new Set(head.rows.flatMap(({ findings }) => findings));
  return inRows.size + head.findings.length + (head.unreadable === null ? 0 : 1);
}
