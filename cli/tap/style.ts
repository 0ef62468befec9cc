/** How a part of a line is shown on a terminal. */
export type Tone = "dim" | "in" | "out" | "good" | "warn" | "bad" | "strong";

const ESCAPES: Readonly<Record<Tone, string>> = {
  dim: "2",
  in: "36",
  out: "35",
  good: "32",
  warn: "33",
  bad: "31;1",
  strong: "1",
};

/** Marks text; without colour it is left as it is. */
export type Paint = (tone: Tone, text: string) => string;

/** Colours on a terminal, unless `NO_COLOR` is set (no-color.org). */
export function paintFor(isTerminal: boolean, noColor: string | undefined): Paint {
  if (!isTerminal || (noColor !== undefined && noColor !== "")) return (_tone, text) => text;
  return (tone, text) => `\x1b[${ESCAPES[tone]}m${text}\x1b[0m`;
}

/**
 * A text on one line, with everything escaped that could move the cursor, colour the terminal or
 * turn the reading direction: what was captured is data.
 *
 * @param text Any text.
 * @param limit The most UTF-16 units that are shown.
 */
export function quoted(text: string, limit: number): string {
  const cut = text.length > limit;
  const shown = JSON.stringify(cut ? text.slice(0, limit).toWellFormed() : text);
  const safe = shown.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escaped);
  return cut ? `${safe}…` : safe;
}

/** A text without quotes, as safe as {@linkcode quoted}'s. */
export function harmless(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escaped);
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
