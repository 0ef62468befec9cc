/** The address of the server's WebSocket, for a page of the same server. */
export function socketUrl(page: { protocol: string; host: string }): string {
  return `${page.protocol === "https:" ? "wss:" : "ws:"}//${page.host}/ws`;
}
