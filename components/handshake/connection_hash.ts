/** `#connection=12`: the connection that a page's address names. */
export function connectionHash(id: string): string {
  return `#connection=${encodeURIComponent(id)}`;
}

/** Reads such an address; `null` for anything else. */
export function parseConnectionHash(hash: string): string | null {
  const id = new URLSearchParams(hash.replace(/^#/, "")).get("connection");
  return id === null || id === "" || id.length > 64 ? null : id;
}
