import { HttpError, page } from "fresh";
import { CaptureHead } from "../../../components/capture/CaptureHead.tsx";
import { NoPermission } from "../../../components/NoPermission.tsx";
import { Frames } from "../../../islands/Frames.tsx";
import { dashboardHost, define } from "../../../utils.ts";

export const handler = define.handlers({
  GET(ctx) {
    const { capture } = ctx.params;
    const host = dashboardHost();
    const summary = ctx.state.monitor ? host?.captures.get(capture) ?? null : null;
    if (ctx.state.monitor && summary === null) throw new HttpError(404);
    ctx.state.title = summary?.name ?? "Capture";
    return page({ summary, stats: summary && host?.stats(capture) || null });
  },
});

export default define.page<typeof handler>(function CapturePage({ data, url }) {
  const { summary, stats } = data;
  if (summary === null) return <NoPermission />;
  return (
    <>
      <CaptureHead summary={summary} path={url.pathname} />
      <Frames first={stats} capture={summary.id} />
    </>
  );
});
