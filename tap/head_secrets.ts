/** What stands in the place of every hidden byte: `*`. */
const HIDDEN = 0x2a;
const CR = 0x0d;
const LF = 0x0a;
const COLON = 0x3a;
const SPACE = 0x20;
const TAB = 0x09;
const QUESTION_MARK = 0x3f;

/** Header fields whose values nobody else may see. */
const SECRET_HEADERS: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "proxy-authorization",
  "set-cookie",
]);
/** Parameters of a request target that carry what belongs into a header. */
const SECRET_PARAMETERS: ReadonlySet<string> = new Set(["access_token", "session", "token"]);

/**
 * Copies a head and overwrites what is secret in it, byte by byte, so that its length stays:
 * Cookie, Set-Cookie, Authorization, Proxy-Authorization, and `token`, `access_token` and `session`
 * in the request target.
 *
 * @param head The bytes of a request's or response's head.
 * @param redact Whether to hide all parameters of the request target.
 */
export function hideHeadSecrets(head: Uint8Array, redact: boolean): Uint8Array {
  const copy = head.slice();
  let secret = false;
  for (let start = 0; start < copy.length;) {
    const lineFeed = copy.indexOf(LF, start);
    const end = lineFeed < 0 ? copy.length : lineFeed;
    const line = copy.subarray(start, copy[end - 1] === CR ? end - 1 : end);
    if (start === 0) hideInTarget(line, redact);
    else secret = hideInField(line, secret);
    start = end + 1;
  }
  return copy;
}

/** Hides a field's value; a folded line belongs to the field before it. */
function hideInField(line: Uint8Array, before: boolean): boolean {
  const folded = line[0] === SPACE || line[0] === TAB;
  const colon = folded ? -1 : line.indexOf(COLON);
  const secret = folded
    ? before
    : SECRET_HEADERS.has(latin1(line.subarray(0, Math.max(colon, 0))).trim().toLowerCase());
  if (secret) fillBehindSpaces(line.subarray(colon + 1));
  return secret;
}

function fillBehindSpaces(value: Uint8Array): void {
  let at = 0;
  while (value[at] === SPACE || value[at] === TAB) at++;
  value.fill(HIDDEN, at);
}

function hideInTarget(line: Uint8Array, redact: boolean): void {
  const query = line.indexOf(QUESTION_MARK);
  const end = line.lastIndexOf(SPACE);
  if (query < 0) return;
  const text = latin1(line.subarray(query + 1, end > query ? end : line.length));
  for (const { index, 1: name, 2: value } of text.matchAll(/([^&=#]*)=([^&#]*)/g)) {
    if (!redact && !SECRET_PARAMETERS.has(name.toLowerCase())) continue;
    const from = query + 1 + index + name.length + 1;
    line.fill(HIDDEN, from, from + value.length);
  }
}

/** One character a byte, so that places in the text are places in the bytes. */
function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}
