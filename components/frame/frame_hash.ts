/** A frame, and a byte in it, as the page's address names them. */
export interface FrameAddress {
  /** Number of the connection. */
  connection: string;
  /** Number of the frame in its connection. */
  frame: number;
  /** The chosen byte; 0 where none is named. */
  offset: number;
}

/** `#frame=12.7&off=3` for a frame; the offset only where it isn't 0. */
export function frameHash(address: FrameAddress): string {
  const frame = `#frame=${encodeURIComponent(address.connection)}.${address.frame}`;
  return address.offset === 0 ? frame : `${frame}&off=${address.offset}`;
}

/** Reads such an address; `null` for anything else. */
export function parseFrameHash(hash: string): FrameAddress | null {
  const parameters = new URLSearchParams(hash.replace(/^#/, ""));
  const match = /^(.{1,64})\.(\d{1,15})$/.exec(parameters.get("frame") ?? "");
  if (match === null) return null;
  const offset = Number(parameters.get("off") ?? 0);
  return {
    connection: match[1],
    frame: Number(match[2]),
    offset: Number.isSafeInteger(offset) && offset >= 0 ? offset : 0,
  };
}
