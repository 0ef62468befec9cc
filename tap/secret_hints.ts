/** Up to so many bytes a loop is quicker than making a string. */
const LOOP_UP_TO_BYTES = 256;
const DECODER = new TextDecoder();
const BACKSLASH = 0x5c;
const LOWER_E = 0x65;
const LOWER_I = 0x69;
const LOWER_K = 0x6b;
const LOWER_S = 0x73;

/**
 * Whether a text may hold the name of a secret, `token` or `session`: plainly, or with an escape in
 * it. Says yes too often rather than too seldom, and costs a tenth of reading the text as JSON.
 *
 * @param text A whole message, or all of it that can matter.
 */
export function mayHoldSecret(text: Uint8Array): boolean {
  return text.length <= LOOP_UP_TO_BYTES ? shortMay(text) : longMay(text);
}

/** `token` has "ke" in it, `session` has "ssi", which `message` hasn't. */
function shortMay(text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) {
    const byte = text[i];
    if (byte === BACKSLASH) return true;
    if (byte === LOWER_K && text[i + 1] === LOWER_E) return true;
    if (byte === LOWER_S && text[i + 1] === LOWER_S && text[i + 2] === LOWER_I) return true;
  }
  return false;
}

/** A string is searched much quicker than bytes are; the names are the same in every encoding. */
function longMay(bytes: Uint8Array): boolean {
  const text = DECODER.decode(bytes);
  return text.includes("token") || text.includes("session") || text.includes("\\u");
}
