import { isControl, isDefinedOpcode, Opcode, parseClosePayload } from "../../frames/mod.ts";
import type { FrameView } from "../../tap/frame_view.ts";
import { FlagError } from "../flags.ts";

/** Says whether a frame is shown. */
export type FrameFilter = (view: FrameView) => boolean;

/** The grammar in a few lines, for `--help`. */
export const FILTER_HELP = `A filter is made of terms; all must hold, "or" separates alternatives,
"not" or ! turns one around, brackets group:
  opcode=ping          text binary close ping pong continuation, or a number (0x9)
  len>125              payload bytes: = != > >= < <=
  dir=in  conn=3       in is from the client, out from the server
  rsv=4  code=1001     RSV bits as a number (RSV1 is 4); code of a Close frame
  text~hello           the payload holds these words; "quoted" where there are spaces; of a compressed
                       message its last frame stands for what came out of it
  inflated>1000        bytes that came out of a compressed message, asked of its last frame
  finding=mask-missing the rule that a frame breaks
  finding control data fragment masked fin rsv compressed fault text ping in …    words stand alone`;

const OPCODES: Readonly<Record<string, number>> = {
  continuation: Opcode.CONTINUATION,
  text: Opcode.TEXT,
  binary: Opcode.BINARY,
  close: Opcode.CLOSE,
  ping: Opcode.PING,
  pong: Opcode.PONG,
};

type Operator = "=" | "!=" | ">" | ">=" | "<" | "<=" | "~";

const COMPARE: Readonly<Record<Exclude<Operator, "~">, (a: number, b: number) => boolean>> = {
  "=": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
};

const NUMBERS: Readonly<Record<string, (view: FrameView) => number>> = {
  len: ({ event }) => event.length,
  frame: ({ event }) => event.frame,
  opcode: ({ opcode }) => opcode,
  rsv: rsvOf,
  code: closeCodeOf,
  inflated: ({ event }) => event.compressed?.inflated?.length ?? NaN,
};

const WORDS: Readonly<Record<string, FrameFilter>> = {
  finding: ({ event }) => event.findings.length > 0,
  fault: ({ event }) => event.fault !== undefined,
  compressed: ({ event }) => event.compressed !== undefined,
  control: ({ opcode }) => isControl(opcode),
  data: ({ isData }) => isData,
  fragment: ({ isFragment }) => isFragment,
  masked: ({ maskingKey }) => maskingKey !== null,
  fin: ({ fin }) => fin,
  rsv: (view) => rsvOf(view) > 0,
  reserved: ({ opcode }) => !isDefinedOpcode(opcode),
  in: ({ event }) => event.direction === "in",
  out: ({ event }) => event.direction === "out",
  ...Object.fromEntries(
    Object.entries(OPCODES).map(([name, code]) => [name, ({ opcode }) => opcode === code]),
  ),
};

/** A piece of the filter's text. */
interface Token {
  readonly text: string;
  readonly quoted: boolean;
  readonly at: number;
}

const TOKEN = /\s*(?:"((?:[^"\\]|\\.)*)"|(==|!=|>=|<=|[=<>~!()])|([^\s"=<>~!()]+))/y;

/**
 * Reads a filter.
 *
 * @param text `opcode=ping len>125 dir=in finding`.
 * @throws {FlagError} If it can't be read, with the place and what could stand there.
 */
export function parseFilter(text: string): FrameFilter {
  const reader = new FilterReader(tokensOf(text));
  const filter = reader.alternatives();
  reader.expectEnd();
  return filter;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (text.slice(TOKEN.lastIndex).trim() !== "") {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw wrong(`a quote is not closed`, at);
    const [whole, quoted, sign, word] = match;
    const start = at + whole.length - whole.trimStart().length;
    const plain = quoted === undefined ? sign ?? word : quoted.replace(/\\(.)/g, "$1");
    tokens.push({ text: plain, quoted: quoted !== undefined, at: start });
  }
  return tokens;
}

