/** What is bracketed by comments: an island, or the JSX that an island was given. */
export type Kind = "island" | "slot";

/** The comment before island or slot `number`. */
export function opening(kind: Kind, number: number): string {
  return `fresh:${kind}:${number}`;
}

/** The comment after it. */
export function closing(kind: Kind): string {
  return `/fresh:${kind}`;
}

/** Reads either comment; any other gives null. */
export function parseMark(text: string): { kind: Kind; number: number; opens: boolean } | null {
  const match = text.match(/^(\/?)fresh:(island|slot)(?::(\d+))?$/);
  return match && { kind: match[2] as Kind, number: Number(match[3]), opens: match[1] === "" };
}

/** The id of the template that holds a slot which isn't shown. */
export function templateId(slot: number): string {
  return `fresh-slot-${slot}`;
}
