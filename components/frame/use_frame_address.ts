import { useEffect, useState } from "preact/hooks";
import { type FrameAddress, frameHash, parseFrameHash } from "./frame_hash.ts";

/** The chosen frame and byte, kept in the page's address so that a link leads to them. */
export function useFrameAddress(): [FrameAddress | null, (address: FrameAddress | null) => void] {
  const [address, setAddress] = useState<FrameAddress | null>(null);
  useEffect(() => {
    const read = () => setAddress(parseFrameHash(location.hash));
    read();
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, []);
  const choose = (next: FrameAddress | null) => {
    setAddress(next);
    // Not an entry of the history for each arrow key.
    const hash = next === null ? "" : frameHash(next);
    history.replaceState(history.state, "", location.pathname + location.search + hash);
  };
  return [address, choose];
}
