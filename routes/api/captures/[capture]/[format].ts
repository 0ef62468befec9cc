import { HttpError } from "fresh";
import type { CaptureFormat } from "../../../../tap/mod.ts";
import { dashboardHost, define } from "../../../../utils.ts";

const TYPES: Readonly<Record<CaptureFormat, string>> = {
  jsonl: "application/jsonl",
  har: "application/json",
  pcap: "application/vnd.tcpdump.pcap",
};

/** A capture as a file: `/api/captures/live/har?connection=3`. */
export const handler = define.handlers({
  GET(ctx) {
    const { capture, format } = ctx.params;
    if (!isFormat(format)) throw new HttpError(404, "There is jsonl, har and pcap");
    const connection = ctx.url.searchParams.get("connection");
    const captures = dashboardHost()?.captures;
    const body = captures?.download(capture, {
      format,
      ...(connection === null ? {} : { connection }),
    });
    if (!body) throw new HttpError(404, "There is no such capture");
    const stem = captures?.get(capture)?.name.replace(/\.[a-z]+$/i, "") ?? "roomscope";
    const name = `${connection === null ? stem : `${stem}-${connection}`}.${format}`;
    return new Response(body, {
      headers: {
        "Content-Type": TYPES[format],
        "Content-Disposition": `attachment; filename*=UTF-8''${encoded(name)}`,
        "Cache-Control": "no-store",
      },
    });
  },
});

function isFormat(format: string): format is CaptureFormat {
  return Object.hasOwn(TYPES, format);
}

/** As RFC 8187 §3.2.1 has it; lone surrogates can't be encoded. */
function encoded(name: string): string {
  return encodeURIComponent(name.toWellFormed())
    .replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
