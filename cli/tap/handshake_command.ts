import {
  acceptKeySteps,
  checkUpgradeRequest,
  checkUpgradeResponse,
  findHeadEnd,
  HandshakeError,
  type HandshakeFinding,
  headerValues,
  type HttpHead,
  parseRequestHead,
  parseResponseHead,
  readUpgradeRequest,
  type RequestHead,
} from "../../frames/mod.ts";
import { FlagError, type FlagSpec, helpText, readArguments } from "../flags.ts";
import { readFileOrInput } from "./input.ts";
import { harmless } from "./style.ts";
import type { Terminal } from "./terminal.ts";

const FLAGS: Readonly<Record<string, FlagSpec>> = {
  "help": { kind: "boolean", help: "Print this" },
};

const USAGE = `Usage: tap handshake <file|->

Checks the heads of an opening handshake: a request, a response, or both behind one another. Says for
each rule that is broken its section, and shows how the accept key is made. Exit code 1 where
something is wrong.

${helpText(FLAGS)}

Example: curl -si … | tap handshake -`;

const EXIT_FINDINGS = 1;

/** Checks heads; resolves with the exit code. */
export async function handshakeCommand(args: string[], terminal: Terminal): Promise<number> {
  const { flags, operands } = readArguments(FLAGS, args, () => undefined);
  if (flags.help) {
    await terminal.print([USAGE]);
    return 0;
  }
  if (operands.length !== 1) throw new FlagError("Cannot check: name one file, or -");
  const bytes = await readFileOrInput(operands[0], terminal);
  const report = new HandshakeReport(terminal);
  report.check(bytes);
  await terminal.print(report.lines);
  return report.faults > 0 ? EXIT_FINDINGS : 0;
}

/** What is said about the heads in some bytes. */
class HandshakeReport {
  readonly lines: string[] = [];
  faults = 0;
  readonly #paint: Terminal["paint"];
  #request: RequestHead | null = null;
  #heads = 0;

  constructor({ paint }: Terminal) {
    this.#paint = paint;
  }

  check(bytes: Uint8Array): void {
    let rest = this.#withLineEnds(bytes);
    while (rest.length > 0 && this.#seemsHead(rest)) {
      const head = this.#checkHead(rest);
      if (!head) return;
      this.#heads++;
      rest = rest.subarray(head.length);
    }
    if (rest.length > 0) this.lines.push(`${rest.length} bytes follow that aren't a head`);
  }

  /** Heads from an editor end their lines in LF alone. */
  #withLineEnds(bytes: Uint8Array): Uint8Array {
    const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    if (text.includes("\r") || findHeadEnd(bytes) >= 0 || !text.includes("\n")) return bytes;
    this.lines.push("Lines end in LF alone; read as if they ended in CR LF", "");
    const heads = text.replaceAll("\n", "\r\n").replace(/(?:\r\n)*$/, "\r\n\r\n");
    return Uint8Array.from(heads, (character) => character.charCodeAt(0));
  }

  /** Behind the first head there may be frames or a body. */
  #seemsHead(rest: Uint8Array): boolean {
    return this.#heads === 0 || startsLikeHead(rest);
  }

  #checkHead(rest: Uint8Array): HttpHead | null {
    try {
      return isResponse(rest) ? this.#checkResponse(rest) : this.#checkRequest(rest);
    } catch (error) {
      if (!(error instanceof HandshakeError)) throw error;
      const { rule, section, message, offset } = error;
      this.#fault({ rule, section, message: `${message} (byte ${offset})` });
      return null;
    }
  }

  #checkRequest(rest: Uint8Array): HttpHead {
    const head = parseRequestHead(rest);
    this.#request = head;
    this.#title(`${head.method} ${head.target} ${head.version}`);
    this.#headers(head);
    for (const { status, ...finding } of checkUpgradeRequest(head)) {
      this.#fault(finding, ` → HTTP ${status}`);
    }
    const { key } = readUpgradeRequest(head);
    if (key !== null) this.#acceptKey(key);
    this.lines.push("");
    return head;
  }

  #checkResponse(rest: Uint8Array): HttpHead {
    const head = parseResponseHead(rest);
    this.#title(`${head.version} ${head.status} ${head.reason}`);
    this.#headers(head);
    const request = this.#request && readUpgradeRequest(this.#request);
    if (!request?.key) {
      this.lines.push("  Without the request its accept key can't be checked", "");
      return head;
    }
    const findings = checkUpgradeResponse(head, {
      key: request.key,
      protocols: request.protocols ?? [],
      extensions: (request.extensions ?? []).map(({ name }) => name),
    });
    for (const finding of findings) this.#fault(finding);
    const [accept] = headerValues(head.headers, "Sec-WebSocket-Accept");
    if (accept === acceptKeySteps(request.key).accept) {
      this.lines.push(this.#paint("good", "  ✓ the accept key belongs to the request's key"));
    }
    this.lines.push("");
    return head;
  }

  #title(text: string): void {
    this.lines.push(this.#paint("strong", harmless(text)));
  }

  #headers({ headers, length }: HttpHead): void {
    const width = Math.max(0, ...headers.map(([name]) => name.length));
    for (const [name, value] of headers) {
      this.lines.push(`  ${name.padEnd(width)}  ${harmless(value)}`);
    }
    this.lines.push(this.#paint("dim", `  ${length} bytes`));
  }

  #acceptKey(key: string): void {
    const { concatenated, sha1Hex, accept } = acceptKeySteps(key);
    this.lines.push(
      "  Accept key (RFC 6455 §4.2.2):",
      `    key + GUID  ${harmless(concatenated)}`,
      `    SHA-1       ${sha1Hex}`,
      `    base64      ${accept}`,
    );
  }

  #fault({ rule, section, message }: HandshakeFinding, answer = ""): void {
    this.faults++;
    const source = /^RFC/.test(section) ? section : `RFC 6455 §${section.replace(/^§/, "")}`;
    this.lines.push(this.#paint("bad", `  ✗ ${rule} (${source}): ${harmless(message)}${answer}`));
  }
}

function isResponse(bytes: Uint8Array): boolean {
  return new TextDecoder("latin1").decode(bytes.subarray(0, 5)) === "HTTP/";
}

function startsLikeHead(bytes: Uint8Array): boolean {
  return isResponse(bytes) ||
    /^[A-Z]+ \S+ HTTP\//.test(new TextDecoder("latin1").decode(bytes.subarray(0, 1_024)));
}
