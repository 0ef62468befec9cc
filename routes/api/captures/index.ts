import { HttpError } from "fresh";
import { captureList, dashboardHost, define } from "../../../utils.ts";

const DEFAULT_NAME = "capture";

/** The list of captures, and where files are sent to. */
export const handler = define.handlers({
  GET(ctx) {
    return ctx.json(captureList(), { headers: { "Cache-Control": "no-store" } });
  },

  /** The body is the file; `name` in the query is its name. */
  async POST(ctx) {
    const host = dashboardHost();
    if (!host?.mayChange(ctx.req)) {
      throw new HttpError(403, "Only the dashboard’s own pages may load captures");
    }
    const { body, headers } = ctx.req;
    const { maxFileBytes } = host.captures.limits;
    if (Number(headers.get("Content-Length") ?? 0) > maxFileBytes) {
      throw new HttpError(413, `Cannot load: the file is larger than ${maxFileBytes} bytes`);
    }
    if (body === null) throw new HttpError(400, "Cannot load: the file is empty");
    const name = ctx.url.searchParams.get("name") || DEFAULT_NAME;
    const result = await host.captures.upload(name, body);
    if ("error" in result) return ctx.json({ error: result.error }, { status: result.status });
    return ctx.json(result.summary, { status: 201 });
  },
});
