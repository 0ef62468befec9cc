/** What a limit counts, as its option's name says. */
export type LimitKind = "bytes" | "ms" | "count";

/** The kind of a limit by its option's name: `maxMessageBytes`, `headTimeoutMs`, `maxConnections`. */
export function limitKind(name: string): LimitKind {
  if (/Bytes$/.test(name)) return "bytes";
  return /(Ms|Milliseconds)$/.test(name) ? "ms" : "count";
}

/** An option's name in words: `maxRoomsPerClient` as `Max rooms per client`. */
export function limitLabel(name: string): string {
  const words = name.replace(/(Ms|Milliseconds)$/, "").replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
