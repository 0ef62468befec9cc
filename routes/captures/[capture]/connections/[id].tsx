import { HttpError, page } from "fresh";
import { CaptureHead } from "../../../../components/capture/CaptureHead.tsx";
import { NoPermission } from "../../../../components/NoPermission.tsx";
import { ConnectionView } from "../../../../islands/ConnectionView.tsx";
import { dashboardHost, define } from "../../../../utils.ts";

export const handler = define.handlers({
  GET(ctx) {
    const { capture, id } = ctx.params;
    const host = dashboardHost();
    const summary = ctx.state.monitor ? host?.captures.get(capture) ?? null : null;
    if (ctx.state.monitor && summary === null) throw new HttpError(404);
    ctx.state.title = `Connection ${id} of ${summary?.name}`;
    return page({ summary, stats: summary && host?.stats(capture) || null });
  },
});

export default define.page<typeof handler>(function CaptureConnectionPage({ data, params, url }) {
  const { summary, stats } = data;
  if (summary === null) return <NoPermission />;
  return (
    <>
      <CaptureHead summary={summary} path={url.pathname} />
      <ConnectionView id={params.id} first={stats} capture={summary.id} />
    </>
  );
});
