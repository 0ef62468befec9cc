import { page } from "fresh";
import { NoPermission } from "../components/NoPermission.tsx";
import { Overview } from "../islands/Overview.tsx";
import { define } from "../utils.ts";

export const handler = define.handlers({
  GET(ctx) {
    ctx.state.title = "Overview";
    return page();
  },
});

export default define.page<typeof handler>(function OverviewPage({ state }) {
  if (!state.monitor) return <NoPermission />;
  return (
    <>
      <h1 class="hidden-text">Overview</h1>
      <Overview first={state.stats} />
    </>
  );
});
