const ALIVE = "/_frsh/alive";

/** Answers the socket by which a page notices that the dev server was restarted. */
export function keepAlive(handler: Deno.ServeHandler): Deno.ServeHandler {
  return (req, info) => {
    if (new URL(req.url).pathname !== ALIVE) return handler(req, info);
    if (req.headers.get("upgrade") !== "websocket") return new Response(null, { status: 501 });
    return Deno.upgradeWebSocket(req).response;
  };
}