class FilterReader {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  alternatives(): FrameFilter {
    const groups = [this.#group()];
    while (this.#take("or")) groups.push(this.#group());
    return groups.length === 1 ? groups[0] : (view) => groups.some((group) => group(view));
  }

  expectEnd(): void {
    const token = this.#peek();
    if (token) throw wrong(`nothing can be done with ${JSON.stringify(token.text)}`, token.at);
  }

  #group(): FrameFilter {
    const terms: FrameFilter[] = [];
    while (this.#peek() && !this.#sees("or") && !this.#sees(")")) terms.push(this.#term());
    if (terms.length === 0) throw wrong("a term is missing", this.#place);
    return terms.length === 1 ? terms[0] : (view) => terms.every((term) => term(view));
  }

  #term(): FrameFilter {
    if (this.#take("!") || this.#take("not")) {
      const term = this.#term();
      return (view) => !term(view);
    }
    if (!this.#take("(")) return this.#comparison();
    const inner = this.alternatives();
    if (!this.#take(")")) throw wrong("a bracket is not closed", this.#place);
    return inner;
  }

  #comparison(): FrameFilter {
    const field = this.#tokens[this.#next];
    if (!field) throw wrong("a term is missing", this.#place);
    this.#next++;
    const operator = this.#peek();
    if (!operator || operator.quoted || !isOperator(operator.text)) return wordTerm(field);
    this.#next++;
    const value = this.#tokens[this.#next++];
    if (!value) throw wrong(`${field.text}${operator.text} has no value`, operator.at);
    const sign = operator.text === "==" ? "=" : operator.text as Operator;
    return comparison(field, sign, value);
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#next];
  }

  #sees(text: string): boolean {
    const token = this.#peek();
    return token !== undefined && !token.quoted && token.text === text;
  }

  #take(text: string): boolean {
    if (!this.#sees(text)) return false;
    this.#next++;
    return true;
  }

  get #place(): number {
    const last = this.#tokens.at(-1);
    return this.#peek()?.at ?? (last ? last.at + last.text.length : 0);
  }
}

function isOperator(text: string): boolean {
  return text === "~" || text === "==" || Object.hasOwn(COMPARE, text);
}

function wordTerm({ text, quoted, at }: Token): FrameFilter {
  if (!quoted && Object.hasOwn(WORDS, text)) return WORDS[text];
  if (Object.hasOwn(NUMBERS, text)) throw wrong(`${text} needs a comparison, like ${text}>0`, at);
  const words = Object.keys(WORDS).join(", ");
  throw wrong(`there is no word ${JSON.stringify(text)}; there are ${words}`, at);
}

function comparison(field: Token, operator: Operator, value: Token): FrameFilter {
  const { text: name, at } = field;
  if (name === "text") return textTerm(operator, value);
  if (name === "opcode") return numberTerm(name, operator, opcodeOf(value));
  if (Object.hasOwn(NUMBERS, name)) return numberTerm(name, operator, numberOf(name, value));
  if (operator !== "=" && operator !== "!=") {
    throw wrong(`${name} can only be compared with = and !=`, at);
  }
  const equal = equalTerm(name, value.text, at);
  return operator === "=" ? equal : (view) => !equal(view);
}

function numberTerm(name: string, operator: Operator, number: number): FrameFilter {
  if (operator === "~") throw wrong(`${name} can't be compared with ~`, 0);
  const compare = COMPARE[operator];
  const read = NUMBERS[name];
  return (view) => compare(read(view), number);
}

function equalTerm(name: string, value: string, at: number): FrameFilter {
  if (name === "dir") {
    if (value === "in" || value === "out") return ({ event }) => event.direction === value;
    throw wrong(`dir is in or out, not ${JSON.stringify(value)}`, at);
  }
  if (name === "conn") return ({ event }) => event.connection === value;
  if (name === "finding") return ({ event }) => event.findings.some(({ rule }) => rule === value);
  const fields = ["dir", "conn", "finding", "text", ...Object.keys(NUMBERS)].join(", ");
  throw wrong(`there is no field ${JSON.stringify(name)}; there are ${fields}`, at);
}

function textTerm(operator: Operator, { text, at }: Token): FrameFilter {
  if (operator !== "~" && operator !== "=") throw wrong("text is compared with ~ and =", at);
  const decoder = new TextDecoder();
  return ({ content }) => {
    const contentText = decoder.decode(content);
    return operator === "=" ? contentText === text : contentText.includes(text);
  };
}

function opcodeOf(value: Token): number {
  return Object.hasOwn(OPCODES, value.text) ? OPCODES[value.text] : numberOf("opcode", value);
}

function numberOf(name: string, { text, at }: Token): number {
  const number = Number(text);
  if (text !== "" && Number.isInteger(number) && number >= 0) return number;
  const names = name === "opcode" ? ` or one of ${Object.keys(OPCODES).join(", ")}` : "";
  throw wrong(`${name} is a whole number${names}, not ${JSON.stringify(text)}`, at);
}

function rsvOf({ rsv1, rsv2, rsv3 }: FrameView): number {
  return Number(rsv1) << 2 | Number(rsv2) << 1 | Number(rsv3);
}

/** The code of a Close frame; -1 for other frames and where it can't be read. */
function closeCodeOf({ opcode, payload }: FrameView): number {
  if (opcode !== Opcode.CLOSE) return -1;
  try {
    return parseClosePayload(payload).code;
  } catch {
    return -1;
  }
}

function wrong(what: string, at: number): FlagError {
  return new FlagError(`Cannot read filter at character ${at + 1}: ${what}`);
}
