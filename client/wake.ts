/** What brings a client back before its wait is over. */
export type WakeCause = "online" | "visible";

/** The part of a page's document that matters here. */
type PageDocument = EventTarget & { readonly visibilityState: string };

/**
 * Listens for a page that is online or visible again; where the platform has no such events
 * nothing happens.
 *
 * @returns Ends listening.
 */
export function listenForWake(wake: (cause: WakeCause) => void): () => void {
  const scope = globalThis as { document?: PageDocument } & Partial<EventTarget>;
  const page = scope.document;
  const online = () => wake("online");
  const visible = () => {
    if (page?.visibilityState === "visible") wake("visible");
  };
  scope.addEventListener?.("online", online);
  page?.addEventListener?.("visibilitychange", visible);
  return () => {
    scope.removeEventListener?.("online", online);
    page?.removeEventListener?.("visibilitychange", visible);
  };
}
