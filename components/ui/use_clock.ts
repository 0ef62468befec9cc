import { useEffect, useState } from "preact/hooks";

/**
 * The browser's clock, for ages and countdowns.
 *
 * @param everyMs How often it moves on; 0 stops it.
 */
export function useClock(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (everyMs === 0) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
