const SECRET_KEYS: readonly string[] = ["token", "session"];
const SECRET_KEY_BYTES = SECRET_KEYS.map((key) => new TextEncoder().encode(key));
const LONGEST_KEY = Math.max(...SECRET_KEYS.map((key) => key.length));

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const LOWER_U = 0x75;
const OPENING: ReadonlySet<number> = new Set([0x7b, 0x5b]);
const CLOSING: ReadonlySet<number> = new Set([0x7d, 0x5d]);
const SPACES: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

const UNICODE_ESCAPE_DIGITS = 4;

const State = {
  /** Between strings: numbers, brackets, spaces. */
  OUTSIDE: 0,
  STRING: 1,
  STRING_ESCAPE: 2,
  STRING_UNICODE: 3,
  /** Behind a string that is a secret's name: a colon makes it a key. */
  AFTER_NAME: 4,
  BEFORE_VALUE: 5,
  SECRET_STRING: 6,
  SECRET_ESCAPE: 7,
  /** A number, a word, an array or an object. */
  SECRET_OTHER: 8,
} as const;
type State = typeof State[keyof typeof State];

/**
 * Finds the values of secret keys in a JSON text that comes in pieces, and overwrites them. It reads
 * tokens and checks no grammar: a text that isn't JSON is left alone, mostly.
 *
 * ```
 *  { "token" : "abc\"d" , …       name → colon → value
 *               ******            everything between the quotes, escapes included
 * ```
 */
export class JsonSecretScanner {
  #state: State = State.OUTSIDE;
  // The string being read, unescaped; null when it can't be a secret's name any more.
  #name: string | null = null;
  #digits = "";
  // Brackets that are open inside a secret that is an array or an object, and whether in a string.
  #depth = 0;
  #quoted = false;
  #escaped = false;

  /** A new text begins. */
  reset(): void {
    this.#state = State.OUTSIDE;
    this.#name = null;
  }

  /**
   * Reads the next piece of the text, and overwrites the secret bytes in it with `hidden`; says
   * whether there were any.
   */
  hide(bytes: Uint8Array, hidden: number): boolean {
    let found = false;
    let i = 0;
    while (i < bytes.length) {
      if (this.#state === State.OUTSIDE) i = this.#skipToString(bytes, i);
      else if (this.#state === State.STRING && this.#name === null) i = this.#skipString(bytes, i);
      else if (this.#isSecret(bytes[i])) {
        found = true;
        bytes[i++] = hidden;
      } else i++;
    }
    return found;
  }

  #skipToString(bytes: Uint8Array, from: number): number {
    let i = from;
    while (i < bytes.length && bytes[i] !== QUOTE) i++;
    return i === bytes.length ? i : this.#beginString(bytes, i + 1);
  }

  /** Passes a string without escapes that lies in this piece as a whole, which is the usual case. */
  #beginString(bytes: Uint8Array, start: number): number {
    let end = start;
    while (end < bytes.length && bytes[end] !== QUOTE && bytes[end] !== BACKSLASH) end++;
    if (end === bytes.length || bytes[end] === BACKSLASH) {
      this.#startString();
      return start;
    }
    if (isSecretKey(bytes, start, end)) this.#state = State.AFTER_NAME;
    return end + 1;
  }

  /** The rest of a string that is no secret's name; its escapes only matter for finding its end. */
  #skipString(bytes: Uint8Array, from: number): number {
    for (let i = from; i < bytes.length; i++) {
      if (bytes[i] === QUOTE) {
        this.#state = State.OUTSIDE;
        return i + 1;
      }
      if (bytes[i] === BACKSLASH) {
        this.#state = State.STRING_ESCAPE;
        return i + 1;
      }
    }
    return bytes.length;
  }

  /** Takes one byte; says whether it belongs to a secret. */
  #isSecret(byte: number): boolean {
    switch (this.#state) {
      case State.STRING:
        this.#inString(byte);
        return false;
      case State.STRING_ESCAPE:
        this.#inEscape(byte);
        return false;
      case State.STRING_UNICODE:
        this.#inUnicode(byte);
        return false;
      case State.AFTER_NAME:
        this.#afterName(byte);
        return false;
      case State.BEFORE_VALUE:
        return this.#beforeValue(byte);
      case State.SECRET_STRING:
        return this.#inSecretString(byte);
      case State.SECRET_ESCAPE:
        this.#state = State.SECRET_STRING;
        return true;
      default:
        return this.#inOtherSecret(byte);
    }
  }

  #inString(byte: number): void {
    if (byte === QUOTE) {
      const secret = this.#name !== null && SECRET_KEYS.includes(this.#name);
      this.#state = secret ? State.AFTER_NAME : State.OUTSIDE;
    } else if (byte === BACKSLASH) {
      this.#state = State.STRING_ESCAPE;
    } else {
      this.#addToName(byte);
    }
  }

  #inEscape(byte: number): void {
    this.#state = byte === LOWER_U ? State.STRING_UNICODE : State.STRING;
    this.#digits = "";
    // No secret's name holds a character that has a short escape.
    if (byte !== LOWER_U) this.#name = null;
  }

  /** `"tok\u0065n"` is `"token"` to every parser. */
  #inUnicode(byte: number): void {
    this.#digits += String.fromCharCode(byte);
    if (this.#digits.length < UNICODE_ESCAPE_DIGITS) return;
    this.#addToName(parseInt(this.#digits, 16));
    this.#state = State.STRING;
  }

  #addToName(unit: number): void {
    if (this.#name === null) return;
    this.#name = this.#name.length < LONGEST_KEY ? this.#name + String.fromCharCode(unit) : null;
  }

  #afterName(byte: number): void {
    if (byte === COLON) this.#state = State.BEFORE_VALUE;
    else if (byte === QUOTE) this.#startString();
    else if (!SPACES.has(byte)) this.#state = State.OUTSIDE;
  }

  #startString(): void {
    this.#state = State.STRING;
    this.#name = "";
  }

  #beforeValue(byte: number): boolean {
    if (SPACES.has(byte)) return false;
    if (byte === QUOTE) {
      this.#state = State.SECRET_STRING;
      return false;
    }
    this.#state = State.SECRET_OTHER;
    this.#depth = 0;
    this.#quoted = false;
    this.#escaped = false;
    return this.#inOtherSecret(byte);
  }

  #inSecretString(byte: number): boolean {
    if (byte === BACKSLASH) this.#state = State.SECRET_ESCAPE;
    if (byte !== QUOTE) return true;
    this.#state = State.OUTSIDE;
    return false;
  }

  #inOtherSecret(byte: number): boolean {
    if (this.#quoted) {
      this.#inNestedString(byte);
      return true;
    }
    if (this.#depth === 0 && (byte === COMMA || CLOSING.has(byte) || SPACES.has(byte))) {
      this.#state = State.OUTSIDE;
      return false;
    }
    if (byte === QUOTE) this.#quoted = true;
    if (OPENING.has(byte)) this.#depth++;
    if (CLOSING.has(byte) && --this.#depth === 0) this.#state = State.OUTSIDE;
    return true;
  }

  #inNestedString(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) this.#quoted = false;
  }
}

function isSecretKey(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start <= LONGEST_KEY &&
    SECRET_KEY_BYTES.some((key) =>
      key.length === end - start && key.every((byte, i) => byte === bytes[start + i])
    );
}
