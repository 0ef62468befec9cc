import { HttpError } from "fresh";
import { dashboardHost, define } from "../../../../utils.ts";

/** One capture: what is known of it, and its removal. */
export const handler = define.handlers({
  GET(ctx) {
    const summary = dashboardHost()?.captures.get(ctx.params.capture) ?? null;
    if (summary === null) throw new HttpError(404, "There is no such capture");
    return ctx.json(summary, { headers: { "Cache-Control": "no-store" } });
  },

  DELETE(ctx) {
    const host = dashboardHost();
    if (!host?.mayChange(ctx.req)) {
      throw new HttpError(403, "Only the dashboard’s own pages may remove captures");
    }
    if (!host.captures.remove(ctx.params.capture)) {
      throw new HttpError(404, "There is no such capture");
    }
    return new Response(null, { status: 204 });
  },
});
