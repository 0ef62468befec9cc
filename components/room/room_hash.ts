/** The room that an address names, `#room=lobby`; `null` where it names none. */
export function parseRoomHash(hash: string): string | null {
  return new URLSearchParams(hash.replace(/^#/, "")).get("room") || null;
}
